import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError } from '../service.ts'
import { makeRevision, tasksOf } from './deployments.ts'
import { tellStarted, tellStopped } from './events.ts'
import { failedChecks, healthOf, isStarting } from './health.ts'
import { launch } from './launch.ts'
import { arnOf, checkLoadBalancers, clusterOf, regionOf, usableTaskDefinition } from './lookup.ts'
import {
  now,
  type Revision,
  type RevisionConfig,
  type Service,
  type Task,
  type World,
} from './state.ts'
import { createTask, isWanted, requestOf, stopTask, type TaskListener } from './tasks.ts'

/** A task set: what a service of controller CODE_DEPLOY has in place of deployments. */
export interface TaskSet {
  /** `ecs-svc/<number>`, which its tasks carry as `startedBy`. */
  readonly id: string
  readonly arn: string
  readonly revision: Revision
  /** The id of the CodeDeploy deployment that made it; none for the first one. */
  readonly externalId?: string
  readonly createdAt: Date
  status: 'PRIMARY' | 'ACTIVE' | 'DRAINING'
  updatedAt: Date
}

/** What CodeDeploy says of a new task set. */
export interface TaskSetRequest {
  readonly taskDefinition: string
  readonly loadBalancer: Ecs.LoadBalancer
  readonly platformVersion?: string
  readonly networkConfiguration?: Ecs.NetworkConfiguration
  readonly externalId: string
}

/** What CodeDeploy does to services. */
export interface TaskSets {
  /** Throws ECS's errors when cluster or service is not there. */
  find(place: { account: string; region: string }, cluster: string, service: string): Service
  open(service: Service, request: TaskSetRequest): TaskSet
  makePrimary(service: Service, set: TaskSet): void
  remove(service: Service, set: TaskSet): void
  counts(service: Service, set: TaskSet): TaskSetCounts
  isSteady(service: Service, set: TaskSet): boolean
}

/** Desired, running and pending tasks of a task set. */
export interface TaskSetCounts {
  readonly desired: number
  readonly running: number
  readonly pending: number
}

/** Refuses what UpdateService does not do for a service that CodeDeploy deploys, with AWS's texts. */
export function refuseDeployment(service: Service, input: Ecs.UpdateServiceCommandInput): void {
  if (!service.taskSets) return
  const { taskDefinition, networkConfiguration, platformVersion, loadBalancers } = input
  const told = [
    [taskDefinition, 'Unable to update task definition'],
    [input.forceNewDeployment, 'Cannot force a new deployment'],
    [networkConfiguration, 'Unable to update network parameters'],
    [platformVersion, 'Unable to update platform version'],
    [loadBalancers, 'Unable to update load balancers'],
  ].find(([given]) => given)
  if (told === undefined) return
  throw new AwsError(
    'InvalidParameterException',
    `${told[1]} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.`,
  )
}

/** The first task set of a new service. */
export function openFirst(world: World, service: Service): void {
  service.taskSets = [makeSet(world, service, { config: service.config, status: 'PRIMARY' })]
}

function makeSet(
  world: World,
  service: Service,
  given: { config: RevisionConfig; status: TaskSet['status']; externalId?: string },
): TaskSet {
  const { config, status, externalId } = given
  const revision = makeRevision(world, service, config)
  const { cluster, name } = service
  return {
    id: `ecs-svc/${revision.number}`,
    arn: arnOf(cluster.region, `task-set/${cluster.name}/${name}/ecs-svc/${revision.number}`),
    revision,
    ...(externalId === undefined ? {} : { externalId }),
    createdAt: now(world),
    status,
    updatedAt: now(world),
  }
}

const setsOf = (service: Service) => service.taskSets ?? []
const tasksIn = (service: Service, set: TaskSet) =>
  tasksOf(service).filter((task) => task.startedBy === set.id && task.lastStatus !== 'STOPPED')

function countsOf(service: Service, set: TaskSet): TaskSetCounts {
  const tasks = tasksIn(service, set)
  return {
    desired: set.status === 'DRAINING' ? 0 : service.settings.desiredCount,
    running: tasks.filter((task) => task.lastStatus === 'RUNNING').length,
    pending: tasks.filter(isStarting).length,
  }
}

function isSteady(world: World, service: Service, set: TaskSet): boolean {
  const tasks = tasksIn(service, set)
  const good = tasks.filter((task) => isWanted(task) && healthOf(world, task) === 'good')
  return good.length === service.settings.desiredCount && tasks.length === good.length
}

