import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Caller } from '../service.ts'
import { launch } from './launch.ts'
import { checkLaunchType, clusterOf, invalid, regionOf, usableTaskDefinition } from './lookup.ts'
import type { Cluster, Request, Task, TaskDefinition, World } from './state.ts'
import { tagMap } from './tags.ts'
import { createTask } from './tasks.ts'
import { taskView } from './taskViews.ts'

type Input = Ecs.RunTaskCommandInput

/** RunTask: starts tasks that belong to no service. A client token that was used before starts nothing more. */
export function runTask(world: World, input: Input, caller: Caller) {
  const cluster = clusterOf(regionOf(world, caller), input.cluster)
  const taskDefinition = usableTaskDefinition(
    cluster.region,
    input.taskDefinition ?? '',
    'InvalidParameterException',
  )
  const launchType = launchTypeOf(input)
  checkLaunchType(taskDefinition, launchType)
  check(input, taskDefinition)
  const request = requestOf(input)
  const before = repeated(cluster, request)
  if (before.length > 0) return answer(before)
  const tasks = Array.from({ length: input.count ?? 1 }, () =>
    createTask(world, {
      cluster,
      taskDefinition,
      launchType,
      group: input.group ?? `family:${taskDefinition.family}`,
      overrides: structuredClone(input.overrides ?? {}),
      tags: tagsOf(input, taskDefinition),
      ...(input.startedBy ? { startedBy: input.startedBy } : {}),
      ...(request ? { request } : {}),
    }),
  )
  for (const task of tasks) void launch(world, task, () => undefined)
  return answer(tasks)
}

const answer = (tasks: readonly Task[]) => ({
  tasks: tasks.map((task) => taskView(task, true)),
  failures: [],
})

function launchTypeOf({ launchType, capacityProviderStrategy = [] }: Input): Ecs.LaunchType {
  if (launchType && capacityProviderStrategy.length > 0)
    throw invalid(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    )
  const fargate = capacityProviderStrategy.some(({ capacityProvider }) =>
    capacityProvider?.startsWith('FARGATE'),
  )
  return launchType ?? (fargate ? 'FARGATE' : 'EC2')
}

function check(input: Input, taskDefinition: TaskDefinition): void {
  const { count = 1, startedBy = '', clientToken = '', networkConfiguration, overrides } = input
  if (count < 1 || count > 10) throw invalid('count should be between 1 and 10.')
  if (!/^[A-Za-z0-9/_-]{0,128}$/.test(startedBy))
    throw invalid('startedBy should be up to 128 letters, numbers, hyphens, slashes, underscores.')
  if (!/^[!-~]{0,64}$/.test(clientToken))
    throw invalid('clientToken should be up to 64 ASCII characters in the range of 33-126.')
  const { networkMode, containerDefinitions = [] } = taskDefinition.content
  if (networkMode === 'awsvpc' && !networkConfiguration?.awsvpcConfiguration)
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
  for (const { name } of overrides?.containerOverrides ?? [])
    if (!containerDefinitions.some((container) => container.name === name))
      throw invalid(
        `Override for container named ${name} is not a container in the TaskDefinition.`,
      )
}

function tagsOf(input: Input, taskDefinition: TaskDefinition): Map<string, string> {
  const inherited = input.propagateTags === 'TASK_DEFINITION' ? [...taskDefinition.tags] : []
  return tagMap([...inherited.map(([key, value]) => ({ key, value })), ...(input.tags ?? [])])
}

function requestOf({ clientToken, ...parameters }: Input): Request | undefined {
  return clientToken ? { token: clientToken, parameters: canonical(parameters) } : undefined
}

/** The tasks that the token has started; ConflictException when it was sent with other parameters. */
function repeated(cluster: Cluster, request: Request | undefined): readonly Task[] {
  if (!request) return []
  const tasks = [...cluster.tasks.values()].filter((task) => task.request?.token === request.token)
  if (tasks.some((task) => task.request?.parameters !== request.parameters))
    throw new AwsError(
      'ConflictException',
      'The provided clientToken is already in use with a different RunTask request.',
    )
  return tasks
}

/** JSON in which the order of members does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
