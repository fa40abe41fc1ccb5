import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Caller, type Operation } from '../service.ts'
import { arnOf, findTaskDefinition, regionOf } from './lookup.ts'
import { pageOf } from './paging.ts'
import { now, type Region, type TaskDefinition, type World } from './state.ts'
import { tagList, tagMap } from './tags.ts'

/** RegisterTaskDefinition, DescribeTaskDefinition, ListTaskDefinitions, ListTaskDefinitionFamilies, DeregisterTaskDefinition. */
export function taskDefinitionOperations(world: World): Record<string, Operation> {
  return {
    RegisterTaskDefinition: (input: Ecs.RegisterTaskDefinitionCommandInput, caller) => {
      const made = register(world, input, caller)
      return { taskDefinition: view(made), ...tagsOf(made) }
    },
    DescribeTaskDefinition: (input: Ecs.DescribeTaskDefinitionCommandInput, caller) => {
      const found = described(regionOf(world, caller), input.taskDefinition)
      const tags = input.include?.includes('TAGS') ? { tags: tagList(found.tags) } : {}
      return { taskDefinition: view(found), ...tags }
    },
    ListTaskDefinitions: (input: Ecs.ListTaskDefinitionsCommandInput, caller) => {
      const { items, ...rest } = pageOf(listed(regionOf(world, caller), input), input)
      return { taskDefinitionArns: items.map((one) => one.arn), ...rest }
    },
    ListTaskDefinitionFamilies: (input: Ecs.ListTaskDefinitionFamiliesCommandInput, caller) => {
      const { items, ...rest } = pageOf(families(regionOf(world, caller), input), input)
      return { families: items, ...rest }
    },
    DeregisterTaskDefinition: (input: Ecs.DeregisterTaskDefinitionCommandInput, caller) => {
      const found = described(regionOf(world, caller), input.taskDefinition, true)
      if (found.status === 'ACTIVE') found.deregisteredAt = now(world)
      found.status = 'INACTIVE'
      return { taskDefinition: view(found) }
    },
  }
}

function described(region: Region, reference = '', needsRevision = false): TaskDefinition {
  if (needsRevision && !/:\d+$/.test(reference))
    throw client('Task definition revision number is required.')
  const found = findTaskDefinition(region, reference)
  if (!found) throw client('Unable to describe task definition.')
  return found
}

function register(
  world: World,
  input: Ecs.RegisterTaskDefinitionCommandInput,
  caller: Caller,
): TaskDefinition {
  validate(input)
  const region = regionOf(world, caller)
  const { family = '', tags, ...content } = input
  const known = region.families.get(family) ?? []
  const revision = known.length + 1
  const made: TaskDefinition = {
    arn: arnOf(region, `task-definition/${family}:${revision}`),
    family,
    revision,
    content: structuredClone({ ...content, family }),
    registeredAt: now(world),
    registeredBy: `arn:aws:iam::${caller.account}:user/sandbox`,
    status: 'ACTIVE',
    tags: tagMap(tags),
  }
  region.families.set(family, [...known, made])
  for (const { name, dependsOn } of content.containerDefinitions ?? [])
    if (dependsOn?.length)
      world.log(`ecs: ${made.arn}: dependsOn of ${name} is stored, not acted on`)
  return made
}

function validate(input: Ecs.RegisterTaskDefinitionCommandInput): void {
  const { family, containerDefinitions: containers = [] } = input
  if (!family) throw client('Family should not be null or empty.')
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(family))
    throw client(
      'Family contains invalid characters: up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed.',
    )
  if (containers.length === 0) throw client('Container list cannot be empty.')
  for (const container of containers) validateContainer(container, input)
  const names = containers.map((one) => one.name)
  if (new Set(names).size < names.length) throw client('Container names must be unique.')
  if (containers.every((one) => one.essential === false))
    throw client('A task definition must have at least one essential container.')
  if (input.requiresCompatibilities?.includes('FARGATE')) validateFargate(input)
}

function validateContainer(
  container: Ecs.ContainerDefinition,
  input: Ecs.RegisterTaskDefinitionCommandInput,
): void {
  if (!container.name) throw client('Container.name should not be null or empty.')
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(container.name))
    throw client(`Container.name contains invalid characters: ${container.name}`)
  if (!container.image) throw client('Container.image should not be null or empty.')
  if (!input.memory && !container.memory && !container.memoryReservation)
    throw client(
      `Invalid setting for container '${container.name}'. At least one of 'memory' or 'memoryReservation' must be specified.`,
    )
  if (container.secrets?.length && !input.executionRoleArn)
    throw client(
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    )
}

function validateFargate(input: Ecs.RegisterTaskDefinitionCommandInput): void {
  if (input.networkMode !== 'awsvpc') throw client('Fargate only supports network mode ‘awsvpc’.')
  if (!input.cpu) throw client("Fargate requires that 'cpu' be defined at the task level.")
  if (!input.memory) throw client("Fargate requires that 'memory' be defined at the task level.")
}

/** Newest revision last for ASC (the default), first for DESC; `familyPrefix` is the exact family, as AWS documents. */
function listed(region: Region, input: Ecs.ListTaskDefinitionsCommandInput): TaskDefinition[] {
  const status = input.status ?? 'ACTIVE'
  const found = [...region.families]
    .filter(([family]) => !input.familyPrefix || family === input.familyPrefix)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, revisions]) => revisions)
    .filter((one) => one.status === status)
  return input.sort === 'DESC' ? found.reverse() : found
}

function families(
  region: Region,
  input: Ecs.ListTaskDefinitionFamiliesCommandInput,
): readonly string[] {
  const status = input.status ?? 'ALL'
  const fits = (revisions: readonly TaskDefinition[]) =>
    status === 'ALL' || revisions.some((one) => one.status === 'ACTIVE') === (status === 'ACTIVE')
  return [...region.families]
    .filter(([family]) => family.startsWith(input.familyPrefix ?? ''))
    .filter(([, revisions]) => fits(revisions))
    .map(([family]) => family)
    .sort()
}

/** A task definition as AWS describes it, with the container defaults that AWS fills in. */
function view(one: TaskDefinition): Ecs.TaskDefinition {
  const { tags: _, ...content } = one.content
  const fargate = content.networkMode === 'awsvpc'
  return {
    ...structuredClone(content),
    containerDefinitions: (content.containerDefinitions ?? []).map(containerView),
    taskDefinitionArn: one.arn,
    revision: one.revision,
    status: one.status,
    volumes: content.volumes ?? [],
    placementConstraints: content.placementConstraints ?? [],
    compatibilities: fargate ? ['EC2', 'FARGATE'] : ['EXTERNAL', 'EC2'],
    registeredAt: one.registeredAt,
    registeredBy: one.registeredBy,
    ...(one.deregisteredAt ? { deregisteredAt: one.deregisteredAt } : {}),
  }
}

function containerView(container: Ecs.ContainerDefinition): Ecs.ContainerDefinition {
  const ports = (container.portMappings ?? []).map((mapping) => ({
    ...mapping,
    hostPort: mapping.hostPort ?? mapping.containerPort,
    protocol: mapping.protocol ?? ('tcp' as const),
  }))
  return {
    cpu: 0,
    essential: true,
    environment: [],
    mountPoints: [],
    volumesFrom: [],
    systemControls: [],
    ...structuredClone(container),
    portMappings: ports,
  }
}

function tagsOf(one: TaskDefinition) {
  return one.tags.size > 0 ? { tags: tagList(one.tags) } : {}
}

function client(message: string): AwsError {
  return new AwsError('ClientException', message)
}
