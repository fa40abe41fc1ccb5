import type * as Scaling from '@aws-sdk/client-application-auto-scaling'
import type * as Ecs from '@aws-sdk/client-ecs'
import type { Clock, Timer } from '../clock.ts'
import { pageOf } from '../ecs/paging.ts'
import { type Admin, AwsError, type Caller, type Operation, type Service } from '../service.ts'
import { move, within } from './move.ts'
import {
  checkNamespace,
  DIMENSION,
  invalid,
  type Policy,
  partsOf,
  registered,
  shown,
  type Target,
} from './targets.ts'

/** What load asks of a service from now on. */
export interface Load {
  readonly cluster: string
  readonly service: string
  readonly tasks: number
  /** Of the sandbox by default. */
  readonly account?: string
  readonly region?: string
}

/** Application Auto Scaling for services of ECS. */
export interface AutoscalingService extends Service {
  /** Load asks for so many tasks, now and at each look after that (every minute) until it asks for others. */
  load(load: Load): Promise<void>
  close(): Promise<void>
}

interface Parts {
  readonly clock: Clock
  readonly ecs: { readonly operations: Readonly<Record<string, Operation>> }
}

type Owner = Pick<Caller, 'account' | 'region'>

interface World extends Parts {
  readonly targets: Map<string, Target>
  readonly loads: Map<string, number>
}

const DEFAULT_OWNER: Owner = { account: '123456789012', region: 'us-east-1' }
const LOOKS_EVERY = 60_000
const LARGEST_PAGE = 50

const keyOf = ({ account, region }: Owner, resourceId: string) =>
  `${account}/${region}/${resourceId}`

/** Calls ECS as Application Auto Scaling's own role would. */
const callerOf = (owner: Owner): Caller => ({
  ...owner,
  accessKeyId: 'application-autoscaling',
  requestId: 'application-autoscaling',
})

async function serviceOf({ ecs }: World, target: Pick<Target, 'resourceId' | 'owner'>) {
  const { cluster, service } = partsOf(target.resourceId)
  try {
    const input = { cluster, services: [service] }
    const found = await ecs.operations.DescribeServices?.(input, callerOf(target.owner))
    return (found as Ecs.DescribeServicesCommandOutput).services?.[0]
  } catch {
    return undefined
  }
}

async function setDesired({ ecs }: World, target: Target, desiredCount: number): Promise<void> {
  const order = { ...partsOf(target.resourceId), desiredCount }
  await ecs.operations.UpdateService?.(order, callerOf(target.owner))
}

async function register(
  world: World,
  input: Scaling.RegisterScalableTargetRequest,
  caller: Caller,
): Promise<Scaling.RegisterScalableTargetResponse> {
  checkNamespace(input.ServiceNamespace, input.ScalableDimension)
  const resourceId = input.ResourceId ?? ''
  const key = keyOf(caller, resourceId)
  const now = new Date(world.clock.now())
  const service = await serviceOf(world, { resourceId, owner: caller })
  if (!service) throw invalid(`ECS service doesn't exist: ${resourceId}`)
  const target = registered(world.targets.get(key), input, { owner: caller, now })
  world.targets.set(key, target)
  // Also when the call names no bounds [AWS: RegisterScalableTarget].
  const desired = service.desiredCount ?? 0
  const bounded = within(target, desired)
  if (service.status === 'ACTIVE' && bounded !== desired) await setDesired(world, target, bounded)
  return { ScalableTargetARN: target.arn }
}

function targetOf(
  { targets }: World,
  input: Pick<Scaling.DeregisterScalableTargetRequest, 'ResourceId' | 'ServiceNamespace'>,
  caller: Caller,
): Target {
  checkNamespace(input.ServiceNamespace)
  const found = targets.get(keyOf(caller, input.ResourceId ?? ''))
  if (found) return found
  throw new AwsError(
    'ObjectNotFoundException',
    `No scalable target registered for service namespace: ecs, resource ID: ${input.ResourceId}, scalable dimension: ${DIMENSION}`,
  )
}

function targetsOf({ targets }: World, { account, region }: Caller): readonly Target[] {
  return [...targets.values()].filter(
    ({ owner }) => owner.account === account && owner.region === region,
  )
}

