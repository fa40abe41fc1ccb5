import type { Json, Outcome, Result, Section } from '#core'
import type { Invalidated } from './invalidate.ts'
import type { Failure } from './lanes.ts'
import { phasesOf } from './phases.ts'
import type { Operation, SitePlan } from './plan.ts'
import type { Served } from './serves.ts'
import type { Changing } from './settings.ts'
import { locationOf, type Site } from './state.ts'
import type { Target } from './target.ts'
import type { Stands } from './verify.ts'

/** Rows of a table before it says how many more there are. */
const shown = 30

/** `1 object`, `3 objects`. */
export const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** A refusal, before anything was changed. */
export function refusedResult(
  site: Site,
  why: string,
  next: readonly string[],
  { refusals = [] }: Partial<Pick<SitePlan, 'refusals'>> = {},
): Result {
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : ''
  return {
    outcome: 'refused',
    headline: `${locationOf(site)}: ${why}${more}; nothing was changed`,
    ...(refusals.length > 0
      ? { sections: [cut('Objects that cannot go back', ['object', 'why'], refusals)] }
      : {}),
    next: [
      ...next,
      ...(refusals.length > 0 && next.length === 0
        ? ['name another destination in to:, then run again']
        : []),
    ],
    outputs: outputsOf({ restored: 0, hidden: 0, left: refusals.length }),
  }
}

/** Nothing differs. */
export function unchangedResult(site: Site, plan: SitePlan, why: string): Result {
  return {
    outcome: 'unchanged',
    headline: `${locationOf(site)} is as it was there: ${counted(plan.unchanged + plan.same.length, 'object')} looked at (${why})`,
    sections: keptSection(plan),
    outputs: outputsOf({ restored: 0, hidden: 0, left: 0 }),
  }
}

/** What a dry run says. */
export function plannedResult(
  { site }: Changing,
  plan: SitePlan,
  { operations, why }: { readonly operations: readonly Operation[]; readonly why: string },
): Result {
  const puts = operations.filter((one) => one.do !== 'hide').length
  return {
    outcome: 'planned',
    headline: `${locationOf(site)}: ${counted(puts, 'object')} would be put back and ${operations.length - puts} hidden: ${why}`,
    sections: [
      phaseTable(operations, () => 'planned'),
      cut(
        'Objects',
        ['object', 'does', 'version'],
        operations.map((one) => [one.key, doing(one), one.do === 'copy' ? one.versionId : '']),
      ),
      ...keptSection(plan),
      ...warningSection(warningsOf(plan, operations)),
    ],
    outputs: outputsOf({ restored: 0, hidden: 0, left: operations.length }),
    data: { plan: operations.map((one) => ({ key: one.key, does: one.do })) },
  }
}

function doing(operation: Operation): string {
  switch (operation.do) {
    case 'hide':
      return 'hide'
    case 'copy':
      return `put back (${operation.kind})`
    case 'upload':
      return `upload (${operation.kind})`
  }
}

interface Ended {
  readonly done: ReadonlyMap<string, string>
  readonly failures: readonly Failure<Operation>[]
  readonly invalidations: readonly Invalidated[]
  readonly left: readonly string[]
  readonly stands: Stands
  readonly served: Served | undefined
  /** When the last document was served again, ISO. */
  readonly at: string
}

/** Joins everything that was done, and what was not, into the result. */
export function endedResult(
  work: {
    readonly settings: Changing
    readonly target: Target
    readonly plan: SitePlan
    readonly operations: readonly Operation[]
  },
  ended: Ended,
): Result {
  const { settings, plan, operations, target } = work
  const { done, failures, stands, invalidations } = ended
  const undone = operations.filter(({ key }) => !done.has(key))
  const hidden = operations.filter((one) => one.do === 'hide' && done.has(one.key)).length
  const restored = done.size - hidden
  const outcome = outcomeOf(work, ended)
  return {
    outcome,
    headline: headlineOf({ settings, outcome, restored, hidden, undone: undone.length }, ended),
    sections: endedSections(work, ended),
    ...(passing(outcome) ? {} : { next: nextOf(work.settings.site, ended, failures) }),
    outputs: outputsOf({ restored, hidden, left: undone.length, invalidations }),
    leaves: plan.kept.length === 0 ? [] : [keptText(plan)],
    reached: [
      {
        thing: `site ${locationOf(settings.site)}`,
        badTrafficEnded: passing(outcome)
          ? { at: ended.at, already: operations.length === 0 }
          : null,
      },
    ],
    data: {
      location: locationOf(settings.site),
      destination: target.why,
      restored,
      hidden,
      left: undone.map(({ key }) => key),
      right: stands.right,
      changed: stands.changed,
      superseded: plan.superseded,
      invalidations: invalidations as unknown as Json,
    },
  }
}

function endedSections(
  { plan, operations }: { readonly plan: SitePlan; readonly operations: readonly Operation[] },
  ended: Ended,
): readonly Section[] {
  const { done, failures, stands } = ended
  const undone = operations.filter(({ key }) => !done.has(key))
  const theirs = [...plan.superseded, ...stands.changed]
  return [
    phaseTable(operations, (one) => (done.has(one.key) ? 'done' : 'left')),
    ...(undone.length > 0 ? [undoneTable(undone, failures)] : []),
    ...(theirs.length > 0
      ? [
          cut(
            'Changed by somebody else meanwhile, and left alone',
            ['object'],
            theirs.map((key) => [key]),
          ),
        ]
      : []),
    ...keptSection(plan),
    ...warningSection([...warningsOf(plan, operations), ...edgeWarnings(ended)]),
  ]
}

