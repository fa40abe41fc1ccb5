import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Operation } from '../service.ts'
import { arnOf, clusterOf, findTask, invalid, nameOf, regionOf } from './lookup.ts'
import { wake } from './scheduler.ts'
import type { Cluster, Task, World } from './state.ts'
import { isProtected } from './tasks.ts'

const MINUTE = 60_000
const DEFAULT_MINUTES = 120
const LONGEST = 2880

/** UpdateTaskProtection, GetTaskProtection. */
export function protectionOperations(world: World): Record<string, Operation> {
  return {
    UpdateTaskProtection: (input: Ecs.UpdateTaskProtectionCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const asked = limited(input.tasks, 10)
      const { expiresInMinutes = DEFAULT_MINUTES } = input
      if (expiresInMinutes < 1 || expiresInMinutes > LONGEST)
        throw invalid(`expiresInMinutes must be between 1 and ${LONGEST}.`)
      const found = ofService(cluster, asked)
      const span = expiresInMinutes * MINUTE
      for (const task of found) protect(world, task, input.protectionEnabled ? span : undefined)
      return answer(world, { cluster, asked, found })
    },
    GetTaskProtection: (input: Ecs.GetTaskProtectionCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const asked = limited(input.tasks, 100)
      return answer(world, { cluster, asked, found: ofService(cluster, asked) })
    },
  }
}

function limited(tasks: readonly string[] | undefined, most: number): readonly string[] {
  if (!tasks?.length) throw new AwsError('InvalidParameterException', 'Tasks cannot be empty.')
  if (tasks.length > most) throw invalid(`Tasks cannot have more than ${most} elements`)
  return tasks
}

const ofService = (cluster: Cluster, asked: readonly string[]) =>
  asked.flatMap((one) => {
    const task = findTask(cluster, one)
    return task?.service ? [task] : []
  })

function protect(world: World, task: Task, span: number | undefined): void {
  const { service } = task
  if (span === undefined) delete task.protectedUntil
  else task.protectedUntil = world.clock.ahead(span)
  if (!service) return
  wake(world, service)
  if (span !== undefined) world.clock.after(span, () => wake(world, service))
}

function answer(
  world: World,
  {
    cluster,
    asked,
    found,
  }: {
    readonly cluster: Cluster
    readonly asked: readonly string[]
    readonly found: readonly Task[]
  },
) {
  const missing = asked.filter((one) => !found.includes(findTask(cluster, one) as Task))
  return {
    protectedTasks: found.map((task) => ({
      taskArn: task.arn,
      protectionEnabled: isProtected(world, task),
      ...(isProtected(world, task) && task.protectedUntil !== undefined
        ? { expirationDate: new Date(task.protectedUntil) }
        : {}),
    })),
    failures: missing.map((one) => ({
      arn: arnOf(cluster.region, `task/${cluster.name}/${nameOf(one)}`),
      // A task of no service cannot be protected.
      reason: findTask(cluster, one) ? 'TASK_NOT_VALID' : 'MISSING',
    })),
  }
}
