import { isCodeDeployed, type LiveService, type LiveTask, primaryOf, type ServiceEvent } from '#ecs'
import { deploying, takenBack } from './codedeploy.ts'
import type { EcsContext, EcsLook } from './remember.ts'
import { brief, type Seen } from './sample.ts'
import { bad, expected, hard, readable } from './service-seen.ts'
import { judgedTasks, startersOf } from './sets.ts'
import { repeated } from './stopped.ts'

/** Judges one look at all services of a check: the worst service speaks for all. */
export function judgeEcs(look: EcsLook, context: EcsContext): Seen {
  const seen = [
    ...look.observed.absent
      .filter(({ name }) => mustBeThere(name, context))
      .map(({ name, why }) => bad(name, 'gone', why)),
    ...look.observed.services.map((service) =>
      judgeService(service, look.tasks.get(service.name) ?? [], context),
    ),
  ]
  const worst = [...seen].sort((a, b) => weight(b) - weight(a))[0]
  if (worst === undefined || worst.class !== 'good') return worst ?? nothing
  const judged = seen.filter((one) => one.class === 'good').length
  const idle = seen.length - judged
  return {
    class: 'good',
    value: `${judged} steady${idle > 0 ? `, ${idle} at zero` : ''}`,
    expected,
    why: 'every service is complete',
  }
}

/**
 * A release must have made every service. Before it, one that it is about to make may be missing; after a rollback, one
 * that the restore point does not know.
 */
function mustBeThere(name: string, { expect, desired }: EcsContext): boolean {
  switch (expect) {
    case 'released':
      return true
    case 'restored':
      return desired.size === 0 || desired.has(name)
    case 'anything':
      return false
  }
}

const nothing: Seen = { class: 'void', value: 'no service', expected, why: 'no service was seen' }

/** A service that should run nothing must not hide what another one says; one that cannot be told must be heard. */
function weight(seen: Seen): number {
  if (seen.hard !== undefined) return 5
  if (seen.class === 'bad') return seen.late === undefined ? 4 : 3
  if (seen.class === 'good') return 1
  return seen.expected === readable ? 2 : 0
}

function judgeService(service: LiveService, tasks: readonly LiveTask[], context: EcsContext): Seen {
  return (
    undone(service, context) ??
    (isCodeDeployed(service) ? takenBack(service, tasks, context) : undefined) ??
    crashing(service, tasks, context) ??
    idle(service, context) ??
    (isCodeDeployed(service)
      ? deploying(service, tasks, context)
      : (rolling(service) ?? counts(service))) ??
    mixed(service, judgedTasks(service, tasks)) ?? {
      class: 'good',
      value: `${service.name}: ${primaryOf(service)?.running ?? service.running} running`,
      expected,
      why: `${service.name} is complete`,
    }
  )
}

/** ECS gave up on the deployment, went back by itself, or another deployment took its place. */
function undone(service: LiveService, context: EcsContext): Seen | undefined {
  const { name } = service
  const primary = primaryOf(service)
  if (primary?.state === 'FAILED') {
    return hard(name, 'rollout failed', `rollout FAILED: ${brief(primary.why, 120)}`)
  }
  const before = context.first.get(name)
  if (
    primary &&
    before &&
    before.deployment !== '' &&
    primary.taskDefinition !== before.taskDefinition
  ) {
    const by = isCodeDeployed(service) ? 'CodeDeploy went back' : 'ECS rolled back'
    return hard(
      name,
      primary.taskDefinition,
      `${primary.taskDefinition} took the place of ${before.taskDefinition}: ${by} or somebody deployed`,
    )
  }
  if (context.expect !== 'released') return undefined
  const failed = service.rollouts.find(({ state }) => state === 'FAILED')
  if (failed) {
    return hard(
      name,
      'rolling back',
      `ECS gave up ${failed.taskDefinition}: ${brief(failed.why, 120)}`,
    )
  }
  const event = goneBack(service, context.since)
  return event && hard(name, 'rolled back by ECS', brief(event.message, 160))
}

