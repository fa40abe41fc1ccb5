import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type DesiredStatus,
  ListServiceDeploymentsCommand,
  type ListServiceDeploymentsCommandInput,
  ListServicesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { call, codeOf, shortName } from '#aws'
import { messageOf } from '#core'
import type { EcsClients } from './client.ts'
import {
  toAbsent,
  toListed,
  toRevision,
  toService,
  toServiceDeployment,
  toTask,
  toTaskDefinition,
} from './map.ts'
import { batches, inParallel } from './parallel.ts'
import type {
  ListedDeployment,
  LiveService,
  LiveTask,
  Observed,
  Revision,
  ServiceDeployment,
  TaskDefinition,
} from './state.ts'

/** What it takes to look at services. */
type Looking = Pick<EcsClients, 'ecs'>

/** Some services of one cluster. */
export interface Services {
  readonly cluster: string
  readonly names: readonly string[]
}

/**
 * Looks at services, ten per call (the limit of DescribeServices). What is missing, draining or deleted is listed by
 * name under `absent`; a cluster that does not exist throws a `CallError`.
 */
export async function observeServices(clients: Looking, where: Services): Promise<Observed> {
  const { cluster, names } = where
  const answers = await inParallel(batches(names, 10), (services) =>
    call(
      clients.ecs,
      new DescribeServicesCommand({ cluster, services: [...services] }),
      services.join(', '),
    ),
  )
  const mapped = answers.flatMap((answer) =>
    (answer.services ?? []).map((service) => toService(service, cluster)),
  )
  const order = (a: { name: string }, b: { name: string }) =>
    names.indexOf(a.name) - names.indexOf(b.name)
  return {
    services: mapped.flatMap((one) => ('live' in one ? [one.live] : [])).sort(order),
    absent: [
      ...mapped.flatMap((one) => ('absent' in one ? [one.absent] : [])),
      ...answers.flatMap(({ failures }) => (failures ?? []).map((one) => toAbsent(one, cluster))),
    ].sort(order),
  }
}

/** The names of a cluster's services that carry a tag, in the order of the alphabet. */
export async function servicesTagged(
  clients: Looking,
  where: { readonly cluster: string; readonly key: string; readonly value: string },
): Promise<readonly string[]> {
  const { cluster, key, value } = where
  const arns = await listServices(clients, cluster)
  const answers = await inParallel(batches(arns, 10), (services) =>
    call(
      clients.ecs,
      new DescribeServicesCommand({ cluster, services: [...services], include: ['TAGS'] }),
      `the tags of ${services.length} services`,
    ),
  )
  return answers
    .flatMap(({ services }) => services ?? [])
    .filter(({ tags }) => tags?.some((tag) => tag.key === key && (tag.value ?? '') === value))
    .flatMap(({ serviceName }) => serviceName ?? [])
    .sort()
}

