import type { Written } from '#core'
import type { Point } from '#store'
import type { ExpectedContainer } from './judge.ts'
import { lastSent } from './recorded.ts'
import { familyOf, type LiveService, primaryOf, type TaskDefinition, unsupported } from './state.ts'

/** How well something is known to have been good: G3 verified, G2 soaked, G1 SUCCESSFUL for ECS, G0 only registered. */
export type Grade = 'G3' | 'G2' | 'G1' | 'G0'

/** Where one service goes. */
export interface Target {
  readonly service: string
  /** Not always ACTIVE. */
  readonly definition: TaskDefinition
  /** Left out where a person named it. */
  readonly grade?: Grade
  /** ARN of the service revision that ran it, where one is known. */
  readonly revision?: string
  /** The digests that a restore point recorded for this task definition; undefined where no point names it. */
  readonly recorded: readonly ExpectedContainer[] | undefined
  /** The restore point that says so. */
  readonly point?: Point
  /** Why this one. */
  readonly why: string
}

/** What has to be done to one service. */
export type ServicePlan =
  | {
      readonly is: 'update'
      readonly service: LiveService
      readonly target: Target
      /** True where ECS gave up on this very task definition: without force it would not try again. */
      readonly force: boolean
      readonly why: string
    }
  /** The target is being deployed already: by us before, by ECS, by somebody. It is watched and not repeated. */
  | {
      readonly is: 'attach'
      readonly service: LiveService
      readonly target: Target
      readonly deployment: string
      readonly why: string
    }
  | {
      readonly is: 'unchanged'
      readonly service: LiveService
      readonly target: Target
      readonly deployment: string
      readonly why: string
    }
  | { readonly is: 'left-alone'; readonly service: LiveService; readonly why: string }
  | { readonly is: 'superseded'; readonly service: LiveService; readonly why: string }
  | { readonly is: 'refused'; readonly name: string; readonly why: string }

/** Plans the rollback of one service to its target: pure. `entries` is what this record did so far. */
export function planService(
  service: LiveService,
  target: Target,
  entries: readonly Written[],
): ServicePlan {
  const obstacle = obstacleTo(service, target)
  if (obstacle !== undefined) return { is: 'refused', name: service.name, why: obstacle }
  const primary = primaryOf(service)
  const name = target.definition.name
  if (primary?.taskDefinition === name) {
    const { id: deployment } = primary
    switch (primary.state) {
      case 'FAILED':
        return { is: 'update', service, target, force: true, why: `ECS gave up on ${name} before` }
      case 'IN_PROGRESS':
        return { is: 'attach', service, target, deployment, why: `${name} is being deployed` }
      case 'COMPLETED':
      case 'unknown':
        return { is: 'unchanged', service, target, deployment, why: `it runs ${name}` }
    }
  }
  const other = deployedByOthers(service, target, entries)
  if (other !== undefined) return { is: 'superseded', service, why: other }
  return { is: 'update', service, target, force: false, why: target.why }
}

/** Why a service cannot go to its target at all. */
function obstacleTo(service: LiveService, target: Target): string | undefined {
  const { definition } = target
  const foreign = unsupported(service)
  if (foreign !== undefined) return foreign
  if (definition.status !== 'ACTIVE') {
    return `task definition ${definition.name} is ${definition.status}: ECS would refuse it; register it again, then name the new revision in to:`
  }
  const names = definition.containers.map((container) => container.name)
  const gone = service.balanced.filter((name) => !names.includes(name))
  return gone.length === 0
    ? undefined
    : `its load balancer sends traffic to container ${gone.join(', ')}, which ${definition.name} does not have`
}

/**
 * Whether somebody deployed after this record's own rollback was sent: what serves is neither our target, nor what we
 * found then. Their version is not touched (P14).
 */
function deployedByOthers(
  service: LiveService,
  target: Target,
  entries: readonly Written[],
): string | undefined {
  const sent = lastSent(entries, service.name, 'update-service')
  const primary = primaryOf(service)
  if (!sent || !primary) return undefined
  const known =
    sent.to !== target.definition.name ||
    primary.taskDefinition === sent.from ||
    sent.before.includes(primary.id)
  return known
    ? undefined
    : `${primary.taskDefinition} was deployed by somebody else after this rollback had begun (${primary.id})`
}

/** Whether a task definition is of the family that a service runs. */
export function sameFamily(service: LiveService, taskDefinition: string): boolean {
  return familyOf(service.taskDefinition) === familyOf(taskDefinition)
}
