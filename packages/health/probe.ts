import { CallError, type Clock, type Json, type Run } from '#core'
import type { LiveTask, Observed } from '#ecs'
import type { Database } from '#sql'
import type { Alarm } from './alarms.ts'
import type { AlarmsPlan, EcsPlan, HttpPlan, PlannedCheck } from './checks.ts'
import type { EventsAsk } from './cloudwatch.ts'
import { judgeEcs } from './ecs.ts'
import type { FetchOnce } from './fetch.ts'
import { judgeHttp } from './http.ts'
import type { Events } from './logs.ts'
import { alarmsLook, assetsLook, logsLook, noInformation, type Scene, sqlLook } from './looks.ts'
import { paceOf } from './pace.ts'
import { type Redact, redactor } from './redact.ts'
import { type EcsContext, type EcsLook, type Remembered, remember } from './remember.ts'
import type { Sample, Seen } from './sample.ts'
import type { Expect, Expected } from './version.ts'

/** What the probes look through: the network, ECS, CloudWatch and the database. Tests inject their own. */
export interface Ports {
  readonly fetchOnce: FetchOnce
  readonly services: (where: {
    readonly cluster: string
    readonly names: readonly string[]
  }) => Promise<Observed>
  readonly tasks: (where: {
    readonly cluster: string
    readonly service: string
  }) => Promise<readonly LiveTask[]>
  readonly alarms: (which: AlarmsPlan['which']) => Promise<readonly Alarm[]>
  readonly events: (ask: EventsAsk) => Promise<Events>
  /** Opens the database behind `secret:<name>`. */
  readonly open: (run: Run, connection: string) => Promise<Database>
}

/** What must be there: the version that answers, and for ECS what the restore point knows. */
export interface Wanted {
  readonly expect: Expect
  readonly version: Expected
  /** Desired counts of the restore point, by service. */
  readonly desired: ReadonlyMap<string, number>
  /** Task definitions of the restore point, `family:revision` by service. */
  readonly recorded: ReadonlyMap<string, string>
  /** When the restore point was taken, milliseconds since the epoch. */
  readonly since: number | undefined
  /** What the checks measured before the deployment, by check name. */
  readonly measured: ReadonlyMap<string, Json>
}

/** A check that can be looked at again and again. */
export interface Probe {
  readonly check: PlannedCheck
  /** Milliseconds between two looks. */
  readonly every: number
  /** Throws a `CallError` when looking is not allowed or the thing is not there: no verdict can come of it. */
  readonly look: () => Promise<Sample>
}

/** Makes the probes of some checks. Most remember something of their first look. `watch` is 0 for a baseline. */
export function makeProbes(
  run: Run,
  ports: Ports,
  given: {
    readonly checks: readonly PlannedCheck[]
    readonly wanted: Wanted
    readonly watch: number
  },
): readonly Probe[] {
  const { checks, wanted, watch } = given
  const redact = redactor(checks)
  const scene: Scene = { run, ports, wanted, watch }
  return checks.map((check) => {
    const look = lookOf(scene, check)
    return {
      check,
      every: paceOf(check.kind, { pollInterval: run.pollInterval, watch }),
      look: () => timed(run.clock, async () => clean(await look(), redact)),
    }
  })
}

function lookOf(scene: Scene, check: PlannedCheck): () => Promise<Seen> {
  const { run, ports, wanted } = scene
  switch (check.kind) {
    case 'http':
      return httpLook(run.clock, ports, { check, expected: wanted.version })
    case 'ecs':
      return ecsLook(ports, check, wanted)
    case 'alarms':
      return alarmsLook(scene, check)
    case 'logs':
      return logsLook(scene, check)
    case 'sql':
      return sqlLook(scene, check)
    case 'assets':
      return assetsLook(scene, check)
  }
}

/** A service may echo what it was sent. */
function clean(seen: Seen, redact: Redact): Seen {
  return {
    ...seen,
    value: redact(seen.value),
    expected: redact(seen.expected),
    why: redact(seen.why),
    ...(seen.hard === undefined ? {} : { hard: redact(seen.hard) }),
  }
}

async function timed(clock: Clock, look: () => Promise<Seen>): Promise<Sample> {
  const at = clock.now()
  const seen = await look()
  return { ...seen, at, ms: clock.now() - at }
}

function httpLook(
  clock: Clock,
  ports: Ports,
  given: { readonly check: HttpPlan; readonly expected: Expected },
): () => Promise<Seen> {
  const { check, expected } = given
  return async () => {
    const started = clock.now()
    const answer = await ports.fetchOnce(check)
    return judgeHttp(check, { answer, ms: clock.now() - started }, expected)
  }
}

function ecsLook(ports: Ports, check: EcsPlan, wanted: Wanted): () => Promise<Seen> {
  let first: ReadonlyMap<string, Remembered> | undefined
  const { expect, desired, recorded, since } = wanted
  return async () => {
    const look = await observe(ports, check).catch(noInformation)
    if ('class' in look) return look
    if (first === undefined) demandAll(look, check)
    first = remember(look, { expect, recorded, first: first ?? new Map() })
    return judgeEcs(look, { expect, desired, recorded, since, first } satisfies EcsContext)
  }
}

async function observe(ports: Ports, check: EcsPlan): Promise<EcsLook> {
  const { cluster } = check
  const observed = await ports.services({ cluster, names: check.services })
  const tasks = await Promise.all(
    observed.services.map(
      async ({ name }) => [name, await ports.tasks({ cluster, service: name })] as const,
    ),
  )
  return { observed, tasks: new Map(tasks) }
}

/** A service that is missing from the start is a wrong configuration, not a bad release. */
function demandAll(look: EcsLook, check: EcsPlan): void {
  const [absent] = look.observed.absent
  if (!absent) return
  throw new CallError(
    {
      action: 'ecs:DescribeServices',
      on: absent.name,
      code: absent.is,
      next: `correct the names of the services (cluster ${check.cluster}), then run again`,
    },
    absent.why,
  )
}
