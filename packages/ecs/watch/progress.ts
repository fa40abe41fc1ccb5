import type { Outcome } from '#core'
import type { Inquiry } from '../report/inquiry.ts'
import type { LiveService, LiveTask, ServiceDeployment, ServiceEvent } from '../state.ts'
import type { Class } from './classes.ts'
import { type Cause, failuresOf, topCauses } from './failures.ts'
import type { ExpectedContainer } from './judge.ts'
import type { Moments } from './moments.ts'
import type { Watched } from './rollout.ts'

/** One service whose deployment is watched until P13 holds or cannot hold any more. */
export interface Watch {
  readonly service: LiveService
  readonly watched: Watched
  /** Digests that a restore point recorded; what the deployment's own revision says where none did. */
  readonly recorded: readonly ExpectedContainer[] | undefined
  /** True for a deployment that began now: its tasks' failures all count. Else only those from now on. */
  readonly fresh: boolean
  /** A recorded stop is open: no task is desired on purpose. */
  readonly stopped: boolean
  /** How many tasks must be desired before anything counts: a read may still show the count before a start. */
  readonly atLeast: number
  /** The outcome when P13 holds. */
  readonly proven: 'done' | 'unchanged'
}

/** How a watch ends, for one service. */
export interface End {
  readonly outcome: Outcome
  /** Left out where it simply went well. */
  readonly class?: Class | undefined
  /** One clause. */
  readonly why: string
  /** What a person can do, where this end knows better than the others. */
  readonly next?: readonly string[]
}

/** How one service ended. */
export interface Ended extends End {
  readonly name: string
  /** Milliseconds that it took. */
  readonly took: number
  /** As it was seen last. */
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  /** The most frequent causes of failed tasks. */
  readonly causes: readonly Cause[]
  /** Tasks that the platform ended: tolerated, and counted. */
  readonly noise: number
  /** Newest first: also those that ECS does not list any more. */
  readonly events: readonly ServiceEvent[]
  readonly expected: readonly ExpectedContainer[]
  /** When it came back; left out where this rollback did not change it. */
  readonly moments?: Moments | undefined
  /** Only where it did not end well. */
  readonly evidence?: Inquiry | undefined
}

/** What is kept of a service between two looks. */
export interface Progress {
  readonly watch: Watch
  readonly watched: Watched
  readonly service: LiveService
  /** As they were seen last; those that ended are kept, because ECS forgets them. */
  readonly tasks: readonly LiveTask[]
  readonly expected: readonly ExpectedContainer[] | undefined
  /** Tasks that had ended before; undefined until the first look at tasks. */
  readonly known: ReadonlySet<string> | undefined
  /** What the last look at tasks was made for. */
  readonly signature: string
  /** How many failed tasks ECS had counted when the ended ones were listed last. */
  readonly counted: number
  readonly looks: number
  readonly events: readonly ServiceEvent[]
  /** As it was read last. */
  readonly deployment?: ServiceDeployment | undefined
  readonly moments: Moments
  /** Looks in a row in which everything was right and a digest was not known. */
  readonly doubts: number
  readonly absent: number
  /** Since when ECS has found no place for a task. */
  readonly shortage?: { readonly since: number; readonly says: string } | undefined
  /** Since when everything is right but old tasks that still end. */
  readonly draining?: { readonly since: number } | undefined
  /** Since when P13 has held, without a break. */
  readonly proven?: { readonly since: number } | undefined
  readonly seen: string
  readonly ended?: Ended
}

/** A watch before its first look. */
export const begin = (watch: Watch): Progress => ({
  watch,
  watched: watch.watched,
  service: watch.service,
  tasks: [],
  expected: watch.recorded,
  known: watch.fresh ? new Set() : undefined,
  signature: '',
  counted: 0,
  looks: 0,
  events: [],
  moments: {},
  doubts: 0,
  absent: 0,
  seen: '',
})

/**
 * From when on tasks are those of what is watched: a rollback of ECS's own uses the id of the old deployment again, and until
 * it is known when that began none is its.
 */
export function sinceOf({ watched, deployment }: Progress): number {
  if (watched.takesBack === undefined) return 0
  return deployment?.rolledBackAt ?? Number.POSITIVE_INFINITY
}

/** The failures of the tasks of the deployment that is watched. */
export function failuresIn(one: Progress) {
  const { deployment = '' } = one.watched
  const began = sinceOf(one)
  const rollout = one.service.rollouts.find(({ id }) => id === deployment)
  return failuresOf(one.tasks, {
    deployment,
    known: one.known,
    since: began,
    began: began > 0 ? began : (rollout?.createdAt ?? 0),
    grace: one.service.grace ?? 0,
  })
}

/** Ends a watch with what is known of its service. */
export function conclude(one: Progress, end: End, took: number): Ended {
  const failures = failuresIn(one)
  return {
    name: one.watch.service.name,
    ...end,
    took,
    service: one.service,
    tasks: one.tasks,
    causes: topCauses(failures),
    noise: failures.filter(({ class: is }) => is === 'noise').length,
    events: eventsOf(one),
    expected: one.expected ?? [],
    moments: one.moments,
  }
}

/** Events since the deployment that is watched began; all where it is not known any more. */
function eventsOf({ events, service, watched }: Progress): readonly ServiceEvent[] {
  const began = service.rollouts.find(({ id }) => id === watched.deployment)?.createdAt ?? 0
  const from = watched.takesBack === undefined ? began : 0
  return events.filter(({ at }) => at >= from)
}

/** Events that were seen before or now, newest first, each once: ECS keeps the last hundred. */
export function mergeEvents(
  before: readonly ServiceEvent[],
  now: readonly ServiceEvent[],
): readonly ServiceEvent[] {
  const ids = new Set(now.map(({ id }) => id))
  return [...now, ...before.filter(({ id }) => !ids.has(id))].slice(0, 500)
}

/**
 * Tasks that are seen now, and those that were seen STOPPED before: they are the evidence, and ECS forgets them. Any other
 * that ECS does not list or describe any more has ended unseen, and runs no longer.
 */
export function mergeTasks(
  before: readonly LiveTask[],
  now: readonly LiveTask[],
): readonly LiveTask[] {
  const ids = new Set(now.map(({ id }) => id))
  return [...before.filter(({ id, status }) => status === 'STOPPED' && !ids.has(id)), ...now]
}
