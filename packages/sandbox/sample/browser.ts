import { createHash } from 'node:crypto'

/** One file of a front end as a browser got it; status 0: no answer at all. */
export interface FileSeen {
  readonly path: string
  readonly status: number
  /** The media type, without parameters. */
  readonly type: string
  readonly cacheControl: string
  readonly bytes: number
  readonly sha256: string
}

/** A page with everything that it refers to. */
export interface PageSeen {
  readonly release?: string
  readonly commit?: string
  /** The document first, then each file in the order in which it is asked for. */
  readonly files: readonly FileSeen[]
}

const PATIENCE = 3000

async function get(url: URL): Promise<{ readonly file: FileSeen; readonly text: string }> {
  const path = url.pathname
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) })
    const body = new Uint8Array(await response.arrayBuffer())
    const file = {
      path,
      status: response.status,
      type: response.headers.get('content-type')?.split(';')[0] ?? '',
      cacheControl: response.headers.get('cache-control') ?? '',
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    }
    return { file, text: new TextDecoder().decode(body) }
  } catch {
    const nothing = { status: 0, type: '', cacheControl: '', bytes: 0, sha256: '' }
    return { file: { path, ...nothing }, text: '' }
  }
}

const all = (text: string, expression: RegExp) =>
  [...text.matchAll(expression)].map(([, found = '']) => found)

/** What a document makes a browser load: scripts, and links to style sheets and modules. */
const referredBy = (html: string): readonly string[] => [
  ...all(html, /<link rel="(?:stylesheet|modulepreload)" href="([^"]+)"/g),
  ...all(html, /<script[^>]* src="([^"]+)"/g),
]

/** What a module makes a browser load, at once or later. */
const importedBy = (script: string): readonly string[] =>
  all(script, /\bimport\(?\s*(?:[^'"()]*\bfrom\s*)?['"](\.[^'"]+)['"]/g)

/** Loads a page and, once each, all files that it and its modules refer to. */
export async function loadPage(site: string): Promise<PageSeen> {
  const document = await get(new URL('/', site))
  const meta = (name: string) =>
    new RegExp(`<meta name="${name}" content="([^"]*)"`).exec(document.text)?.[1]
  const [release, commit] = [meta('release'), meta('commit')]
  const files = [document.file]
  const asked = new Set<string>()
  const load = async (references: readonly string[], from: string): Promise<void> => {
    const urls = new Set(references.map((one) => new URL(one, from).href))
    const fresh = [...urls].filter((url) => !asked.has(url))
    for (const url of fresh) asked.add(url)
    const loaded = await Promise.all(fresh.map((url) => get(new URL(url))))
    files.push(...loaded.map(({ file }) => file))
    for (const [index, { file, text }] of loaded.entries())
      if (file.type === 'text/javascript') await load(importedBy(text), String(fresh[index]))
  }
  await load(referredBy(document.text), site)
  return {
    files,
    ...(release !== undefined && { release }),
    ...(commit !== undefined && { commit }),
  }
}

const wanted: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.js$/, 'text/javascript'],
  [/\.css$/, 'text/css'],
  [/\/$/, 'text/html'],
]

/** Whether a browser could show the page: every file is there and is what its name says. */
export const isWhole = ({ files }: PageSeen): boolean =>
  files.every(({ path, status, type, bytes }) => {
    const expected = wanted.find(([ending]) => ending.test(path))?.[1]
    return status === 200 && bytes > 0 && type === expected
  })
