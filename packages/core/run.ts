import type { Clock } from './clock.ts'
import type { Deadline } from './deadline.ts'
import type { Journal } from './journal.ts'
import type { Life, RunAttempt } from './life.ts'
import type { Report } from './report.ts'

/** Which run of which workflow this is. */
export interface Identity {
  /** `owner/name`. */
  readonly repository: string
  readonly runId: string
  readonly attempt: number
  readonly sha: string
  readonly actor: string
  /** The page of the run, empty outside GitHub. */
  readonly runUrl: string
}

/** Keeps work for the moment in which a run is cut short. */
export type OnCut = (work: () => Promise<void>) => () => void

/** What every part of an action is given: time, its limits, and where to write. */
export interface Run {
  readonly clock: Clock
  readonly deadline: Deadline
  /** Milliseconds between two looks of a wait. */
  readonly pollInterval: number
  readonly dryRun: boolean
  readonly report: Report
  readonly journal: Journal
  readonly identity: Identity
  /** A folder for files that later steps may read. */
  readonly folder: string
  /**
   * Has work done when a signal cuts the run short, in the few seconds that are left then; answers how to call it off. Left
   * out where nobody cuts.
   */
  readonly onCut?: OnCut
  /** Asks GitHub whether another run can still do anything. Never throws: what is not answered is `unknown`. */
  lifeOf(of: RunAttempt): Promise<Life>
}
