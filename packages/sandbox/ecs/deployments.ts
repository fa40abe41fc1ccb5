import { AwsError } from '../service.ts'
import { beginWatch } from './alarms.ts'
import { failureThreshold } from './breaker.ts'
import { addEvent } from './events.ts'
import { isStarting } from './health.ts'
import { arnOf } from './lookup.ts'
import { goesByStages, stepsOf } from './stages.ts'
import {
  type Deployment,
  now,
  type Progress,
  type Revision,
  type RevisionConfig,
  type Service,
  type ServiceDeployment,
  type Task,
  type TaskCounts,
  type World,
} from './state.ts'
import { isWanted } from './tasks.ts'
import { groupsFor, productionOf, shift } from './traffic.ts'

const FINISHED = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']

/** True when a service deployment can no longer change. */
export function isFinished(one: ServiceDeployment): boolean {
  return FINISHED.includes(one.status)
}

/** A service's tasks that can still be described. */
export function tasksOf(service: Service): Task[] {
  return [...service.cluster.tasks.values()].filter((task) => task.service === service)
}

/** The newest deployment; a service that is not INACTIVE has one. */
export function primaryOf(service: Service): Deployment {
  const [primary] = service.deployments
  if (!primary) throw new AwsError('ServerException', `${service.name} has no deployment`, 500)
  return primary
}

/** Task counts of one revision of a service. */
export function countsOf(service: Service, revision: Revision): TaskCounts {
  const tasks = tasksOf(service).filter((task) => task.revision === revision)
  const wanted = tasks.filter(isWanted).length
  const isTarget = service.deployments[0]?.revision === revision
  return {
    requested: isTarget ? service.settings.desiredCount : wanted,
    running: tasks.filter((task) => task.lastStatus === 'RUNNING').length,
    pending: tasks.filter(isStarting).length,
    ...(service.traffic
      ? {
          production: service.traffic.production.get(revision) ?? 0,
          test: service.traffic.test.get(revision) ?? 0,
        }
      : {}),
  }
}

/** Starts a deployment of a configuration: a new revision, whose image digests are resolved now. */
export function beginDeployment(world: World, service: Service, config: RevisionConfig): void {
  const configuration = service.settings.deploymentConfiguration
  const watch = beginWatch(world, service)
  const revision = makeRevision(world, service, config)
  const sources = service.deployments.map((deployment) => deployment.revision)
  const [running] = service.history
  if (running && !isFinished(running))
    finish(world, service, {
      status: 'STOPPED',
      statusReason: 'Stopped because a new service deployment has started.',
    })
  for (const deployment of service.deployments) deployment.status = 'ACTIVE'
  service.config = config
  const deployment = addPrimary(world, service, { revision, createdAt: now(world) })
  deployment.rolloutStateReason = `ECS deployment ${deployment.id} in progress.`
  service.history.unshift({
    arn: arnOf(
      service.cluster.region,
      `service-deployment/${service.cluster.name}/${service.name}/${world.ids.slug()}`,
    ),
    target: revision,
    sources,
    configuration,
    createdAt: now(world),
    updatedAt: now(world),
    status: 'PENDING',
    breakerTriggered: false,
    failureCount: 0,
    ...(watch ? { alarms: watch } : {}),
    ...(goesByStages(configuration) ? { progress: beginStages(world, service, revision) } : {}),
  })
}

/** Production traffic stays where it is; a service that has none yet gives it to its first revision. */
function beginStages(world: World, service: Service, target: Revision): Progress {
  const older = service.deployments.filter((one) => one.revision !== target)
  const serving = productionOf(service) ?? service.lastCompleted ?? older[0]?.revision
  shift(world, service, { target, rest: serving, production: 0, test: 0 })
  const steps = stepsOf(service.settings.deploymentConfiguration, older.length)
  return { steps, step: 0, since: 0, hooks: [], ...(serving ? { source: serving } : {}) }
}

/** A new revision of a service; image digests are resolved now. */
export function makeRevision(world: World, service: Service, config: RevisionConfig): Revision {
  const number = world.ids.number()
  const containers = config.taskDefinition.content.containerDefinitions ?? []
  const images = containers.map(({ name = '', image = '', versionConsistency }) => {
    const found = versionConsistency === 'disabled' ? undefined : world.images.find(image)
    return { containerName: name, image, ...(found ? { digest: found.digest } : {}) }
  })
  const path = `service-revision/${service.cluster.name}/${service.name}/${number}`
  const arn = arnOf(service.cluster.region, path)
  const targetGroups = groupsFor(service, config)
  const revision: Revision = { number, arn, config, images, targetGroups, createdAt: now(world) }
  service.revisions.unshift(revision)
  return revision
}

function addPrimary(
  world: World,
  service: Service,
  { revision, createdAt }: { revision: Revision; createdAt: Date },
): Deployment {
  const deployment: Deployment = {
    id: `ecs-svc/${revision.number}`,
    revision,
    createdAt,
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: '',
    failedTasks: 0,
    updatedAt: now(world),
  }
  const others = service.deployments.filter((one) => one.id !== deployment.id)
  service.deployments = [deployment, ...others]
  service.steady = false
  service.launchFailures = 0
  service.launchNotBefore = 0
  return deployment
}

/** Why a deployment ends badly: in its `rolloutStateReason`, and in its service deployment. */
export interface Failure {
  readonly rollout: string
  readonly event: string
  readonly rollback: string
  /** How the reason of the deployment that comes back begins. */
  readonly back: string
  readonly by: 'breaker' | 'alarm' | 'request'
}

