import { type Section, span } from '#core'
import type { Record } from '#store'
import type { Story } from './story.ts'

type Entry = Record['journal'][number]
type Detail = Readonly<Partial<{ [key: string]: unknown }>>

/** Rows of one table before it says how many more there are. */
const shown = 60

const table = (
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly Section[] => {
  if (rows.length === 0) return []
  const more = [[`… and ${rows.length - shown} more`, ...columns.slice(1).map(() => '')]]
  const cut = rows.map((row) => row.map((cell) => cell.slice(0, 300)))
  return [{ title, columns, rows: cut.length > shown ? [...cut.slice(0, shown), ...more] : cut }]
}

/** One table per component that the rollback changed, from what its record kept. */
export function componentTables(story: Story): readonly Section[] {
  return [
    ...servicesTable(story),
    ...databaseTable(story.record),
    ...migrationsTable(story.record),
    ...configTable(story.record),
    ...siteTable(story.record),
  ]
}

const detailOf = ({ detail }: Entry): Detail =>
  typeof detail === 'object' && detail !== null && !Array.isArray(detail) ? detail : {}

const word = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

const of = ({ journal }: Record, component: string): readonly Entry[] =>
  journal.filter((entry) => entry.component === component)

const clock = (at: string | undefined) => (at === undefined ? '' : at.slice(11))

function servicesTable(story: Story): readonly Section[] {
  const entries = of(story.record, 'ecs')
  const names = [...new Set(entries.map(({ on }) => on))]
  return table(
    'Services',
    [
      ...['service', 'from → to', 'digests', 'tasks', 'took'],
      ...['bad traffic ended', 'capacity restored', 'steady'],
    ],
    names.map((name) => serviceRow(story, name)),
  )
}

function serviceRow({ record, to }: Story, name: string): readonly string[] {
  const entries = of(record, 'ecs').filter(({ on }) => on === name)
  const state = to?.components.ecs?.services.find((service) => service.name === name)
  const moments = record.reached?.[`ecs ${name}`] ?? {}
  const digests = (state?.containers ?? []).map(
    (one) => `${one.name}@${one.digest?.replace('sha256:', '').slice(0, 12) ?? 'unknown'}`,
  )
  const end = moments.capacityRestored ?? moments.badTrafficEnded
  const began = entries[0]?.at
  const took = began === undefined || end === undefined ? NaN : Date.parse(end) - Date.parse(began)
  return [
    name,
    changeOf(entries),
    digests.join(' '),
    tasksOf(entries, state?.desiredCount),
    took >= 0 ? span(took) : '',
    clock(moments.badTrafficEnded),
    clock(moments.capacityRestored),
    clock(moments.steady),
  ]
}

/** What brings a service to its destination: a deployment of ours, or ECS's own way back. */
const waysBack = ['update-service', 'stop-deployment', 'continue-deployment', 'create-deployment']

/** From what the first change found to what the last one sent. */
function changeOf(entries: readonly Entry[]): string {
  const sent = entries.filter(({ operation }) => waysBack.includes(operation))
  const [first, last] = [sent[0], sent.at(-1)]
  if (first && last) return `${word(detailOf(first).from)} → ${word(detailOf(last).to)}`
  const anew = entries.findLast(({ operation }) => operation === 'redeploy')
  return anew ? `${word(detailOf(anew).to)} anew` : 'code as it was'
}

/** `2, stopped at 03:10:00Z, started at 03:20:00Z`. */
function tasksOf(entries: readonly Entry[], desired: number | undefined): string {
  const counts = entries.flatMap((entry) => {
    const count = detailOf(entry).desiredCount
    return typeof count === 'number' ? [count] : []
  })
  const most = Math.max(desired ?? 0, ...counts)
  const moved = entries
    .filter(({ operation }) => operation === 'stop' || operation === 'start')
    .map(({ operation, at }) => `${operation} at ${clock(at)}`)
  return [String(most), ...moved].join(', ')
}

const databaseWords: Readonly<{ [operation: string]: (detail: Detail, on: string) => string }> = {
  'create-snapshot': (detail, on) => `${word(detail.snapshot)} of ${on}`,
  'restore-instance': (detail, on) =>
    `${on} from ${word(detail.snapshot)}; ${word(detail.source)} stays as it is`,
  'modify-instance': (_detail, on) => on,
  'add-role': (detail, on) => `${word(detail.role)} to ${on}`,
  cutover: (detail, on) =>
    `${on}: version ${word(detail.from)} → ${word(detail.to)}, leads to ${word(detail.instance)}`,
}

function databaseTable(record: Record): readonly Section[] {
  return table(
    'Database',
    ['at', 'operation', 'what'],
    of(record, 'rds').map((entry) => {
      const words = databaseWords[entry.operation]
      return [entry.at, entry.operation, words?.(detailOf(entry), entry.on) ?? entry.on]
    }),
  )
}

const migrationsTable = (record: Record): readonly Section[] =>
  table(
    'Migrations',
    ['at', 'reverted', 'by'],
    of(record, 'migrations')
      .filter(({ operation }) => operation === 'revert')
      .map((entry) => [entry.at, entry.on, word(detailOf(entry).by)]),
  )

const kinds: Readonly<{ [operation: string]: string }> = {
  'set-current': 'secret',
  'put-parameter': 'parameter',
}

/** Names and versions; labels that only keep a version change nothing that is read. */
const configTable = (record: Record): readonly Section[] =>
  table(
    'Secrets and parameters',
    ['name', 'kind', 'version from → to', 'at'],
    of(record, 'config').flatMap((entry) => {
      const kind = kinds[entry.operation]
      if (kind === undefined) return []
      const { from, to } = detailOf(entry)
      return [[entry.on, kind, `${word(from)} → ${word(to)}`, entry.at]]
    }),
  )

function siteTable(record: Record): readonly Section[] {
  return table(
    'Front end',
    ['at', 'operation', 'on', 'objects'],
    of(record, 'site').map((entry) => {
      const { objects, paths, reference } = detailOf(entry)
      const many = Array.isArray(paths)
        ? `${paths.length} paths, reference ${word(reference)}`
        : word(objects)
      return [entry.at, entry.operation, entry.on, many]
    }),
  )
}
