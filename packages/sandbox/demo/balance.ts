import type { RunResult } from '../act/index.ts'
import type { Outside, Seen } from '../sample/index.ts'
import { clockTime } from './facts.ts'

/** What was found in the end, and whether everything is really back. */
export interface Balance {
  readonly rows: readonly (readonly [what: string, value: string])[]
  readonly checks: readonly { readonly what: string; readonly holds: boolean }[]
  /** True when every check holds. */
  readonly isBack: boolean
}

/** Everything that the balance is made from. */
export interface Evidence {
  readonly beginning: number
  /** Before the bad release, and after its rollback. */
  readonly before: Outside
  readonly after: Outside
  readonly traffic: Seen
  readonly good: RunResult
  readonly bad: RunResult
  /** The moment of the data in the deployment's own snapshot. */
  readonly snapshotAt: number
  /** Statuses of all databases by name. */
  readonly databases: Readonly<Record<string, string>>
}

/** Rows that were acknowledged and are not there, and how many of them were from before the snapshot. */
export function lostRows({ traffic, after, snapshotAt }: Evidence) {
  const lost = traffic.acknowledged.filter(({ ref }) => !after.database.refs.has(ref))
  return { all: lost.length, fromBefore: lost.filter(({ at }) => at < snapshotAt).length }
}

const LEVELS = '▁▂▃▄▅▆▇█'

/** The share of failed requests by second, as a line of bars. */
export function bars(traffic: Seen): string {
  return traffic.seconds
    .map(({ ok, failed }) => LEVELS[Math.round((failed / Math.max(1, ok + failed)) * 7)] ?? '?')
    .join('')
}

const serving = ({ doors, services, database }: Outside) => {
  const [door] = doors
  const commit = door?.commit?.slice(0, 7) ?? '?'
  const code = services.map((one) => `${one.taskDefinition} ×${one.running}`).join(', ')
  return `release ${door?.release ?? '?'} (${commit}): ${code}; database ${database.instance}`
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

function verdictAt({ bad }: Evidence): number | undefined {
  return bad.events.find((event) => event.is === 'output' && event.name === 'verdict')?.at
}

function moments(evidence: Evidence): Balance['rows'] {
  const { beginning, traffic } = evidence
  const { firstFailure } = traffic
  const since = (at: number | undefined) =>
    at === undefined || firstFailure === undefined
      ? 'never'
      : `${clockTime(at, beginning)} (${seconds(at - firstFailure)} later)`
  const broke = firstFailure === undefined ? 'never' : clockTime(firstFailure, beginning)
  return [
    ['It broke at', `${broke}: the migration of release 4 took away what every version asks for`],
    ['Found unhealthy at', since(verdictAt(evidence))],
    ['Good again at', since(goodAgain(evidence))],
  ]
}

function rowsOf(evidence: Evidence): Balance['rows'] {
  const { before, after, traffic, bad } = evidence
  const lost = lostRows(evidence)
  const instance = outputOf(bad, 'restored-instance')
  const kept = `${before.database.instance} is kept untouched`
  const restored = instance
    ? `${instance} from ${outputOf(bad, 'snapshot')}; ${kept}; the three services`
    : 'no database'
  return [
    ['Was serving', serving(before)],
    ...moments(evidence),
    ['Requests', `${traffic.ok + traffic.failed}, of which ${traffic.failed} failed`],
    ['Failures by second', bars(traffic)],
    [
      'Rows lost',
      `${lost.all} of ${traffic.acknowledged.length} acknowledged; ${lost.fromBefore} from before the snapshot`,
    ],
    ['Restored', restored],
    ['Serves now', serving(after)],
  ]
}

const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

function checksOf(evidence: Evidence): Balance['checks'] {
  const { before, after, good, bad, databases, traffic } = evidence
  const services = (of: Outside) =>
    of.services.map(({ name, taskDefinition, desired, running, digests }) => [
      name,
      taskDefinition,
      desired,
      running,
      digests,
    ])
  const [door] = before.doors
  const again = goodAgain(evidence)
  return [
    { what: 'the run of release 2 is green', holds: good.ok },
    { what: 'the run of release 4 is red', holds: !bad.ok },
    {
      what: 'every task behind the load balancer answers 200 with the commit of release 2',
      holds: door?.status === 200 && after.doors.every((one) => equal(one, door)),
    },
    {
      what: 'the same task definitions run, with the same image digests and counts, and nothing else',
      holds:
        equal(services(before), services(after)) &&
        after.services.every((one) => one.deployments === 1 && one.running === one.desired),
    },
    {
      what: 'the ledger of migrations is that of release 2',
      holds: equal(before.database.applied, after.database.applied),
    },
    {
      what: 'the database that serves has every setting of the old one',
      holds: equal(before.database.settings, after.database.settings),
    },
    {
      what: 'the old database is there, untouched',
      holds:
        before.database.instance !== after.database.instance &&
        databases[before.database.instance] === 'available',
    },
    {
      what: 'no row that was acknowledged before the snapshot is lost',
      holds: lostRows(evidence).fromBefore === 0,
    },
    {
      what: 'customers were hurt, and are served again',
      holds: traffic.failed > 0 && again !== undefined,
    },
  ]
}

/** Draws the balance; pure. */
export function balanceOf(evidence: Evidence): Balance {
  const checks = checksOf(evidence)
  return { rows: rowsOf(evidence), checks, isBack: checks.every(({ holds }) => holds) }
}
