import {
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
  type ScalableTarget as SdkTarget,
} from '@aws-sdk/client-application-auto-scaling'
import { call, shortName } from '#aws'
import { CallError, type Entry, messageOf, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { batches, inParallel } from '../parallel.ts'
import type { RecordedScaling } from '../recorded.ts'
import { notSent, type Sent } from '../rollback/send.ts'

/** Which of the three kinds of scaling are suspended. */
export interface Suspended {
  readonly in: boolean
  readonly out: boolean
  readonly scheduled: boolean
}

/** The bounds in which autoscaling moves a service's desired count. */
export interface ScalableTarget {
  readonly service: string
  readonly min: number
  readonly max: number
  readonly suspended: Suspended
}

/** The scalable targets of services, by name; unknown where they may not be read. */
export type Scaling =
  | { readonly is: 'known'; readonly targets: ReadonlyMap<string, ScalableTarget> }
  | { readonly is: 'unknown' }

const ALL: Suspended = { in: true, out: true, scheduled: true }
const identity = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const

const resourceOf = (cluster: string, service: string) => `service/${shortName(cluster)}/${service}`

/**
 * Looks at the scalable targets of services, fifty per call (the limit of DescribeScalableTargets); a service without one is
 * not in the answer. A failed look is a warning: a stop goes on as if nothing scaled the services.
 */
export async function observeScaling(
  run: Run,
  clients: Pick<EcsClients, 'scaling'>,
  { cluster, names }: { readonly cluster: string; readonly names: readonly string[] },
): Promise<Scaling> {
  try {
    const answers = await inParallel(batches(names, 50), (services) => {
      const ResourceIds = services.map((service) => resourceOf(cluster, service))
      const command = new DescribeScalableTargetsCommand({ ...identity, ResourceIds })
      return call(clients.scaling, command, services.join(', '))
    })
    const found = answers.flatMap(({ ScalableTargets }) => (ScalableTargets ?? []).map(toTarget))
    return { is: 'known', targets: new Map(found.map((target) => [target.service, target])) }
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    run.report.warning(
      `whether autoscaling moves these services is not known (${messageOf(thrown)}); it is not suspended, and may start tasks of a stopped service: ${thrown.next}`,
    )
    return { is: 'unknown' }
  }
}

function toTarget({ ResourceId, MinCapacity, MaxCapacity, SuspendedState }: SdkTarget) {
  const state = SuspendedState ?? {}
  return {
    service: shortName(ResourceId ?? ''),
    min: MinCapacity ?? 0,
    max: MaxCapacity ?? 0,
    suspended: {
      in: state.DynamicScalingInSuspended ?? false,
      out: state.DynamicScalingOutSuspended ?? false,
      scheduled: state.ScheduledScalingSuspended ?? false,
    },
  }
}

/** The scalable target of one service; undefined where it has none or nobody knows. */
export function targetOf(scaling: Scaling, service: string): ScalableTarget | undefined {
  return scaling.is === 'known' ? scaling.targets.get(service) : undefined
}

const same = (a: Suspended, b: Suspended) =>
  a.in === b.in && a.out === b.out && a.scheduled === b.scheduled

/** What a stop does about a service's autoscaling. */
export type Suspension =
  | { readonly is: 'none' }
  | { readonly is: 'suspend'; readonly target: ScalableTarget }
  | { readonly is: 'left'; readonly why: string }

/**
 * Plans the suspension of a service's autoscaling: pure. One that is suspended in all three kinds is left so and not recorded,
 * because that may be our own doing. The call moves the desired count inside of the bounds [AWS: RegisterScalableTarget], so it
 * is not sent for a service below its minimum that has no task: it would start some.
 */
export function planSuspension(target: ScalableTarget | undefined, desired: number): Suspension {
  if (!target || same(target.suspended, ALL)) return { is: 'none' }
  if (desired === 0 && target.min > 0) {
    return {
      is: 'left',
      why: `its autoscaling (${boundsOf(target)}) is not suspended: at 0 tasks that would start ${target.min}`,
    }
  }
  return { is: 'suspend', target }
}

/** `2 to 10 tasks`. */
export const boundsOf = ({ min, max }: Pick<ScalableTarget, 'min' | 'max'>) =>
  `${min} to ${max} tasks`

/** What is written down before a suspension is sent: all that bringing it back takes. */
export const suspensionEntry = ({ service, min, max, suspended }: ScalableTarget): Entry => ({
  component: 'ecs',
  operation: 'suspend-scaling',
  on: service,
  detail: { min, max, suspended: { ...suspended } },
})

/** What a start does about a service's autoscaling. */
export type Resumption =
  | { readonly is: 'none' }
  | { readonly is: 'resume'; readonly service: string; readonly to: RecordedScaling }
  | { readonly is: 'left'; readonly why: string }

/**
 * Plans how the recorded suspended state comes back: pure. It is sent until it is seen, also over a read that does not show the
 * suspension yet. A state that is neither ours nor the recorded one is somebody's since, and stays.
 */
export function planResumption(
  scaling: Scaling,
  recorded: RecordedScaling | undefined,
  service: string,
): Resumption {
  if (!recorded) return { is: 'none' }
  const resume = { is: 'resume', service, to: recorded } as const
  if (scaling.is === 'unknown') return recorded.resumed ? { is: 'none' } : resume
  const target = scaling.targets.get(service)
  if (!target) {
    return { is: 'left', why: 'it had a scalable target before the stop, and has none now' }
  }
  if (same(target.suspended, recorded.suspended)) return recorded.resumed ? { is: 'none' } : resume
  if (same(target.suspended, ALL)) return resume
  return { is: 'left', why: 'its autoscaling was changed since the stop and stays as it is' }
}

/** What is written down before a suspended state is brought back. */
export const resumptionEntry = ({ service, to }: Extract<Resumption, { is: 'resume' }>): Entry => ({
  component: 'ecs',
  operation: 'resume-scaling',
  on: service,
  detail: { suspended: { ...to.suspended } },
})

/** Suspends all three kinds of scaling; safe to repeat. */
export function suspendScaling(
  clients: Pick<EcsClients, 'scaling'>,
  order: { readonly cluster: string; readonly service: string },
): Promise<Sent> {
  return setSuspended(clients, { ...order, suspended: ALL })
}

/** Sets the suspended state and leaves the bounds as they are; safe to repeat. Never registers a target that is gone: AWS refuses one without bounds. */
export async function setSuspended(
  clients: Pick<EcsClients, 'scaling'>,
  order: { readonly cluster: string; readonly service: string; readonly suspended: Suspended },
): Promise<Sent> {
  const { cluster, service, suspended } = order
  const command = new RegisterScalableTargetCommand({
    ...identity,
    ResourceId: resourceOf(cluster, service),
    SuspendedState: {
      DynamicScalingInSuspended: suspended.in,
      DynamicScalingOutSuspended: suspended.out,
      ScheduledScalingSuspended: suspended.scheduled,
    },
  })
  try {
    await call(clients.scaling, command, service)
    return { is: 'sent', deployment: undefined }
  } catch (thrown) {
    return notSent(thrown)
  }
}

/** The command that brings a suspended state back by hand. */
export function resumeCommand(cluster: string, service: string, suspended: Suspended): string {
  const state = `DynamicScalingInSuspended=${suspended.in},DynamicScalingOutSuspended=${suspended.out},ScheduledScalingSuspended=${suspended.scheduled}`
  return `aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ${identity.ScalableDimension} --resource-id ${resourceOf(cluster, service)} --suspended-state ${state}`
}
