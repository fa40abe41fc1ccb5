import type { Written } from '#core'
import type { Point } from '#store'
import type { CodeDeployKnown } from '../codedeploy/state.ts'
import { type SentChange, sentChanges } from '../recorded.ts'
import { type LiveService, primaryOf, type TaskDefinition, unsupported } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import type { Copy } from './copy.ts'
import { differs, isGoingBack, type Situation, type Wanted, wayBack } from './dispatch.ts'

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
  /** Where else the service could go, the best first; only where several were compared. */
  readonly others?: readonly Other[]
  /** What is registered and deployed in its place, because it cannot be used as it is. */
  readonly copy?: Copy
}

/** A destination that could be taken instead, as `to` takes it. */
export interface Other {
  readonly to: string
  readonly why: string
}

/** What has to be done to one service. */
export type ServicePlan =
  | {
      readonly is: 'update'
      readonly service: LiveService
      readonly target: Target
      /** True where what there is has the same task definition: without force ECS would start no deployment. */
      readonly force: boolean
      readonly why: string
    }
  | TakeBack
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
  | { readonly is: 'refused'; readonly service: LiveService; readonly why: string }

/** A plan that changes something. */
export type Mutating =
  | Extract<ServicePlan, { is: 'update' }>
  | (TakeBack & { readonly is: 'stop' | 'continue' })

/** Tells whether a plan changes something. */
export const isMutating = (plan: ServicePlan): plan is Mutating =>
  plan.is === 'update' || plan.is === 'stop' || plan.is === 'continue'

/** ECS takes its own deployment back: told to (`stop`, `continue`), or already (`follow`). */
export interface TakeBack {
  readonly is: 'stop' | 'continue' | 'follow'
  readonly service: LiveService
  readonly target: Target
  /** ARN of the service deployment that is taken back. */
  readonly deployment: string
  /** The hook at which it waits; only of `continue`. */
  readonly hook?: string
  /** `update`: ECS is known to go elsewhere; once it has ended, the target is deployed. */
  readonly after: 'watch' | 'update'
  readonly why: string
}

/** What is known of a service beside DescribeServices. */
export interface Known {
  /** What this record did so far. */
  readonly entries: readonly Written[]
  readonly situation: Situation
  /** Only of services that CodeDeploy deploys. */
  readonly codeDeploy?: CodeDeployKnown
}

/** Plans the rollback of one service to its target: pure. */
export function planService(service: LiveService, target: Target, known: Known): ServicePlan {
  const obstacle = obstacleTo(service, target)
  if (obstacle !== undefined) return { is: 'refused', service, why: obstacle }
  const running = planRunning(service, target, known)
  if (running) return running
  const other = deployedByOthers(service, known)
  if (other !== undefined) return { is: 'superseded', service, why: other }
  return planWay(service, target, known.situation)
}

/** The plan where the target runs or is being deployed already, by its task definition and its digests. */
function planRunning(
  service: LiveService,
  target: Target,
  { situation }: Known,
): ServicePlan | undefined {
  const primary = primaryOf(service)
  const { name } = target.definition
  if (primary?.taskDefinition !== name || isOtherCode(target, situation)) return undefined
  const { id: deployment } = primary
  switch (primary.state) {
    case 'FAILED':
      return { is: 'update', service, target, force: true, why: `ECS gave up on ${name} before` }
    case 'IN_PROGRESS': {
      const back = situation.current && isGoingBack(situation.current)
      const way = back ? planWay(service, target, situation) : undefined
      if (way?.is === 'follow') return way
      return { is: 'attach', service, target, deployment, why: `${name} is being deployed` }
    }
    case 'COMPLETED':
    case 'unknown':
      return { is: 'unchanged', service, target, deployment, why: `it runs ${name}` }
  }
}

/** The same task definition with other images: its tag has moved, and a forced deployment took what it names now. */
export const isOtherCode = (target: Target, { live }: Situation) =>
  live !== undefined && differs(live, target.recorded)

function planWay(service: LiveService, target: Target, situation: Situation): ServicePlan {
  const way = wayBack(situation, { wanted: wantedOf(target), strategy: service.strategy })
  const force = primaryOf(service)?.taskDefinition === target.definition.name
  if (way.do === 'update') return { is: 'update', service, target, force, why: target.why }
  const { do: is, ...rest } = way
  return { is, service, target, ...rest, why: wayText(situation, way.after) }
}

function wayText({ current }: Situation, after: TakeBack['after']): string {
  const doing = current && isGoingBack(current) ? 'ECS takes it back already' : 'it is under way'
  return after === 'watch'
    ? `${doing}, and ECS goes back to the destination by itself`
    : `${doing}, and ECS would go elsewhere: it is ended first, then the destination is deployed`
}

/** What a target wants to run, as dispatch compares it. */
export const wantedOf = ({ definition, recorded, revision }: Target): Wanted => ({
  taskDefinition: definition.name,
  recorded,
  revision,
})

/** Why a service cannot go to its target at all. */
export function obstacleTo(service: LiveService, target: Target): string | undefined {
  const { definition } = target
  const foreign = unsupported(service)
  if (foreign !== undefined) return foreign
  if (definition.status === 'DELETE_IN_PROGRESS') {
    return `task definition ${definition.name} is DELETE_IN_PROGRESS: nothing can be started from it any more`
  }
  const names = definition.containers.map((container) => container.name)
  const gone = service.balanced.filter((name) => !names.includes(name))
  return gone.length === 0
    ? undefined
    : `its load balancer sends traffic to container ${gone.join(', ')}, which ${definition.name} does not have`
}

/**
 * Whether somebody deployed after this record began to change the service: what serves is neither one of ours, nor what
 * we found when we changed it, nor what ECS made of one of these. Their version is not touched (P14).
 */
function deployedByOthers(service: LiveService, { entries, situation }: Known): string | undefined {
  const sent = sentChanges(entries, service.name)
  const primary = primaryOf(service)
  if (sent.length === 0 || !primary) return undefined
  const known = sent.some((one) =>
    isKnown(one, primary.taskDefinition, deployedLast(service, situation)),
  )
  return known
    ? undefined
    : `${primary.taskDefinition} was deployed by somebody else after this rollback had begun (${primary.id})`
}

const isKnown = (sent: SentChange, taskDefinition: string, deployment: string | undefined) =>
  sent.from === taskDefinition ||
  sent.to === taskDefinition ||
  (deployment !== undefined && sent.before.includes(deployment))

/** The deployment that somebody made last: where ECS took it back, what serves is an older one and nobody's doing. */
function deployedLast(service: LiveService, { current }: Situation): string | undefined {
  const taken = current?.status.startsWith('ROLLBACK_') ? current.target : undefined
  return taken === undefined ? primaryOf(service)?.id : `ecs-svc/${taken.split('/').at(-1)}`
}
