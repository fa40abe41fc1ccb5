import { parseDocument } from 'yaml'
import { list, type Parsed, type Parser, quote } from './parsers.ts'

/** Which things of a kind are meant: by name, by name with another word each, or by a tag that they carry. */
export type Selection =
  | { readonly by: 'names'; readonly names: readonly string[] }
  | { readonly by: 'map'; readonly map: Readonly<Record<string, string>> }
  | { readonly by: 'tag'; readonly key: string; readonly value: string }

/** What names and the words beside them look like. */
export interface Words {
  readonly pattern: RegExp
  /** `names of letters, …`. */
  readonly what: string
}

const expected = (what: string): Parsed<never> => ({ ok: false, expected: what })
const forms = 'names separated by commas or line ends, a map of name: word, or tag:<key>=<value>'

/** The lengths and characters of tags on AWS resources ("Tagging your AWS resources": key 128, value 256). */
const tag = /^tag:(?!aws:)([\p{L}\p{Z}\p{N}_.:/+\-@]{1,128})=([\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256})$/u

/**
 * Names separated by commas or line ends, a map of them (YAML or JSON, one `name: word` a line), or `tag:key=value`. A
 * map is what begins with a brace or has a colon and a space in its first line.
 */
export function selection({ pattern, what }: Words): Parser<Selection> {
  return (given) => {
    if (/^tag:\S/.test(given)) return tagged(given)
    const isMap = given.startsWith('{') || /^[^\n,]*:(\s|$)/.test(given)
    return isMap ? mapped(given, { pattern, what }) : named(given, { pattern, what })
  }
}

function tagged(given: string): Parsed<Selection> {
  const [, key, value] = tag.exec(given) ?? []
  return key === undefined || value === undefined
    ? expected('tag:<key>=<value> of a tag that is not one of AWS’s own')
    : { ok: true, value: { by: 'tag', key, value } }
}

function named(given: string, { pattern, what }: Words): Parsed<Selection> {
  const parsed = list(given)
  if (!parsed.ok) return parsed.expected === 'names without doubles' ? parsed : expected(forms)
  const bad = parsed.value.filter((item) => !pattern.test(item))
  return bad.length === 0
    ? { ok: true, value: { by: 'names', names: parsed.value } }
    : expected(`${what} (not ${bad.map(quote).join(', ')})`)
}

function mapped(given: string, { pattern, what }: Words): Parsed<Selection> {
  const document = parseDocument(given, { uniqueKeys: true })
  const [error] = document.errors
  if (error?.code === 'DUPLICATE_KEY') return expected('names without doubles')
  if (error) return expected(`a map of name: word, one a line (${error.message.split('\n')[0]})`)
  const entries = entriesOf(document)
  if (entries === undefined || entries.length === 0)
    return expected('a map of name: word, one a line')
  const bad = entries.flat().filter((word) => typeof word !== 'string' || !pattern.test(word))
  if (bad.length > 0) {
    const shown = bad.map((word) => (typeof word === 'string' ? quote(word) : 'what is no text'))
    return expected(`a map of ${what} to the same (not ${shown.join(', ')})`)
  }
  return { ok: true, value: { by: 'map', map: Object.fromEntries(entries) } }
}

/** Anchors multiply: a document of names has none. */
function entriesOf(document: ReturnType<typeof parseDocument>) {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : undefined
  } catch {
    return undefined
  }
}
