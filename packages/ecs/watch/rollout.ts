import { type LiveService, primaryOf, type Rollout } from '../state.ts'

/** Which deployment of a service is watched, and what was there before it. */
export interface Watched {
  /** The id of our deployment; undefined where ECS's answer was lost and it must be found. */
  readonly deployment: string | undefined
  /** The task definition that it deploys, `family:revision`. */
  readonly target: string
  /** The ids of all deployments that were listed before ours began. */
  readonly before: readonly string[]
  /** True once ECS listed it. */
  readonly seen: boolean
  /** Looks in a row in which ECS did not list it. */
  readonly missed: number
  /** True when what was there before has the same task definition: then only the new deployment counts. */
  readonly forced: boolean
  /** True for an old deployment that ECS brings back: it may be listed before it is the primary one again. */
  readonly reused?: boolean
  /** Then: the ARN of the service deployment that ECS takes back. Its verdict counts, and tasks only from when that began. */
  readonly takesBack?: string
}

/** What became of the watched deployment. */
export type Standing =
  | { readonly is: 'ours'; readonly rollout: Rollout }
  /** ECS does not list it (yet): its reads lag behind its writes. */
  | { readonly is: 'missing'; readonly shows: string }
  | { readonly is: 'failed'; readonly why: string }
  /** ECS gave ours up and put an older deployment back: the bad version serves again. */
  | { readonly is: 'undone'; readonly by: Rollout }
  /** Somebody else deployed something after us: it is theirs now (P14). */
  | { readonly is: 'superseded'; readonly by: Rollout }
  | { readonly is: 'vanished'; readonly why: string }

/**
 * How many looks may miss a deployment that ECS has accepted: reads lag (kayac/ecspresso#28; 30 s were seen), longer
 * before the first sight than after it.
 */
const tolerated = { before: 12, after: 3 }

/** Judges the watched deployment by one look. "Stable" is no proof: the breaker makes a service stable with the old version. */
export function standing(service: LiveService, watched: Watched): Standing {
  const primary = primaryOf(service)
  if (primary && isOurs(primary, watched)) {
    return primary.state === 'FAILED'
      ? { is: 'failed', why: primary.why || 'ECS gives no reason' }
      : { is: 'ours', rollout: primary }
  }
  const ours = service.rollouts.find((rollout) => rollout.id === watched.deployment)
  if (ours && primary && (watched.seen || !watched.reused)) {
    const older = watched.before.includes(primary.id) || primary.createdAt < ours.createdAt
    return { is: older ? 'undone' : 'superseded', by: primary }
  }
  const limit = watched.seen ? tolerated.after : tolerated.before
  if (watched.missed < limit) {
    return { is: 'missing', shows: primary?.taskDefinition ?? 'no deployment' }
  }
  return concluded(watched, primary)
}

/**
 * Ours by id, or any deployment of our target: our own where the answer was lost, an older one that ECS put back, or
 * somebody's who wants the same. Looking at it changes nothing, and P13 judges what it runs.
 */
function isOurs(rollout: Rollout, watched: Watched): boolean {
  if (rollout.id === watched.deployment) return true
  if (rollout.taskDefinition !== watched.target) return false
  return !watched.forced || !watched.before.includes(rollout.id)
}

function concluded(watched: Watched, primary: Rollout | undefined): Standing {
  if (!primary) return { is: 'vanished', why: 'ECS shows no deployment of the service any more' }
  if (!watched.before.includes(primary.id)) return { is: 'superseded', by: primary }
  if (watched.seen) return { is: 'undone', by: primary }
  return {
    is: 'vanished',
    why: `ECS accepted the deployment and never listed it; it shows ${primary.taskDefinition}`,
  }
}

/** What the next look has to know of this one. */
export function afterLook(watched: Watched, standing: Standing): Watched {
  switch (standing.is) {
    case 'ours':
      return { ...watched, deployment: standing.rollout.id, seen: true, missed: 0 }
    case 'missing':
      return { ...watched, missed: watched.missed + 1 }
    case 'failed':
    case 'undone':
    case 'superseded':
    case 'vanished':
      return watched
  }
}
