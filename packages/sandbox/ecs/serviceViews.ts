import type * as Ecs from '@aws-sdk/client-ecs'
import { failureThreshold } from './breaker.ts'
import { countsOf, tasksOf } from './deployments.ts'
import { isStarting } from './health.ts'
import { stepOf } from './staged.ts'
import type {
  Deployment,
  Revision,
  RevisionConfig,
  Service,
  ServiceDeployment,
  TaskCounts,
} from './state.ts'
import { isWanted } from './tasks.ts'
import { hasTestListener } from './traffic.ts'

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
    schedulingStrategy: service.scheduling,
    deploymentController: { type: service.controller },
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
  const summary = (revision: Revision) =>
    summaryView(revision, one, countsIn(service, one, revision))
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
    ...alarmsView(one),
    ...progressView(one),
  }
}

function breakerView(service: Service, one: ServiceDeployment) {
  const breaker = one.configuration.deploymentCircuitBreaker
  if (!breaker?.enable) return {}
  const threshold = failureThreshold(breaker, service.settings.desiredCount)
  const status = breakerStatus(one)
  return { deploymentCircuitBreaker: { status, failureCount: one.failureCount, threshold } }
}

function alarmsView({
  alarms,
  finishedAt,
}: ServiceDeployment): Pick<Ecs.ServiceDeployment, 'alarms'> {
  if (!alarms) return {}
  const watching = finishedAt ? 'MONITORING_COMPLETE' : 'MONITORING'
  const status = alarms.triggered.length > 0 ? 'TRIGGERED' : watching
  return {
    alarms: {
      status: alarms.watched ? status : 'DISABLED',
      alarmNames: [...alarms.names],
      triggeredAlarmNames: [...alarms.triggered],
    },
  }
}

function progressView({
  progress,
}: ServiceDeployment): Pick<Ecs.ServiceDeployment, 'lifecycleStage' | 'lifecycleHookDetails'> {
  if (!progress) return {}
  const stage = stepOf(progress)?.stage
  return {
    // PRE_PRODUCTION_TRAFFIC_SHIFT is documented for this member but not in its enumeration.
    ...(progress.since > 0 ? { lifecycleStage: stage as Ecs.ServiceDeploymentLifecycleStage } : {}),
    lifecycleHookDetails: progress.hooks.map((hook) => ({
      hookId: hook.id,
      targetType: 'PAUSE',
      status: hook.status,
      expiresAt: hook.expiresAt,
      timeoutAction: hook.timeoutAction,
    })),
  }
}

function breakerStatus(one: ServiceDeployment): Ecs.ServiceDeploymentRollbackMonitorsStatus {
  if (one.breakerTriggered) return 'TRIGGERED'
  return one.finishedAt ? 'MONITORING_COMPLETE' : 'MONITORING'
}

function countsIn(service: Service, one: ServiceDeployment, revision: Revision): TaskCounts {
  return one.counts?.get(revision.arn) ?? countsOf(service, revision)
}

function summaryView(
  revision: Revision,
  one: ServiceDeployment,
  counts: TaskCounts,
): Ecs.ServiceRevisionSummary {
  const { production, test } = counts
  const tested = test !== undefined && hasTestListener(revision.config)
  return {
    arn: revision.arn,
    requestedTaskCount: counts.requested,
    runningTaskCount: counts.running,
    pendingTaskCount: counts.pending,
    ...(one.progress && production !== undefined
      ? { requestedProductionTrafficWeight: production }
      : {}),
    ...(one.progress && tested ? { requestedTestTrafficWeight: test } : {}),
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
    ...resolvedView(revision),
    containerImages: revision.images.map(({ containerName, image, digest }) => ({
      containerName,
      image,
      ...(digest ? { imageDigest: digest } : {}),
    })),
    guardDutyEnabled: false,
    createdAt: revision.createdAt,
  }
}

/** Which target group of a pair the revision's tasks are in. */
function resolvedView({ config, targetGroups }: Revision) {
  const resolved = (config.loadBalancers ?? []).map(({ targetGroupArn = '', ...one }) => {
    const rule = one.advancedConfiguration?.productionListenerRule
    return {
      targetGroupArn: targetGroups.get(targetGroupArn) ?? targetGroupArn,
      ...(rule ? { productionListenerRule: rule } : {}),
    }
  })
  return resolved.length > 0 ? { resolvedConfiguration: { loadBalancers: resolved } } : {}
}

/** Tasks of a service that still count, for DeleteService. */
export function wantedTasks(service: Service): number {
  return tasksOf(service).filter(isWanted).length
}
