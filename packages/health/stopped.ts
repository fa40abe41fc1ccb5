import { failureOf, type LiveTask } from '#ecs'
import { brief } from './sample.ts'

/** Why a task of a deployment ended against our will. */
export interface Failure {
  /** Two tasks with the same cause are deterministic evidence. */
  readonly cause: string
  /** One clause for a person. */
  readonly says: string
}

/**
 * What the end of a task says against its deployment; undefined when it says nothing: scaling, draining, a spot interruption, a
 * person, a program that ended well.
 */
export function evidenceOf(task: LiveTask): Failure | undefined {
  const failure = failureOf(task)
  const reason = task.stoppedReason ?? ''
  switch (failure?.class) {
    case undefined:
    case 'noise':
    case 'capacity':
    case 'asked':
      return undefined
    case 'health':
      return { cause: 'health checks', says: brief(reason || failure.cause, 120) }
    case 'crash':
      return exitOf(task)
    case 'image':
    case 'start':
      return { cause: `start: ${reason.match(/^\w+/)?.[0] ?? 'unknown'}`, says: brief(reason, 120) }
  }
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
  const failures = tasks.flatMap((task) => evidenceOf(task) ?? [])
  for (const failure of failures) {
    const count = failures.filter(({ cause }) => cause === failure.cause).length
    if (count >= 2) return { ...failure, count }
  }
  return undefined
}
