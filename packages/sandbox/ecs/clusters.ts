import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Operation } from '../service.ts'
import { arnOf, clusterOf, invalid, localName, nameOf, regionOf } from './lookup.ts'
import { pageOf } from './paging.ts'
import type { Cluster, World } from './state.ts'
import { tagList, tagMap } from './tags.ts'

/** CreateCluster, DescribeClusters, ListClusters, DeleteCluster. */
export function clusterOperations(world: World): Record<string, Operation> {
  return {
    CreateCluster: (input: Ecs.CreateClusterCommandInput, caller) => {
      const region = regionOf(world, caller)
      const name = input.clusterName ?? 'default'
      if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) throw invalid('Invalid cluster name.')
      const known = region.clusters.get(name)
      if (known?.status === 'ACTIVE') return { cluster: view(known, ['TAGS', 'SETTINGS']) }
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
      return { cluster: view(cluster, ['TAGS', 'SETTINGS']) }
    },
    DescribeClusters: (input: Ecs.DescribeClustersCommandInput, caller) => {
      const region = regionOf(world, caller)
      const asked = input.clusters ?? ['default']
      const found = asked.flatMap((one) => region.clusters.get(localName(region, one)) ?? [])
      const missing = asked.filter((one) => !region.clusters.has(localName(region, one)))
      return {
        clusters: found.map((cluster) => view(cluster, input.include)),
        failures: missing.map((one) => ({
          arn: arnOf(region, `cluster/${nameOf(one)}`),
          reason: 'MISSING',
        })),
      }
    },
    ListClusters: (input: Ecs.ListClustersCommandInput, caller) => {
      const clusters = [...regionOf(world, caller).clusters.values()]
      const active = clusters.filter((cluster) => cluster.status === 'ACTIVE')
      const { items, ...rest } = pageOf(active, input)
      return { clusterArns: items.map((cluster) => cluster.arn), ...rest }
    },
    DeleteCluster: (input: Ecs.DeleteClusterCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
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
      return { cluster: view(cluster) }
    },
  }
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