const passing = (outcome: Outcome) => outcome === 'done' || outcome === 'unchanged'

function outcomeOf(
  { operations, plan }: { readonly operations: readonly Operation[]; readonly plan: SitePlan },
  { done, failures, invalidations, left, stands, served }: Ended,
): Outcome {
  const complete = done.size === operations.length && left.length === 0
  const forgotten = invalidations.every((one) => one.is !== 'failed')
  if (!complete || failures.length > 0 || !forgotten) {
    return done.size === 0 && operations.length > 0 ? 'failed' : 'partial'
  }
  if (plan.superseded.length + stands.changed.length > 0) return 'superseded'
  if (served?.is === 'wrong') return 'inconclusive'
  return operations.length > 0 || invalidations.length > 0 ? 'done' : 'unchanged'
}

function headlineOf(
  given: {
    readonly settings: Changing
    readonly outcome: Outcome
    readonly restored: number
    readonly hidden: number
    readonly undone: number
  },
  { failures, invalidations, served, stands }: Ended,
): string {
  const { settings, restored, hidden, undone } = given
  const failed = invalidations.find((one) => one.is === 'failed')
  const reason =
    failures[0]?.why ??
    failed?.why ??
    (stands.changed[0] === undefined ? undefined : `${stands.changed[0]} was changed meanwhile`) ??
    (served?.is === 'wrong' ? served.why : undefined)
  const waits = invalidations.some((one) => one.is === 'in-progress')
  return [
    `${locationOf(settings.site)}: ${counted(restored, 'object')} put back, ${hidden} hidden`,
    ...(undone > 0 ? [`${undone} left`] : []),
    ...(waits ? ['the invalidation is still in progress'] : []),
    ...(reason === undefined ? [] : [reason]),
  ].join('; ')
}

function phaseTable(
  operations: readonly Operation[],
  state: (operation: Operation) => string,
): Section {
  const phases = phasesOf(operations)
  const rows = Object.entries(phases).map(([name, list]: [string, readonly Operation[]]) => {
    const done = list.filter((one) => state(one) !== 'left').length
    return [name, String(list.length), String(done), String(list.length - done)]
  })
  return { title: 'Restore, in this order', columns: ['part', 'objects', 'done', 'left'], rows }
}

function undoneTable(
  undone: readonly Operation[],
  failures: readonly Failure<Operation>[],
): Section {
  const why = new Map(failures.map(({ item, why }) => [item.key, why]))
  const rows = undone.map((one) => [one.key, doing(one), why.get(one.key) ?? 'not begun'])
  return cut('What is left', ['object', 'does', 'why'], rows)
}

function keptSection(plan: SitePlan): readonly Section[] {
  if (plan.kept.length === 0) return []
  return [
    {
      title: 'Created since, and kept',
      text: keptText(plan),
    },
  ]
}

const keptText = ({ kept }: SitePlan) =>
  `${counted(kept.length, 'object')} of the release that is undone stay, because pages that are open now still ask for them: ${kept.slice(0, 5).join(', ')}${kept.length > 5 ? ', …' : ''}`

const warningSection = (warnings: readonly string[]): readonly Section[] =>
  warnings.length === 0
    ? []
    : [{ title: 'Warnings', columns: ['warning'], rows: warnings.map((warning) => [warning]) }]

function warningsOf(plan: SitePlan, operations: readonly Operation[]): readonly string[] {
  const workers = [...operations, ...plan.same].filter(({ kind }) => kind === 'service-worker')
  return workers.length === 0
    ? []
    : [
        `the service worker changes (${workers.map(({ key }) => key).join(', ')}): browsers that installed the bad one take an older one late or never; if reports go on, deploy a worker that unregisters itself`,
      ]
}

function edgeWarnings({ invalidations, served }: Ended): readonly string[] {
  const slow = invalidations.filter((one) => one.is === 'in-progress').map(({ id }) => id)
  const seen =
    served?.is === 'right' ? '; the documents that were loaded are the restored ones' : ''
  return slow.length === 0
    ? []
    : [
        `CloudFront is not done with ${slow.join(', ')}: some edges may serve old documents a little longer${seen}`,
      ]
}

/** A table that does not fill a screen with thousands of rows; the report file has them all. */
function cut(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Section {
  if (rows.length <= shown) return { title, columns, rows }
  const more = [`… and ${rows.length - shown} more`, ...columns.slice(1).map(() => '')]
  return { title, columns, rows: [...rows.slice(0, shown), more] }
}

function nextOf(
  site: Site,
  { invalidations, stands, served }: Ended,
  failures: readonly Failure<Operation>[],
): readonly string[] {
  return [
    ...new Set(failures.map(({ next }) => next)),
    ...invalidations.flatMap((one) => (one.is === 'failed' ? [one.next] : [])),
    ...(stands.changed.length > 0
      ? ['look who writes to the site: if that is the fix, close this rollback']
      : []),
    ...(served?.is === 'wrong'
      ? [
          'load the site: if it shows the bad release, look at the cache and origin settings of its distribution',
        ]
      : []),
    `run again: it continues with what is left of ${locationOf(site)} and writes nothing twice`,
  ]
}

function outputsOf(given: {
  readonly restored: number
  readonly hidden: number
  readonly left: number
  readonly invalidations?: readonly Invalidated[]
}): Readonly<Record<string, string>> {
  const ids = (given.invalidations ?? []).flatMap((one) => ('id' in one ? [one.id] : []))
  return {
    'objects-restored': String(given.restored),
    'objects-hidden': String(given.hidden),
    'objects-left': String(given.left),
    invalidations: ids.join(','),
  }
}
