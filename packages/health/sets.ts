import {
  isCodeDeployed,
  type LiveService,
  type LiveTask,
  primaryOf,
  type Rollout,
  setsOf,
} from '#ecs'

/** Until when a service was as the restore point has it. */
export interface Before {
  /** When the point was taken, milliseconds since the epoch. */
  readonly since: number | undefined
  /** `family:revision` that the point has of the service. */
  readonly recorded: string | undefined
}

/** The ids of what a service's deployment starts: whose failed tasks are evidence. */
export function startersOf(service: LiveService, since?: number): ReadonlySet<string> {
  const coming = isCodeDeployed(service) ? setsOf(service, since)?.coming : undefined
  const primary = primaryOf(service)
  return new Set([primary, coming].flatMap((one) => one?.id ?? []))
}

/** The tasks by which a service is judged: under CodeDeploy those of the PRIMARY task set alone. */
export function judgedTasks(service: LiveService, tasks: readonly LiveTask[]): readonly LiveTask[] {
  if (!isCodeDeployed(service)) return tasks
  const primary = primaryOf(service)
  return tasks.filter(({ startedBy }) => startedBy === primary?.id)
}

/** The newest task set that two looks know. */
export function newestOf(service: LiveService, known?: Rollout): Rollout | undefined {
  const all = known ? [...service.rollouts, known] : service.rollouts
  return [...all].sort((a, b) => b.createdAt - a.createdAt)[0]
}

/**
 * `family:revision` of a task set that CodeDeploy gave up since the restore point: it is newer than PRIMARY and ends, or an
 * earlier look saw it, or it left tasks (ECS lists them for about an hour). Undefined while another one is coming.
 */
export function givenUp(
  service: LiveService,
  tasks: readonly LiveTask[],
  { since, recorded, newest }: Before & { readonly newest: Rollout | undefined },
): string | undefined {
  const sets = setsOf(service, since)
  if (!sets || sets.coming) return undefined
  const { primary, leaving } = sets
  const ours = [leaving, newest].find(
    (set) => set && set.createdAt > primary.createdAt && set.createdAt >= (since ?? 0),
  )
  if (ours) return ours.taskDefinition
  // What served before serves still or again: tasks of anything else were those of the release.
  if (since === undefined || primary.taskDefinition !== recorded) return undefined
  return leftBehind(service, tasks, since).find((one) => one !== recorded)
}

/** Task definitions of task sets that are gone and had no task before a moment. */
function leftBehind(
  service: LiveService,
  tasks: readonly LiveTask[],
  since: number,
): readonly string[] {
  const there = service.rollouts.map(({ id }) => id)
  const older = tasks.filter(({ createdAt }) => createdAt < since)
  const known = new Set([...there, ...older.map(({ startedBy }) => startedBy)])
  return tasks.filter(({ startedBy }) => !known.has(startedBy)).map((task) => task.taskDefinition)
}

/** Why the task sets do not tell how the service is; undefined where they do. */
export function unclear(service: LiveService, tasks: readonly LiveTask[]): string | undefined {
  const { taskDefinition, rollouts } = service
  const primary = primaryOf(service)
  if (!primary) return 'none of its task sets is PRIMARY'
  if (primary.taskDefinition !== taskDefinition) {
    return `its task definition is ${taskDefinition}, that of its PRIMARY task set ${primary.taskDefinition}`
  }
  const there = new Set(rollouts.map(({ id }) => id))
  const running = tasks.filter(({ status }) => status === 'RUNNING')
  const own = running.some(({ startedBy }) => startedBy === primary.id)
  const stray = running.some(({ startedBy }) => !there.has(startedBy))
  return !own && stray ? 'its running tasks belong to none of its task sets' : undefined
}
