import { constants } from 'node:os'
import type * as Ecs from '@aws-sdk/client-ecs'
import { type Image, parseReference } from '../processes/images.ts'
import { exitCode } from '../processes/runtime.ts'
import { watchHealth } from './containerHealth.ts'
import { type Container, delay, now, type Task, type World } from './state.ts'
import { enter, isWanted, type StopCause, stopTask, type TaskListener, targetId } from './tasks.ts'
import {
  START_TROUBLES,
  type StartTrouble,
  scriptedProbe,
  startReason,
  strikes,
} from './trouble.ts'

/** Brings a task from PROVISIONING to RUNNING, or ends it with AWS's reason. */
export async function launch(world: World, task: Task, changed: TaskListener): Promise<void> {
  await delay(world, world.timings.provisioning)
  if (!isWanted(task)) return
  enter(task, 'PENDING')
  task.pullStartedAt = now(world)
  changed(task)
  await delay(world, world.timings.pulling)
  if (!isWanted(task) || world.closed) return
  const problem = await startContainers(world, task, changed)
  if (problem) {
    const cause: StopCause = { code: 'TaskFailedToStart', reason: problem, gone: true }
    return stopTask(world, task, { cause, changed })
  }
  if (!isWanted(task)) return
  enter(task, 'ACTIVATING')
  changed(task)
  await Promise.all(task.containers.map((container) => container.running?.settled))
  if (!isWanted(task)) return
  registerTargets(world, task)
  await delay(world, world.timings.activating)
  if (!isWanted(task)) return
  enter(task, 'RUNNING')
  task.startedAt = now(world)
  changed(task)
}

/** Pulls, fetches secrets, starts; answers the reason when that fails. */
async function startContainers(
  world: World,
  task: Task,
  changed: TaskListener,
): Promise<string | undefined> {
  const trouble = strikes(world.troubles, task, { kinds: START_TROUBLES })
  if (trouble) return scriptedFailure(task, trouble.is)
  const images = new Map<Container, Image>()
  for (const container of task.containers) {
    const image = pull(world, task, container)
    if (!image) return cannotPull(container)
    images.set(container, image)
    container.imageDigest = image.digest
  }
  task.pullStoppedAt = now(world)
  for (const [container, image] of images) {
    const problem = await startContainer({ world, task, container, image, changed })
    if (problem) return problem
  }
  return undefined
}

/** A revision's digest wins over where the tag points now; the first successful pull fixes it [AWS: version consistency]. */
function pull(world: World, task: Task, container: Container): Image | undefined {
  const reference = container.definition.image ?? ''
  const fixed = task.revision?.images.find((one) => one.containerName === container.definition.name)
  const { repository } = parseReference(reference)
  const image = world.images.pull(fixed?.digest ? `${repository}@${fixed.digest}` : reference)
  if (fixed && image && container.definition.versionConsistency !== 'disabled')
    fixed.digest = image.digest
  return image
}

/** A pull that fails is also the reason of the container; what fails before is only the task's. */
function scriptedFailure(task: Task, kind: StartTrouble): string {
  const reason = startReason(kind, task)
  const [container] = task.containers
  if (container && reason.startsWith('CannotPull')) container.reason = reason
  return reason
}

