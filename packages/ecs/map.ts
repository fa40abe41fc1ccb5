import type * as Ecs from '@aws-sdk/client-ecs'
import { shortName } from '#aws'
import { factsOf } from './environment/facts.ts'
import type {
  AbsentService,
  LifecycleHook,
  ListedDeployment,
  LiveContainer,
  LiveService,
  LiveTask,
  LogPlace,
  Revision,
  Rollout,
  ServiceDeployment,
  TaskDefinition,
  TaskSet,
} from './state.ts'

/** From the SDK's optional-everything to readonly data, once. */

const time = (date: Date | undefined) => date?.getTime() ?? 0

/** Drops members without a value: an absent fact is absent, not undefined. */
function present<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** Maps a service that DescribeServices returned; one that is not ACTIVE is absent. */
export function toService(
  service: Ecs.Service,
  cluster: string,
): { readonly live: LiveService } | { readonly absent: AbsentService } {
  const name = service.serviceName ?? shortName(service.serviceArn ?? '')
  const status = service.status ?? 'INACTIVE'
  if (status !== 'ACTIVE') {
    return { absent: { name, is: status, why: `it is ${status} in cluster ${cluster}` } }
  }
  const live: LiveService = {
    name,
    controller: service.deploymentController?.type ?? 'ECS',
    strategy: service.deploymentConfiguration?.strategy ?? 'ROLLING',
    scheduling: service.schedulingStrategy ?? 'REPLICA',
    taskDefinition: shortName(service.taskDefinition ?? ''),
    desired: service.desiredCount ?? 0,
    running: service.runningCount ?? 0,
    pending: service.pendingCount ?? 0,
    // Services that CodeDeploy deploys have task sets and no deployments [AWS: DescribeServices].
    rollouts: [
      ...(service.deployments ?? []).map(toRollout),
      ...(service.taskSets ?? []).map(toRolloutOfSet),
    ],
    events: (service.events ?? []).map((event) => ({
      id: event.id ?? '',
      at: time(event.createdAt),
      message: event.message ?? '',
    })),
    revisions: (service.currentServiceRevisions ?? []).flatMap(({ arn }) => (arn ? [arn] : [])),
    balanced: (service.loadBalancers ?? []).flatMap(({ containerName }) => containerName ?? []),
    loadBalancers: (service.loadBalancers ?? []).map((one) => ({
      container: one.containerName ?? '',
      port: one.containerPort ?? 0,
      ...(one.targetGroupArn === undefined ? {} : { targetGroup: one.targetGroupArn }),
    })),
    ...(service.currentServiceDeployment
      ? { serviceDeployment: service.currentServiceDeployment }
      : {}),
    ...(service.taskSets?.length ? { taskSets: service.taskSets.map(toTaskSet) } : {}),
    ...(service.healthCheckGracePeriodSeconds
      ? { grace: service.healthCheckGracePeriodSeconds * 1000 }
      : {}),
    ...present({ percent: percentOf(service.deploymentConfiguration) }),
  }
  return { live }
}

function percentOf(configuration: Ecs.DeploymentConfiguration | undefined): LiveService['percent'] {
  const { minimumHealthyPercent: least, maximumPercent: most } = configuration ?? {}
  return least === undefined || most === undefined ? undefined : { least, most }
}

function toRollout(deployment: Ecs.Deployment): Rollout {
  return {
    id: deployment.id ?? '',
    primary: deployment.status === 'PRIMARY',
    taskDefinition: shortName(deployment.taskDefinition ?? ''),
    state: deployment.rolloutState ?? 'unknown',
    why: deployment.rolloutStateReason ?? '',
    failedTasks: deployment.failedTasks ?? 0,
    running: deployment.runningCount ?? 0,
    desired: deployment.desiredCount ?? 0,
    createdAt: time(deployment.createdAt),
  }
}

function toTaskSet(set: Ecs.TaskSet): TaskSet {
  return {
    id: set.id ?? '',
    status: set.status ?? '',
    taskDefinition: shortName(set.taskDefinition ?? ''),
    desired: set.computedDesiredCount ?? 0,
    running: set.runningCount ?? 0,
    ...present({ deployment: set.externalId }),
  }
}

/** A task set where a deployment is looked at: steady means complete. ECS counts no failures of it. */
function toRolloutOfSet(set: Ecs.TaskSet): Rollout {
  return {
    id: set.id ?? '',
    primary: set.status === 'PRIMARY',
    taskDefinition: shortName(set.taskDefinition ?? ''),
    state: set.stabilityStatus === 'STEADY_STATE' ? 'COMPLETED' : 'IN_PROGRESS',
    why: '',
    failedTasks: 0,
    running: set.runningCount ?? 0,
    desired: set.computedDesiredCount ?? 0,
    createdAt: time(set.createdAt),
  }
}

/** Maps an entry of `failures`: a 200 answer about a thing that is not there. */
export function toAbsent(failure: Ecs.Failure, cluster: string): AbsentService {
  const is = failure.reason ?? 'MISSING'
  const why =
    is === 'MISSING'
      ? `it does not exist in cluster ${cluster}`
      : `ECS answers ${[is, failure.detail].filter(Boolean).join(': ')}`
  return { name: shortName(failure.arn ?? ''), is, why }
}

/** Maps a task. */
export function toTask(task: Ecs.Task): LiveTask {
  return {
    id: shortName(task.taskArn ?? ''),
    taskDefinition: shortName(task.taskDefinitionArn ?? ''),
    startedBy: task.startedBy ?? '',
    desiredStatus: task.desiredStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING',
    status: task.lastStatus ?? 'UNKNOWN',
    health: task.healthStatus ?? 'UNKNOWN',
    createdAt: time(task.createdAt),
    containers: (task.containers ?? []).map(toContainer),
    ...present({
      stopCode: task.stopCode,
      stoppedReason: task.stoppedReason,
      startedAt: task.startedAt?.getTime(),
      stoppingAt: task.stoppingAt?.getTime(),
      stoppedAt: task.stoppedAt?.getTime(),
    }),
  }
}

