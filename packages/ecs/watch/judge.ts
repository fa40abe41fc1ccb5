import type { LiveService, LiveTask } from '../state.ts'

/** A container that must run: by name, with its digest where that is known. */
export interface ExpectedContainer {
  readonly name: string
  readonly digest?: string | undefined
}

/** Whether the expected images run on every task (P13). */
export type Proof =
  | { readonly is: 'proven' }
  | { readonly is: 'waiting'; readonly why: string }
  /** Another image runs under the right task definition: its tag has moved. Waiting does not change it. */
  | { readonly is: 'wrong'; readonly why: string }
  /** Nobody can say: a digest is not known. */
  | { readonly is: 'unknown'; readonly why: string }

/** What must be true of a service for P13. */
export interface Expectation {
  /** `family:revision`. */
  readonly taskDefinition: string
  readonly containers: readonly ExpectedContainer[]
}

/**
 * Judges P13: the expected digests run, by container name, on every RUNNING task, and there are as many of them as
 * desired. A service that desires no task proves nothing. Sidecars that the task definition does not name are ignored.
 */
export function prove(
  service: LiveService,
  tasks: readonly LiveTask[],
  expected: Expectation,
): Proof {
  const running = tasks.filter((task) => task.status === 'RUNNING')
  const ours = running.filter(
    (task) => task.taskDefinition === expected.taskDefinition && task.desiredStatus === 'RUNNING',
  )
  const wrong = ours.flatMap((task) => differences(task, expected))
  if (wrong[0] !== undefined) return { is: 'wrong', why: wrong[0] }
  if (service.desired === 0) {
    return { is: 'unknown', why: 'it desires no task, so nothing proves what it would run' }
  }
  const others = running.filter((task) => task.taskDefinition !== expected.taskDefinition)
  if (others.length > 0) return { is: 'waiting', why: `${tasksOf(others)} still run` }
  if (ours.length !== service.desired || service.running !== service.desired) {
    return { is: 'waiting', why: `${ours.length} of ${service.desired} tasks run` }
  }
  const ill = ours.filter((task) => task.health === 'UNHEALTHY').length
  if (ill > 0) return { is: 'waiting', why: `${ill} of ${ours.length} tasks are unhealthy` }
  const unknown = unknownDigests(ours, expected)
  return unknown === undefined ? { is: 'proven' } : { is: 'unknown', why: unknown }
}

/** How many tasks serve the expected images: RUNNING, wanted, not unhealthy, every digest known and right. */
export function provenTasks(tasks: readonly LiveTask[], expected: Expectation): number {
  if (expected.containers.length === 0) return 0
  return tasks.filter(
    (task) =>
      task.status === 'RUNNING' &&
      task.desiredStatus === 'RUNNING' &&
      task.health !== 'UNHEALTHY' &&
      task.taskDefinition === expected.taskDefinition &&
      differences(task, expected).length === 0 &&
      unknownDigests([task], expected) === undefined,
  ).length
}

/** By container name the digest on which all RUNNING tasks agree; none where they differ, or ECS does not say it of one. */
export function agreedDigests(
  names: readonly string[],
  tasks: readonly LiveTask[],
): readonly ExpectedContainer[] {
  const running = tasks.filter(({ status }) => status === 'RUNNING')
  return names.map((name) => {
    const seen = new Set(
      running.map((task) => task.containers.find((one) => one.name === name)?.digest),
    )
    const [digest] = seen
    return seen.size === 1 && digest !== undefined ? { name, digest } : { name }
  })
}

function differences(task: LiveTask, expected: Expectation): readonly string[] {
  return expected.containers.flatMap(({ name, digest }) => {
    const runs = task.containers.find((container) => container.name === name)?.digest
    if (digest === undefined || runs === undefined || runs === digest) return []
    return [
      `container ${name} runs ${runs}, expected ${digest}: the tag of its image has moved since it was recorded`,
    ]
  })
}

function unknownDigests(tasks: readonly LiveTask[], expected: Expectation): string | undefined {
  const unrecorded = expected.containers.filter(({ digest }) => digest === undefined)
  if (expected.containers.length === 0) return 'no image digest is recorded for it'
  if (unrecorded.length > 0) {
    return `the digest that container ${unrecorded.map(({ name }) => name).join(', ')} should run is not known`
  }
  for (const { name } of expected.containers) {
    const silent = tasks.find(
      (task) => task.containers.find((container) => container.name === name)?.digest === undefined,
    )
    if (silent) return `ECS does not say which digest container ${name} of task ${silent.id} runs`
  }
  return undefined
}

/** Tasks in words: `2 tasks of web:7`. */
export function tasksOf(tasks: readonly LiveTask[]): string {
  const counts = new Map<string, number>()
  for (const { taskDefinition } of tasks) {
    counts.set(taskDefinition, (counts.get(taskDefinition) ?? 0) + 1)
  }
  return [...counts]
    .map(
      ([taskDefinition, count]) =>
        `${count} ${count === 1 ? 'task' : 'tasks'} of ${taskDefinition}`,
    )
    .join(', ')
}
