import type { Bar, Chart } from '#core'

/** What one chart shows at most: more would be neither read nor drawn (Mermaid stops at 50,000 characters of text). */
const most = { groups: 12, bars: 14, letters: 48 }

/**
 * A chart as a Mermaid block, which GitHub draws in summaries and issues. Mermaid knows neither zones nor escapes: the times are
 * written and shown as UTC figures, and of a name only what cannot be syntax is left.
 */
export function gantt(chart: Chart): string {
  const groups = shown(chart)
  const lines = groups.flatMap(({ name, bars }) => [
    `  section ${harmless(name)}`,
    ...bars.map((bar) => `    ${harmless(bar.label)} :${taskOf(bar)}`),
  ])
  return [
    '```mermaid',
    'gantt',
    '  dateFormat YYYY-MM-DD HH:mm:ss',
    `  axisFormat ${isLong(groups) ? '%H:%M' : '%H:%M:%S'}`,
    ...lines,
    '```',
  ].join('\n')
}

/** Above ten minutes seconds on the axis would only crowd it. */
function isLong(groups: Chart['groups']): boolean {
  const bars = groups.flatMap((group) => group.bars)
  const times = bars.flatMap(({ from, to = from }) => [Date.parse(from), Date.parse(to)])
  return Math.max(...times) - Math.min(...times) > 600_000
}

/** The same as rows for a log. */
export const rowsOf = (chart: Chart): readonly (readonly string[])[] => [
  ['from', 'to', 'of', 'what'],
  ...shown(chart).flatMap(({ name, bars }) =>
    bars.map(({ from, to = '', label }) => [from, to, name, label]),
  ),
]

function shown({ groups }: Chart): Chart['groups'] {
  return groups
    .filter(({ bars }) => bars.length > 0)
    .slice(0, most.groups)
    .map(({ name, bars }) => ({ name, bars: bars.slice(0, most.bars) }))
}

function taskOf({ from, to, is }: Bar): string {
  if (to === undefined) return `milestone, ${figures(from)}, 0s`
  return `${is === 'bad' ? 'crit' : 'done'}, ${figures(from)}, ${figures(to)}`
}

const figures = (at: string) => new Date(at).toISOString().slice(0, 19).replace('T', ' ')

/**
 * Letters, digits and a few marks: no colon, semicolon, hash, percent, bracket or quote is left to end a name or to begin a
 * directive, a comment or HTML. Neither a word of Mermaid's own nor a date stands first.
 */
function harmless(given: string): string {
  const plain = given
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._/=+-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const cut = [...plain].slice(0, most.letters).join('').trim()
  const word = cut === '' ? 'unnamed' : cut
  return reserved.test(word) ? `_${word}` : word
}

const reserved =
  /^([^\p{L}]|gantt|section|title|click|href|call|dateFormat|axisFormat|tickInterval|excludes|includes|todayMarker|weekday|weekend|inclusiveEndDates|topAxis|acc\w*|done|active|crit|milestone|vert)/iu
