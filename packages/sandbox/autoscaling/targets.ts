import { createHash } from 'node:crypto'
import type * as Scaling from '@aws-sdk/client-application-auto-scaling'
import { AwsError, type Caller } from '../service.ts'

export const DIMENSION = 'ecs:service:DesiredCount'

/** Which scaling is suspended, all three named. */
export type Suspended = Required<{
  [K in keyof Scaling.SuspendedState]: boolean
}>

/** An ECS service whose desired count may be moved. */
export interface Target {
  readonly resourceId: string
  readonly arn: string
  readonly role: string
  readonly createdAt: Date
  readonly owner: Pick<Caller, 'account' | 'region'>
  readonly policies: Map<string, Policy>
  min: number
  max: number
  suspended: Suspended
}

/** A scaling policy as it was put; it decides nothing here. */
export type Policy = Scaling.PutScalingPolicyRequest & {
  readonly arn: string
  readonly createdAt: Date
}

export const invalid = (message: string) => new AwsError('ValidationException', message)

/** The parts of `service/<cluster>/<service>`. Throws AwsError `ValidationException`. */
export function partsOf(resourceId: string): {
  readonly cluster: string
  readonly service: string
} {
  const [, cluster, service] = /^service\/([^/]+)\/([^/]+)$/.exec(resourceId) ?? []
  if (!cluster || !service) throw invalid(`Unsupported resource ID: ${resourceId}`)
  return { cluster, service }
}

/** Only services of ECS are simulated. Throws AwsError `ValidationException`. */
export function checkNamespace(namespace: string | undefined, dimension?: string): void {
  if (namespace !== 'ecs') throw invalid(`The sandbox scales services of ecs, not of ${namespace}`)
  if (dimension !== undefined && dimension !== DIMENSION)
    throw invalid(`Unsupported scalable dimension for ecs: ${dimension}`)
}

const NOT_SUSPENDED: Suspended = {
  DynamicScalingInSuspended: false,
  DynamicScalingOutSuspended: false,
  ScheduledScalingSuspended: false,
}

/** A new target, or the one before with what the call names changed [AWS: RegisterScalableTarget]. Throws AwsError `ValidationException`. */
export function registered(
  before: Target | undefined,
  input: Scaling.RegisterScalableTargetRequest,
  { owner, now }: { readonly owner: Pick<Caller, 'account' | 'region'>; readonly now: Date },
): Target {
  const { MinCapacity: min = before?.min, MaxCapacity: max = before?.max } = input
  if (min === undefined || max === undefined)
    throw invalid('Both MinCapacity and MaxCapacity must be specified for a new scalable target')
  if (min < 0) throw invalid('Minimum capacity must not be negative')
  if (max < min) throw invalid('Maximum capacity cannot be less than minimum capacity')
  const given = Object.entries(input.SuspendedState ?? {}).filter(([, one]) => one !== undefined)
  const suspended = { ...(before?.suspended ?? NOT_SUSPENDED), ...Object.fromEntries(given) }
  return { ...(before ?? fresh(input.ResourceId ?? '', owner, now)), min, max, suspended }
}

function fresh(resourceId: string, owner: Pick<Caller, 'account' | 'region'>, createdAt: Date) {
  const { account, region } = owner
  return {
    resourceId,
    arn: targetArn(resourceId, owner),
    role: `arn:aws:iam::${account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
    createdAt,
    owner: { account, region },
    policies: new Map<string, Policy>(),
  }
}

function targetArn(resourceId: string, { account, region }: Pick<Caller, 'account' | 'region'>) {
  const id = createHash('sha256').update(`${account}/${region}/${resourceId}`).digest('hex')
  return `arn:aws:application-autoscaling:${region}:${account}:scalable-target/0ec5${id.slice(0, 32)}`
}

/** A target as DescribeScalableTargets shows it. */
export function shown(target: Target): Scaling.ScalableTarget {
  return {
    ServiceNamespace: 'ecs',
    ResourceId: target.resourceId,
    ScalableDimension: DIMENSION,
    MinCapacity: target.min,
    MaxCapacity: target.max,
    RoleARN: target.role,
    CreationTime: target.createdAt,
    SuspendedState: target.suspended,
    ScalableTargetARN: target.arn,
  }
}
