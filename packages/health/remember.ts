import {
  isCodeDeployed,
  type LiveService,
  type LiveTask,
  type Observed,
  primaryOf,
  type Rollout,
} from '#ecs'
import { newestOf, startersOf } from './sets.ts'

/** One look at the services of a check, with the tasks of each by the service's name. */
export interface EcsLook {
  readonly observed: Observed
  readonly tasks: ReadonlyMap<string, readonly LiveTask[]>
}

/** What a service was at the first look, or since the release came to it: later looks are compared with it. */
export interface Remembered {
  readonly deployment: string
  readonly taskDefinition: string
  /** Tasks that had ended before a rollout that was already complete: they say nothing about what runs now. */
  readonly ended: ReadonlySet<string>
  /** Only under CodeDeploy, which moves PRIMARY at its end. */
  readonly sets?: {
    readonly primarySince: number
    /** A newer task set that becomes PRIMARY is the release. */
    readonly awaited: boolean
    /** The newest that any look saw. */
    readonly newest: Rollout | undefined
  }
}

/** What the judge knows beside the look. */
export interface EcsContext {
  readonly expect: 'released' | 'restored' | 'anything'
  readonly first: ReadonlyMap<string, Remembered>
  /** Desired counts of the restore point, by service. */
  readonly desired: ReadonlyMap<string, number>
  /** Task definitions of the restore point, `family:revision` by service. */
  readonly recorded: ReadonlyMap<string, string>
  /** When the restore point was taken: what ECS undid after it was this release. Milliseconds since the epoch. */
  readonly since: number | undefined
}

/** What a look leaves for the later ones, beside what earlier ones left in `first`. */
export function remember(
  look: EcsLook,
  context: Pick<EcsContext, 'expect' | 'first' | 'recorded'>,
): ReadonlyMap<string, Remembered> {
  const now = look.observed.services.map((service) => {
    const known = context.first.get(service.name)
    const tasks = look.tasks.get(service.name) ?? []
    return [service.name, follow(service, known, context) ?? meet(service, tasks, context)] as const
  })
  return new Map([...context.first, ...now])
}

type Awaiting = Pick<EcsContext, 'expect' | 'recorded'>

/** A service that is known already: only under CodeDeploy there is something to add. */
function follow(
  service: LiveService,
  known: Remembered | undefined,
  context: Awaiting,
): Remembered | undefined {
  const { sets } = known ?? {}
  if (!known || (isCodeDeployed(service) && known.deployment === '')) return undefined
  if (!sets) return known
  const primary = primaryOf(service)
  const newest = newestOf(service, sets.newest)
  const came = sets.awaited && primary !== undefined && primary.createdAt > sets.primarySince
  if (!came) return { ...known, sets: { ...sets, newest } }
  const { id, taskDefinition, createdAt } = primary
  // What takes the place of the release is not awaited any more.
  const awaited = taskDefinition === context.recorded.get(service.name)
  return {
    ...known,
    ...{ deployment: id, taskDefinition },
    sets: { primarySince: createdAt, awaited, newest },
  }
}

/** A service that is seen for the first time. */
function meet(
  service: LiveService,
  tasks: readonly LiveTask[],
  { expect, recorded }: Awaiting,
): Remembered {
  const primary = primaryOf(service)
  const { id = '', taskDefinition = service.taskDefinition, createdAt = 0 } = primary ?? {}
  const complete = primary?.state !== 'IN_PROGRESS'
  const coming = [...startersOf(service)].filter((one) => one !== id)
  const ended = tasks.filter(
    (task) => task.status === 'STOPPED' && !coming.includes(task.startedBy),
  )
  // Before the release there was what the point has; without a point that cannot be told.
  const awaited =
    expect === 'released' && [undefined, taskDefinition].includes(recorded.get(service.name))
  return {
    deployment: id,
    taskDefinition,
    ended: new Set(complete ? ended.map((task) => task.id) : []),
    ...(isCodeDeployed(service)
      ? { sets: { primarySince: createdAt, awaited, newest: newestOf(service) } }
      : {}),
  }
}
