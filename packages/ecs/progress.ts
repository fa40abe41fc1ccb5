import type { Outcome } from '#core'
import { failuresOf, topCauses } from './failures.ts'
import type { ExpectedContainer } from './judge.ts'
import type { Moments } from './moments.ts'
import type { Watched } from './rollout.ts'
import type { LiveService, LiveTask } from './state.ts'

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

/** How one service ended. */
export interface Ended {
  readonly name: string
  readonly outcome: Outcome
  /** One clause. */
  readonly why: string
  /** Milliseconds that it took. */
  readonly took: number
  /** As it was seen last. */
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  /** The most frequent causes of failed tasks, with counts. */
  readonly causes: readonly string[]
  readonly expected: readonly ExpectedContainer[]
  /** When it came back; left out where this rollback did not change it. */
  readonly moments?: Moments | undefined
  /** ECS's own verdict on the deployment that is current now; only where it did not end well. */
  readonly ecsSays?: string
}

/** What is kept of a service between two looks. */
export interface Progress {
  readonly watch: Watch
  readonly watched: Watched
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  readonly expected: readonly ExpectedContainer[] | undefined
  /** Tasks that had ended before; undefined until the first look at tasks. */
  readonly known: ReadonlySet<string> | undefined
  /** What the last look at tasks was made for. */
  readonly signature: string
  readonly looks: number
  readonly moments: Moments
  /** Looks in a row in which everything was right and a digest was not known. */
  readonly doubts: number
  readonly absent: number
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
  looks: 0,
  moments: {},
  doubts: 0,
  absent: 0,
  seen: '',
})

/** Ends a watch with what is known of its service. */
export function conclude(
  one: Progress,
  end: { readonly outcome: Outcome; readonly why: string },
  took: number,
): Ended {
  const deployment = one.watched.deployment ?? ''
  return {
    name: one.watch.service.name,
    ...end,
    took,
    service: one.service,
    tasks: one.tasks,
    causes: topCauses(failuresOf(one.tasks, deployment, one.known)),
    expected: one.expected ?? [],
    moments: one.moments,
  }
}
