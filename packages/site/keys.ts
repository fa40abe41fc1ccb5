import type { Kind } from './state.ts'

/**
 * The `x-amz-copy-source` of one version: percent-encoded by path segment, as S3 decodes it. A raw `+`, `%` or `?` would
 * name another object.
 */
export function copySource(bucket: string, key: string, versionId: string): string {
  const path = key.split('/').map(encodeURIComponent).join('/')
  return `${bucket}/${path}?versionId=${encodeURIComponent(versionId)}`
}

const serviceWorker =
  /^(sw|service-?worker|ngsw-worker|firebase-messaging-sw|[\w-]+-sw)\.m?js$|^ngsw\.json$/i
const documentEnding = /\.(html?|xhtml|xml|json|txt|webmanifest|rss|atom|md)$/i
/** Folders in which the common build tools put what they name by its content. */
const assetFolder =
  /(^|\/)(_next\/static|_astro|_nuxt|_app\/immutable|static\/(js|css|media)|assets|chunks)\//

/**
 * What an object is to a browser, by its key. An asset carries a hash of its content in its name, so it never changes and
 * pages of the other release may still ask for it.
 */
export function kindOf(key: string): Kind {
  const name = key.split('/').at(-1) ?? ''
  if (serviceWorker.test(name)) return 'service-worker'
  if (documentEnding.test(name) || !name.includes('.')) {
    return /(^|\/)_next\/(static|data)\//.test(key) ? 'asset' : 'document'
  }
  return hasHash(name, assetFolder.test(key)) ? 'asset' : 'file'
}

/**
 * Looks for a hash of eight or more characters before the ending: hexadecimal, or base64url with digits or both cases.
 * In an asset folder any eight characters will do, because one hash in a thousand has lower-case letters only.
 */
function hasHash(name: string, inAssetFolder: boolean): boolean {
  const stem = name.replace(/(\.(min|chunk|bundle|module))*\.\w{1,6}(\.(map|gz|br))?$/, '')
  const candidates = [
    stem.split(/[.-]/).at(-1) ?? '',
    // Base64url may contain the separators themselves.
    /(?:^|[.\-_])([\w-]{8})$/.exec(stem)?.[1] ?? '',
  ].filter((part) => part.length >= 8)
  return candidates.some((part) => looksRandom(part) || (inAssetFolder && part.length === 8))
}

function looksRandom(part: string): boolean {
  if (/^[0-9a-f]{8,}$/.test(part)) return /\d/.test(part) || part.length >= 16
  const mixed = /[a-z]/.test(part) && /[A-Z]/.test(part.slice(1))
  return mixed || (/\d/.test(part) && /[A-Za-z]/.test(part))
}

/**
 * The path by which CloudFront knows an object: unsafe characters encoded, all others as they are, or the entry would
 * not be found (CloudFront developer guide, "Specifying the objects to invalidate").
 */
export const edgePath = (key: string) =>
  `/${encodeURI(key).replaceAll('#', '%23').replaceAll('?', '%3F')}`

/**
 * All paths under which an object may be cached: its own, the folder of an index page, and the same below the prefix,
 * because a distribution may or may not have the prefix as its origin path.
 */
export function edgePaths(key: string, prefix: string): readonly string[] {
  const forms = prefix !== '' && key.startsWith(prefix) ? [key, key.slice(prefix.length)] : [key]
  return forms.flatMap((form) =>
    /(^|\/)index\.html?$/.test(form)
      ? [edgePath(form), edgePath(form.replace(/index\.html?$/, ''))]
      : [edgePath(form)],
  )
}
