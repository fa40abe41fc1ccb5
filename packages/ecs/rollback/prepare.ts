import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import { planCodeDeployed } from '../codedeploy/plan.ts'
import { observeTaskDefinition } from '../observe.ts'
import { isCodeDeployed, type LiveService, type TaskDefinition } from '../state.ts'
import { type CopyReason, prepareCopy } from './copy.ts'
import { hasMoved } from './moved.ts'
import { isOtherCode, type Known, planService, type ServicePlan, type Target } from './plan.ts'

interface Preparing {
  readonly run: Run
  readonly clients: EcsClients
}

const planOf = (service: LiveService, target: Target, known: Known): ServicePlan =>
  isCodeDeployed(service)
    ? planCodeDeployed(service, target, known)
    : planService(service, target, known)

/** Plans a service, with a copy of its target where UpdateService could not use the target as it is; read-only. */
export async function planTarget(
  at: Preparing,
  of: { readonly service: LiveService; readonly target: Target; readonly known: Known },
): Promise<ServicePlan> {
  const { service, target, known } = of
  const first = planOf(service, target, known)
  if (!deploys(first) && first.is !== 'superseded') return first
  const live = await liveCopy(at, of)
  if (live) return planOf(service, { ...target, definition: live }, known)
  if (!deploys(first)) return first
  const reason = await reasonFor(at, of)
  return reason === undefined ? first : planCopy(at, of, reason)
}

/** Plans a service with a copy of its target, for a reason that is known. */
export async function planCopy(
  { clients }: Preparing,
  of: { readonly service: LiveService; readonly target: Target; readonly known: Known },
  reason: CopyReason,
): Promise<ServicePlan> {
  const { service, target, known } = of
  const { definition } = target
  const pins = target.recorded ?? []
  const prepared = await prepareCopy(clients, { definition, reason, pins })
  switch (prepared.is) {
    case 'refused':
      return { is: 'refused', service, why: prepared.why }
    case 'found':
      return planOf(service, { ...target, definition: prepared.definition }, known)
    case 'to-register': {
      const { copy } = prepared
      const planned = planOf(service, target, known)
      const copied = { ...target, copy }
      if (deploys(planned)) return withCopy(planned, copied)
      // It looks as if the target ran, and its tasks showed another image.
      const runs = planned.is === 'unchanged' || planned.is === 'attach'
      return runs
        ? { is: 'update', service, target: copied, force: false, why: target.why }
        : planned
    }
  }
}

type Deploying = Extract<ServicePlan, { is: 'update' | 'stop' | 'continue' | 'follow' }>

/** Tells whether a plan deploys the target itself, and not ECS an old revision. */
function deploys(planned: ServicePlan): planned is Deploying {
  switch (planned.is) {
    case 'update':
      return true
    case 'stop':
    case 'continue':
    case 'follow':
      return planned.after === 'update'
    case 'attach':
    case 'unchanged':
    case 'left-alone':
    case 'superseded':
    case 'refused':
      return false
  }
}

/** A copy is a new task definition: nothing has to be forced. */
function withCopy(planned: Deploying, target: Target): ServicePlan {
  return planned.is === 'update' ? { ...planned, target, force: false } : { ...planned, target }
}

/** What the service is on, where that is a copy of the target with the right images: an earlier rollback made it. */
async function liveCopy(
  { clients }: Preparing,
  of: { readonly service: LiveService; readonly target: Target; readonly known: Known },
): Promise<TaskDefinition | undefined> {
  const { service, target, known } = of
  const { live } = known.situation
  const may =
    live === undefined ||
    target.definition.status === 'INACTIVE' ||
    live.containers.some(({ image }) => image.includes('@'))
  if (!may || isOtherCode(target, known.situation)) return undefined
  const found = await observeTaskDefinition(clients, service.taskDefinition)
  return found?.copyOf === target.definition.name ? found : undefined
}

async function reasonFor(
  { run, clients }: Preparing,
  of: { readonly target: Target; readonly known: Known },
): Promise<CopyReason | undefined> {
  const { target, known } = of
  if (target.definition.status === 'INACTIVE') return 'inactive'
  return (await hasMoved(run, clients, { target, situation: known.situation }))
    ? 'moved'
    : undefined
}
