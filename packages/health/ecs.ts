import { type LiveService, type LiveTask, type Observed, primaryOf, type ServiceEvent } from '#ecs'
import { brief, type Late, type Seen } from './sample.ts'
import { repeated } from './stopped.ts'

/** One look at the services of a check, with the tasks of each by the service's name. */
export interface EcsLook {
  readonly observed: Observed
  readonly tasks: ReadonlyMap<string, readonly LiveTask[]>
}

/** What a service was at the first look: later looks are compared with it. */
export interface Remembered {
  readonly deployment: string
  readonly taskDefinition: string
  /** Tasks that had ended before a rollout that was already complete: they say nothing about what runs now. */
  readonly ended: ReadonlySet<string>
}

/** What the judge knows beside the look. */
export interface EcsContext {
  readonly expect: 'released' | 'restored' | 'anything'
  readonly first: ReadonlyMap<string, Remembered>
  /** Desired counts of the restore point, by service. */
  readonly desired: ReadonlyMap<string, number>
  /** When the restore point was taken: what ECS undid after it was this release. Milliseconds since the epoch. */
  readonly since: number | undefined
}

/** What the first look leaves for the later ones. */
export function remember(look: EcsLook): ReadonlyMap<string, Remembered> {
  return new Map(
    look.observed.services.map((service) => {
      const primary = primaryOf(service)
      const complete = primary?.state !== 'IN_PROGRESS'
      const ended = (look.tasks.get(service.name) ?? []).filter(
        ({ status }) => status === 'STOPPED',
      )
      return [
        service.name,
        {
          deployment: primary?.id ?? '',
          taskDefinition: primary?.taskDefinition ?? service.taskDefinition,
          ended: new Set(complete ? ended.map(({ id }) => id) : []),
        },
      ]
    }),
  )
}

const expected = 'rollout complete, all tasks running and alike'

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

/** A service that should run nothing is void, and must not hide what another one says. */
function weight(seen: Seen): number {
  if (seen.hard !== undefined) return 4
  if (seen.class === 'bad') return seen.late === undefined ? 3 : 2
  return seen.class === 'good' ? 1 : 0
}

function bad(service: string, value: string, why: string, late?: Late): Seen {
  const seen = {
    class: 'bad',
    value: `${service}: ${value}`,
    expected,
    why: `${service}: ${why}`,
  } as const
  return late === undefined ? seen : { ...seen, late }
}

const hard = (service: string, value: string, why: string): Seen => ({
  ...bad(service, value, why),
  hard: `${service}: ${why}`,
})

function judgeService(service: LiveService, tasks: readonly LiveTask[], context: EcsContext): Seen {
  return (
    undone(service, context) ??
    crashing(service, tasks, context) ??
    idle(service, context) ??
    rolling(service) ??
    counts(service) ??
    mixed(service, tasks) ?? {
      class: 'good',
      value: `${service.name}: ${service.running} running`,
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
    return hard(
      name,
      primary.taskDefinition,
      `${primary.taskDefinition} took the place of ${before.taskDefinition}: ECS rolled back or somebody deployed`,
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
  const ended = context.first.get(service.name)?.ended
  const failed = repeated(
    tasks.filter(
      (task) =>
        task.status === 'STOPPED' &&
        (primary === undefined || task.startedBy === primary.id) &&
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
