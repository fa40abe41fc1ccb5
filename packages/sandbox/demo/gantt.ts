import { type Html, html, px } from './html.ts'
import { linear, ticks } from './scale.ts'

/** One bar of a gantt chart, or a point in time. */
export interface Task {
  readonly name: string
  readonly section: string
  readonly is: 'plain' | 'done' | 'active' | 'crit'
  readonly milestone: boolean
  /** Milliseconds. */
  readonly from: number
  readonly to: number
}

/** The part of Mermaid's gantt charts that is known here. */
export interface Gantt {
  readonly title: string
  readonly tasks: readonly Task[]
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `19s`, `1.5m`, as milliseconds. */
function lengthOf(text: string): number | undefined {
  const [, value, unit = ''] = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text) ?? []
  return value === undefined ? undefined : Number(value) * (UNITS[unit] ?? 1)
}

const PARTS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  DD: '(?<day>\\d{2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<fraction>\\d{3})',
  X: '(?<unix>\\d+(?:\\.\\d+)?)',
  x: '(?<milliseconds>\\d+)',
}

/** A reader of moments in one of Mermaid's date formats; undefined for a format that is not known. */
function momentReader(format: string): ((text: string) => number | undefined) | undefined {
  const literal = format.replace(/YYYY|SSS|MM|DD|HH|mm|ss|X|x|[A-WYZ]|[a-wyz]|[^\w]/g, (part) => {
    const known = PARTS[part]
    return known ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  let pattern: RegExp
  try {
    pattern = new RegExp(`^${literal}$`)
  } catch {
    // A part that stands twice has its name twice.
    return undefined
  }
  return (text) => {
    const found = pattern.exec(text)?.groups
    if (!found) return undefined
    if (found.unix !== undefined) return Number(found.unix) * 1000
    if (found.milliseconds !== undefined) return Number(found.milliseconds)
    const part = (name: string, otherwise: number) => Number(found[name] ?? otherwise)
    return Date.UTC(
      part('year', 1970),
      part('month', 1) - 1,
      part('day', 1),
      part('hour', 0),
      part('minute', 0),
      part('second', 0),
      part('fraction', 0),
    )
  }
}

const TAGS = ['crit', 'active', 'done', 'milestone', 'vert']

interface Known {
  readonly moment: (text: string) => number | undefined
  /** Where tasks with an id end. */
  readonly ends: ReadonlyMap<string, number>
  readonly last?: Task | undefined
}

/** When a task begins: at a moment, after others, or where the one before it ended. */
function beginningOf(text: string | undefined, { moment, ends, last }: Known): number | undefined {
  if (text === undefined) return last?.to
  const after = /^after\s+(.+)$/.exec(text)?.[1]
  if (after === undefined) return moment(text)
  const found = after.split(/\s+/).map((id) => ends.get(id))
  return found.some((end) => end === undefined) ? undefined : Math.max(...found.map(Number))
}

/** A line of a chart, `name :tags, id, start, end`; undefined if it is not understood. */
function taskOf(
  line: string,
  section: string,
  known: Known,
): { readonly task: Task; readonly id?: string } | undefined {
  const colon = line.indexOf(':')
  if (colon < 0) return undefined
  const items = line
    .slice(colon + 1)
    .split(',')
    .map((item) => item.trim())
  const tags: string[] = []
  while (items[0] !== undefined && TAGS.includes(items[0])) tags.push(items.shift() ?? '')
  if (items.length === 0 || items.length > 3) return undefined
  const id = items.length === 3 ? items[0] : undefined
  const end = items.at(-1) ?? ''
  const from = beginningOf(items.length > 1 ? items.at(-2) : undefined, known)
  if (from === undefined) return undefined
  const length = lengthOf(end)
  const to = length === undefined ? known.moment(end) : from + length
  if (to === undefined || to < from) return undefined
  const is = (['crit', 'active', 'done'] as const).find((tag) => tags.includes(tag))
  const milestone = tags.includes('milestone') || tags.includes('vert')
  const name = line.slice(0, colon).trim()
  const task: Task = { name, section, is: is ?? 'plain', milestone, from, to }
  return { task, ...(id !== undefined && { id }) }
}

const SETTINGS =
  /^(axisFormat|tickInterval|todayMarker|excludes|weekday|weekend|inclusiveEndDates|topAxis|displayMode|accTitle|accDescr|click)\b/

/** Reads a gantt chart of Mermaid; undefined as soon as a line is not understood. */
export function ganttOf(lines: readonly string[]): Gantt | undefined {
  const told = lines.map((line) => line.trim()).filter((line) => line && !line.startsWith('%%'))
  if (told[0] !== 'gantt') return undefined
  let title = ''
  let section = ''
  let moment = momentReader('YYYY-MM-DD')
  const ends = new Map<string, number>()
  const tasks: Task[] = []
  for (const line of told.slice(1)) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (word === 'title') title = rest
    else if (word === 'section') section = rest
    else if (word === 'dateFormat') moment = momentReader(rest)
    else if (!SETTINGS.test(line)) {
      const read = moment && taskOf(line, section, { moment, ends, last: tasks.at(-1) })
      if (!read) return undefined
      tasks.push(read.task)
      if (read.id !== undefined) ends.set(read.id, read.task.to)
    }
  }
  return tasks.length > 0 ? { title, tasks } : undefined
}

const WIDTH = 860
const LEFT = 230
const RIGHT = 90
const ROW = 22
const UNIT_NAMES = [
  { name: 'h', of: 3_600_000 },
  { name: 'min', of: 60_000 },
  { name: 's', of: 1000 },
] as const

/** A duration as a short text. */
export function shortTime(milliseconds: number): string {
  if (milliseconds < 59_950) return `${Math.round(milliseconds / 100) / 10} s`
  const seconds = Math.round(milliseconds / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours} h ${two(minutes)} min` : `${minutes} min ${two(seconds % 60)} s`
}

const clipped = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text

/** One row of the drawing: the title of a section, or a task. */
type Row = { readonly section: string } | { readonly task: Task }

const rowsOfChart = ({ tasks }: Gantt): readonly Row[] =>
  tasks.flatMap((task, index): readonly Row[] =>
    task.section !== '' && task.section !== tasks[index - 1]?.section
      ? [{ section: task.section }, { task }]
      : [{ task }],
  )

/** Draws a gantt chart; the axis counts from its beginning. */
export function ganttHtml(gantt: Gantt): Html {
  const from = Math.min(...gantt.tasks.map((task) => task.from))
  const to = Math.max(...gantt.tasks.map((task) => task.to), from + 1)
  const x = linear({ from, to }, { from: LEFT, to: WIDTH - RIGHT })
  const unit = UNIT_NAMES.find(({ of }) => to - from >= 2 * of) ?? UNIT_NAMES[2]
  const rows = rowsOfChart(gantt)
  const bottom = rows.length * ROW + 4
  const axis = ticks({ from: 0, to: (to - from) / unit.of }, 8).map((value) => {
    const at = px(x(from + value * unit.of))
    return html`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${bottom}"/><text class="axis" x="${at}" y="${bottom + 14}" text-anchor="middle">${value} ${unit.name}</text>`
  })
  const drawn = rows.map((row, index) => {
    const y = index * ROW + 4
    if ('section' in row)
      return html`<text class="section" x="0" y="${y + 14}">${clipped(row.section, 34)}</text>`
    const { name, is, milestone, from: begins, to: ends } = row.task
    const [left, right] = [x(begins), x(ends)]
    const long = shortTime(ends - begins)
    const shape = milestone
      ? html`<path class="task ${is} milestone" d="M${px(left)} ${y + 2}l7 7-7 7-7-7z"/>`
      : html`<rect class="task ${is}" x="${px(left)}" y="${y + 2}" width="${px(Math.max(2, right - left))}" height="14" rx="2"/>`
    const said = milestone ? `at ${shortTime(begins - from)}` : long
    return html`<g><title>${name}: ${said}</title><text x="10" y="${y + 14}">${clipped(name, 32)}</text>${shape}<text class="axis" x="${px(Math.max(left, right) + (milestone ? 11 : 5))}" y="${y + 13}">${said}</text></g>`
  })
  const all = gantt.tasks.map(({ name }) => name).join(', ')
  const height = bottom + 20
  return html`<div class="box" role="region" tabindex="0" aria-label="${gantt.title || 'chart'}"><svg class="chart gantt" viewBox="0 0 ${WIDTH} ${height}" role="img"><title>${gantt.title || 'Chart'}</title><desc>${gantt.tasks.length} steps over ${shortTime(to - from)}: ${all}</desc>${axis}${drawn}</svg></div>`
}
