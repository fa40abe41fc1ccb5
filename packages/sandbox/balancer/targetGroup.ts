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
  /** Answers instead of HTTP: for programs that exist only in virtual time. */
  readonly probe?: (path: string) => Promise<Probe>
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
  const healthCheck = { ...DEFAULT_HEALTH_CHECK, ...options.healthCheck }
  const deregistrationDelayMs = options.deregistrationDelayMs ?? DEREGISTRATION_DELAY
  const entries = new Map<string, Entry>()
  const listeners: ((id: string) => void)[] = []
  let turn = 0

  const change = (entry: Entry, health: TargetHealth) => {
    const moved = entry.health.state !== health.state
    entry.health = health
    if (moved) for (const listen of listeners) listen(entry.target.id)
  }
  const isCurrent = (entry: Entry) =>
    entries.get(entry.target.id) === entry && entry.health.state !== 'draining'
  const check = async (entry: Entry) => {
    const { target } = entry
    const probe = await (target.probe?.(healthCheck.path) ?? httpProbe(target.port, healthCheck))
    if (!isCurrent(entry)) return
    change(entry, judge(healthCheck, entry.health, probe))
    entry.timer = clock.after(healthCheck.intervalMs, () => check(entry))
  }
  const drain = (entry: Entry): Promise<void> => {
    entry.timer?.cancel()
    change(entry, DRAINING)
    return new Promise((resolve) => {
      entry.timer = clock.after(deregistrationDelayMs, () => {
        entries.delete(entry.target.id)
        resolve()
      })
    })
  }

  return {
    arn: options.arn,
    name: options.name,
    healthCheck,
    deregistrationDelayMs,
    register: (target) => {
      const entry: Entry = { target, health: REGISTERED }
      entries.set(target.id, entry)
      void check(entry)
    },
    deregister: (id) => {
      const entry = entries.get(id)
      if (!entry) return Promise.resolve()
      entry.drained ??= drain(entry)
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

function routable(entries: readonly Entry[]): readonly Entry[] {
  const healthy = entries.filter((entry) => entry.health.state === 'healthy')
  return healthy.length > 0
    ? healthy
    : entries.filter((entry) => entry.health.state === 'unhealthy')
}
