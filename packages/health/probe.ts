import { codeOf, isPassing } from '#aws'
import { CallError, type Clock } from '#core'
import type { LiveTask, Observed } from '#ecs'
import type { EcsPlan, HttpPlan, PlannedCheck } from './checks.ts'
import { type EcsContext, type EcsLook, judgeEcs, type Remembered, remember } from './ecs.ts'
import type { FetchOnce } from './fetch.ts'
import { judgeHttp } from './http.ts'
import { type Redact, redactor } from './redact.ts'
import { brief, type Sample, type Seen } from './sample.ts'
import type { Expected } from './version.ts'

/** What the probes look through: the network and ECS. Tests inject their own. */
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
}

/** What must be there: the version that answers, and for ECS what the restore point knows. */
export interface Wanted {
  readonly expect: 'released' | 'restored' | 'anything'
  readonly version: Expected
  /** Desired counts of the restore point, by service. */
  readonly desired: ReadonlyMap<string, number>
  /** When the restore point was taken, milliseconds since the epoch. */
  readonly since: number | undefined
}

/** A check that can be looked at again and again. */
export interface Probe {
  readonly check: PlannedCheck
  /** Throws a `CallError` when looking is not allowed or the thing is not there: no verdict can come of it. */
  readonly look: () => Promise<Sample>
}

/** Makes the probes of some checks. A probe of ECS remembers its first look. */
export function makeProbes(
  clock: Clock,
  ports: Ports,
  given: { readonly checks: readonly PlannedCheck[]; readonly wanted: Wanted },
): readonly Probe[] {
  const redact = redactor(given.checks)
  return given.checks.map((check) => {
    const look =
      check.kind === 'http'
        ? httpLook(clock, ports, { check, expected: given.wanted.version })
        : ecsLook(ports, check, given.wanted)
    return { check, look: () => timed(clock, async () => clean(await look(), redact)) }
  })
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
  return async () => {
    const look = await observe(ports, check).catch(noInformation)
    if ('class' in look) return look
    if (first === undefined) demandAll(look, check)
    first ??= remember(look)
    const { expect, desired, since } = wanted
    return judgeEcs(look, { expect, desired, since, first } satisfies EcsContext)
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

const expired = /ExpiredToken|RequestExpired/

/** Throttling, a fault of the far side and ended credentials say nothing about the release; anything else is thrown. */
function noInformation(thrown: unknown): Seen {
  const code = codeOf(thrown)
  if (!isPassing(thrown) && !expired.test(code)) throw thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { class: 'void', value: brief(code, 40), expected: 'an answer', why: brief(message, 160) }
}
