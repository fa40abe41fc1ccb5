import type * as Ecs from '@aws-sdk/client-ecs'
import type { Operation } from '../service.ts'
import { arnOf, clusterOf, findTask, invalid, nameOf, regionOf, serviceOf } from './lookup.ts'
import { pageOf } from './paging.ts'
import { runTask } from './runTask.ts'
import { taskChanged } from './scheduler.ts'
import type { Cluster, Task, World } from './state.ts'
import { stopTask } from './tasks.ts'
import { taskView } from './taskViews.ts'

/** ListTasks, DescribeTasks, StopTask, RunTask. */
export function taskOperations(world: World): Record<string, Operation> {
  return {
    ListTasks: (input: Ecs.ListTasksCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const { items, ...rest } = pageOf(listed(cluster, input), input)
      return { taskArns: items.map((task) => task.arn), ...rest }
    },
    DescribeTasks: (input: Ecs.DescribeTasksCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const asked = input.tasks ?? []
      if (asked.length === 0) throw invalid('Tasks cannot be empty.')
      if (asked.length > 100) throw invalid('Tasks cannot have more than 100 elements')
      const withTags = input.include?.includes('TAGS') ?? false
      const found = asked.map((one) => findTask(cluster, one))
      return {
        tasks: found.flatMap((task) => (task ? [taskView(task, withTags)] : [])),
        failures: asked
          .filter((_, index) => !found[index])
          .map((one) => ({
            arn: arnOf(cluster.region, `task/${cluster.name}/${nameOf(one)}`),
            reason: 'MISSING',
          })),
      }
    },
    StopTask: (input: Ecs.StopTaskCommandInput, caller) => {
      const cluster = clusterOf(regionOf(world, caller), input.cluster)
      const task = findTask(cluster, input.task ?? '')
      if (!task) throw invalid('The referenced task was not found.')
      const reason = input.reason ?? 'Task stopped by user'
      void stopTask(world, task, {
        cause: { code: 'UserInitiated', reason },
        changed: (one) => taskChanged(world, one),
      })
      return { task: taskView(task) }
    },
    RunTask: (input: Ecs.RunTaskCommandInput, caller) => runTask(world, input, caller),
  }
}

function listed(cluster: Cluster, input: Ecs.ListTasksCommandInput): readonly Task[] {
  const service = input.serviceName ? serviceOf(cluster, input.serviceName) : undefined
  if (input.startedBy && (input.serviceName || input.family))
    throw invalid('The startedBy filter must be the only filter.')
  const desired = input.desiredStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING'
  return [...cluster.tasks.values()]
    .filter((task) => task.desiredStatus === desired)
    .filter((task) => !service || task.service === service)
    .filter((task) => !input.family || task.taskDefinition.family === input.family)
    .filter((task) => !input.startedBy || task.startedBy === input.startedBy)
    .filter((task) => !input.launchType || task.launchType === input.launchType)
}
