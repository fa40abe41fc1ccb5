import { pausedAt, type Revision, type ServiceDeployment } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'

/** What ECS is doing with a service, and where it would go back to by itself: read once, before anything is planned. */
export interface Situation {
  /** The service deployment that is the current one; undefined where ECS does not tell it. */
  readonly current?: ServiceDeployment | undefined
  /** The revision that serves or is being deployed, images by digest. */
  readonly live?: Revision | undefined
  /** The revision that ECS goes back to by itself; only looked for while a deployment can be taken back by ECS. */
  readonly choice?: Revision | undefined
}

/** What a rollback wants a service to run. */
export interface Wanted {
  /** `family:revision`. */
  readonly taskDefinition: string
  /** The digests that were recorded; undefined where none were. */
  readonly recorded: readonly ExpectedContainer[] | undefined
  /** ARN of the service revision that ran it, where one is known. */
  readonly revision?: string | undefined
}

/**
 * How a service is brought to its target. `after` says what follows once it is known where ECS went: `watch` where that
 * should be the target, `update` where it is known not to be.
 */
export type Way =
  | { readonly do: 'update' }
  | { readonly do: 'stop'; readonly deployment: string; readonly after: 'watch' | 'update' }
  | {
      readonly do: 'continue'
      readonly deployment: string
      readonly hook: string
      readonly after: 'watch' | 'update'
    }
  /** ECS goes back already: no call. */
  | { readonly do: 'follow'; readonly deployment: string; readonly after: 'watch' | 'update' }

const inFlight = ['PENDING', 'IN_PROGRESS']
const goingBack = ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'STOP_REQUESTED']

/** Tells whether ECS can still take a service deployment back by itself [AWS: StopServiceDeployment]. */
export const isInFlight = ({ status }: ServiceDeployment) => inFlight.includes(status)

/** Tells whether ECS takes a service deployment back, or was told to. */
export const isGoingBack = ({ status }: ServiceDeployment) => goingBack.includes(status)

/** Whether a revision is what is wanted: the revision itself, or its task definition with no digest that differs. */
export function isWanted(revision: Revision, wanted: Wanted): boolean {
  if (revision.taskDefinition !== wanted.taskDefinition) return false
  return revision.arn === wanted.revision || !differs(revision, wanted.recorded)
}

/** Whether a revision runs another image than was recorded for some container. */
export function differs(
  revision: Revision,
  recorded: readonly ExpectedContainer[] | undefined,
): boolean {
  return (recorded ?? []).some(({ name, digest }) => {
    const found = revision.containers.find((one) => one.name === name)?.digest
    return digest !== undefined && found !== undefined && found !== digest
  })
}

/**
 * The dispatch over the state of the deployment that is undone: pure. ECS's own way back is preferred where it leads to
 * the target: it keeps the digests and the service's configuration and needs no new revision. A rolling deployment that
 * ECS would take elsewhere is replaced at once by UpdateService; one that shifts traffic is ended first.
 */
export function wayBack(
  situation: Situation,
  given: { readonly wanted: Wanted; readonly strategy: string },
): Way {
  const { current, choice } = situation
  const { wanted, strategy } = given
  if (!current) return { do: 'update' }
  const rolling = strategy === 'ROLLING'
  const { arn: deployment } = current
  const leads = choice !== undefined && isWanted(choice, wanted)
  const after = leads ? 'watch' : 'update'
  if (isInFlight(current)) {
    if (!leads && rolling) return { do: 'update' }
    const hook = pausedAt(current)
    return hook
      ? { do: 'continue', deployment, hook: hook.id, after }
      : { do: 'stop', deployment, after }
  }
  if (isGoingBack(current)) {
    return !leads && rolling ? { do: 'update' } : { do: 'follow', deployment, after }
  }
  return { do: 'update' }
}
