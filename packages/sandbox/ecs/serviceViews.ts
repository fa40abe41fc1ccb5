import type * as Ecs from '@aws-sdk/client-ecs'
import { failureThreshold } from './breaker.ts'
import { countsOf, tasksOf } from './deployments.ts'
import { isStarting } from './health.ts'
import type {
  Deployment,
  Revision,
  RevisionConfig,
  Service,
  ServiceDeployment,
  TaskCounts,
} from './state.ts'
import { isWanted } from './tasks.ts'

/** A service as DescribeServices shows it. */
export function serviceView(service: Service, withTags = false): Ecs.Service {
  const tasks = tasksOf(service)
  const { config, settings, cluster } = service
  const [current] = service.history
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: cluster.arn,
    status: service.status,
    loadBalancers: config.loadBalancers ?? [],
    serviceRegistries: config.serviceRegistries ?? [],
    ...launchView(config, 'LATEST'),
    taskDefinition: config.taskDefinition.arn,
    runningCount: tasks.filter((task) => task.lastStatus === 'RUNNING').length,
    pendingCount: tasks.filter(isStarting).length,
    placementConstraints: [],
    placementStrategy: [],
    ...structuredClone(settings),
    deployments: service.deployments.map((deployment) => deploymentView(service, deployment)),
    events: [...service.events],
    createdAt: service.createdAt,
    createdBy: service.createdBy,
    roleArn: `arn:aws:iam::${cluster.region.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'ECS' },
    ...(current ? { currentServiceDeployment: current.arn } : {}),
    currentServiceRevisions: service.deployments.map((deployment) => {
      const { running, pending, requested } = countsOf(service, deployment.revision)
      return {
        arn: deployment.revision.arn,
        requestedTaskCount: requested,
        runningTaskCount: running,
        pendingTaskCount: pending,
      }
    }),
    ...(config.networkConfiguration ? { networkConfiguration: config.networkConfiguration } : {}),
    ...(withTags ? { tags: [...service.tags].map(([key, value]) => ({ key, value })) } : {}),
  }
}

function launchView(config: RevisionConfig, platformVersion: string) {
  const { launchType, capacityProviderStrategy } = config
  const fargate = launchType === 'FARGATE' || capacityProviderStrategy !== undefined
  return {
    ...(launchType ? { launchType } : {}),
    ...(capacityProviderStrategy ? { capacityProviderStrategy } : {}),
    ...(fargate
      ? { platformVersion: config.platformVersion ?? platformVersion, platformFamily: 'Linux' }
      : {}),
  }
}

function deploymentView(service: Service, deployment: Deployment): Ecs.Deployment {
  const { revision } = deployment
  const { running, pending, requested } = countsOf(service, revision)
  const { networkConfiguration } = revision.config
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: revision.config.taskDefinition.arn,
    desiredCount: requested,
    pendingCount: pending,
    runningCount: running,
    failedTasks: deployment.failedTasks,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    ...launchView(revision.config, '1.4.0'),
    ...(networkConfiguration ? { networkConfiguration } : {}),
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  }
}

/** A service deployment as DescribeServiceDeployments shows it. */
export function serviceDeploymentView(
  service: Service,
  one: ServiceDeployment,
): Ecs.ServiceDeployment {
  const { startedAt, finishedAt, stoppedAt, statusReason, rollback } = one
  const summary = (revision: Revision) => summaryView(revision, countsIn(service, one, revision))
  return {
    serviceDeploymentArn: one.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    createdAt: one.createdAt,
    updatedAt: one.updatedAt,
    ...(startedAt ? { startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    ...(stoppedAt ? { stoppedAt } : {}),
    sourceServiceRevisions: one.sources.map(summary),
    targetServiceRevision: summary(one.target),
    status: one.status,
    ...(statusReason ? { statusReason } : {}),
    deploymentConfiguration: structuredClone(one.configuration),
    ...(rollback
      ? {
          rollback: {
            reason: rollback.reason,
            startedAt: rollback.startedAt,
            serviceRevisionArn: rollback.revision.arn,
          },
        }
      : {}),
    ...breakerView(service, one),
  }
}

function breakerView(service: Service, one: ServiceDeployment) {
  const breaker = one.configuration.deploymentCircuitBreaker
  if (!breaker?.enable) return {}
  const threshold = failureThreshold(breaker, service.settings.desiredCount)
  const status = breakerStatus(one)
  return { deploymentCircuitBreaker: { status, failureCount: one.failureCount, threshold } }
}

function breakerStatus(one: ServiceDeployment): Ecs.ServiceDeploymentRollbackMonitorsStatus {
  if (one.breakerTriggered) return 'TRIGGERED'
  return one.finishedAt ? 'MONITORING_COMPLETE' : 'MONITORING'
}

function countsIn(service: Service, one: ServiceDeployment, revision: Revision): TaskCounts {
  return one.counts?.get(revision.arn) ?? countsOf(service, revision)
}

function summaryView(revision: Revision, counts: TaskCounts): Ecs.ServiceRevisionSummary {
  return {
    arn: revision.arn,
    requestedTaskCount: counts.requested,
    runningTaskCount: counts.running,
    pendingTaskCount: counts.pending,
  }
}

/** A service deployment as ListServiceDeployments shows it. */
export function briefView(service: Service, one: ServiceDeployment): Ecs.ServiceDeploymentBrief {
  const { startedAt, finishedAt, statusReason } = one
  return {
    serviceDeploymentArn: one.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    targetServiceRevisionArn: one.target.arn,
    createdAt: one.createdAt,
    ...(startedAt ? { startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    status: one.status,
    ...(statusReason ? { statusReason } : {}),
  }
}

/** A service revision as DescribeServiceRevisions shows it. */
export function revisionView(service: Service, revision: Revision): Ecs.ServiceRevision {
  const { config } = revision
  const { taskDefinition, launchType: _, capacityProviderStrategy: __, ...rest } = config
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    taskDefinition: taskDefinition.arn,
    ...structuredClone(rest),
    ...launchView(config, '1.4.0'),
    containerImages: revision.images.map(({ containerName, image, digest }) => ({
      containerName,
      image,
      ...(digest ? { imageDigest: digest } : {}),
    })),
    guardDutyEnabled: false,
    createdAt: revision.createdAt,
  }
}

/** Tasks of a service that still count, for DeleteService. */
export function wantedTasks(service: Service): number {
  return tasksOf(service).filter(isWanted).length
}
