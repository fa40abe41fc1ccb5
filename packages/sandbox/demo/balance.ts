import type { RunResult } from '../act/index.ts'
import {
  type Glimpse,
  isWhole,
  type Outside,
  type ReleaseNumber,
  type Score,
  type Seen,
  type SiteSeen,
} from '../sample/index.ts'
import { clockTime } from './facts.ts'
import type { Span } from './scale.ts'

/** What was found in the end, and whether everything is really back. */
export interface Balance {
  readonly rows: readonly (readonly [what: string, value: string])[]
  readonly checks: readonly { readonly what: string; readonly holds: boolean }[]
  /** True when every check holds. */
  readonly isBack: boolean
}

/** A bad release of the story, and how far it goes back. */
export interface Chapter {
  readonly release: ReleaseNumber
  /** The earlier releases whose migrations it contains. */
  readonly on: readonly ReleaseNumber[]
  /** What broke, as the end of a sentence. */
  readonly why: string
  /** Whether data goes back too: to the deployment's own snapshot, in a new database. */
  readonly data: 'restored' | 'kept'
  /** True if it is about front end or configuration too. */
  readonly everything?: true
}

/** Everything that the balance of a chapter is made from. */
export interface Evidence {
  readonly chapter: Chapter
  readonly beginning: number
  /** From the push of the bad release to the end of the look at what is back. */
  readonly span: Span
  /** Before the bad release, and after its rollback. */
  readonly before: Outside
  readonly after: Outside
  /** What was seen as soon as the verdict had come. */
  readonly glimpse?: Glimpse
  readonly bad: RunResult
  readonly traffic: Seen
  /** What visitors of the front end saw. */
  readonly visits?: Score
  readonly good: RunResult
  /** The moment of the data in the deployment's own snapshot, if it took one. */
  readonly snapshotAt?: number
  /** Statuses of all databases by name. */
  readonly databases: Readonly<Record<string, string>>
}

/** Rows that were acknowledged and are not there, and how many of them may not be lost: those from before the snapshot to which data goes back. */
export function lostRows({ chapter, traffic, after, snapshotAt }: Evidence) {
  const until = chapter.data === 'restored' ? (snapshotAt ?? Infinity) : Infinity
  const lost = traffic.acknowledged.filter(({ ref }) => !after.database.refs.has(ref))
  return { all: lost.length, fromBefore: lost.filter(({ at }) => at < until).length }
}

const LEVELS = '▁▂▃▄▅▆▇█'

/** The share of failed requests by second, as a line of bars. */
export function bars({ seconds }: Score): string {
  return seconds
    .map(({ ok, failed }) => LEVELS[Math.round((failed / Math.max(1, ok + failed)) * 7)] ?? '?')
    .join('')
}

const serving = ({ doors, services, database }: Outside) => {
  const [door] = doors
  const commit = door?.commit?.slice(0, 7) ?? '?'
  const code = services.map((one) => `${one.taskDefinition} ×${one.running}`).join(', ')
  return `release ${door?.release ?? '?'} (${commit}): ${code}; database ${database.instance}`
}

const frontEnd = (site: SiteSeen) => {
  const bad = site.files.filter(({ status }) => status !== 200).length
  const state =
    bad === 0 ? `${site.files.length} files` : `${bad} of ${site.files.length} files missing`
  return `release ${site.release ?? '?'} (${site.commit?.slice(0, 7) ?? '?'}), ${state}`
}

const outputOf = (run: RunResult, name: string) =>
  run.steps.find((step) => step.outputs[name])?.outputs[name]

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

/** When the first request was answered well after the last failure. */
function goodAgain({ traffic }: Evidence): number | undefined {
  const { lastFailure } = traffic
  if (lastFailure === undefined) return undefined
  return traffic.acknowledged.find(({ at }) => at > lastFailure)?.at
}

/** The second after the last broken visit in which all were whole. */
function wholeAgain({ visits }: Evidence): number | undefined {
  const { lastFailure, seconds = [] } = visits ?? {}
  if (lastFailure === undefined) return undefined
  return seconds.find(({ at, ok }) => at > lastFailure && ok > 0)?.at
}

