import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Caller, type Operation } from '../service.ts'
import { beginElsewhere, checkElsewhere } from './controllers.ts'
import { checkPairs } from './deploymentChecks.ts'
import { beginDeployment } from './deployments.ts'
import {
  arnOf,
  clusterOf,
  invalid,
  localName,
  nameOf,
  regionOf,
  serviceOf,
  usableTaskDefinition,
} from './lookup.ts'
import { pageOf } from './paging.ts'
import { wake } from './scheduler.ts'
import { createdConfig, createdSettings, updatedConfig, updatedSettings } from './serviceInput.ts'
import { serviceView } from './serviceViews.ts'
import { type Cluster, now, type Service, type World } from './state.ts'
import { tagMap } from './tags.ts'
import { taskSetsView } from './taskSets.ts'

/** CreateService, UpdateService, DeleteService, DescribeServices, ListServices. */
export function serviceOperations(world: World): Record<string, Operation> {
  return {
    CreateService: (input: Ecs.CreateServiceCommandInput, caller) => ({
      service: view(world, create(world, input, caller), true),
    }),
    UpdateService: (input: Ecs.UpdateServiceCommandInput, caller) => ({
      service: view(world, update(world, input, caller)),
    }),
    DeleteService: (input: Ecs.DeleteServiceCommandInput, caller) => ({
      service: view(world, remove(world, input, caller)),
    }),
    DescribeServices: (input: Ecs.DescribeServicesCommandInput, caller) =>
      describe(world, input, caller),
    ListServices: (input: Ecs.ListServicesCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const arns = [...cluster.services.values()]
        .filter((service) => service.status !== 'INACTIVE')
        .filter(({ config }) => !input.launchType || config.launchType === input.launchType)
        .map((service) => service.arn)
      const { items, ...rest } = pageOf(arns, { ...input, maxResults: input.maxResults ?? 10 })
      return { serviceArns: items, ...rest }
    },
  }
}

const view = (world: World, service: Service, withTags = false): Ecs.Service => ({
  ...serviceView(service, withTags),
  ...taskSetsView(world, service),
})

function create(world: World, input: Ecs.CreateServiceCommandInput, caller: Caller): Service {
  const cluster = clusterOf(regionOf(world, caller), input.cluster)
  const name = input.serviceName ?? ''
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) throw invalid('Invalid service name.')
  refuseExisting(cluster.services.get(name))
  if (!input.taskDefinition) throw invalid('TaskDefinition cannot be blank.')
  const taskDefinition = usableTaskDefinition(cluster.region, input.taskDefinition)
  const settings = createdSettings(input)
  const config = createdConfig(world, input, taskDefinition)
  checkPairs(config.loadBalancers ?? [], settings.deploymentConfiguration)
  const service: Service = {
    cluster,
    name,
    arn: arnOf(cluster.region, `service/${cluster.name}/${name}`),
    createdAt: now(world),
    createdBy: `arn:aws:iam::${caller.account}:user/sandbox`,
    controller: input.deploymentController?.type ?? 'ECS',
    scheduling: input.schedulingStrategy ?? 'REPLICA',
    status: 'ACTIVE',
    config,
    settings,
    deployments: [],
    history: [],
    revisions: [],
    events: [],
    tags: tagMap(input.tags),
    steady: false,
    warnedOfPercent: false,
    launchFailures: 0,
    launchNotBefore: 0,
    staleUntil: world.clock.ahead(world.staleReads),
    staleView: 'missing',
  }
  cluster.services.set(name, service)
  if (service.controller === 'ECS') beginDeployment(world, service, config)
  else beginElsewhere(world, service)
  wake(world, service)
  return service
}

function refuseExisting(known: Service | undefined): void {
  if (known?.status === 'ACTIVE') throw invalid('Creation of service was not idempotent.')
  if (known?.status === 'DRAINING')
    throw invalid('Unable to Start a service that is still Draining.')
}

function update(world: World, input: Ecs.UpdateServiceCommandInput, caller: Caller): Service {
  const cluster = clusterOf(regionOf(world, caller), input.cluster)
  const service = serviceOf(cluster, input.service)
  if (service.status !== 'ACTIVE')
    throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
  if (service.controller !== 'ECS') checkElsewhere(service, input)
  if (service.scheduling === 'DAEMON' && input.desiredCount !== undefined)
    throw invalid(
      'The desired count of a service with the DAEMON scheduling strategy cannot be changed.',
    )
  const before = service.config
  const taskDefinition = input.taskDefinition
    ? usableTaskDefinition(cluster.region, input.taskDefinition)
    : before.taskDefinition
  const settings = updatedSettings(service.settings, input)
  const { config, deploys } = updatedConfig(world, { before, input, taskDefinition })
  checkPairs(config.loadBalancers ?? [], settings.deploymentConfiguration)
  remember(world, service)
  if (settings.desiredCount !== service.settings.desiredCount) service.steady = false
  service.settings = settings
  service.config = config
  if (deploys && service.controller === 'ECS') beginDeployment(world, service, config)
  wake(world, service)
  return service
}

function remove(world: World, input: Ecs.DeleteServiceCommandInput, caller: Caller): Service {
  const service = serviceOf(clusterOf(regionOf(world, caller), input.cluster), input.service)
  if (service.status !== 'ACTIVE')
    throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
  if (service.settings.desiredCount > 0 && !input.force)
    throw invalid('The service cannot be stopped while it is scaled above 0.')
  remember(world, service)
  service.settings = { ...service.settings, desiredCount: 0 }
  service.status = 'DRAINING'
  wake(world, service)
  return service
}

/** Keeps what readers may still see for a while: AWS's reads are eventually consistent. */
function remember(world: World, service: Service): void {
  if (world.staleReads <= 0) return
  service.staleView = view(world, service, true)
  service.staleUntil = world.clock.ahead(world.staleReads)
}

function describe(
  world: World,
  input: Ecs.DescribeServicesCommandInput,
  caller: Caller,
): Ecs.DescribeServicesCommandOutput | object {
  const asked = input.services ?? []
  if (asked.length === 0) throw invalid('Services cannot be empty.')
  if (asked.length > 10) throw invalid('Services cannot have more than 10 elements')
  const cluster = clusterOf(regionOf(world, caller), input.cluster)
  const withTags = input.include?.includes('TAGS') ?? false
  const views = asked.map((one) =>
    visible(world, { cluster, name: localName(cluster.region, one), withTags }),
  )
  return {
    services: views.flatMap((view) => view ?? []),
    failures: asked
      .filter((_, index) => !views[index])
      .map((one) => ({
        arn: arnOf(cluster.region, `service/${cluster.name}/${nameOf(one)}`),
        reason: 'MISSING',
      })),
  }
}

function visible(
  world: World,
  asked: { readonly cluster: Cluster; readonly name: string; readonly withTags: boolean },
): Ecs.Service | undefined {
  const service = asked.cluster.services.get(asked.name)
  if (!service) return undefined
  if (world.clock.now() >= service.staleUntil || !service.staleView)
    return view(world, service, asked.withTags)
  return service.staleView === 'missing' ? undefined : service.staleView
}