function cannotPull(container: Container): string {
  const reference = container.definition.image ?? ''
  const reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${reference}: ${reference}: not found`
  container.reason = reason
  return reason
}

interface Start {
  readonly world: World
  readonly task: Task
  readonly container: Container
  readonly image: Image
  readonly changed: TaskListener
}

async function startContainer(start: Start): Promise<string | undefined> {
  const { world, task, container, image } = start
  const secrets = await fetchSecrets(world, task, container)
  if (typeof secrets === 'string') return secrets
  if (!isWanted(task) || world.closed) return undefined
  const ports = container.definition.portMappings ?? []
  if (ports.length > 0) container.port = await world.runtime.port()
  try {
    container.running = await world.runtime.start({
      reference: container.definition.image ?? '',
      image,
      command: commandOf(task, container, image),
      environment: { ...environmentOf(task, container), ...secrets },
      logFile: container.logFile,
      ...(container.port === undefined ? {} : { port: container.port }),
    })
  } catch (error) {
    container.reason = `CannotStartContainerError: ${(error as Error).message}`
    return container.reason
  }
  container.lastStatus = 'RUNNING'
  void watchExit(start)
  endAsScripted(start)
  watchHealth(world, { task, container, changed: start.changed })
  if (!isWanted(task)) await container.running.stop(0)
  return undefined
}

const SOON = 500
const OUT_OF_MEMORY = {
  code: 137,
  reason: 'OutOfMemoryError: Container killed due to memory usage',
}

/** Ends the container when a scripted trouble says so. */
function endAsScripted({ world, task, container }: Start): void {
  const trouble = strikes(world.troubles, task, { kinds: ['exit', 'out-of-memory'], container })
  if (!trouble) return
  world.clock.after(trouble.afterMs ?? SOON, () => {
    if (container.lastStatus !== 'RUNNING' || !isWanted(task)) return
    container.end = trouble.is === 'out-of-memory' ? OUT_OF_MEMORY : trouble
    // Not waited for: a virtual clock waits for what its timers answer.
    void container.running?.stop(0)
  })
}

async function watchExit({ world, task, container, changed }: Start): Promise<void> {
  const exit = await container.running?.exited
  if (!exit) return
  container.exitCode = container.end?.code ?? exitCode(exit, constants.signals)
  if (container.end?.reason) container.reason = container.end.reason
  container.lastStatus = 'STOPPED'
  task.version += 1
  if (container.definition.essential === false || world.closed) return
  const cause: StopCause = {
    code: 'EssentialContainerExited',
    reason: 'Essential container in task exited',
    gone: true,
  }
  await stopTask(world, task, { cause, changed })
}

/** The secrets of a container as environment variables, or the reason why they cannot be had. */
async function fetchSecrets(
  world: World,
  task: Task,
  container: Container,
): Promise<Record<string, string> | string> {
  const { account, region } = task.cluster.region
  const values: Record<string, string> = {}
  for (const { name = '', valueFrom = '' } of container.definition.secrets ?? []) {
    try {
      values[name] = await world.resolveSecret(valueFrom, account, region)
    } catch (error) {
      return initializationError(valueFrom, error as Error & { code?: string })
    }
  }
  return values
}

function initializationError(valueFrom: string, error: Error & { code?: string }): string {
  const why = `${error.code ?? error.name}: ${error.message}`
  const fetching = valueFrom.includes(':secretsmanager:')
    ? `unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${valueFrom} from secrets manager: ${why}`
    : `unable to retrieve secrets from ssm: service call has been retried 1 time(s): failed to fetch ${valueFrom}: ${why}`
  return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ${fetching}`
}

/** Docker's rule: a new entry point also drops the image's command; an override replaces the command. */
function commandOf(task: Task, container: Container, image: Image): readonly string[] {
  const { entryPoint, command } = container.definition
  const own = overrideOf(task, container)?.command
  const parameters = [own, command].find((list) => list && list.length > 0)
  if (entryPoint?.length) return [...entryPoint, ...(parameters ?? [])]
  return [...(image.entrypoint ?? []), ...(parameters ?? image.command)]
}

function environmentOf(task: Task, container: Container): Record<string, string> {
  const { region } = task.cluster.region
  const own = overrideOf(task, container)?.environment ?? []
  const named = [...(container.definition.environment ?? []), ...own]
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_ECS_${task.launchType}`,
    ...Object.fromEntries(named.map(({ name = '', value = '' }) => [name, value])),
    ...(container.port === undefined ? {} : { PORT: String(container.port) }),
  }
}

function overrideOf(task: Task, container: Container): Ecs.ContainerOverride | undefined {
  return task.overrides.containerOverrides?.find((one) => one.name === container.definition.name)
}

function registerTargets(world: World, task: Task): void {
  for (const one of task.revision?.config.loadBalancers ?? []) {
    const container = task.containers.find((each) => each.definition.name === one.containerName)
    const configured = one.targetGroupArn ?? ''
    const arn = task.revision?.targetGroups.get(configured) ?? configured
    const group = world.balancers.group(arn)
    if (!container || container.port === undefined || !group) continue
    const probe = container.running?.probe
    task.targetGroups.push(group.arn)
    const id = targetId(task, container)
    group.register({
      id,
      port: container.port,
      ...(one.containerPort === undefined ? {} : { containerPort: one.containerPort }),
      ...(probe ? { probe } : {}),
      scripted: () => scriptedProbe(world.troubles, task),
    })
  }
}
