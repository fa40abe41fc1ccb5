import { isWatching, noticeAlarms } from './alarms.ts'
import { hasHealthCheck } from './containerHealth.ts'
import { lookElsewhere } from './controllers.ts'
import {
  ALARM,
  BREAKER,
  breakerTrips,
  completeDeployment,
  expired,
  failDeployment,
  isFinished,
  primaryOf,
  tasksOf,
} from './deployments.ts'
import { addEvent, addTaskSetEvent, tellStarted, tellStopped } from './events.ts'
import { failedChecks, healthOf, unhealthyGroup, viewOf } from './health.ts'
import { launch } from './launch.ts'
import { type Decision, decide, type TaskView } from './rollout.ts'
import { advance, type Doing, flipBack, keptOf, mayScaleUp, stagedOf } from './staged.ts'
import { goesByStages } from './stages.ts'
import { type Deployment, now, type Service, type Task, type World } from './state.ts'
import { createTask, isWanted, requestOf, stopTask } from './tasks.ts'
import { placementTrouble } from './trouble.ts'

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
  if (service.controller !== 'ECS') {
    lookElsewhere(world, service, (task) => taskChanged(world, task))
    return
  }
  startPending(world, service)
  noticeHealthy(world, service)
  judgeDeployment(world, service)
  advance(world, service, doingOf(world, service))
  for (const { deployment, decision } of plansOf(world, service))
    act(world, service, { deployment, decision })
  settle(world, service)
  watchAlarms(world, service)
}

/** Ends a deployment whose circuit breaker or alarms have had enough. */
function judgeDeployment(world: World, service: Service): void {
  if (primaryOf(service).rolloutState !== 'IN_PROGRESS') return
  const { deploymentCircuitBreaker, alarms } = service.settings.deploymentConfiguration
  if (breakerTrips(service)) {
    const rollback = deploymentCircuitBreaker?.rollback === true
    failDeployment(world, service, { failure: BREAKER, rollback })
  } else if (noticeAlarms(world, service).length > 0)
    failDeployment(world, service, { failure: ALARM, rollback: alarms?.rollback === true })
}

function watchAlarms(world: World, service: Service): void {
  if (!isWatching(service)) return
  service.alarmTick ??= world.clock.after(world.timings.alarmInterval, () => {
    delete service.alarmTick
    look(world, service)
  })
}

function doingOf(world: World, service: Service): Doing {
  return {
    wake: () => wake(world, service),
    rollBack: (stage) =>
      failDeployment(world, service, { failure: expired(stage), rollback: true }),
  }
}

interface Plan {
  readonly deployment: Deployment
  readonly decision: Decision
}

/** What is to be done, by the deployment whose tasks are started. */
function plansOf(world: World, service: Service): readonly Plan[] {
  const primary = primaryOf(service)
  const staged = stagedOf(service)
  const situation = situationOf(world, service)
  if (!staged) return [{ deployment: primary, decision: decide(situation) }]
  const kept = keptOf(service)
  const replaced = staged.status !== 'ROLLBACK_IN_PROGRESS' || flipBack(world, service)
  return service.deployments.map((deployment) => {
    const tasks = situation.tasks
      .filter(({ id }) => service.cluster.tasks.get(id)?.startedBy === deployment.id)
      .map((task) => ({ ...task, primary: true }))
    const own = { ...situation, tasks }
    if (deployment === primary) {
      const held = staged.status === 'PENDING' || !mayScaleUp(staged.progress)
      const waits = held && staged.target === primary.revision
      return { deployment, decision: decide({ ...own, launching: own.launching && !waits }) }
    }
    const stays = deployment === kept || !replaced
    const steady = decide({
      ...own,
      launching: own.launching && deployment === kept,
      rollingOut: false,
    })
    return {
      deployment,
      decision: stays ? steady : decide({ ...own, desired: 0, launching: false }),
    }
  })
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
  // After an early success the old tasks still have to go.
  const unfinished = rolloutState === 'COMPLETED' && service.deployments.length > 1
  const paused = world.clock.now() < service.launchNotBefore
  return {
    desired: desiredCount,
    minimumHealthyPercent: deploymentConfiguration.minimumHealthyPercent,
    maximumPercent: deploymentConfiguration.maximumPercent,
    launching: rolloutState !== 'FAILED' && !paused,
    rollingOut: rolloutState === 'IN_PROGRESS' || unfinished,
    tasks: views(world, service),
  }
}

