/** A task as the scheduler's decision sees it. */
export interface TaskView {
  readonly id: string
  /** `stopping` covers everything after the decision to stop, up to the end. */
  readonly phase: 'starting' | 'running' | 'stopping'
  /** `pending`: not yet known; `failed`: a health check says so and the grace period is over. */
  readonly health: 'pending' | 'good' | 'failed'
  readonly primary: boolean
  /** Under task protection: neither scale-in nor a deployment may stop it. */
  readonly guarded?: boolean
  /** Larger is younger. */
  readonly order: number
}

/** Everything that the scheduler looks at. */
export interface Situation {
  readonly desired: number
  readonly minimumHealthyPercent: number
  readonly maximumPercent: number
  /** False when the primary deployment failed, or repeated launch failures make the scheduler pause. */
  readonly launching: boolean
  /** True while the primary deployment is IN_PROGRESS. */
  readonly rollingOut: boolean
  readonly tasks: readonly TaskView[]
}

/** Why a task is stopped. */
export type StopCause = 'scaling' | 'health'

/** What the scheduler does next. */
export interface Decision {
  readonly start: number
  readonly stop: readonly { readonly id: string; readonly cause: StopCause }[]
  /** The percentages allow neither a start nor a stop: AWS reports it as an event and waits for ever. */
  readonly stuck: boolean
  /** How many tasks it would stop, were they not under task protection. */
  readonly guarded: number
}

/**
 * One step of a rolling deployment, as AWS documents minimumHealthyPercent (rounded up, counts healthy tasks) and
 * maximumPercent (rounded down, counts tasks that run or start, not those that stop).
 */
export function decide(situation: Situation): Decision {
  const { desired, tasks } = situation
  const alive = tasks.filter((task) => task.phase !== 'stopping')
  const primary = alive.filter((task) => task.primary)
  const usable = primary.filter((task) => task.health !== 'failed')
  const health = unhealthyToStop(situation, alive)
  const chosen = [...excess(usable, desired), ...replaced(situation, alive)]
  const scaling = chosen.filter((task) => !task.guarded)
  const stop = [
    ...health.map((task) => ({ id: task.id, cause: 'health' as const })),
    ...scaling.map((task) => ({ id: task.id, cause: 'scaling' as const })),
  ]
  const missing = Math.max(0, desired - usable.length)
  const room = Math.max(0, most(situation) - (alive.length - stop.length))
  const start = situation.launching ? Math.min(missing, room) : 0
  const waiting = tasks.some((task) => task.phase !== 'running' || task.health === 'pending')
  const stuck = situation.launching && missing > 0 && start === 0 && stop.length === 0 && !waiting
  return { start, stop, stuck, guarded: chosen.length - scaling.length }
}

function most({ desired, maximumPercent }: Situation): number {
  return Math.floor((desired * maximumPercent) / 100)
}

function least({ desired, minimumHealthyPercent }: Situation): number {
  return Math.ceil((desired * minimumHealthyPercent) / 100)
}

/**
 * Tasks to stop for failed health checks. In a rollout at once. In a steady service AWS starts the replacement first
 * and stops the unhealthy task when the replacement is good; only without room it stops one by one.
 */
function unhealthyToStop(situation: Situation, alive: readonly TaskView[]): readonly TaskView[] {
  const failed = alive.filter((task) => task.health === 'failed')
  if (situation.rollingOut || situation.desired === 0) return failed
  const good = alive.filter((task) => task.primary && task.health === 'good')
  if (good.length >= situation.desired) return failed
  const starting = alive.some((task) => task.health === 'pending')
  const full = alive.length >= most(situation)
  return full && !starting ? failed.slice(0, 1) : []
}

/** Primary tasks above the desired count: those that are not yet healthy first, then the youngest. */
function excess(usable: readonly TaskView[], desired: number): readonly TaskView[] {
  return [...usable]
    .sort((a, b) => guard(a) - guard(b) || rank(a) - rank(b) || b.order - a.order)
    .slice(0, Math.max(0, usable.length - desired))
}

function guard(task: TaskView): number {
  return task.guarded ? 1 : 0
}

function rank(task: TaskView): number {
  return task.health === 'good' ? 1 : 0
}

/**
 * Tasks of older deployments to stop: those that do not count for the minimum at once, the others oldest first as far
 * as the minimum allows. A failed deployment that is not rolled back leaves them alone.
 */
function replaced(situation: Situation, alive: readonly TaskView[]): readonly TaskView[] {
  const old = alive.filter((task) => !task.primary && task.health !== 'failed')
  if (situation.desired === 0) return old
  if (!situation.rollingOut) return []
  const idle = old.filter((task) => task.health === 'pending')
  const serving = old
    .filter((task) => task.health === 'good')
    .sort((a, b) => guard(a) - guard(b) || a.order - b.order)
  const good = alive.filter((task) => task.health === 'good').length
  return [...idle, ...serving.slice(0, Math.max(0, good - least(situation)))]
}
