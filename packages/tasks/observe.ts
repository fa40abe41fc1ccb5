import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  type DesiredStatus,
  ListTasksCommand,
  type RunTaskCommandInput,
  type Service,
  type Task,
} from '@aws-sdk/client-ecs'
import { call, shortName } from '#aws'
import type { TaskClients } from './client.ts'
import type { TaskOrder } from './order.ts'

/** A task as far as running it to its end needs it. */
export interface OneTask {
  readonly arn: string
  /** The last part of its ARN. */
  readonly id: string
  /** `family:revision`. */
  readonly taskDefinition: string
  /** `PENDING`, `RUNNING`, `STOPPED` and the others of the task life cycle. */
  readonly status: string
  /** False once ECS or somebody decided that it ends. */
  readonly wanted: boolean
  readonly createdAt: number
  readonly stopCode: string
  readonly stoppedReason: string
  readonly containers: readonly OneContainer[]
}

/** One container of a task. */
export interface OneContainer {
  readonly name: string
  readonly exitCode: number | undefined
  readonly reason: string
}

/** The part of a service that a task of it needs as well. */
export type Place = Pick<
  RunTaskCommandInput,
  'networkConfiguration' | 'launchType' | 'capacityProviderStrategy' | 'platformVersion'
>

/** From the SDK's optional-everything to readonly data, once. */
export function toTask(task: Task): OneTask {
  const arn = task.taskArn ?? ''
  return {
    arn,
    id: shortName(arn),
    taskDefinition: shortName(task.taskDefinitionArn ?? ''),
    status: task.lastStatus ?? 'UNKNOWN',
    wanted: task.desiredStatus !== 'STOPPED',
    createdAt: task.createdAt?.getTime() ?? 0,
    stopCode: task.stopCode ?? '',
    stoppedReason: task.stoppedReason ?? '',
    containers: (task.containers ?? []).map(({ name, exitCode, reason }) => ({
      name: name ?? '',
      exitCode,
      reason: reason ?? '',
    })),
  }
}

/** Where tasks of the service run; undefined when there is no such ACTIVE service. */
export async function placeOf(
  { ecs }: TaskClients,
  { cluster, service }: TaskOrder,
): Promise<Place | undefined> {
  const command = new DescribeServicesCommand({ cluster, services: [service] })
  const { services } = await call(ecs, command, service)
  const found = services?.find(({ status }) => status === 'ACTIVE')
  return found && toPlace(found)
}

/** A capacity provider strategy and a launch type exclude each other [AWS: RunTask]. */
function toPlace(service: Service): Place {
  const { networkConfiguration, launchType, platformVersion } = service
  const strategy = service.capacityProviderStrategy ?? []
  return {
    ...(networkConfiguration ? { networkConfiguration } : {}),
    ...(strategy.length > 0
      ? { capacityProviderStrategy: strategy }
      : launchType
        ? { launchType }
        : {}),
    ...(platformVersion ? { platformVersion } : {}),
  }
}

/**
 * The task that was started for this order, whether it runs or has ended within about the last hour: ECS keeps no longer
 * list. Of several, one that runs, and then the newest.
 */
export async function findStarted(
  clients: TaskClients,
  order: TaskOrder,
): Promise<OneTask | undefined> {
  const lists = await Promise.all([
    listStarted(clients, order, 'RUNNING'),
    listStarted(clients, order, 'STOPPED'),
  ])
  const tasks = await describe(clients, order.cluster, lists.flat())
  return tasks
    .filter(({ taskDefinition }) => taskDefinition === shortName(order.taskDefinition))
    .sort((a, b) => Number(b.wanted) - Number(a.wanted) || b.createdAt - a.createdAt)[0]
}

/**
 * More tasks of one name than a page holds would be a fault of ours: the first page is enough. AWS calls `startedBy` the only
 * filter that may be used, and takes it with a desired status all the same (Apache Airflow's reattach relies on it).
 */
async function listStarted(
  { ecs }: TaskClients,
  { cluster, startedBy }: TaskOrder,
  desiredStatus: DesiredStatus,
): Promise<readonly string[]> {
  const command = new ListTasksCommand({ cluster, startedBy, desiredStatus })
  return (await call(ecs, command, `the tasks of ${startedBy}`)).taskArns ?? []
}

/** Tasks by ARN; those that ECS does not know are left out. */
export async function describe(
  { ecs }: TaskClients,
  cluster: string,
  arns: readonly string[],
): Promise<readonly OneTask[]> {
  if (arns.length === 0) return []
  const command = new DescribeTasksCommand({ cluster, tasks: [...arns] })
  const { tasks } = await call(ecs, command, arns.map(shortName).join(', '))
  return (tasks ?? []).map(toTask)
}