function earliest(...moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** When nobody was hurt any more: customers and visitors alike. */
function endOf(evidence: Evidence): number | undefined {
  const { traffic, visits } = evidence
  const ends = [
    ...(traffic.failed > 0 ? [goodAgain(evidence)] : []),
    ...(visits && visits.failed > 0 ? [wholeAgain(evidence)] : []),
  ].map((end) => end ?? Infinity)
  const last = Math.max(...ends)
  return Number.isFinite(last) ? last : undefined
}

/** The moments of a chapter, all measured from outside; what never came is left out. */
export interface Moments {
  /** The first request or visit that failed. */
  readonly broke?: number
  /** The verdict over the bad release. */
  readonly found?: number
  /** From here on everybody was served. */
  readonly good?: number
  /** The record was closed: everything was back, and verified. */
  readonly closed?: number
}

/** When a chapter's release hurt, was found out, and was gone. */
export function momentsOf(evidence: Evidence): Moments {
  const { traffic, visits, bad } = evidence
  const broke = earliest(traffic.firstFailure, visits?.firstFailure)
  const good = endOf(evidence)
  const found = bad.events.find((event) => event.is === 'output' && event.name === 'verdict')?.at
  const closed = bad.events.find(
    (event) =>
      event.is === 'step-ends' &&
      event.job === 'rollback' &&
      event.step === 'close' &&
      event.outcome === 'success',
  )?.at
  return {
    ...(broke !== undefined && { broke }),
    ...(found !== undefined && { found }),
    ...(good !== undefined && { good }),
    ...(closed !== undefined && { closed }),
  }
}

function momentRows(evidence: Evidence): Balance['rows'] {
  const { beginning } = evidence
  const { broke, found, good, closed } = momentsOf(evidence)
  const since = (at: number | undefined) =>
    at === undefined || broke === undefined
      ? 'never'
      : `${clockTime(at, beginning)} (${seconds(at - broke)} later)`
  return [
    ['It broke at', broke === undefined ? 'never' : clockTime(broke, beginning)],
    ['Found unhealthy at', since(found)],
    ['Good again at', since(good)],
    ['Verified, closed at', since(closed)],
  ]
}

/** What a rollback that took data back made. */
function restoredRows({ before, bad }: Evidence): Balance['rows'] {
  const instance = outputOf(bad, 'restored-instance')
  const kept = `${before.database.instance} is kept untouched`
  const restored = instance
    ? `${instance} from ${outputOf(bad, 'snapshot')}; ${kept}; the three services`
    : 'no database'
  return [['Restored', restored]]
}

function siteRows({ before, after, visits }: Evidence): Balance['rows'] {
  return [
    ...(visits
      ? [
          ['Visits', `${visits.ok + visits.failed}, of which ${visits.failed} failed`] as const,
          ['Broken visits by second', bars(visits)] as const,
        ]
      : []),
    ...(before.site ? [['Front end was', frontEnd(before.site)] as const] : []),
    ...(after.site ? [['Front end now', frontEnd(after.site)] as const] : []),
  ]
}

function rowsOf(evidence: Evidence): Balance['rows'] {
  const { chapter, before, after, traffic } = evidence
  const lost = lostRows(evidence)
  const isRestored = chapter.data === 'restored'
  const from = isRestored ? `; ${lost.fromBefore} from before the snapshot` : ''
  return [
    ['Was serving', serving(before)],
    ...momentRows(evidence),
    ['Requests', `${traffic.ok + traffic.failed}, of which ${traffic.failed} failed`],
    ['Failures by second', bars(traffic)],
    ['Rows lost', `${lost.all} of ${traffic.acknowledged.length} acknowledged${from}`],
    ...(isRestored ? restoredRows(evidence) : []),
    ...siteRows(evidence),
    ['Serves now', serving(after)],
  ]
}

const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

const standing = ({ services }: Outside) =>
  services.map(({ name, taskDefinition, desired, running, digests }) => [
    name,
    taskDefinition,
    desired,
    running,
    digests,
  ])

function codeChecks({ before, after }: Evidence): Balance['checks'] {
  const [door] = before.doors
  const release = door?.release ?? '?'
  return [
    {
      what: `every task behind the load balancer answers 200 with the commit of release ${release}`,
      holds: door?.status === 200 && after.doors.every((one) => equal(one, door)),
    },
    {
      what: 'the same task definitions run, with the same image digests and counts, and nothing else',
      holds:
        equal(standing(before), standing(after)) &&
        after.services.every((one) => one.deployments === 1 && one.running === one.desired),
    },
    {
      what: `the ledger of migrations is that of release ${release}`,
      holds: equal(before.database.applied, after.database.applied),
    },
  ]
}

function dataChecks(evidence: Evidence): Balance['checks'] {
  const { chapter, before, after, databases } = evidence
  const [was, is] = [before.database, after.database]
  const rows = lostRows(evidence)
  if (chapter.data === 'kept')
    return [
      {
        what: 'the same database serves, with the same settings',
        holds: was.instance === is.instance && equal(was.settings, is.settings),
      },
      { what: 'no row that was acknowledged is lost', holds: rows.all === 0 },
    ]
  return [
    {
      what: 'the database that serves has every setting of the old one',
      holds: equal(was.settings, is.settings),
    },
    {
      what: 'the old database is there, untouched',
      holds: was.instance !== is.instance && databases[was.instance] === 'available',
    },
    {
      what: 'no row that was acknowledged before the snapshot is lost',
      holds: rows.fromBefore === 0,
    },
  ]
}

const marks = ({ configuration = {} }: Outside) =>
  Object.entries(configuration)
    .map(([name, { mark }]) => [name, mark])
    .sort()

/** Of a company that was installed with everything. */
function siteChecks({ before, after }: Evidence): Balance['checks'] {
  if (!before.site) return []
  return [
    {
      what: `visitors get the page of release ${before.site.release ?? '?'} and all its files, byte for byte, and the API behind the same edge`,
      holds: isWhole(before.site) && equal(before.site, after.site),
    },
    {
      what: 'every secret and parameter has the value that it had',
      holds: equal(marks(before), marks(after)),
    },
  ]
}

function peopleChecks(evidence: Evidence): Balance['checks'] {
  const { traffic, visits } = evidence
  const [failed, isOver] = [traffic.failed + (visits?.failed ?? 0), endOf(evidence) !== undefined]
  const who = visits ? 'customers or visitors' : 'customers'
  return [{ what: `${who} were hurt, and are served again`, holds: failed > 0 && isOver }]
}

function checksOf(evidence: Evidence): Balance['checks'] {
  const { chapter, good, bad } = evidence
  return [
    { what: 'the run of release 2 is green', holds: good.ok },
    { what: `the run of release ${chapter.release} is red`, holds: !bad.ok },
    ...codeChecks(evidence),
    ...dataChecks(evidence),
    ...siteChecks(evidence),
    ...peopleChecks(evidence),
  ]
}

/** Draws the balance; pure. */
export function balanceOf(evidence: Evidence): Balance {
  const checks = checksOf(evidence)
  return { rows: rowsOf(evidence), checks, isBack: checks.every(({ holds }) => holds) }
}
