import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import type { TaskSet } from '../ecs/taskSets.ts'
import { shiftsOf } from './shifts.ts'
import { type Deployment, isEnded, now, type Shown, type World } from './state.ts'
import { arnOf, pairOf, share } from './traffic.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** AWS gives the replacement an hour to become steady. */
const INSTALL_LIMIT = 60 * MINUTE
const LOOK = 5 * SECOND

/** Thrown inside a play whose deployment has been ended by somebody else. */
class Ended extends Error {}

/** Called when a deployment ends badly and goes back. */
export type GoBack = (failed: Deployment, why: string) => void

/** Lets a deployment run, from Created to its end. Never rejects. */
export async function play(world: World, one: Deployment, goBack: GoBack): Promise<void> {
  try {
    await pause(world, one, 2 * SECOND)
    enter(world, one, 'Queued')
    await pause(world, one, 2 * SECOND)
    one.startTime = now(world)
    enter(world, one, 'InProgress')
    void watchAlarms(world, one, goBack)
    await (one.creator === 'codeDeployRollback' ? turnBack(world, one) : turn(world, one))
    end(world, one, 'Succeeded')
  } catch (thrown) {
    if (thrown instanceof Ended || world.closed) return
    if (!(thrown instanceof Failure)) throw thrown
    fail(world, one, { status: 'Failed', error: thrown.error, event: 'DEPLOYMENT_FAILURE', goBack })
  }
}

class Failure extends Error {
  readonly error: CodeDeploy.ErrorInformation
  constructor(code: CodeDeploy.ErrorCode, message: string) {
    super(message)
    this.error = { code, message }
  }
}

/** Blue/green: a replacement beside the original, the traffic over to it, the original away. */
async function turn(world: World, one: Deployment): Promise<void> {
  const { service, group } = one
  await event(world, one, 'BeforeInstall')
  await event(world, one, 'Install', () => install(world, one))
  await event(world, one, 'AfterInstall')
  if (one.group.input.loadBalancerInfo?.targetGroupPairInfoList?.[0]?.testTrafficRoute) {
    await event(world, one, 'AllowTestTraffic')
    await event(world, one, 'AfterAllowTestTraffic')
  }
  await approval(world, one)
  await event(world, one, 'BeforeAllowTraffic')
  await event(world, one, 'AllowTraffic', async () => {
    for (const { weight, minutes } of shiftsOf(one.config)) {
      share(world, one, weight)
      if (one.replacement && weight === 100)
        world.ecs.taskSets.makePrimary(service, one.replacement.set)
      await pause(world, one, minutes * MINUTE + SECOND)
    }
  })
  await event(world, one, 'AfterAllowTraffic')
  const { terminateBlueInstancesOnDeploymentSuccess: blue } =
    group.input.blueGreenDeploymentConfiguration ?? {}
  await pause(world, one, (blue?.terminationWaitTimeInMinutes ?? 0) * MINUTE)
  take(world, one, one.original)
}

/** Going back needs no new task: the traffic returns to the original at once, the replacement goes. */
async function turnBack(world: World, one: Deployment): Promise<void> {
  await approval(world, one)
  await event(world, one, 'AllowTraffic', async () => {
    share(world, one, 0)
    if (one.original) world.ecs.taskSets.makePrimary(one.service, one.original.set)
    await pause(world, one, SECOND)
  })
  take(world, one, one.replacement)
}

async function install(world: World, one: Deployment): Promise<void> {
  const { service, group, appSpec } = one
  const sets = world.ecs.taskSets
  for (const set of service.taskSets ?? []) if (set.status === 'ACTIVE') sets.remove(service, set)
  const primary = service.taskSets?.find(({ status }) => status === 'PRIMARY')
  const used = primary?.revision.config.loadBalancers?.[0]?.targetGroupArn
  const names = pairOf(group)
  const [blue = ''] = names.filter((name) => arnOf(group, name) === used)
  const [green = ''] = names.filter((name) => name !== blue)
  const { containerName, containerPort, platformVersion, networkConfiguration } = appSpec
  if (primary) one.original = shown(world, one, { set: primary, label: 'Blue', targetGroup: blue })
  const set = open()
  one.replacement = shown(world, one, { set, label: 'Green', targetGroup: green })
  share(world, one, 0)
  for (let waited = 0; !sets.isSteady(service, set); waited += LOOK) {
    if (waited >= INSTALL_LIMIT)
      throw new Failure(
        'TIMEOUT',
        'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
      )
    await pause(world, one, LOOK)
  }

  function open(): TaskSet {
    try {
      return sets.open(service, {
        taskDefinition: appSpec.taskDefinition,
        loadBalancer: { targetGroupArn: arnOf(group, green), containerName, containerPort },
        externalId: one.id,
        ...(platformVersion ? { platformVersion } : {}),
        ...(networkConfiguration ? { networkConfiguration } : {}),
      })
    } catch (thrown) {
      throw new Failure(
        'ECS_UPDATE_ERROR',
        `The ECS service cannot be updated: ${(thrown as Error).message}`,
      )
    }
  }
}

