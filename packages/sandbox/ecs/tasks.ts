import { join } from 'node:path'
import type * as Ecs from '@aws-sdk/client-ecs'
import { arnOf } from './lookup.ts'
import {
  type Cluster,
  type Container,
  delay,
  now,
  type Request,
  type Revision,
  type Service,
  type Task,
  type TaskDefinition,
  type TaskStatus,
  type World,
} from './state.ts'
import { strikes } from './trouble.ts'

/** What a new task is made from. */
export interface TaskRequest {
  readonly cluster: Cluster
  readonly taskDefinition: TaskDefinition
  readonly launchType: Ecs.LaunchType
  readonly group: string
  readonly service?: Service
  readonly revision?: Revision
  readonly startedBy?: string
  readonly request?: Request
  readonly overrides?: Ecs.TaskOverride
  readonly tags?: Map<string, string>
}

/** A task of a service for one of its revisions; `startedBy` is the deployment or the task set. */
export function requestOf(
  service: Service,
  { revision, startedBy }: { readonly revision: Revision; readonly startedBy: string },
): TaskRequest {
  const { taskDefinition, launchType = 'FARGATE' } = revision.config
  const { propagateTags } = service.settings
  const tags = propagateTags === 'SERVICE' ? service.tags : taskDefinition.tags
  return {
    cluster: service.cluster,
    taskDefinition,
    launchType,
    group: `service:${service.name}`,
    service,
    revision,
    startedBy,
    tags: new Map(propagateTags && propagateTags !== 'NONE' ? tags : []),
  }
}

/** Why a task ends. */
export interface StopCause {
  readonly code: Ecs.TaskStopCode
  readonly reason: string
  /** The containers are already gone: nothing to drain, nothing to wait for. */
  readonly gone?: boolean
}

/** Told when a task's status or health changed. */
export type TaskListener = (task: Task) => void

/** Adds a task in PROVISIONING to its cluster; `launch` brings it to life. */
export function createTask(world: World, request: TaskRequest): Task {
  const { cluster, taskDefinition, service, revision } = request
  const id = world.ids.hex()
  const folder = join(world.folder, 'tasks', `${cluster.name}-${id}`)
  const containers = (taskDefinition.content.containerDefinitions ?? []).map(
    (definition): Container => ({
      definition,
      arn: arnOf(cluster.region, `container/${cluster.name}/${id}/${world.ids.uuid()}`),
      logFile: join(folder, `${definition.name}.log`),
      lastStatus: 'PENDING',
      health: 'UNKNOWN',
    }),
  )
  const task: Task = {
    id,
    arn: arnOf(cluster.region, `task/${cluster.name}/${id}`),
    cluster,
    taskDefinition,
    group: request.group,
    launchType: request.launchType,
    overrides: request.overrides ?? {},
    containers,
    createdAt: now(world),
    tags: request.tags ?? new Map(),
    desiredStatus: 'RUNNING',
    lastStatus: 'PROVISIONING',
    version: 1,
    targetGroups: [],
    wasHealthy: false,
    judged: false,
    ...(service ? { service } : {}),
    ...(revision ? { revision } : {}),
    ...(request.startedBy ? { startedBy: request.startedBy } : {}),
    ...(request.request ? { request: request.request } : {}),
  }
  cluster.tasks.set(id, task)
  return task
}

/** Moves a task to its next status. */
export function enter(task: Task, status: TaskStatus): void {
  task.lastStatus = status
  task.version += 1
}

/** True while the task is meant to live. */
export function isWanted(task: Task): boolean {
  return task.desiredStatus === 'RUNNING'
}

/** True while task protection keeps a task from being scaled in. */
export function isProtected(world: World, task: Task): boolean {
  return task.protectedUntil !== undefined && world.clock.now() < task.protectedUntil
}

/** Under which name a container's port is registered in target groups. */
export function targetId(task: Task, container: Container): string {
  return `${task.id}/${container.definition.name}`
}

/**
 * Ends a task: out of the load balancers, drained, stopped, cleaned up, STOPPED. The first cause wins.
 * `changed` is called at each step, so that the scheduler can look again.
 */
export async function stopTask(
  world: World,
  task: Task,
  { cause, changed }: { cause: StopCause; changed: TaskListener },
): Promise<void> {
  if (!isWanted(task)) return
  const hadContainers = task.containers.some((container) => container.running)
  task.desiredStatus = 'STOPPED'
  task.stopCode = cause.code
  task.stoppedReason = cause.reason
  task.stoppingAt = now(world)
  const drained = Promise.all(
    task.targetGroups.flatMap((arn) => {
      const group = world.balancers.group(arn)
      return task.containers.map((container) => group?.deregister(targetId(task, container)))
    }),
  )
  if (hadContainers && !cause.gone && task.targetGroups.length > 0) {
    enter(task, 'DEACTIVATING')
    changed(task)
    await drained
  }
  enter(task, 'STOPPING')
  changed(task)
  const slow = strikes(world.troubles, task, { kinds: ['slow-stop'] })
  if (slow) await delay(world, slow.ms)
  await stopContainers(world, task)
  enter(task, 'DEPROVISIONING')
  changed(task)
  await delay(world, world.timings.deprovisioning)
  enter(task, 'STOPPED')
  task.stoppedAt = now(world)
  changed(task)
  world.clock.after(
    world.timings.stoppedTaskRetention,
    () => void task.cluster.tasks.delete(task.id),
  )
}

async function stopContainers(world: World, task: Task): Promise<void> {
  const stops = task.containers.map((container) => {
    const seconds = container.definition.stopTimeout
    const grace = seconds === undefined ? world.timings.stopTimeout : seconds * 1000
    return container.lastStatus === 'RUNNING' ? container.running?.stop(grace) : undefined
  })
  await Promise.all(stops)
  task.executionStoppedAt = now(world)
  for (const container of task.containers) container.lastStatus = 'STOPPED'
}
