import type { Clock } from './clock.ts'

/** The one moment by which a run must end: made once from `timeout`, passed down, never remade. */
export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Milliseconds left, never below zero. */
  left(): number
}

/** A deadline `milliseconds` from now. */
export function deadline(clock: Clock, milliseconds: number): Deadline {
  const at = clock.now() + milliseconds
  return { at, left: () => Math.max(0, at - clock.now()) }
}