const shown = (
  world: World,
  { service }: Deployment,
  given: Pick<Shown, 'set' | 'label' | 'targetGroup'>,
): Shown => ({
  ...given,
  weight: 0,
  last: { ...world.ecs.taskSets.counts(service, given.set), status: given.set.status },
})

/** Removes a task set, and keeps what it was for who looks at the deployment later. */
function take(world: World, { service }: Deployment, one: Shown | undefined): void {
  if (!one || one.set.status === 'PRIMARY') return
  world.ecs.taskSets.remove(service, one.set)
  one.last = { desired: 0, running: 0, pending: 0, status: 'DRAINING' }
}

/** A deployment group may want a person's word before the traffic moves; so do its rollbacks. */
async function approval(world: World, one: Deployment): Promise<void> {
  const ready = one.group.input.blueGreenDeploymentConfiguration?.deploymentReadyOption
  if (ready?.actionOnTimeout !== 'STOP_DEPLOYMENT') return
  enter(world, one, 'Ready')
  const limit = (ready.waitTimeInMinutes ?? 60) * MINUTE
  const answered = await new Promise<boolean>((resolve) => {
    const timer = world.clock.after(limit, () => resolve(false))
    one.proceed = () => {
      timer.cancel()
      resolve(true)
    }
  })
  delete one.proceed
  if (isEnded(one)) throw new Ended()
  if (!answered) {
    one.error = { code: 'TIMEOUT', message: 'The deployment was stopped: nobody continued it.' }
    end(world, one, 'Stopped')
    throw new Ended()
  }
  enter(world, one, 'InProgress')
}

async function event(
  world: World,
  one: Deployment,
  name: string,
  work: () => Promise<void> = async () => undefined,
): Promise<void> {
  const hook = one.appSpec.hooks.get(name)
  const at = one.events.push({
    lifecycleEventName: name,
    startTime: now(world),
    status: 'InProgress',
  })
  const close = (status: CodeDeploy.LifecycleEventStatus) => {
    one.events[at - 1] = { ...one.events[at - 1], endTime: now(world), status }
    one.updated = now(world)
  }
  try {
    await work()
    await pause(world, one, SECOND)
    if (hook && world.hooks.get(hook) === 'Failed')
      throw new Failure(
        'HOOK_EXECUTION_FAILURE',
        `One or more of the lifecycle event validation functions failed: ${name}`,
      )
  } catch (thrown) {
    close(thrown instanceof Ended ? 'Skipped' : 'Failed')
    throw thrown
  }
  close(/Before|After/.test(name) && hook === undefined ? 'Skipped' : 'Succeeded')
}

/** Alarms are polled; a deployment that is told to ignore them is not stopped. */
async function watchAlarms(world: World, one: Deployment, goBack: GoBack): Promise<void> {
  const watched = one.override ?? one.alarms
  const names = (watched?.alarms ?? []).flatMap(({ name }) => name ?? [])
  if (!watched?.enabled || names.length === 0) return
  while (!isEnded(one) && !world.closed) {
    const alarming = world
      .alarms(names, one.group.place)
      .flatMap(({ name, state }) => (state === 'ALARM' ? [name] : []))
    if (alarming.length > 0 && !isEnded(one)) {
      const message = `One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <${alarming.join(',')}>`
      const error = { code: 'ALARM_ACTIVE', message } as const
      fail(world, one, { status: 'Stopped', error, event: 'DEPLOYMENT_STOP_ON_ALARM', goBack })
      return
    }
    await new Promise<void>((resolve) => void world.clock.after(10 * SECOND, resolve))
  }
}

interface Bad {
  readonly status: 'Failed' | 'Stopped'
  readonly error: CodeDeploy.ErrorInformation
  readonly event: CodeDeploy.AutoRollbackEvent
  readonly goBack: GoBack
}

/** Ends a deployment badly, and goes back where it is configured to. A rollback is not rolled back. */
export function fail(world: World, one: Deployment, bad: Bad): void {
  one.error = bad.error
  end(world, one, bad.status)
  const { enabled, events } = one.autoRollback
  if (one.creator === 'user' && enabled && events?.includes(bad.event))
    bad.goBack(one, bad.error.message ?? '')
}

function enter(world: World, one: Deployment, status: CodeDeploy.DeploymentStatus): void {
  one.status = status
  one.updated = now(world)
}

/** Ends a deployment. */
export function end(
  world: World,
  one: Deployment,
  status: 'Succeeded' | 'Failed' | 'Stopped',
): void {
  enter(world, one, status)
  one.completeTime = now(world)
  one.proceed?.()
}

async function pause(world: World, one: Deployment, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => void world.clock.after(milliseconds, resolve))
  if (isEnded(one) || world.closed) throw new Ended()
}
