import { type LiveService, primaryOf, type Rollout } from '../state.ts'

/** The task sets of a service that CodeDeploy deploys, by what they are for. */
export interface Sets {
  /** Serves production traffic [AWS: TaskSet]. */
  readonly primary: Rollout
  /** Newer, without production traffic yet: what a deployment brings. */
  readonly coming?: Rollout
  /** Newer, and ECS ends it: CodeDeploy went back. */
  readonly leaving?: Rollout
}

/**
 * Sorts the task sets of a service; undefined where none is PRIMARY. Older ones are left out: a good deployment keeps the
 * original for the wait of its group (minutes to days), which says nothing of the release. So are those from before `since`:
 * a deployment that was stopped long ago may have left one.
 */
export function setsOf(service: LiveService, since = 0): Sets | undefined {
  const primary = primaryOf(service)
  if (!primary) return undefined
  const newer = service.rollouts
    .filter(({ createdAt }) => createdAt > primary.createdAt && createdAt >= since)
    .sort((a, b) => b.createdAt - a.createdAt)
  const status = ({ id }: Rollout) => service.taskSets?.find((set) => set.id === id)?.status
  const coming = newer.find((set) => status(set) === 'ACTIVE')
  const leaving = newer.find((set) => status(set) === 'DRAINING')
  return { primary, ...(coming ? { coming } : {}), ...(leaving ? { leaving } : {}) }
}