function describe(world: World, input: Scaling.DescribeScalableTargetsRequest, caller: Caller) {
  checkNamespace(input.ServiceNamespace, input.ScalableDimension)
  const { ResourceIds: ids, ScalableDimension: dimension, NextToken: nextToken } = input
  if ((ids?.length ?? 0) > LARGEST_PAGE) throw invalid('at most 50 ResourceIds')
  if (dimension !== undefined && !ids)
    throw invalid('If you specify a scalable dimension, you must also specify a resource ID')
  const chosen = targetsOf(world, caller).filter((one) => !ids || ids.includes(one.resourceId))
  const maxResults = input.MaxResults ?? LARGEST_PAGE
  const { items, nextToken: next } = pageOf(chosen, { nextToken, maxResults }, LARGEST_PAGE)
  return { ScalableTargets: items.map(shown), ...(next && { NextToken: next }) }
}

function putPolicy(world: World, input: Scaling.PutScalingPolicyRequest, caller: Caller) {
  const target = targetOf(world, input, caller)
  const name = input.PolicyName ?? ''
  const before = target.policies.get(name)
  const policy: Policy = {
    ...input,
    PolicyType: input.PolicyType ?? before?.PolicyType ?? 'StepScaling',
    createdAt: before?.createdAt ?? new Date(world.clock.now()),
    arn: `${target.arn.replace(':scalable-target/', ':scalingPolicy:')}:resource/ecs/${target.resourceId}:policyName/${name}`,
  }
  target.policies.set(name, policy)
  return { PolicyARN: policy.arn, Alarms: [] }
}

function describePolicies(
  world: World,
  input: Scaling.DescribeScalingPoliciesRequest,
  caller: Caller,
) {
  checkNamespace(input.ServiceNamespace, input.ScalableDimension)
  const policies = targetsOf(world, caller)
    .filter(({ resourceId }) => (input.ResourceId ?? resourceId) === resourceId)
    .flatMap((target) => [...target.policies.values()])
    .filter(({ PolicyName = '' }) => input.PolicyNames?.includes(PolicyName) ?? true)
  return {
    ScalingPolicies: policies.map(({ arn, createdAt, ...policy }) => ({
      ...policy,
      PolicyARN: arn,
      CreationTime: createdAt,
      Alarms: [],
    })),
  }
}

/** One look of scaling at a service under load. */
async function look(world: World, key: string): Promise<void> {
  const [target, load] = [world.targets.get(key), world.loads.get(key)]
  const service = target && (await serviceOf(world, target))
  if (!target || load === undefined || service?.status !== 'ACTIVE') return
  const { desiredCount: desired = 0, deployments = [] } = service
  const deploying = deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS')
  const count = move(target, { desired, deploying, load })
  if (count !== desired) await setDesired(world, target, count)
}

/** A simulated Application Auto Scaling: it moves the desired counts of ECS by what a test says that load asks for. */
export function autoscalingService({ clock, ecs }: Parts): AutoscalingService {
  const world: World = { clock, ecs, targets: new Map(), loads: new Map() }
  const timers = new Map<string, Timer>()
  const watch = async (key: string): Promise<void> => {
    timers.get(key)?.cancel()
    await look(world, key)
    timers.set(
      key,
      clock.after(LOOKS_EVERY, () => watch(key)),
    )
  }
  const load: AutoscalingService['load'] = async ({ cluster, service, tasks, ...owner }) => {
    const key = keyOf({ ...DEFAULT_OWNER, ...owner }, `service/${cluster}/${service}`)
    world.loads.set(key, tasks)
    await watch(key)
  }
  const page: Admin = async (body) => {
    const { cluster, service, tasks, ...owner } = (body ?? {}) as Partial<Load>
    if (!cluster || !service || typeof tasks !== 'number')
      throw new Error('load: "cluster", "service" and "tasks" (a number) are needed.')
    await load({ cluster, service, tasks, ...owner })
    return { cluster, service, tasks }
  }
  const operations: Record<string, Operation> = {
    RegisterScalableTarget: (input, caller) => register(world, input, caller),
    DescribeScalableTargets: (input, caller) => describe(world, input, caller),
    DeregisterScalableTarget: (input, caller) => {
      const { resourceId } = targetOf(world, input, caller)
      world.targets.delete(keyOf(caller, resourceId))
      return {}
    },
    PutScalingPolicy: (input, caller) => putPolicy(world, input, caller),
    DescribeScalingPolicies: (input, caller) => describePolicies(world, input, caller),
    DeleteScalingPolicy: (input, caller) => {
      targetOf(world, input, caller).policies.delete(input.PolicyName)
      return {}
    },
  }
  const close = async () => {
    for (const timer of timers.values()) timer.cancel()
    timers.clear()
    world.loads.clear()
  }
  return { name: 'application-autoscaling', operations, admin: { load: page }, load, close }
}