async function listServices(clients: Looking, cluster: string): Promise<readonly string[]> {
  const found: string[] = []
  let nextToken: string | undefined
  do {
    const page = await call(
      clients.ecs,
      new ListServicesCommand({
        cluster,
        maxResults: 100,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      `the services of ${cluster}`,
    )
    found.push(...(page.serviceArns ?? []))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return found
}

/** `family:revision` that a service is on; undefined without such a service. */
export async function taskDefinitionOf(
  clients: Looking,
  { cluster, service }: { readonly cluster: string; readonly service: string },
): Promise<string | undefined> {
  const { services } = await observeServices(clients, { cluster, names: [service] })
  return services[0]?.taskDefinition
}

/**
 * All tasks of a service that ECS still knows: those that should run, those that end, and those that ended within
 * about the last hour. `startedBy` cannot be combined with a service in ListTasks, so callers filter.
 */
export async function observeTasks(
  clients: Looking,
  where: { readonly cluster: string; readonly service: string },
  /** Without `stopped` the second list is saved: `also` are the ids of tasks that a look before saw. */
  only: { readonly stopped: boolean; readonly also: readonly string[] } = {
    stopped: true,
    also: [],
  },
): Promise<readonly LiveTask[]> {
  const lists = await Promise.all([
    listTasks(clients, where, 'RUNNING'),
    only.stopped ? listTasks(clients, where, 'STOPPED') : [],
  ])
  const ids = [...new Set([...lists.flat().map(shortName), ...only.also])]
  const answers = await inParallel(batches(ids, 100), (tasks) =>
    call(
      clients.ecs,
      new DescribeTasksCommand({ cluster: where.cluster, tasks: [...tasks] }),
      `the tasks of ${where.service}`,
    ),
  )
  return answers.flatMap(({ tasks }) => (tasks ?? []).map(toTask))
}

async function listTasks(
  clients: Looking,
  where: { readonly cluster: string; readonly service: string },
  desiredStatus: DesiredStatus,
): Promise<readonly string[]> {
  const found: string[] = []
  let nextToken: string | undefined
  do {
    const page = await call(
      clients.ecs,
      new ListTasksCommand({
        cluster: where.cluster,
        serviceName: where.service,
        desiredStatus,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      `the tasks of ${where.service}`,
    )
    found.push(...(page.taskArns ?? []))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return found
}

/** Service revisions by ARN, twenty per call. Those that ECS does not know are left out. */
export async function observeRevisions(
  clients: Looking,
  arns: readonly string[],
): Promise<readonly Revision[]> {
  const answers = await inParallel(batches(arns, 20), (serviceRevisionArns) =>
    call(
      clients.ecs,
      new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...serviceRevisionArns] }),
      `${serviceRevisionArns.length} service revisions`,
    ),
  )
  return answers.flatMap(({ serviceRevisions }) => (serviceRevisions ?? []).map(toRevision))
}

/** Service deployments by ARN, twenty per call. Those that ECS does not know are left out. */
export async function observeServiceDeployments(
  clients: Looking,
  arns: readonly string[],
): Promise<readonly ServiceDeployment[]> {
  const answers = await inParallel(batches(arns, 20), (serviceDeploymentArns) =>
    call(
      clients.ecs,
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [...serviceDeploymentArns] }),
      `${serviceDeploymentArns.length} service deployments`,
    ),
  )
  return answers.flatMap(({ serviceDeployments }) =>
    (serviceDeployments ?? []).map(toServiceDeployment),
  )
}

/** The deployments of a service that ECS still keeps, ninety days of them, page by page; their order is nowhere promised. */
export async function* listDeployments(
  clients: Looking,
  where: Pick<ListServiceDeploymentsCommandInput, 'createdAt' | 'status'> & {
    readonly cluster: string
    readonly service: string
  },
): AsyncGenerator<readonly ListedDeployment[]> {
  let nextToken: string | undefined
  do {
    const page = await call(
      clients.ecs,
      new ListServiceDeploymentsCommand({
        ...where,
        maxResults: 100,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      where.service,
    )
    yield (page.serviceDeployments ?? []).map(toListed)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

/** A task definition by `family:revision` or ARN; undefined when there is none. */
export async function observeTaskDefinition(
  clients: Looking,
  name: string,
): Promise<TaskDefinition | undefined> {
  return (await observeTagged(clients, name))?.definition
}

/** A task definition with its tags, which are told only when asked for: compared, never shown. */
export async function observeTagged(clients: Looking, name: string): Promise<Tagged | undefined> {
  try {
    const answer = await call(
      clients.ecs,
      new DescribeTaskDefinitionCommand({ taskDefinition: name, include: ['TAGS'] }),
      name,
    )
    const tags = (answer.tags ?? []).map(({ key = '', value = '' }) => ({ key, value }))
    const definition = answer.taskDefinition && toTaskDefinition(answer.taskDefinition, answer.tags)
    return definition && { definition, tags }
  } catch (thrown) {
    // ECS has no code of its own for it: `ClientException: Unable to describe task definition.`
    const unknown =
      codeOf(thrown) === 'ClientException' && /unable to describe/i.test(messageOf(thrown))
    if (unknown) return undefined
    throw thrown
  }
}

/** A task definition with its tags. */
export interface Tagged {
  readonly definition: TaskDefinition
  readonly tags: readonly { readonly key: string; readonly value: string }[]
}

/** The ARNs of a family's task definitions, newest first, page by page. */
export async function* activeTaskDefinitions(
  clients: Looking,
  family: string,
  status: 'ACTIVE' | 'INACTIVE' = 'ACTIVE',
): AsyncGenerator<string> {
  let nextToken: string | undefined
  do {
    const page = await call(
      clients.ecs,
      new ListTaskDefinitionsCommand({
        familyPrefix: family,
        status,
        sort: 'DESC',
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      family,
    )
    yield* page.taskDefinitionArns ?? []
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

/** One service of what was observed. */
export function serviceOf(observed: Observed, name: string): LiveService | undefined {
  return observed.services.find((service) => service.name === name)
}