function toContainer(container: Ecs.Container): LiveContainer {
  return {
    name: container.name ?? '',
    image: container.image ?? '',
    ...present({
      digest: container.imageDigest,
      exitCode: container.exitCode,
      reason: container.reason,
    }),
  }
}

/** Maps a service revision. */
export function toRevision(revision: Ecs.ServiceRevision): Revision {
  return {
    arn: revision.serviceRevisionArn ?? '',
    taskDefinition: shortName(revision.taskDefinition ?? ''),
    containers: (revision.containerImages ?? []).map((image) => ({
      name: image.containerName ?? '',
      image: image.image ?? '',
      ...present({ digest: image.imageDigest }),
    })),
    createdAt: time(revision.createdAt),
  }
}

/** Maps an entry of ListServiceDeployments. */
export function toListed(deployment: Ecs.ServiceDeploymentBrief): ListedDeployment {
  return {
    arn: deployment.serviceDeploymentArn ?? '',
    status: deployment.status ?? 'UNKNOWN',
    createdAt: time(deployment.createdAt),
    finishedAt: time(deployment.finishedAt),
    ...present({ target: deployment.targetServiceRevisionArn }),
  }
}

/** Maps a service deployment. */
export function toServiceDeployment(deployment: Ecs.ServiceDeployment): ServiceDeployment {
  return {
    arn: deployment.serviceDeploymentArn ?? '',
    status: deployment.status ?? 'UNKNOWN',
    why: deployment.statusReason ?? '',
    sources: (deployment.sourceServiceRevisions ?? []).flatMap(({ arn }) => arn ?? []),
    hooks: (deployment.lifecycleHookDetails ?? []).map(toHook),
    earlySuccess: deployment.deploymentConfiguration?.earlySuccessCriteria?.enable === true,
    createdAt: time(deployment.createdAt),
    startedAt: time(deployment.startedAt),
    finishedAt: time(deployment.finishedAt),
    ...present({
      target: deployment.targetServiceRevision?.arn,
      tasks: deployment.targetServiceRevision && {
        running: deployment.targetServiceRevision.runningTaskCount ?? 0,
        requested: deployment.targetServiceRevision.requestedTaskCount ?? 0,
      },
      rolledBackTo: deployment.rollback?.serviceRevisionArn,
      rolledBackAt: deployment.rollback?.startedAt?.getTime(),
      stage: deployment.lifecycleStage,
      traffic: trafficOf(deployment),
      breaker: deployment.deploymentCircuitBreaker && {
        status: deployment.deploymentCircuitBreaker.status ?? '',
        failures: deployment.deploymentCircuitBreaker.failureCount ?? 0,
        threshold: deployment.deploymentCircuitBreaker.threshold ?? 0,
      },
      alarms: deployment.alarms && {
        status: deployment.alarms.status ?? '',
        names: deployment.alarms.alarmNames ?? [],
        triggered: deployment.alarms.triggeredAlarmNames ?? [],
      },
    }),
  }
}

/** Undefined where ECS shifts no traffic: a rolling deployment has no weights. */
function trafficOf(deployment: Ecs.ServiceDeployment): ServiceDeployment['traffic'] {
  const { targetServiceRevision: target, sourceServiceRevisions: sources = [] } = deployment
  const weights = [...(target ? [target] : []), ...sources].flatMap((one) =>
    one.arn === undefined || one.requestedProductionTrafficWeight === undefined
      ? []
      : [[one.arn, one.requestedProductionTrafficWeight] as const],
  )
  return weights.length === 0 ? undefined : Object.fromEntries(weights)
}

function toHook(hook: Ecs.DeploymentLifecycleHookDetail): LifecycleHook {
  return {
    id: hook.hookId ?? '',
    type: hook.targetType ?? '',
    status: hook.status ?? '',
    expiresAt: time(hook.expiresAt),
    timeoutAction: hook.timeoutAction ?? '',
  }
}

/** The tag of a copy: what it is a copy of, `family:revision`. */
export const COPY_OF = 'rollback-of'

/** Maps a task definition. */
export function toTaskDefinition(
  definition: Ecs.TaskDefinition,
  tags: readonly Ecs.Tag[] = [],
): TaskDefinition {
  return {
    arn: definition.taskDefinitionArn ?? '',
    name: shortName(definition.taskDefinitionArn ?? ''),
    family: definition.family ?? '',
    status: definition.status ?? 'ACTIVE',
    containers: (definition.containerDefinitions ?? []).map((container) => ({
      name: container.name ?? '',
      image: container.image ?? '',
      ...present({ log: logOf(container.logConfiguration) }),
    })),
    ...present({
      registeredBy: definition.registeredBy && shortName(definition.registeredBy),
    }),
    facts: factsOf(definition),
    ...present({ copyOf: tags.find(({ key }) => key === COPY_OF)?.value }),
  }
}

/** Of the awslogs driver alone: options of others may hold tokens. */
function logOf(configuration: Ecs.LogConfiguration | undefined): LogPlace | undefined {
  if (configuration?.logDriver !== 'awslogs') return undefined
  const { 'awslogs-group': group, 'awslogs-region': region = '' } = configuration.options ?? {}
  const prefix = configuration.options?.['awslogs-stream-prefix'] ?? ''
  return group === undefined ? undefined : { group, region, prefix }
}
