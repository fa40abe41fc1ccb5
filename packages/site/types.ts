import type { Kind } from './state.ts'

/** Endings by type (IANA media types; those of scripts and text carry a charset, or browsers would guess one). */
const types: Readonly<Record<string, string>> = {
  'text/html': 'html htm',
  'text/css': 'css',
  'text/javascript': 'js mjs cjs',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/csv': 'csv',
  'text/calendar': 'ics',
  'text/vtt': 'vtt',
  'application/xhtml+xml': 'xhtml',
  'application/xml': 'xml xsl',
  'application/rss+xml': 'rss',
  'application/atom+xml': 'atom',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/geo+json': 'geojson',
  'application/manifest+json': 'webmanifest',
  'application/wasm': 'wasm',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/apng': 'apng',
  'image/jpeg': 'jpg jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/x-icon': 'ico',
  'font/woff2': 'woff2',
  'font/woff': 'woff',
  'font/ttf': 'ttf',
  'font/otf': 'otf',
  'application/vnd.ms-fontobject': 'eot',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/ogg': 'ogg oga',
  'audio/wav': 'wav',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/ogg': 'ogv',
  'model/gltf-binary': 'glb',
  'model/gltf+json': 'gltf',
}
const byEnding = new Map(
  Object.entries(types).flatMap(([type, endings]) =>
    endings.split(' ').map((ending) => [ending, type] as const),
  ),
)

/** The Content-Type of a file by its ending; undefined when it has none, and its first bytes have to tell. */
export function typeOf(key: string): string | undefined {
  const ending = /[^/]\.([^./]+)$/.exec(key)?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  return charset(byEnding.get(ending) ?? 'application/octet-stream')
}

/** What a file without an ending is: a page behind a plain address, a document of an app, or text. */
export function sniffed(first: string): string {
  const [character = ''] = first.replace(/^\uFEFF/, '').trimStart()
  if (character === '<') return charset('text/html')
  return '{['.includes(character) && character !== '' ? 'application/json' : charset('text/plain')
}

const charset = (type: string) => (type.startsWith('text/') ? `${type}; charset=utf-8` : type)

/** Tells whether a browser does the same with two types: parameters and the older names of JavaScript do not count. */
export function isSameType(one: string, other: string): boolean {
  const essence = (type: string) =>
    (type.split(';')[0] ?? '')
      .trim()
      .toLowerCase()
      .replace(/^application\/(x-)?(java|ecma)script$/, 'text/javascript')
  return essence(one) === essence(other)
}

/** One line of the input: which objects, and their Cache-Control. */
export interface CacheRule {
  readonly pattern: string
  readonly value: string
}

const kinds: readonly string[] = [
  'asset',
  'file',
  'document',
  'service-worker',
] satisfies readonly Kind[]

/**
 * Parses lines such as `file: public, max-age=300` or `fonts/*: public, max-age=86400`; what stands before the colon is a
 * kind of object or a path below the prefix in which `*` is anything.
 */
export function parseCacheRules(
  given: string,
): { readonly rules: readonly CacheRule[] } | { readonly problem: string } {
  const lines = given
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const rules: CacheRule[] = []
  for (const line of lines) {
    const found = /^([^:\s][^:]*?)\s*:\s*([\x20-\x7e]+)$/.exec(line)
    const [, pattern = '', value = ''] = found ?? []
    const known = kinds.includes(pattern) || /[./*]/.test(pattern)
    if (!known || value === '') {
      return {
        problem:
          'cache-control: expected lines such as `file: public, max-age=300`: asset, file, document, service-worker or a path with *, a colon, and the header',
      }
    }
    rules.push({ pattern, value })
  }
  return { rules }
}

/** The Cache-Control of an object: the first rule that fits, else for ever for what is named by its content, and asked for anew otherwise. */
export function cacheControl(rules: readonly CacheRule[], path: string, kind: Kind): string {
  const rule = rules.find(({ pattern }) => pattern === kind || matches(pattern, path))
  if (rule !== undefined) return rule.value
  return kind === 'asset' ? 'public, max-age=31536000, immutable' : 'no-cache'
}

function matches(pattern: string, path: string): boolean {
  if (kinds.includes(pattern)) return false
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return path === first
  if (!path.startsWith(first)) return false
  let at = first.length
  for (const [index, part] of rest.entries()) {
    const last = index === rest.length - 1
    const found = last ? path.length - part.length : path.indexOf(part, at)
    if (found < at || !path.startsWith(part, found)) return false
    at = found + part.length
  }
  return true
}
