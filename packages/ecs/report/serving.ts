import { digest12, isAlive, type LiveService, type LiveTask } from '../state.ts'
import { isInjected } from '../watch/failures.ts'

/** RUNNING tasks that are the same: one task definition, the same digests by container name. */
export interface Serving {
  /** `family:revision`. */
  readonly taskDefinition: string
  /** `web@4f2a91c0d3e8 proxy@…`. */
  readonly fingerprint: string
  readonly tasks: number
}

/** Containers by name and digest, as people compare them. */
export const fingerprintText = (
  containers: readonly { readonly name: string; readonly digest?: string | undefined }[],
) =>
  containers
    .filter(({ name }) => !isInjected(name))
    .map(({ name, digest }) => `${name}@${digest12(digest)}`)
    .sort()
    .join(' ')

/** What serves, grouped by what it is: most tasks first. */
export function servingOf(tasks: readonly LiveTask[]): readonly Serving[] {
  const groups = new Map<string, Serving>()
  for (const { taskDefinition, containers } of tasks.filter(isRunning)) {
    const fingerprint = fingerprintText(containers)
    const key = `${taskDefinition}\0${fingerprint}`
    const before = groups.get(key)?.tasks ?? 0
    groups.set(key, { taskDefinition, fingerprint, tasks: before + 1 })
  }
  return [...groups.values()].sort((a, b) => b.tasks - a.tasks)
}

const isRunning = (task: LiveTask) => task.status === 'RUNNING'

/** What serves nothing, or nothing any more: `2 tasks of web:1 start`, `1 task of web:2 ends`. */
export function comingAndGoing(tasks: readonly LiveTask[]): readonly string[] {
  const rest = tasks.filter((task) => isAlive(task) && !isRunning(task))
  const ending = rest.filter((task) => task.desiredStatus === 'STOPPED')
  const starting = rest.filter((task) => task.desiredStatus !== 'STOPPED')
  return [
    ...countsOf(starting).map(
      ([name, count]) => `${tasksText(count, name)} ${count === 1 ? 'starts' : 'start'}`,
    ),
    ...countsOf(ending).map(
      ([name, count]) => `${tasksText(count, name)} ${count === 1 ? 'ends' : 'end'}`,
    ),
  ]
}

const tasksText = (count: number, name: string) =>
  `${count} ${count === 1 ? 'task' : 'tasks'} of ${name}`

function countsOf(tasks: readonly LiveTask[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { taskDefinition } of tasks) {
    counts.set(taskDefinition, (counts.get(taskDefinition) ?? 0) + 1)
  }
  return [...counts]
}

/** `2 of 2 desired tasks run web:1 (web@4f2a91c0d3e8); 1 task of web:2 ends`. */
export function servingText(service: LiveService, tasks: readonly LiveTask[]): string {
  const running = servingOf(tasks).map(
    ({ tasks: count, taskDefinition, fingerprint }) =>
      `${count} of ${service.desired} desired tasks run ${taskDefinition} (${fingerprint})`,
  )
  const rest = comingAndGoing(tasks)
  return [...(running.length > 0 ? running : ['NOTHING runs']), ...rest].join('; ')
}
