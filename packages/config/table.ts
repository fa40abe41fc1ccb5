import { type Json, join, type Outcome, passes, type Result, type Section } from '#core'

/** How changing one thing ended. */
export interface Ended {
  readonly outcome: Outcome
  /** No value is in it, and nothing that AWS says of one. */
  readonly why: string
  /** The version that was made, of a parameter. */
  readonly version?: number
  readonly next?: string
  /** It differs from the destination, rightly, and a person has to know. */
  readonly stays?: true
}

/** One secret or parameter, as table and outputs tell it. */
export interface Row extends Ended {
  readonly name: string
  readonly kind: 'secret' | 'parameter'
  /** `3f2a91c0 → 71bb02de`, `5 (1a2b3c4d) → 3 (9f8e7d6c)`. */
  readonly change: string
}

/** The one table of what becomes of each thing. */
export function table(rows: readonly Row[], title = 'Configuration'): Section {
  return {
    title,
    columns: ['name', 'kind', 'from → to', 'outcome', 'why'],
    rows: rows.map(({ name, kind, change, outcome, why }) => [name, kind, change, outcome, why]),
  }
}

/** What a rollback ends with beside its rows. */
export interface Told {
  /** Services that read what this record changed. */
  readonly readers: readonly string[]
  /** Why these versions. */
  readonly why: string
}

const names = (rows: readonly Row[]) => rows.map(({ name }) => name).join(',')

function outputs(rows: readonly Row[], { readers }: Told) {
  return {
    changed: names(rows.filter(({ outcome }) => ['done', 'partial'].includes(outcome))),
    unchanged: names(rows.filter(({ outcome }) => outcome === 'unchanged')),
    failed: names(rows.filter(({ outcome }) => !passes(outcome))),
    readers: readers.join(','),
  }
}

/** `1 secret or parameter`, `4 secrets and parameters`. */
const things = (count: number) =>
  count === 1 ? '1 secret or parameter' : `${count} secrets and parameters`

/** The values in a plan are told by digests, whose key is gone with the run. */
const digests =
  'Numbers are versions; behind each stands a digest of its value, which compares within this run only.'

/** Joins the rows into the result of a rollback. */
export function resultOf(rows: readonly Row[], told: Told): Result {
  const bad = rows.filter(({ outcome }) => !passes(outcome))
  const outcome = join(rows.map((row) => row.outcome))
  const next = [...bad.flatMap((row) => row.next ?? []), ...nextOf(bad)]
  return {
    outcome,
    headline: headlineOf(rows, bad),
    sections: [table(rows), ...notes(rows, told)],
    ...(next.length > 0 || told.readers.length > 0
      ? { next: [...next, ...redeploy(told.readers)] }
      : {}),
    leaves: rows
      .filter(({ stays }) => stays)
      .map(({ name, kind, why }) => `${kind} ${name}: ${why}`),
    outputs: outputs(rows, told),
    data: { destination: told.why, readers: told.readers, things: rows.map(rowData) },
  }
}

/** What a dry run says. */
export function planned(rows: readonly Row[], told: Told): Result {
  const changes = rows.filter(({ outcome }) => outcome === 'planned')
  const bad = rows.filter(({ outcome }) => !passes(outcome))
  return {
    outcome:
      changes.length > 0 || bad.length === 0 ? 'planned' : join(rows.map((row) => row.outcome)),
    headline: `${changes.length} of ${things(rows.length)} would be put back: ${told.why}${bad.length > 0 ? `; ${bad.length} would not be` : ''}`,
    sections: [table(rows, 'Plan'), ...notes(rows, told)],
    next: bad.flatMap((row) => row.next ?? []),
    outputs: { readers: told.readers.join(',') },
    data: { destination: told.why, readers: told.readers, things: rows.map(rowData) },
  }
}

function notes(rows: readonly Row[], { readers }: Told): readonly Section[] {
  const compared = rows.some(({ kind, change }) => kind === 'parameter' && change.includes('('))
  return [
    ...(readers.length > 0
      ? [{ title: 'Services that read what changed', text: readers.join(', ') }]
      : []),
    ...(compared ? [{ title: 'How to read this', text: digests }] : []),
  ]
}

function headlineOf(rows: readonly Row[], bad: readonly Row[]): string {
  const counts = new Map<Outcome, number>()
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const counted = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
  const all = `${things(rows.length)}: ${counted || 'none'}`
  const [first] = bad
  return first ? `${all}; ${first.name}: ${first.why}` : all
}

function nextOf(bad: readonly Row[]): readonly string[] {
  const theirs = bad.filter(({ outcome }) => outcome === 'superseded')
  return [
    ...(theirs.length > 0
      ? [`look who changed ${names(theirs)}: if that is the fix, close this rollback`]
      : []),
    ...(bad.length > 0 ? ['run again: it continues with these and leaves the others alone'] : []),
  ]
}

/** A container has the value with which it started until it is started again. */
function redeploy(readers: readonly string[]): readonly string[] {
  return readers.length === 0
    ? []
    : [
        `running tasks keep the old values: redeploy ${readers.join(',')} (ecs-rollback, mode redeploy), unless they are rolled back next`,
      ]
}

const rowData = ({ name, kind, change, outcome, why }: Row): Json => ({
  name,
  kind,
  change,
  outcome,
  why,
})
