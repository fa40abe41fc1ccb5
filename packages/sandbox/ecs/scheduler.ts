import {
  BREAKER,
  breakerTrips,
  completeDeployment,
  failDeployment,
  isFinished,
  primaryOf,
  tasksOf,
} from './deployments.ts'
import { addEvent, tellStarted, tellStopped } from './events.ts'
import { healthOf, unhealthyGroup, viewOf } from './health.ts'
import { launch } from './launch.ts'
import { type Decision, decide, type TaskView } from './rollout.ts'
import { now, type Service, type Task, type World } from './state.ts'
import { tend } from './taskSets.ts'
import { createTask, isWanted, stopTask } from './tasks.ts'

const FREE_LAUNCH_FAILURES = 3

/** Makes the scheduler look at a service soon; calls in between are one look. */
export function wake(world: World, service: Service): void {
  if (world.closed || service.status === 'INACTIVE') return
  service.tick ??= world.clock.after(world.timings.schedulerTick, () => {
    delete service.tick
    look(world, service)
  })
}

/** One look of the scheduler: notice, decide, act, judge. */
function look(world: World, service: Service): void {
  if (world.closed || service.status === 'INACTIVE') return
  if (service.taskSets) {
    tend(world, service, (task) => taskChanged(world, task))
    return
  }
  startPending(world, service)
  noticeHealthy(world, service)
  if (primaryOf(service).rolloutState === 'IN_PROGRESS' && breakerTrips(service)) {
    const { deploymentCircuitBreaker } = service.settings.deploymentConfiguration
    failDeployment(world, service, {
      failure: BREAKER,
      rollback: deploymentCircuitBreaker?.rollback === true,
    })
  }
  act(world, service, decide(situationOf(world, service)))
  settle(world, service)
}

function startPending(world: World, service: Service): void {
  const [current] = service.history
  if (current?.status !== 'PENDING') return
  current.status = 'IN_PROGRESS'
  current.startedAt = now(world)
  current.updatedAt = now(world)
}

function noticeHealthy(world: World, service: Service): void {
  const breaker = service.settings.deploymentConfiguration.deploymentCircuitBreaker
  for (const task of tasksOf(service)) {
    if (task.wasHealthy || !isWanted(task) || healthOf(world, task) !== 'good') continue
    task.wasHealthy = true
    const deployment = service.deployments.find((one) => one.id === task.startedBy)
    if (deployment?.rolloutState !== 'IN_PROGRESS' || breaker?.resetOnHealthyTask === false)
      continue
    deployment.failedTasks = 0
    countBreaker(service)
  }
}

function views(world: World, service: Service): readonly TaskView[] {
  return tasksOf(service)
    .map((task, order) => ({ task, order }))
    .filter(({ task }) => task.lastStatus !== 'STOPPED')
    .map(({ task, order }) => viewOf(world, task, order))
}

function situationOf(world: World, service: Service) {
  const { desiredCount, deploymentConfiguration } = service.settings
  const { rolloutState } = primaryOf(service)
  const paused = world.clock.now() < service.launchNotBefore
  return {
    desired: desiredCount,
    minimumHealthyPercent: deploymentConfiguration.minimumHealthyPercent,
    maximumPercent: deploymentConfiguration.maximumPercent,
    launching: rolloutState !== 'FAILED' && !paused,
    rollingOut: rolloutState === 'IN_PROGRESS',
    tasks: views(world, service),
  }
}

function act(world: World, service: Service, decision: Decision): void {
  if (decision.start > 0) startTasks(world, service, decision.start)
  if (decision.stop.length > 0) stopTasks(world, service, decision.stop)
  if (decision.start > 0 || decision.stop.length > 0) {
    service.steady = false
    service.warnedOfPercent = false
  }
  if (decision.stuck && !service.warnedOfPercent) {
    service.warnedOfPercent = true
    addEvent(
      world,
      service,
      'is unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.',
    )
  }
}

function startTasks(world: World, service: Service, count: number): void {
  const { id, revision } = primaryOf(service)
  const { propagateTags } = service.settings
  const tags = propagateTags === 'SERVICE' ? service.tags : revision.config.taskDefinition.tags
  const tasks = Array.from({ length: count }, () =>
    createTask(world, {
      cluster: service.cluster,
      taskDefinition: revision.config.taskDefinition,
      launchType: revision.config.launchType ?? 'FARGATE',
      group: `service:${service.name}`,
      service,
      revision,
      startedBy: id,
      tags: new Map(propagateTags && propagateTags !== 'NONE' ? tags : []),
    }),
  )
  tellStarted(world, service, tasks)
  for (const task of tasks) void launch(world, task, (one) => taskChanged(world, one))
}

