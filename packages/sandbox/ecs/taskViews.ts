import type * as Ecs from '@aws-sdk/client-ecs'
import { taskHealth } from './containerHealth.ts'
import type { Container, Task } from './state.ts'

/** A task as DescribeTasks shows it. */
export function taskView(task: Task, withTags = false): Ecs.Task {
  const { content } = task.taskDefinition
  return {
    taskArn: task.arn,
    clusterArn: task.cluster.arn,
    taskDefinitionArn: task.taskDefinition.arn,
    group: task.group,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    launchType: task.launchType,
    ...(task.launchType === 'FARGATE'
      ? {
          platformVersion: '1.4.0',
          platformFamily: 'Linux',
          availabilityZone: `${task.cluster.region.region}a`,
        }
      : {}),
    cpu: content.cpu ?? '256',
    memory: content.memory ?? '512',
    connectivity: 'CONNECTED',
    healthStatus: taskHealth(task),
    containers: task.containers.map((container) => containerView(task, container)),
    overrides: overridesView(task),
    attachments: [],
    attributes: [],
    inferenceAccelerators: [],
    enableExecuteCommand: false,
    version: task.version,
    ...times(task),
    ...(task.startedBy ? { startedBy: task.startedBy } : {}),
    ...(task.stopCode ? { stopCode: task.stopCode } : {}),
    ...(task.stoppedReason ? { stoppedReason: task.stoppedReason } : {}),
    tags: withTags ? [...task.tags].map(([key, value]) => ({ key, value })) : [],
  }
}

function times(task: Task) {
  const { createdAt, pullStartedAt, pullStoppedAt, startedAt } = task
  const { stoppingAt, executionStoppedAt, stoppedAt } = task
  const known = {
    createdAt,
    pullStartedAt,
    pullStoppedAt,
    startedAt,
    stoppingAt,
    executionStoppedAt,
    stoppedAt,
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

function containerView(task: Task, container: Container): Ecs.Container {
  const { definition, imageDigest, exitCode, reason, port } = container
  const [mapping] = definition.portMappings ?? []
  const binding = {
    bindIP: '127.0.0.1',
    containerPort: mapping?.containerPort,
    hostPort: port,
    protocol: mapping?.protocol ?? ('tcp' as const),
  }
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name: definition.name,
    image: definition.image,
    ...(imageDigest ? { imageDigest } : {}),
    ...(container.running?.pid ? { runtimeId: `${task.id}-${container.running.pid}` } : {}),
    lastStatus: container.lastStatus,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason ? { reason } : {}),
    networkBindings: port === undefined ? [] : [binding],
    networkInterfaces: [],
    healthStatus: container.health,
    cpu: String(definition.cpu ?? 0),
    ...(definition.memory ? { memory: String(definition.memory) } : {}),
  }
}

function overridesView(task: Task): Ecs.TaskOverride {
  const given = task.overrides.containerOverrides ?? []
  const named = task.containers.map(
    ({ definition }) =>
      given.find((one) => one.name === definition.name) ?? { name: definition.name },
  )
  return { inferenceAcceleratorOverrides: [], ...task.overrides, containerOverrides: named }
}
