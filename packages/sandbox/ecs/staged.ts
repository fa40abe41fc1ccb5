import { completeDeployment, isFinished, primaryOf, tasksOf } from './deployments.ts'
import { healthOf } from './health.ts'
import type { Step } from './stages.ts'
import {
  type Deployment,
  type HookRun,
  now,
  type Progress,
  type Service,
  type ServiceDeployment,
  type World,
} from './state.ts'
import { isWanted } from './tasks.ts'
import { shift } from './traffic.ts'

const MINUTE = 60_000
const DEFAULT_PAUSE = 1440

/** What the stages need of the scheduler, which needs them. */
export interface Doing {
  wake(): void
  /** Takes the deployment back, as a hook or its expiry demands. */
  rollBack(stage: string): void
}

/** The deployment by stages that is under way or ended last; undefined for a rolling one. */
export function stagedOf(
  service: Service,
): (ServiceDeployment & { readonly progress: Progress }) | undefined {
  const [current] = service.history
  return current?.progress
    ? (current as ServiceDeployment & { readonly progress: Progress })
    : undefined
}

/** The step at which a deployment by stages is. */
export function stepOf({ steps, step }: Progress): Step | undefined {
  return steps[Math.min(step, steps.length - 1)]
}

/** True once the new revision may have tasks. */
export function mayScaleUp({ steps, step }: Progress): boolean {
  return step >= steps.findIndex((one) => one.stage === 'SCALE_UP')
}

/** The older deployment whose tasks stay until CLEAN_UP: the one in production. */
export function keptOf(service: Service): Deployment | undefined {
  const staged = stagedOf(service)
  if (!staged || stepOf(staged.progress)?.stage === 'CLEAN_UP') return undefined
  const { source } = staged.progress
  return service.deployments.find((one) => one.status === 'ACTIVE' && one.revision === source)
}

/** Takes as many steps as are over, and completes the deployment after the last one. */
export function advance(world: World, service: Service, doing: Doing): void {
  const staged = stagedOf(service)
  if (staged?.status !== 'IN_PROGRESS') return
  if (staged.progress.since === 0) enter(world, service, { staged, index: 0, doing })
  else if (isOver(world, service, staged.progress)) {
    const index = staged.progress.step + 1
    if (index < staged.progress.steps.length) enter(world, service, { staged, index, doing })
    else completeDeployment(world, service)
  }
}

function enter(
  world: World,
  service: Service,
  {
    staged,
    index,
    doing,
  }: {
    readonly staged: ServiceDeployment & { readonly progress: Progress }
    readonly index: number
    readonly doing: Doing
  },
): void {
  const { progress } = staged
  progress.step = index
  progress.since = world.clock.now()
  staged.updatedAt = now(world)
  const step = progress.steps[index]
  if (!step) return
  const { target } = staged
  const rest = progress.source
  if (step.production !== undefined || step.test !== undefined)
    shift(world, service, { target, rest, production: step.production, test: step.test })
  for (const hook of hooksAt(staged, step)) {
    const run = pause(world, { hook, index })
    progress.hooks.push(run)
    const minutes = hook.timeoutConfiguration?.timeoutInMinutes ?? DEFAULT_PAUSE
    world.clock.after(minutes * MINUTE, () => expire({ staged, run, doing }))
  }
  world.clock.after(lasts(world, step), doing.wake)
}

type Hook = NonNullable<ServiceDeployment['configuration']['lifecycleHooks']>[number]

/** The pauses of a stage; the first deployment of a service has none, because there is nothing to go back to. */
function hooksAt(staged: ServiceDeployment, step: Step): readonly Hook[] {
  if (!staged.progress?.source) return []
  const stages = (hook: Hook): readonly string[] => hook.lifecycleStages ?? []
  return (staged.configuration.lifecycleHooks ?? []).filter((one) =>
    stages(one).includes(step.stage),
  )
}

function pause(world: World, { hook, index }: { readonly hook: Hook; readonly index: number }) {
  const { timeoutInMinutes = DEFAULT_PAUSE, action = 'ROLLBACK' } = hook.timeoutConfiguration ?? {}
  const run: HookRun = {
    id: `ecs-pause-${world.ids.slug(43)}`,
    step: index,
    expiresAt: new Date(world.clock.ahead(timeoutInMinutes * MINUTE)),
    timeoutAction: action,
    status: 'AWAITING_ACTION',
  }
  return run
}

function expire({
  staged,
  run,
  doing,
}: {
  readonly staged: ServiceDeployment
  readonly run: HookRun
  readonly doing: Doing
}): void {
  if (run.status !== 'AWAITING_ACTION' || staged.status !== 'IN_PROGRESS') return
  run.status = 'TIMED_OUT'
  if (run.timeoutAction === 'ROLLBACK')
    doing.rollBack(staged.progress?.steps[run.step]?.stage ?? '')
  doing.wake()
}

/** Simulated milliseconds that a step lasts at least. */
function lasts(world: World, step: Step): number {
  return Math.max(world.timings.lifecycleStage, step.minutes * MINUTE)
}

function isOver(world: World, service: Service, progress: Progress): boolean {
  const step = stepOf(progress)
  if (!step || world.clock.since(progress.since) < lasts(world, step)) return false
  if (progress.hooks.some((hook) => hook.status === 'AWAITING_ACTION')) return false
  const { desiredCount } = service.settings
  switch (step.stage) {
    case 'RECONCILE_SERVICE':
      return othersGone(service)
    case 'SCALE_UP':
      return goodTasks(world, service, primaryOf(service)) >= desiredCount
    case 'CLEAN_UP':
      return service.deployments.length === 1
    default:
      return true
  }
}

function othersGone(service: Service): boolean {
  const staying = [primaryOf(service), keptOf(service)]
  return service.deployments.every((one) => staying.includes(one))
}

/** How many healthy tasks a deployment has. */
export function goodTasks(world: World, service: Service, deployment: Deployment): number {
  return tasksOf(service).filter(
    (task) =>
      task.startedBy === deployment.id && isWanted(task) && healthOf(world, task) === 'good',
  ).length
}

/** In a rollback: gives the traffic back as soon as the old revision can carry it. True when it has it. */
export function flipBack(world: World, service: Service): boolean {
  const staged = stagedOf(service)
  const primary = primaryOf(service)
  if (!staged || isFinished(staged)) return true
  if (goodTasks(world, service, primary) < service.settings.desiredCount) return false
  if (service.traffic?.production.get(primary.revision) !== 100)
    shift(world, service, {
      target: primary.revision,
      rest: staged.target,
      production: 100,
      test: 100,
    })
  return true
}
