import type { LoadBalancer } from '@aws-sdk/client-ecs'
import { AwsError, type Caller } from '../service.ts'
import type { Cluster, Region, Service, Task, TaskDefinition, World } from './state.ts'

/** The caller's account and region, made on first use. */
export function regionOf(world: World, caller: Pick<Caller, 'account' | 'region'>): Region {
  const key = `${caller.account}/${caller.region}`
  const known = world.regions.get(key)
  if (known) return known
  const { account, region } = caller
  const made: Region = { account, region, clusters: new Map(), families: new Map() }
  world.regions.set(key, made)
  return made
}

/** `arn:aws:ecs:<region>:<account>:<path>`. */
export function arnOf(region: Region, path: string): string {
  return `arn:aws:ecs:${region.region}:${region.account}:${path}`
}

/** The last part of an ARN or path, or the name itself. */
export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

/** The name in a reference; an ARN of another account or region names nothing here. */
export function localName(region: Region, reference: string): string {
  if (reference.startsWith('arn:') && !reference.startsWith(arnOf(region, ''))) return ''
  return nameOf(reference)
}

/** A cluster by name or ARN, `default` when none is named; ClusterNotFoundException. */
export function clusterOf(region: Region, reference: string | undefined): Cluster {
  const cluster = region.clusters.get(localName(region, reference ?? 'default'))
  if (cluster?.status !== 'ACTIVE')
    throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
  return cluster
}

/** A service by name or ARN; ServiceNotFoundException. */
export function serviceOf(cluster: Cluster, reference: string | undefined): Service {
  const service = cluster.services.get(localName(cluster.region, reference ?? ''))
  if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.')
  return service
}

/** A task by id or ARN. */
export function findTask(cluster: Cluster, reference: string): Task | undefined {
  return cluster.tasks.get(localName(cluster.region, reference))
}

/** A task definition by family (newest ACTIVE), `family:revision` or ARN. */
export function findTaskDefinition(region: Region, reference: string): TaskDefinition | undefined {
  const name = localName(region, reference)
  const [family = '', revision] = name.split(':')
  const known = region.families.get(family) ?? []
  if (revision === undefined) return known.filter((one) => one.status === 'ACTIVE').at(-1)
  return known.find((one) => String(one.revision) === revision)
}

/**
 * A task definition that may be started; the messages are AWS's, the code depends on the operation
 * (RunTask says InvalidParameterException where services say ClientException).
 */
export function usableTaskDefinition(
  region: Region,
  reference: string,
  inactiveCode = 'ClientException',
): TaskDefinition {
  const found = findTaskDefinition(region, reference)
  if (!found) throw new AwsError('ClientException', 'TaskDefinition not found.')
  if (found.status !== 'ACTIVE') throw new AwsError(inactiveCode, 'TaskDefinition is inactive')
  return found
}

/** Fargate runs only task definitions made for it. */
export function checkLaunchType(
  taskDefinition: TaskDefinition,
  launchType: string | undefined,
): void {
  const { networkMode, cpu, memory } = taskDefinition.content
  if (launchType === 'FARGATE' && !(networkMode === 'awsvpc' && cpu && memory))
    throw invalid('Task definition does not support launch_type FARGATE.')
}

/** Every load balancer of a service must exist and name a container port of the task definition. */
export function checkLoadBalancers(
  world: World,
  taskDefinition: TaskDefinition,
  loadBalancers: readonly LoadBalancer[],
): void {
  for (const { targetGroupArn, containerName, containerPort, ...one } of loadBalancers) {
    checkPair(world, one.advancedConfiguration)
    if (!targetGroupArn || !world.balancers.group(targetGroupArn))
      throw invalid(`The target group with targetGroupArn ${targetGroupArn} does not exist.`)
    const containers = taskDefinition.content.containerDefinitions ?? []
    const container = containers.find((one) => one.name === containerName)
    if (!container)
      throw invalid(`The container ${containerName} does not exist in the task definition.`)
    if (!container.portMappings?.some((mapping) => mapping.containerPort === containerPort))
      throw invalid(
        `The container ${containerName} did not have a container port ${containerPort} defined.`,
      )
  }
}

/** What a service names to have its traffic shifted must exist. */
function checkPair(world: World, pair: LoadBalancer['advancedConfiguration']): void {
  const { alternateTargetGroupArn, productionListenerRule, testListenerRule } = pair ?? {}
  if (alternateTargetGroupArn && !world.balancers.group(alternateTargetGroupArn))
    throw invalid(`The target group with targetGroupArn ${alternateTargetGroupArn} does not exist.`)
  for (const arn of [productionListenerRule, testListenerRule])
    if (arn && !world.balancers.rule(arn)) throw invalid(`The listener rule ${arn} does not exist.`)
}

/** An InvalidParameterException. */
export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message)
}