/** The circuit breaker's verdict, with AWS's texts where they are public. */
export const BREAKER: Failure = {
  rollout: 'ECS deployment circuit breaker: tasks failed to start.',
  event: 'deployment failed: tasks failed to start.',
  rollback: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
  back: 'ECS deployment circuit breaker: rolling back',
  by: 'breaker',
}

/** A deployment alarm's verdict; only the text of the event is public. */
export const ALARM: Failure = {
  rollout: 'ECS deployment failed: alarm detected.',
  event: 'deployment failed: alarm detected.',
  rollback: 'Service deployment rolled back because a deployment alarm was triggered.',
  back: 'ECS deployment alarm: rolling back',
  by: 'alarm',
}

/** A lifecycle hook that ran into its timeout; AWS's public texts of failed hooks begin like this. */
export function expired(stage: string): Failure {
  return {
    rollout: `${stage} lifecycle hook(s) failed.`,
    event: `deployment failed: ${stage} lifecycle hook(s) failed.`,
    rollback: `Service deployment rolled back because ${stage} lifecycle hook(s) failed. The hook timed out.`,
    back: 'Rolling back',
    by: 'request',
  }
}

/** A person's StopServiceDeployment. */
export const REQUESTED: Failure = {
  rollout: 'Service deployment rollback was requested.',
  event: 'deployment stopped: rollback requested.',
  rollback: 'Service deployment rolled back because a rollback was requested.',
  back: 'Rolling back',
  by: 'request',
}

/** Ends the primary deployment badly: back to the last completed revision if asked and possible, else it stays FAILED. */
export function failDeployment(
  world: World,
  service: Service,
  { failure, rollback }: { failure: Failure; rollback: boolean },
): void {
  const [current] = service.history
  const primary = primaryOf(service)
  if (!current) return
  const wasRollback = current.status === 'ROLLBACK_IN_PROGRESS'
  primary.rolloutState = 'FAILED'
  primary.rolloutStateReason = failure.rollout
  primary.updatedAt = now(world)
  addEvent(world, service, `(deployment ${primary.id}) ${failure.event}`)
  if (failure.by === 'breaker') current.breakerTriggered = true
  for (const hook of current.progress?.hooks ?? [])
    if (hook.status === 'AWAITING_ACTION') hook.status = 'FAILED'
  const toSource = failure.by === 'request' && world.stopGoesTo === 'source'
  const target = toSource ? current.sources[0] : service.lastCompleted
  if (rollback && !wasRollback && target) {
    rollBack(world, service, { target, failure })
    return
  }
  const failed = wasRollback || (rollback && failure.by === 'request')
  finish(world, service, {
    status: failed ? 'ROLLBACK_FAILED' : 'STOPPED',
    statusReason: failed ? 'Service deployment rollback failed.' : failure.rollout,
  })
}

/** Brings the old revision back under its old deployment id; no new revision is made [AWS: service revisions]. */
function rollBack(
  world: World,
  service: Service,
  { target, failure }: { target: Revision; failure: Failure },
): void {
  const [current] = service.history
  if (!current) return
  const old = service.deployments.find((one) => one.revision === target)
  for (const deployment of service.deployments) deployment.status = 'ACTIVE'
  service.config = target.config
  const createdAt = old?.createdAt ?? target.createdAt
  const primary = addPrimary(world, service, { revision: target, createdAt })
  primary.rolloutStateReason = `${failure.back} to deploymentId ${primary.id}.`
  current.status = 'ROLLBACK_IN_PROGRESS'
  current.statusReason = failure.rollback
  current.updatedAt = now(world)
  current.rollback = { reason: failure.rollback, startedAt: now(world), revision: target }
  addEvent(world, service, `rolling back to deployment ${primary.id}.`)
}

/** The primary deployment reached its goal. */
export function completeDeployment(world: World, service: Service): void {
  const primary = primaryOf(service)
  const [current] = service.history
  primary.rolloutState = 'COMPLETED'
  primary.rolloutStateReason = `ECS deployment ${primary.id} completed.`
  primary.updatedAt = now(world)
  service.lastCompleted = primary.revision
  // Also after a rolling deployment: the next one by stages starts from here.
  if (service.traffic && !current?.progress)
    shift(world, service, {
      target: primary.revision,
      rest: undefined,
      production: 100,
      test: 100,
    })
  addEvent(world, service, `(deployment ${primary.id}) deployment completed.`)
  const status = current?.status === 'ROLLBACK_IN_PROGRESS' ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL'
  finish(world, service, { status, statusReason: current?.statusReason })
}

interface Finish {
  readonly status: 'SUCCESSFUL' | 'STOPPED' | 'ROLLBACK_SUCCESSFUL' | 'ROLLBACK_FAILED'
  readonly statusReason?: string | undefined
}

function finish(world: World, service: Service, { status, statusReason }: Finish): void {
  const [current] = service.history
  if (!current) return
  current.status = status
  if (statusReason) current.statusReason = statusReason
  current.updatedAt = now(world)
  current.finishedAt = now(world)
  current.startedAt ??= now(world)
  if (status === 'STOPPED') current.stoppedAt = now(world)
  const revisions = [current.target, ...current.sources]
  current.counts = new Map(revisions.map((revision) => [revision.arn, countsOf(service, revision)]))
}

/** Whether the circuit breaker of the running deployment has had enough. */
export function breakerTrips(service: Service): boolean {
  const breaker = service.settings.deploymentConfiguration.deploymentCircuitBreaker
  if (!breaker?.enable) return false
  const threshold = failureThreshold(breaker, service.settings.desiredCount)
  return primaryOf(service).failedTasks >= threshold
}