function act(world: World, service: Service, { deployment, decision: decided }: Plan): void {
  const decision = place(world, service, decided)
  if (decision.start > 0) startTasks(world, service, { deployment, count: decision.start })
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

/** Nothing starts where nothing can be placed. Events about that and about protected tasks are not repeated. */
function place(world: World, service: Service, decision: Decision): Decision {
  const full = decision.start > 0 ? placementTrouble(world.troubles, service) : undefined
  if (full) {
    if (isNews(service, full)) addEvent(world, service, full)
    world.clock.after(world.timings.firstLaunchPause, () => wake(world, service))
  }
  if (decision.guarded > 0) {
    const { id } = primaryOf(service)
    const text = `was unable to scale in due to (reason ${decision.guarded} tasks under protection)`
    if (isNews(service, text)) addTaskSetEvent(world, service, [id, text])
  }
  return full ? { ...decision, start: 0 } : decision
}

function isNews(service: Service, text: string): boolean {
  const news = service.warned !== text
  service.warned = text
  return news
}

function startTasks(
  world: World,
  service: Service,
  { deployment, count }: { readonly deployment: Deployment; readonly count: number },
): void {
  const { id, revision } = deployment
  const tasks = Array.from({ length: count }, () =>
    createTask(world, requestOf(service, { revision, startedBy: id })),
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
      ? tellFailed(world, service, task)
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

/** An event for failed checks of containers; what the load balancer sees has had its own. */
function tellFailed(world: World, service: Service, task: Task): string {
  const reason = failedChecks(world, task)
  if (!unhealthyGroup(world, task))
    addEvent(world, service, `(task ${task.id}) failed container health checks.`)
  return reason
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
  } else if (isChecked(task) && !task.wasHealthy) countFailure(service, task)
}

const isChecked = (task: Task) => task.targetGroups.length > 0 || hasHealthCheck(task)

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
  const left = service.deployments.filter(
    (one) => one.status === 'PRIMARY' || tasks.some((task) => task.startedBy === one.id),
  )
  // A stage may wait for it.
  if (left.length < service.deployments.length) wake(world, service)
  service.deployments = left
  if (service.status === 'DRAINING' && tasks.length === 0) {
    service.status = 'INACTIVE'
    service.deployments = []
    return
  }
  const good = tasks.filter((task) => isWanted(task) && healthOf(world, task) === 'good')
  const wanted = tasks.filter(isWanted).length
  const { desiredCount } = service.settings
  const full = good.length === desiredCount && wanted === desiredCount
  const settled = full && service.deployments.length === 1
  const primary = primaryOf(service)
  const early = reachesEarly(service, good.filter((task) => task.startedBy === primary.id).length)
  const [current] = service.history
  if (primary.rolloutState === 'IN_PROGRESS' && (settled || early) && mayComplete(world, service))
    completeDeployment(world, service)
  if (!settled || service.steady || (current && !isFinished(current))) return
  service.steady = true
  addEvent(world, service, 'has reached a steady state.')
}

/** Early success criteria: so many healthy tasks are enough, and old tasks may go on draining if they say so. */
function reachesEarly(service: Service, good: number): boolean {
  const [current] = service.history
  const { earlySuccessCriteria: early } = current?.configuration ?? {}
  if (!early?.enable || current?.status !== 'IN_PROGRESS') return false
  const needed = Math.ceil((service.settings.desiredCount * (early.healthyPercent ?? 100)) / 100)
  const cleaned =
    early.sourceServiceRevisionCleanup === 'DEFERRED' || service.deployments.length === 1
  return good >= needed && cleaned
}

/** A rolling deployment that reached its goal is over when it has baked; one by stages ends with its last stage. */
function mayComplete(world: World, service: Service): boolean {
  const [current] = service.history
  if (!current || current.status === 'ROLLBACK_REQUESTED') return false
  if (current.status !== 'IN_PROGRESS') return true
  if (goesByStages(current.configuration)) return false
  const span = current.alarms?.watched ? current.alarms.spanMs : 0
  const minutes = current.configuration.bakeTimeInMinutes
  const bake = minutes === undefined ? span : minutes * 60_000
  if (current.bakingSince === undefined) {
    current.bakingSince = world.clock.now()
    if (bake > 0) world.clock.after(bake, () => wake(world, service))
  }
  return world.clock.since(current.bakingSince) >= bake
}
