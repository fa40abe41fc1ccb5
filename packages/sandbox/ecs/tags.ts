import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Operation } from '../service.ts'
import { findTaskDefinition, invalid, nameOf, regionOf } from './lookup.ts'
import type { Region, World } from './state.ts'

/** Tags as the wire has them. */
export function tagList(tags: ReadonlyMap<string, string>): Ecs.Tag[] {
  return [...tags].map(([key, value]) => ({ key, value }))
}

/** Tags as a map; more than 50 are refused, as on AWS. */
export function tagMap(tags: readonly Ecs.Tag[] | undefined): Map<string, string> {
  const map = new Map((tags ?? []).map(({ key = '', value = '' }) => [key, value]))
  if (map.size > 50) throw invalid('Too many tags')
  return map
}

interface Tagged {
  tags: Map<string, string>
}

function taggedOf(region: Region, arn: string): Tagged {
  const found = findTagged(region, arn)
  if (!found) throw invalid(`The specified resource does not exist: ${arn}`)
  return found
}

function findTagged(region: Region, arn: string): Tagged | undefined {
  const [, , , , , path = ''] = arn.split(':')
  const [kind, clusterName = ''] = path.split('/')
  const cluster = region.clusters.get(clusterName)
  switch (kind) {
    case 'cluster':
      return cluster
    case 'service':
      return cluster?.services.get(nameOf(arn))
    case 'task':
      return cluster?.tasks.get(nameOf(arn))
    case 'task-definition':
      return findTaskDefinition(region, arn)
    default:
      throw new AwsError('InvalidParameterException', `Invalid ARN: ${arn}`)
  }
}

/** TagResource, UntagResource, ListTagsForResource for clusters, services, tasks and task definitions. */
export function tagOperations(world: World): Record<string, Operation> {
  return {
    TagResource: (input: Ecs.TagResourceCommandInput, caller) => {
      const resource = taggedOf(regionOf(world, caller), input.resourceArn ?? '')
      resource.tags = tagMap([...tagList(resource.tags), ...(input.tags ?? [])])
      return {}
    },
    UntagResource: (input: Ecs.UntagResourceCommandInput, caller) => {
      const resource = taggedOf(regionOf(world, caller), input.resourceArn ?? '')
      for (const key of input.tagKeys ?? []) resource.tags.delete(key)
      return {}
    },
    ListTagsForResource: (input: Ecs.ListTagsForResourceCommandInput, caller) => {
      const resource = taggedOf(regionOf(world, caller), input.resourceArn ?? '')
      return { tags: tagList(resource.tags) }
    },
  }
}
