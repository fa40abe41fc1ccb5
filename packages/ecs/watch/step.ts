import { isPassing } from '#aws'
import { CallError, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { conclude, type End, type Progress } from './progress.ts'
import type { Sign } from './signs.ts'

/** How long, in milliseconds, is enough. */
export interface Patience {
  /** So long there may be no place for a task. */
  readonly capacity?: number | undefined
  /** So long everything must stay right before it counts. */
  readonly stable?: number | undefined
}

/** What every step of a watch needs. */
export interface Step {
  readonly run: Run
  readonly clients: EcsClients
  readonly cluster: string
  readonly started: number
  readonly patience: Patience
  /** Warns, of the same thing once. */
  readonly warn: (line: string) => void
}

/** A read that will not succeed by itself: its message with what to do. Passing faults and bugs are thrown on. */
export function forbidden(thrown: unknown): { readonly why: string; readonly gone: boolean } {
  if (!(thrown instanceof CallError) || isPassing(thrown)) throw thrown
  const gone = thrown.code === 'ClusterNotFoundException'
  return { why: `${thrown.message}; ${thrown.next}`, gone }
}

/** Ends a watch whose service cannot be read: without its cluster it is gone, else it is not known. */
export function doubted(step: Step, one: Progress, why: string, gone = false): Progress {
  const { name } = one.watch.service
  const next = [`ECS goes on with ${name} by itself: mend it, then run again to attach to it`]
  const how: End = gone
    ? { outcome: 'failed', class: 'vanished', why }
    : { outcome: 'inconclusive', class: 'unseen', why: `cannot be proven: ${why}`, next }
  return { ...one, ended: conclude(one, how, tookSince(step)) }
}

/** Milliseconds since the watch began. */
export const tookSince = (step: Step) => step.run.clock.now() - step.started

/** What one look led to. */
export type Next =
  | { readonly progress: Progress }
  | { readonly progress: Progress; readonly end: End }

/** Looks again. */
export const wait = (progress: Progress, seen: string): Next => ({
  progress: { ...progress, seen },
})
/** Ends the watch of a service. */
export const end = (progress: Progress, how: End): Next => ({ progress, end: how })
/** Ends it as failed. */
export const fail = (
  progress: Progress,
  { class: is, why }: Sign,
  next?: readonly string[],
): Next => end(progress, { outcome: 'failed', class: is, why, ...(next && { next }) })
