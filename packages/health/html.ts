/** What a document expects of a file to which it refers. */
export type AssetKind = 'module' | 'script' | 'style' | 'image' | 'other'

/** One file to which a document refers. */
export interface Reference {
  readonly url: string
  readonly kind: AssetKind
  /** The attribute `integrity`, empty without. */
  readonly integrity: string
}

interface Tag {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  /** The text of a script. */
  readonly text: string
}

/** Elements whose content is text, or is not loaded by a browser that runs scripts. */
const opaque = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'noscript',
  'template',
  'iframe',
  'xmp',
  'noembed',
  'noframes',
])

const attribute = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g

/**
 * The start tags of a document that a browser would act on, in their order. What is not closed swallows the rest, as in the HTML
 * standard, so each character is looked at once.
 */
function tagsOf(html: string): readonly Tag[] {
  const tags: Tag[] = []
  let at = html.indexOf('<')
  while (at >= 0) {
    const end = endOf(html, at)
    if (end === undefined) return tags
    const [, written, rest = ''] = /^<([a-zA-Z][^\s/>]*)([\s\S]*)>$/.exec(html.slice(at, end)) ?? []
    let next = end
    if (written !== undefined) {
      const name = written.toLowerCase()
      next = opaque.has(name) ? closing(html, name, end) : end
      tags.push({ name, attributes: attributesOf(rest), text: html.slice(end, next) })
    }
    at = html.indexOf('<', next)
  }
  return tags
}

/** Behind the end of what begins with this `<`: a comment, a declaration, a tag, or nothing. Undefined when it has no end. */
function endOf(html: string, at: number): number | undefined {
  if (html.startsWith('<!--', at)) return behind(html, '-->', at + 4)
  if (!/[a-zA-Z/!?]/.test(html[at + 1] ?? '')) return at + 1
  let quote = ''
  for (let here = at + 1; here < html.length; here += 1) {
    const letter = html[here] ?? ''
    if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '>') return here + 1
    else if (letter === '"' || letter === "'") quote = letter
  }
  return undefined
}

function behind(html: string, text: string, from: number): number | undefined {
  const found = html.indexOf(text, from)
  return found < 0 ? undefined : found + text.length
}

/** Where the end tag of an opaque element begins. */
function closing(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}(?=[\\s/>])`, 'gi')
  end.lastIndex = from
  return end.exec(html)?.index ?? html.length
}

/** The first of two attributes of one name counts, as in browsers. */
function attributesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', double, single, bare] of text.matchAll(attribute)) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, decode(double ?? single ?? bare ?? ''))
  }
  return found
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The character references that occur in URLs. */
function decode(text: string): string {
  return text.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (whole, hex, ten, name) => {
      if (name !== undefined) return named[String(name).toLowerCase()] ?? whole
      const code = hex === undefined ? Number(ten) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}

const javascript = /^(text|application)\/(x-)?(javascript|ecmascript)$|^text\/(jscript|livescript)$/

/**
 * The files that a browser loads for a document: scripts, style sheets, preloads, images, icons, manifest, and the static
 * imports of inline modules. Each address once, without its fragment; only http and https.
 */
export function referencesOf(html: string, address: string): readonly Reference[] {
  const tags = tagsOf(html)
  const base = resolve(tags.find(({ name }) => name === 'base')?.attributes.get('href'), address)
  const found = new Map<string, Reference>()
  for (const tag of tags) {
    for (const one of ofTag(tag)) {
      const url = resolve(one.url, base ?? address)
      const key = `${url} ${one.kind === 'module'}`
      if (url !== undefined && !found.has(key)) found.set(key, { ...one, url })
    }
  }
  return [...found.values()]
}

function resolve(written: string | undefined, base: string): string | undefined {
  if (written === undefined || written.trim() === '') return undefined
  try {
    const url = new URL(written.trim(), base)
    url.hash = ''
    return /^https?:$/.test(url.protocol) ? url.href : undefined
  } catch {
    return undefined
  }
}

function ofTag({ name, attributes, text }: Tag): readonly Reference[] {
  const get = (key: string) => attributes.get(key) ?? ''
  const integrity = get('integrity')
  if (name === 'img') return [{ url: get('src'), kind: 'image', integrity: '' }]
  if (name === 'link') return ofLink(attributes, integrity)
  if (name !== 'script') return []
  const type = get('type').trim().toLowerCase()
  const kind =
    type === 'module' ? 'module' : type === '' || javascript.test(type) ? 'script' : undefined
  if (kind === undefined) return []
  if (attributes.has('src')) return [{ url: get('src'), kind, integrity }]
  return kind === 'module' ? importsOf(text) : []
}

function ofLink(attributes: ReadonlyMap<string, string>, integrity: string): readonly Reference[] {
  const kinds = new Set((attributes.get('rel') ?? '').toLowerCase().split(/\s+/))
  const url = attributes.get('href') ?? ''
  const kind = linkKind(kinds, (attributes.get('as') ?? '').toLowerCase())
  return kind === undefined ? [] : [{ url, kind, integrity }]
}

function linkKind(rel: ReadonlySet<string>, as: string): AssetKind | undefined {
  if (rel.has('stylesheet')) return rel.has('alternate') ? undefined : 'style'
  if (rel.has('modulepreload')) return as === '' || as === 'script' ? 'module' : 'other'
  if (rel.has('icon') || rel.has('apple-touch-icon')) return 'image'
  if (rel.has('manifest')) return 'other'
  if (!rel.has('preload')) return undefined
  if (as === 'script' || as === 'style' || as === 'image') return as
  return as === 'font' ? 'other' : undefined
}

const blank = /(?:\s|;|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|["']use strict["'])*/y
const imported =
  /(?:import|export)\s*(?:[\w$*{}\s,]+?\bfrom\b\s*)?(["'])([^"'\n]+)\1(?:\s*with\s*\{[^{}]*\})?/y

/**
 * The relative addresses that the import statements at the head of a module name; bundlers put all of them there. Further
 * on a text could look like one, and what is no import must not take a release back.
 */
export function importsOf(source: string): readonly Reference[] {
  const found: Reference[] = []
  let at = 0
  for (;;) {
    blank.lastIndex = at
    blank.exec(source)
    imported.lastIndex = Math.max(at, blank.lastIndex)
    const next = imported.exec(source)
    if (!next) return found
    at = imported.lastIndex
    const url = next[2] ?? ''
    if (/^\.{0,2}\//.test(url)) found.push({ url, kind: 'module', integrity: '' })
  }
}
