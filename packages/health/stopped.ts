import type { LiveTask } from '#ecs'
import { brief } from './sample.ts'

/** Why a task of a deployment ended against our will. */
export interface Failure {
  /** Two tasks with the same cause are deterministic evidence. */
  readonly cause: string
  /** One clause for a person. */
  readonly says: string
}

const healthChecks = /failed (elb|container) health checks/i

/**
 * Why a stopped task failed; undefined when it did not: scaling, draining, a spot interruption, a person. Stop codes and
 * reasons as the ECS developer guide lists them under "Stopped tasks error codes".
 */
export function failureOf(task: LiveTask): Failure | undefined {
  const reason = task.stoppedReason ?? ''
  if (healthChecks.test(reason)) return { cause: 'health checks', says: brief(reason, 120) }
  if (task.stopCode === 'EssentialContainerExited') return exitOf(task)
  if (task.stopCode !== 'TaskFailedToStart') return undefined
  const name = reason.match(/^\w+/)?.[0] ?? 'unknown'
  return { cause: `start: ${name}`, says: brief(reason, 120) }
}

function exitOf(task: LiveTask): Failure | undefined {
  const ended = task.containers.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0)
  if (!ended) return undefined
  const reason = ended.reason === undefined ? '' : `: ${brief(ended.reason, 60)}`
  return {
    cause: 'exit',
    says: `container ${brief(ended.name, 40)} exited with ${ended.exitCode}${reason}`,
  }
}

/** The cause that at least two of these tasks share, with how many there are. */
export function repeated(
  tasks: readonly LiveTask[],
): (Failure & { readonly count: number }) | undefined {
  const failures = tasks.flatMap((task) => failureOf(task) ?? [])
  for (const failure of failures) {
    const count = failures.filter(({ cause }) => cause === failure.cause).length
    if (count >= 2) return { ...failure, count }
  }
  return undefined
}