/** What CodeDeploy may do to the services of a simulated ECS. */
export function taskSets(world: World, wake: (service: Service) => void): TaskSets {
  return {
    find: (place, cluster, name) => {
      const service = clusterOf(regionOf(world, place), cluster).services.get(name)
      if (service?.status !== 'ACTIVE' || !service.taskSets)
        throw new AwsError('ServiceNotFoundException', 'Service not found.')
      return service
    },
    open: (service, request) => {
      const { cluster, config } = service
      const { platformVersion, networkConfiguration, externalId } = request
      const taskDefinition = usableTaskDefinition(cluster.region, request.taskDefinition)
      const loadBalancers = [request.loadBalancer]
      checkLoadBalancers(world, taskDefinition, loadBalancers)
      const set = makeSet(world, service, {
        config: {
          ...config,
          taskDefinition,
          loadBalancers,
          ...(platformVersion === undefined ? {} : { platformVersion }),
          ...(networkConfiguration === undefined ? {} : { networkConfiguration }),
        },
        status: 'ACTIVE',
        externalId,
      })
      service.taskSets = [set, ...setsOf(service)]
      wake(service)
      return set
    },
    makePrimary: (service, set) => {
      for (const one of setsOf(service)) if (one.status === 'PRIMARY') one.status = 'ACTIVE'
      set.status = 'PRIMARY'
      set.updatedAt = now(world)
      service.config = set.revision.config
    },
    remove: (service, set) => {
      set.status = 'DRAINING'
      set.updatedAt = now(world)
      wake(service)
    },
    counts: countsOf,
    isSteady: (service, set) => isSteady(world, service, set),
  }
}

/** One look of the scheduler at a service with task sets: each is kept at its count, unhealthy tasks are replaced. */
export function tend(world: World, service: Service, changed: TaskListener): void {
  for (const set of setsOf(service)) {
    const wanted = tasksIn(service, set).filter(isWanted)
    const failed = wanted.filter((task) => healthOf(world, task) === 'failed')
    stop(world, service, { set, tasks: failed, changed })
    const left = wanted.length - failed.length
    const { desired } = countsOf(service, set)
    const excess = wanted.filter((task) => !failed.includes(task)).slice(desired)
    stop(world, service, { set, tasks: excess, changed })
    const paused = world.clock.now() < service.launchNotBefore
    if (!paused && left < desired) start(world, service, { set, count: desired - left, changed })
  }
  service.taskSets = setsOf(service).filter(
    (set) => set.status !== 'DRAINING' || tasksIn(service, set).length > 0,
  )
  if (service.status === 'DRAINING' && tasksOf(service).every((task) => !isWanted(task))) {
    service.status = 'INACTIVE'
    service.taskSets = []
  }
}

interface Start {
  readonly set: TaskSet
  readonly count: number
  readonly changed: TaskListener
}

function start(world: World, service: Service, { set, count, changed }: Start): void {
  const { revision, id } = set
  const tasks = Array.from({ length: count }, () =>
    createTask(world, requestOf(service, { revision, startedBy: id })),
  )
  tellStarted(world, service, tasks)
  for (const task of tasks) void launch(world, task, changed)
}

interface Stop {
  readonly set: TaskSet
  readonly tasks: readonly Task[]
  readonly changed: TaskListener
}

function stop(world: World, service: Service, { set, tasks, changed }: Stop): void {
  for (const task of tasks) {
    const reason =
      healthOf(world, task) === 'failed'
        ? failedChecks(world, task)
        : `Scaling activity initiated by (task-set ${set.id})`
    task.judged = true
    const cause = { code: 'ServiceSchedulerInitiated' as const, reason }
    void stopTask(world, task, { cause, changed })
  }
  if (tasks.length > 0) tellStopped(world, service, [...tasks])
}

/** What DescribeServices shows of a service with task sets, in place of its deployments; nothing for others. */
export function taskSetsView(world: World, service: Service): Partial<Ecs.Service> {
  if (!service.taskSets) return {}
  return {
    deploymentController: { type: 'CODE_DEPLOY' },
    deployments: [],
    currentServiceRevisions: [],
    taskSets: service.taskSets.map((set) => setView(world, service, set)),
  }
}

function setView(world: World, service: Service, set: TaskSet): Ecs.TaskSet {
  const { config } = set.revision
  const { desired, running, pending } = countsOf(service, set)
  return {
    id: set.id,
    taskSetArn: set.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    ...(set.externalId ? { startedBy: 'CODE_DEPLOY', externalId: set.externalId } : {}),
    status: set.status,
    taskDefinition: config.taskDefinition.arn,
    computedDesiredCount: desired,
    runningCount: running,
    pendingCount: pending,
    createdAt: set.createdAt,
    updatedAt: set.updatedAt,
    ...(config.launchType ? { launchType: config.launchType } : {}),
    platformVersion: config.platformVersion ?? '1.4.0',
    ...(config.networkConfiguration ? { networkConfiguration: config.networkConfiguration } : {}),
    loadBalancers: config.loadBalancers ?? [],
    serviceRegistries: config.serviceRegistries ?? [],
    scale: { value: set.status === 'DRAINING' ? 0 : 100, unit: 'PERCENT' },
    stabilityStatus: isSteady(world, service, set) ? 'STEADY_STATE' : 'STABILIZING',
    stabilityStatusAt: set.updatedAt,
  }
}