function stopTasks(world: World, service: Service, stops: Decision['stop']): void {
  const { id } = primaryOf(service)
  const tasks = tasksOf(service)
  const chosen = stops.flatMap((stop) => {
    const task = tasks.find((one) => one.id === stop.id)
    return task ? [{ task, failed: stop.cause === 'health' }] : []
  })
  for (const { task, failed } of chosen) {
    const reason = failed
      ? `Task failed ELB health checks in (target-group ${unhealthyGroup(world, task)})`
      : `Scaling activity initiated by (deployment ${id})`
    if (failed) countFailure(service, task)
    task.judged = true
    const cause = { code: 'ServiceSchedulerInitiated' as const, reason }
    void stopTask(world, task, { cause, changed: (one) => taskChanged(world, one) })
  }
  tellStopped(
    world,
    service,
    chosen.map(({ task }) => task),
  )
}

/** Called at each step of a service's task. */
export function taskChanged(world: World, task: Task): void {
  const { service } = task
  if (!service || world.closed) return
  if (task.lastStatus === 'RUNNING') taskRuns(world, service, task)
  if (task.stopCode && !task.judged) judgeEnd(world, service, task)
  wake(world, service)
}

function taskRuns(world: World, service: Service, task: Task): void {
  service.launchFailures = 0
  for (const arn of task.targetGroups)
    addEvent(world, service, `registered 1 targets in (target-group ${arn})`)
  // The two moments at which the same task counts differently although nothing happens to it.
  const grace = (service.settings.healthCheckGracePeriodSeconds ?? 0) * 1000
  for (const milliseconds of [grace, world.timings.healthyWithoutCheck])
    world.clock.after(milliseconds, () => wake(world, service))
}

/**
 * What the end of a task means: one that never ran counts as failed and slows the scheduler down; one that ran counts
 * only if a load balancer never found it healthy. A crash after that is only replaced [AWS: failedTasks].
 */
function judgeEnd(world: World, service: Service, task: Task): void {
  task.judged = true
  service.steady = false
  if (task.stopCode === 'UserInitiated') return
  if (!task.startedAt) {
    countFailure(service, task)
    slowDown(world, service)
  } else if (task.targetGroups.length > 0 && !task.wasHealthy) countFailure(service, task)
}

function countFailure(service: Service, task: Task): void {
  const deployment = service.deployments.find((one) => one.id === task.startedBy)
  if (deployment?.rolloutState !== 'IN_PROGRESS') return
  deployment.failedTasks += 1
  countBreaker(service)
}

/** The service deployment shows the count of its own deployment, not of the rollback that follows. */
function countBreaker(service: Service): void {
  const [current] = service.history
  const primary = primaryOf(service)
  if (current?.target === primary.revision) current.failureCount = primary.failedTasks
}

function slowDown(world: World, service: Service): void {
  const { firstLaunchPause, longestLaunchPause } = world.timings
  if (world.clock.now() < service.launchNotBefore) return
  service.launchFailures += 1
  const level = service.launchFailures - FREE_LAUNCH_FAILURES
  if (level < 0) return
  const pause = Math.min(longestLaunchPause, firstLaunchPause * 2 ** level)
  service.launchNotBefore = world.clock.ahead(pause)
  world.clock.after(pause, () => wake(world, service))
  addEvent(
    world,
    service,
    'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
  )
}

/** Drops drained deployments, completes the primary one, tells of the steady state, ends a deleted service. */
function settle(world: World, service: Service): void {
  const tasks = tasksOf(service).filter((task) => task.lastStatus !== 'STOPPED')
  service.deployments = service.deployments.filter(
    (one) => one.status === 'PRIMARY' || tasks.some((task) => task.startedBy === one.id),
  )
  if (service.status === 'DRAINING' && tasks.length === 0) {
    service.status = 'INACTIVE'
    service.deployments = []
    return
  }
  const good = tasks.filter((task) => isWanted(task) && healthOf(world, task) === 'good').length
  const wanted = tasks.filter(isWanted).length
  const { desiredCount } = service.settings
  if (service.deployments.length > 1 || good !== desiredCount || wanted !== desiredCount) return
  const [current] = service.history
  if (current?.status === 'ROLLBACK_REQUESTED') return
  if (primaryOf(service).rolloutState === 'IN_PROGRESS') completeDeployment(world, service)
  if (service.steady || (current && !isFinished(current))) return
  service.steady = true
  addEvent(world, service, 'has reached a steady state.')
}
