import type { Clock, Timer } from '../clock.ts'
import type { Probe } from '../processes/runtime.ts'
import {
  DEFAULT_HEALTH_CHECK,
  type HealthCheck,
  httpProbe,
  judge,
  REGISTERED,
  type TargetHealth,
} from './healthCheck.ts'

/** What a target group is made from; durations are simulated milliseconds. */
export interface TargetGroupOptions {
  readonly name: string
  readonly arn: string
  readonly healthCheck?: Partial<HealthCheck>
  /** How long a deregistered target is shown as draining; AWS's default is 300 s. */
  readonly deregistrationDelayMs?: number
}

/** Something that answers on a loopback port. */
export interface Target {
  readonly id: string
  readonly port: number
  /** The port that the container believes to listen on: a health check of this port asks `port`. */
  readonly containerPort?: number
  /** Answers instead of HTTP: for programs that exist only in virtual time. */
  readonly probe?: (path: string) => Promise<Probe>
  /** What a script makes every health check see instead, if it says anything. */
  readonly scripted?: () => Probe | undefined
}

/** A target with its health. */
export interface TargetStatus extends Target {
  readonly health: TargetHealth
}

/** A target group: registered targets, their health, and the choice of the next one. */
export interface TargetGroup {
  readonly arn: string
  readonly name: string
  readonly healthCheck: HealthCheck
  readonly deregistrationDelayMs: number
  /** Changes settings; the next check of each target obeys them. */
  modify(change: Pick<TargetGroupOptions, 'healthCheck' | 'deregistrationDelayMs'>): void
  register(target: Target): void
  /** Sends no new request to the target and resolves when it is drained and gone; at once when it is not registered. */
  deregister(id: string): Promise<void>
  health(id: string): TargetHealth | undefined
  targets(): readonly TargetStatus[]
  /** The next target: round robin over the healthy ones; over all that do not drain when none is healthy (fail-open). */
  pick(): Target | undefined
  onChange(listen: (id: string) => void): void
  close(): void
}

const DEREGISTRATION_DELAY = 300_000
const DRAINING: TargetHealth = {
  state: 'draining',
  streak: 0,
  reason: 'Target.DeregistrationInProgress',
  description: 'Target deregistration is in progress',
}

interface Entry {
  readonly target: Target
  health: TargetHealth
  timer?: Timer
  drained?: Promise<void>
}

/** A target group without targets. */
export function targetGroup(clock: Clock, options: TargetGroupOptions): TargetGroup {
  const entries = new Map<string, Entry>()
  const listeners: ((id: string) => void)[] = []
  const told = (id: string) => {
    for (const listen of listeners) listen(id)
  }
  const group: Watched = {
    clock,
    healthCheck: { ...DEFAULT_HEALTH_CHECK, ...options.healthCheck },
    deregistrationDelayMs: options.deregistrationDelayMs ?? DEREGISTRATION_DELAY,
    entries,
    told,
  }
  let turn = 0

  return {
    arn: options.arn,
    name: options.name,
    get healthCheck() {
      return group.healthCheck
    },
    get deregistrationDelayMs() {
      return group.deregistrationDelayMs
    },
    modify: ({ healthCheck, deregistrationDelayMs = group.deregistrationDelayMs }) => {
      group.healthCheck = { ...group.healthCheck, ...healthCheck }
      group.deregistrationDelayMs = deregistrationDelayMs
    },
    register: (target) => {
      const entry: Entry = { target, health: REGISTERED }
      entries.set(target.id, entry)
      void check(group, entry)
    },
    deregister: (id) => {
      const entry = entries.get(id)
      if (!entry) return Promise.resolve()
      entry.drained ??= drain(group, entry)
      return entry.drained
    },
    health: (id) => entries.get(id)?.health,
    targets: () => [...entries.values()].map(({ target, health }) => ({ ...target, health })),
    pick: () => {
      const candidates = routable([...entries.values()])
      turn += 1
      return candidates[turn % Math.max(1, candidates.length)]?.target
    },
    onChange: (listen) => void listeners.push(listen),
    close: () => {
      for (const entry of entries.values()) entry.timer?.cancel()
      entries.clear()
    },
  }
}

interface Watched {
  readonly clock: Clock
  healthCheck: HealthCheck
  deregistrationDelayMs: number
  readonly entries: Map<string, Entry>
  readonly told: (id: string) => void
}

function change({ told }: Watched, entry: Entry, health: TargetHealth): void {
  const moved = entry.health.state !== health.state
  entry.health = health
  if (moved) told(entry.target.id)
}

/** One health check after the other, until the target drains or is gone. */
async function check(group: Watched, entry: Entry): Promise<void> {
  const { healthCheck, entries, clock } = group
  const { target } = entry
  const probe = target.scripted?.() ?? (await look(target, healthCheck))
  if (entries.get(target.id) !== entry || entry.health.state === 'draining') return
  change(group, entry, judge(healthCheck, entry.health, probe))
  entry.timer = clock.after(healthCheck.intervalMs, () => check(group, entry))
}

/** Nothing listens on another port of a program that exists only in virtual time. */
function look(target: Target, check: HealthCheck): Promise<Probe> {
  const own = ['traffic-port', String(target.containerPort), String(target.port)]
  const traffic = own.includes(check.port)
  if (!target.probe) return httpProbe(traffic ? target.port : Number(check.port), check)
  const detail = `nothing listens on port ${check.port}`
  return traffic ? target.probe(check.path) : Promise.resolve({ kind: 'refused', detail })
}

function drain(group: Watched, entry: Entry): Promise<void> {
  entry.timer?.cancel()
  change(group, entry, DRAINING)
  return new Promise((resolve) => {
    entry.timer = group.clock.after(group.deregistrationDelayMs, () => {
      group.entries.delete(entry.target.id)
      resolve()
    })
  })
}

function routable(entries: readonly Entry[]): readonly Entry[] {
  const healthy = entries.filter((entry) => entry.health.state === 'healthy')
  return healthy.length > 0
    ? healthy
    : entries.filter((entry) => entry.health.state === 'unhealthy')
}