/** The event of a rollback by ECS that is newer than the restore point and than what runs now. */
function goneBack(service: LiveService, since: number | undefined): ServiceEvent | undefined {
  if (since === undefined) return undefined
  const from = Math.max(since, primaryOf(service)?.createdAt ?? 0)
  return service.events.find(({ at, message }) => at >= from && /rolling back to/i.test(message))
}

/** Two tasks of the current deployment that ended for the same deterministic cause. */
function crashing(
  service: LiveService,
  tasks: readonly LiveTask[],
  context: EcsContext,
): Seen | undefined {
  const primary = primaryOf(service)
  // What a rollback left without traffic may fail as it likes.
  const starters =
    context.expect === 'released' ? startersOf(service, context.since) : new Set([primary?.id])
  const ended = context.first.get(service.name)?.ended
  const failed = repeated(
    tasks.filter(
      (task) =>
        task.status === 'STOPPED' &&
        (primary === undefined || starters.has(task.startedBy)) &&
        !ended?.has(task.id),
    ),
  )
  return (
    failed &&
    hard(
      service.name,
      `${failed.count} tasks failed`,
      `${failed.count} tasks failed: ${failed.says}`,
    )
  )
}

function idle(service: LiveService, context: EcsContext): Seen | undefined {
  if (service.desired > 0) return undefined
  const { name } = service
  const had = context.desired.get(name) ?? 0
  if (had > 0)
    return bad(name, 'scaled to zero', `it should run and is scaled to zero (it had ${had})`)
  return {
    class: 'void',
    value: `${name}: scaled to zero`,
    expected,
    why: `${name} is scaled to zero: there is nothing to see`,
  }
}

function rolling(service: LiveService): Seen | undefined {
  const { name } = service
  const primary = primaryOf(service)
  if (primary?.state === 'IN_PROGRESS') {
    const why = `rollout of ${primary.taskDefinition} in progress, ${primary.running} of ${primary.desired} running`
    return bad(name, 'rolling out', why, 'in-progress')
  }
  const old = service.rollouts.find((rollout) => !rollout.primary && rollout.running > 0)
  return (
    old &&
    bad(name, 'old tasks', `${old.running} tasks of ${old.taskDefinition} still run`, 'in-progress')
  )
}

/** Some tasks missing may be scaling or a replacement; none at all is an outage. */
function counts(service: LiveService): Seen | undefined {
  const { name, running, desired, pending } = service
  if (running === desired && pending === 0) return undefined
  const value = `${running} of ${desired} running`
  const why = `${value}, ${pending} pending`
  return running === 0 ? bad(name, value, why) : bad(name, value, why, 'in-progress')
}

/** Every running task must be of one task definition and of one set of image digests. */
function mixed(service: LiveService, tasks: readonly LiveTask[]): Seen | undefined {
  const { name } = service
  const running = tasks.filter((task) => task.status === 'RUNNING')
  if (running.length === 0)
    return bad(name, 'no task seen', 'no running task is listed yet', 'in-progress')
  if (running.every(({ health }) => health === 'UNHEALTHY')) {
    return bad(
      name,
      'all unhealthy',
      `all ${running.length} tasks fail their container health checks`,
    )
  }
  const sick = running.filter(({ health }) => health === 'UNHEALTHY').length
  if (sick > 0)
    return bad(
      name,
      `${sick} unhealthy`,
      `${sick} of ${running.length} tasks are unhealthy`,
      'in-progress',
    )
  const wanted = primaryOf(service)?.taskDefinition ?? service.taskDefinition
  const other = running.find(({ taskDefinition }) => taskDefinition !== wanted)
  if (other)
    return bad(name, 'mixed tasks', `a task of ${other.taskDefinition} still runs`, 'in-progress')
  const prints = new Set(running.map(fingerprint))
  return prints.size > 1
    ? bad(
        name,
        'mixed images',
        `the tasks of ${wanted} run ${prints.size} different sets of images`,
        'in-progress',
      )
    : undefined
}

const fingerprint = (task: LiveTask): string =>
  task.containers
    .map(({ name, digest, image }) => `${name}@${digest ?? image}`)
    .sort()
    .join(' ')
