import type { Written } from '#core'
import type { LiveService, LiveTask, Rollout, TaskDefinition } from '#ecs'

/** Plain state for tables: what a test does not name is healthy and of `web:1`. */

export const A = `sha256:${'a'.repeat(64)}`
export const B = `sha256:${'b'.repeat(64)}`

export function rollout(given: Partial<Rollout> = {}): Rollout {
  return {
    id: 'ecs-svc/1',
    primary: true,
    taskDefinition: 'web:1',
    state: 'COMPLETED',
    why: '',
    failedTasks: 0,
    running: 2,
    desired: 2,
    createdAt: 1000,
    ...given,
  }
}

export function service(given: Partial<LiveService> = {}): LiveService {
  const rollouts = given.rollouts ?? [rollout()]
  return {
    name: 'web',
    controller: 'ECS',
    strategy: 'ROLLING',
    scheduling: 'REPLICA',
    taskDefinition: rollouts[0]?.taskDefinition ?? 'web:1',
    desired: 2,
    running: 2,
    pending: 0,
    rollouts,
    events: [],
    revisions: [],
    balanced: [],
    loadBalancers: [],
    ...given,
  }
}

let tasks = 0
export function task(given: Partial<LiveTask> = {}): LiveTask {
  tasks += 1
  return {
    id: `task-${tasks}`,
    taskDefinition: 'web:1',
    startedBy: 'ecs-svc/1',
    desiredStatus: 'RUNNING',
    status: 'RUNNING',
    health: 'UNKNOWN',
    createdAt: 1000,
    containers: [{ name: 'web', image: 'web:v1', digest: A }],
    ...given,
  }
}

/** A task that ended. */
export function ended(
  given: Partial<LiveTask> & { exitCode?: number; reason?: string } = {},
): LiveTask {
  const { exitCode, reason, ...rest } = given
  const container = {
    name: 'web',
    image: 'web:v1',
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
  }
  return task({
    desiredStatus: 'STOPPED',
    status: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [container],
    ...rest,
  })
}

export function definition(name = 'web:1', given: Partial<TaskDefinition> = {}): TaskDefinition {
  return {
    arn: `arn:aws:ecs:us-east-1:123456789012:task-definition/${name}`,
    name,
    family: name.split(':')[0] ?? '',
    status: 'ACTIVE',
    containers: [{ name: 'web', image: 'web:v1' }],
    facts: new Set(),
    ...given,
  }
}

export function entry(operation: string, detail: Written['detail'], on = 'web'): Written {
  return {
    component: 'ecs',
    operation,
    on,
    at: '2026-11-22T03:00:00Z',
    run: '4711',
    ...(detail === undefined ? {} : { detail }),
  }
}
