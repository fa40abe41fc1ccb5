import type { Run } from './run.ts'

/** What a component kind found when a restore point is taken. */
export interface Captured<State> {
  readonly state: State
  /** Why this component could not be rolled back right now, one sentence each; the gate refuses on any. */
  readonly problems: readonly string[]
  /** What a person should know though it stops nothing. */
  readonly warnings: readonly string[]
  /** Rows for the job summary: thing, what runs. */
  readonly rows: readonly (readonly [string, string])[]
}

/** How a component kind takes part in a restore point: read-only calls, no mutation. */
export type Capture<State> = (run: Run) => Promise<Captured<State>>
