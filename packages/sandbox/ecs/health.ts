import { hasHealthCheck, taskHealth } from './containerHealth.ts'
import type { TaskView } from './rollout.ts'
import type { Task, World } from './state.ts'
import { isProtected, isWanted, targetId } from './tasks.ts'

const STARTING = ['PROVISIONING', 'PENDING', 'ACTIVATING']

/** True from PROVISIONING to ACTIVATING. */
export function isStarting(task: Task): boolean {
  return STARTING.includes(task.lastStatus)
}

/**
 * A task's health for its service: with load balancers and health checks of containers what all of them say, a failure
 * only counting after the grace period; without any health check the task counts 40 s after RUNNING [AWS: minimumHealthyPercent].
 */
export function healthOf(world: World, task: Task): TaskView['health'] {
  if (task.lastStatus !== 'RUNNING' || !task.startedAt) return 'pending'
  const age = world.clock.since(task.startedAt.getTime())
  const checked = hasHealthCheck(task)
  if (task.targetGroups.length === 0 && !checked)
    return age >= world.timings.healthyWithoutCheck ? 'good' : 'pending'
  const states = [
    ...targetStates(world, task),
    ...(checked ? [taskHealth(task).toLowerCase()] : []),
  ]
  if (states.every((state) => state === 'healthy')) return 'good'
  const grace = (task.service?.settings.healthCheckGracePeriodSeconds ?? 0) * 1000
  return states.includes('unhealthy') && age >= grace ? 'failed' : 'pending'
}

function targetStates(world: World, task: Task): readonly (string | undefined)[] {
  return task.targetGroups.flatMap((arn) => {
    const group = world.balancers.group(arn)
    return task.containers.flatMap(
      (container) => group?.health(targetId(task, container))?.state ?? [],
    )
  })
}

/** The target group in which a task is unhealthy. */
export function unhealthyGroup(world: World, task: Task): string | undefined {
  return task.targetGroups.find((arn) =>
    task.containers.some(
      (container) =>
        world.balancers.group(arn)?.health(targetId(task, container))?.state === 'unhealthy',
    ),
  )
}

/** Why a task with failed health checks is stopped: those of a target group first. */
export function failedChecks(world: World, task: Task): string {
  const group = unhealthyGroup(world, task)
  return group
    ? `Task failed ELB health checks in (target-group ${group})`
    : 'Task failed container health checks.'
}

/** A task as the scheduler's decision sees it. */
export function viewOf(world: World, task: Task, order: number): TaskView {
  const primary = task.startedBy === task.service?.deployments[0]?.id
  const phase = !isWanted(task) ? 'stopping' : isStarting(task) ? 'starting' : 'running'
  const guarded = isProtected(world, task) && task.service?.status !== 'DRAINING'
  return { id: task.id, phase, health: healthOf(world, task), primary, order, guarded }
}
