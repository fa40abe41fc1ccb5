import type { LiveTask } from './state.ts'

/**
 * Why a task ended, by the classes of AWS's stopped task reasons. `image`, `start`, `crash` and `health` are the
 * program's or its definition's fault and come again; `noise` is the platform's; `asked` is a task that ECS ended on
 * purpose (ServiceSchedulerInitiated: bad tasks that drain, scaling).
 */
export type FailureClass = 'image' | 'start' | 'crash' | 'health' | 'noise' | 'asked'

/** How one task failed. */
export interface TaskFailure {
  readonly task: string
  readonly class: FailureClass
  /** False when trying again may help: time-outs on the way to a registry or a secret. */
  readonly deterministic: boolean
  /** One line: container, exit code, ECS's reason. */
  readonly cause: string
}

const timedOut = /i\/o timeout|timed? ?out|connection (reset|refused)|TLS handshake/i

/** Judges why a stopped task ended; undefined for one that has not ended or ended well. */
export function failureOf(task: LiveTask): TaskFailure | undefined {
  if (task.desiredStatus !== 'STOPPED') return undefined
  const is = classOf(task)
  if (is === undefined) return undefined
  const deterministic = is !== 'noise' && is !== 'asked' && !timedOut.test(task.stoppedReason ?? '')
  return { task: task.id, class: is, deterministic, cause: causeOf(task) }
}

/** Health comes before the stop code: ECS stops a task that fails its checks with ServiceSchedulerInitiated. */
function classOf(task: LiveTask): FailureClass | undefined {
  const reason = [task.stoppedReason ?? '', ...task.containers.map((one) => one.reason ?? '')].join(
    '; ',
  )
  if (/failed (ELB|container|service connect)? ?health checks?/i.test(reason)) return 'health'
  if (task.stopCode === 'ServiceSchedulerInitiated' || task.stopCode === 'UserInitiated')
    return 'asked'
  if (/CannotPull(Container|Image)|manifest unknown/i.test(reason)) return 'image'
  if (/ResourceInitializationError/i.test(reason)) return 'start'
  if (/unable to assume|throttl/i.test(reason)) return 'noise'
  if (task.stopCode === 'TaskFailedToStart') return 'start'
  if (task.stopCode === 'EssentialContainerExited') return 'crash'
  if (task.stopCode === undefined && task.containers.some((one) => (one.exitCode ?? 0) !== 0))
    return 'crash'
  return task.stopCode === undefined ? undefined : 'noise'
}

function causeOf(task: LiveTask): string {
  const ended = task.containers
    .filter((one) => (one.exitCode ?? 0) !== 0 || one.reason !== undefined)
    .map(({ name, exitCode, reason }) =>
      [`container ${name}`, exitCode === undefined ? '' : `exit code ${exitCode}`, reason ?? '']
        .filter((part) => part !== '')
        .join(', '),
    )
  return [task.stoppedReason ?? task.stopCode ?? 'ended', ...ended].join('; ')
}

/** How often a rollout may fail before waiting longer is pointless. */
const limits = { deterministic: 2, passing: 3 }

/** The failures of one deployment's tasks. `known` are tasks that had ended before the watch began. */
export function failuresOf(
  tasks: readonly LiveTask[],
  deployment: string,
  known: ReadonlySet<string> = new Set(),
): readonly TaskFailure[] {
  return tasks
    .filter((task) => task.startedBy === deployment && !known.has(task.id))
    .flatMap((task) => failureOf(task) ?? [])
    .filter((failure) => failure.class !== 'asked')
}

/**
 * Tells whether a rollout is failing by its tasks: on the second deterministic failure, or on the third that might
 * pass. ECS's own circuit breaker needs minutes more, and does not count tasks that crash after they were RUNNING.
 */
export function isFailing(failures: readonly TaskFailure[]): boolean {
  const deterministic = failures.filter((failure) => failure.deterministic).length
  const passing = failures.filter((failure) => !failure.deterministic && failure.class !== 'noise')
  return deterministic >= limits.deterministic || passing.length >= limits.passing
}

/** The most frequent causes, each with its count: `2 × container web, exit code 1`. */
export function topCauses(failures: readonly TaskFailure[], most = 2): readonly string[] {
  const counts = new Map<string, number>()
  for (const { cause } of failures) counts.set(cause, (counts.get(cause) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([cause, count]) => `${count} × ${cause}`)
}
