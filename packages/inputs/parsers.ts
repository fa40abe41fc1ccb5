/** A parser returns a value, or says what it expected. It never has a default of its own: defaults live in action.yml. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly expected: string }
export type Parser<T> = (given: string) => Parsed<T>

const value = <T>(parsed: T): Parsed<T> => ({ ok: true, value: parsed })
const expected = (what: string): Parsed<never> => ({ ok: false, expected: what })

/** Any text that is not empty. */
export const text: Parser<string> = (given) =>
  given === '' ? expected('a value: it is required') : value(given)

/** Empty means not given. */
export function optional<T>(parser: Parser<T>): Parser<T | undefined> {
  return (given) => (given === '' ? value(undefined) : parser(given))
}

/** `true` or `false`, as YAML 1.2 and the toolkit's getBooleanInput write them. */
export const flag: Parser<boolean> = (given) => {
  if (/^(true|True|TRUE)$/.test(given)) return value(true)
  if (/^(false|False|FALSE)$/.test(given)) return value(false)
  return expected('true or false')
}

/** One of a few words. */
export function choice<const Word extends string>(...words: readonly Word[]): Parser<Word> {
  return (given) => {
    const found = words.find((word) => word === given)
    return found === undefined ? expected(`one of ${words.join(', ')}`) : value(found)
  }
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The whole text of a duration. */
export const durationText = /^(\d+(ms|s|m|h))+$/

/** A span such as `90s`, `15m`, `1h30m` or `500ms`, in milliseconds; the whole text must be one. */
export const duration: Parser<number> = (given) => {
  if (!durationText.test(given)) return expected('a duration such as 90s, 15m or 1h30m')
  const parts = [...given.matchAll(/(\d+)(ms|s|m|h)/g)]
  return value(parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? ''] ?? 0), 0))
}

/** A duration within limits, in milliseconds. */
export function durationBetween(least: string, most: string): Parser<number> {
  const limit = (given: string) => {
    const parsed = duration(given)
    if (!parsed.ok) throw new Error(`not a duration: ${given}`)
    return parsed.value
  }
  const [from, to] = [limit(least), limit(most)]
  return (given) => {
    const parsed = duration(given)
    if (parsed.ok && (parsed.value < from || parsed.value > to)) {
      return expected(`a duration from ${least} to ${most}`)
    }
    return parsed
  }
}

/** A whole number of at least `least`. */
export function count(least: number): Parser<number> {
  return (given) => {
    const safe = /^\d{1,15}$/.test(given) && Number(given) >= least
    return safe ? value(Number(given)) : expected(`a whole number of at least ${least}`)
  }
}

/** Names separated by commas or line ends; empty items and doubles are refused. */
export const list: Parser<readonly string[]> = (given) => {
  const items = given.split(/[,\n]/).map((item) => item.trim())
  const kept = items.filter((item) => item !== '')
  if (kept.length === 0) return expected('names separated by commas or line ends')
  if (new Set(kept).size !== kept.length) return expected('names without doubles')
  return value(kept)
}

/** A list in which every item matches. */
export function listOf(pattern: RegExp, what: string): Parser<readonly string[]> {
  return (given) => {
    const parsed = list(given)
    if (!parsed.ok) return parsed
    const bad = parsed.value.filter((item) => !pattern.test(item))
    return bad.length === 0 ? parsed : expected(`${what} (not ${bad.map(quote).join(', ')})`)
  }
}

/** Text of a given form. */
export function matching(pattern: RegExp, what: string): Parser<string> {
  return (given) => (pattern.test(given) ? value(given) : expected(what))
}

/** Quotes a value for a message, shortened, so that a pasted secret or a page of text does not become one. */
export function quote(given: string): string {
  return JSON.stringify(given.length > 40 ? `${given.slice(0, 37)}...` : given)
}
