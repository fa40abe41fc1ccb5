import { escapeMarkdown, oneLine, scrub } from '#core'

/**
 * One printable line without credentials of an address, without what turns the direction of the text after it, and without
 * halves of characters.
 */
export const plain = (given: string): string =>
  oneLine(scrub(given, []))
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')

/**
 * Text in an issue. GitHub looks for mentions and references in the finished page, where an entity is the character again: only
 * a character of no width in between keeps `@owners` and `#1` from being links.
 */
export const forIssue = (given: string): string =>
  escapeMarkdown(given).replaceAll('&#64;', '@&#8203;').replaceAll('\\#', '#&#8203;')

/** Text in a message to Slack: without the three characters that make mentions and links, and without addresses that become links. */
export const forSlack = (given: string): string =>
  unlinked(given).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Text in a run of an Adaptive Card, which knows no Markdown; only its functions of time are taken apart. */
export const forTeams = (given: string): string => unlinked(given).replaceAll('{{', '{\u200b{')

const unlinked = (given: string) => given.replace(/(https?|www)(:|\.)/gi, '$1\u200b$2')

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** A hostile text, escaped, in at most `limit` characters; what is left out is whole characters at its end. */
export function shortened(
  given: string,
  limit: number,
  escaped: (text: string) => string = (text) => text,
): string {
  const text = plain(given.slice(0, 4 * limit))
  const whole = escaped(text)
  if (whole.length <= limit && given.length <= 4 * limit) return whole
  const parts = [...characters.segment(text.slice(0, limit))].map(({ segment }) => segment)
  const first = (count: number) => `${escaped(parts.slice(0, count).join(''))}…`
  let [fits, tooLong] = [0, parts.length + 1]
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2)
    if (first(middle).length <= limit) fits = middle
    else tooLong = middle
  }
  return first(fits)
}

/** Words that are harmless by their form, as code; others as text. */
export const code = (given: string, limit = 160): string =>
  /^[\w./:=-]{1,160}$/.test(given) && given.length + 2 <= limit
    ? `\`${given}\``
    : shortened(given, limit, forIssue)

/** How items become lines, and how many of them that are left out are told in one. */
export interface Lines<Item> {
  readonly line: (item: Item) => string
  readonly omitted: (count: number) => string
}

/** As many lines as `limit` characters hold, from the beginning and from the end; the middle is told by its number. */
export function within<Item>(
  items: readonly Item[],
  limit: number,
  { line, omitted }: Lines<Item>,
): readonly string[] {
  const all = taken(items, limit, line)
  if (all.length === items.length) return all
  const room = limit - omitted(items.length).length - 1
  const head = taken(items, room * 0.6, line)
  const left = room - head.reduce((sum, { length }) => sum + length + 1, 0)
  const tail = taken(items.slice(head.length).toReversed(), left, line).toReversed()
  return [...head, omitted(items.length - head.length - tail.length), ...tail]
}

function taken<Item>(
  items: readonly Item[],
  room: number,
  line: (item: Item) => string,
): readonly string[] {
  const lines: string[] = []
  let left = room
  for (const item of items) {
    const one = line(item)
    left -= one.length + 1
    if (left < 0) break
    lines.push(one)
  }
  return lines
}
