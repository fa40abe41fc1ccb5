import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Operation } from '../service.ts'
import { arnOf, clusterOf, invalid, localName, nameOf, regionOf } from './lookup.ts'
import { pageOf } from './paging.ts'
import type { Cluster, Region, World } from './state.ts'
import { tagList, tagMap } from './tags.ts'

/** CreateCluster, DescribeClusters, ListClusters, DeleteCluster. */
export function clusterOperations(world: World): Record<string, Operation> {
  return {
    CreateCluster: (input: Ecs.CreateClusterCommandInput, caller) => ({
      cluster: view(create(regionOf(world, caller), input), ['TAGS', 'SETTINGS']),
    }),
    DescribeClusters: (input: Ecs.DescribeClustersCommandInput, caller) =>
      describe(regionOf(world, caller), input),
    ListClusters: (input: Ecs.ListClustersCommandInput, caller) => {
      const clusters = [...regionOf(world, caller).clusters.values()]
      const active = clusters.filter((cluster) => cluster.status === 'ACTIVE')
      const { items, ...rest } = pageOf(active, input)
      return { clusterArns: items.map((cluster) => cluster.arn), ...rest }
    },
    DeleteCluster: (input: Ecs.DeleteClusterCommandInput, caller) => ({
      cluster: view(remove(clusterOf(regionOf(world, caller), input.cluster))),
    }),
  }
}

/** A cluster that exists is answered as it is: CreateCluster is idempotent. */
function create(region: Region, input: Ecs.CreateClusterCommandInput): Cluster {
  const name = input.clusterName ?? 'default'
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) throw invalid('Invalid cluster name.')
  const known = region.clusters.get(name)
  if (known?.status === 'ACTIVE') return known
  const cluster: Cluster = {
    region,
    name,
    arn: arnOf(region, `cluster/${name}`),
    settings: input.settings ?? [{ name: 'containerInsights', value: 'disabled' }],
    services: new Map(),
    tasks: new Map(),
    status: 'ACTIVE',
    tags: tagMap(input.tags),
  }
  region.clusters.set(name, cluster)
  return cluster
}

function describe(region: Region, input: Ecs.DescribeClustersCommandInput) {
  const asked = input.clusters ?? ['default']
  const find = (reference: string) => region.clusters.get(localName(region, reference))
  return {
    clusters: asked
      .flatMap((one) => find(one) ?? [])
      .map((cluster) => view(cluster, input.include)),
    failures: asked
      .filter((one) => !find(one))
      .map((one) => ({ arn: arnOf(region, `cluster/${nameOf(one)}`), reason: 'MISSING' })),
  }
}

function remove(cluster: Cluster): Cluster {
  if (activeServices(cluster) > 0)
    throw new AwsError(
      'ClusterContainsServicesException',
      'The Cluster cannot be deleted while Services are active.',
    )
  if ([...cluster.tasks.values()].some((task) => task.lastStatus !== 'STOPPED'))
    throw new AwsError(
      'ClusterContainsTasksException',
      'The Cluster cannot be deleted while Tasks are active.',
    )
  cluster.status = 'INACTIVE'
  return cluster
}

function activeServices(cluster: Cluster): number {
  return [...cluster.services.values()].filter((service) => service.status === 'ACTIVE').length
}

function view(cluster: Cluster, include: readonly string[] = []): Ecs.Cluster {
  const tasks = [...cluster.tasks.values()]
  const pending = ['PROVISIONING', 'PENDING', 'ACTIVATING']
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    runningTasksCount: tasks.filter((task) => task.lastStatus === 'RUNNING').length,
    pendingTasksCount: tasks.filter((task) => pending.includes(task.lastStatus)).length,
    activeServicesCount: activeServices(cluster),
    statistics: [],
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
    tags: include.includes('TAGS') ? tagList(cluster.tags) : [],
    settings: include.includes('SETTINGS') ? cluster.settings : [],
  }
}
