import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { call } from '#aws'
import { CallError } from '#core'
import type { TaskClients } from './client.ts'
import type { TaskOrder } from './order.ts'

/** Where CloudWatch Logs keeps what a container wrote. */
export interface TaskLog {
  readonly group: string
  readonly stream: string
}

/**
 * Where a person reads what the container of the order wrote, by the naming of the awslogs driver; undefined where another
 * driver is used, no stream prefix is set, or the task definition may not be read: it is a hint, and stops nothing.
 */
export async function logOf(
  { ecs }: TaskClients,
  { taskDefinition, container }: TaskOrder,
  task: string,
): Promise<TaskLog | undefined> {
  try {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition })
    const { taskDefinition: found } = await call(ecs, command, taskDefinition)
    const own = found?.containerDefinitions?.find(({ name }) => name === container)
    const { logDriver, options = {} } = own?.logConfiguration ?? {}
    const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = options
    if (logDriver !== 'awslogs' || !group || !prefix) return undefined
    return { group, stream: `${prefix}/${container}/${task}` }
  } catch (thrown) {
    if (thrown instanceof CallError) return undefined
    throw thrown
  }
}
