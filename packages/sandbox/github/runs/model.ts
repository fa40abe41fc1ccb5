import type { Timer } from '../../clock.ts'

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'timed_out'

/** One job of a workflow, as far as its run depends on it. */
export interface JobPlan {
  readonly name: string
  readonly needs?: readonly string[]
  /** Its `if:` is `always()`: it runs after a failure, and goes on when the run is cancelled. */
  readonly always?: boolean
  readonly environment?: string
  /** `deployment: false` beside the environment's name: its rules count, but no deployment is recorded. */
  readonly deployment?: boolean
  /** Simulated milliseconds of work, a minute by default; null: until `finish` is called. */
  readonly ms?: number | null
  /** How it ends, by attempt; success by default. */
  readonly ends?: Conclusion | ((attempt: number) => Conclusion)
  /** Simulated milliseconds that its `always()` steps take after a cancellation: ten seconds by default. */
  readonly cleanupMs?: number
  readonly steps?: readonly string[]
}

/** One input of `workflow_dispatch`. */
export interface DispatchInput {
  readonly required?: boolean
  readonly default?: string
  readonly options?: readonly string[]
}

/** A workflow file, as far as the API depends on it. */
export interface WorkflowPlan {
  readonly path: string
  readonly name?: string
  /** `on: workflow_dispatch` with these inputs; without it nobody can dispatch the workflow. */
  readonly dispatch?: Readonly<Record<string, DispatchInput>>
  readonly jobs: readonly JobPlan[]
  readonly concurrency?: {
    readonly group: string
    readonly cancelInProgress?: boolean
    /** `queue: max`: nobody is dropped. Otherwise only one run waits, and a newer one takes its place. */
    readonly queue?: 'single' | 'max'
  }
}

export interface Workflow {
  readonly id: number
  readonly plan: WorkflowPlan
  readonly created: string
}

/** What a job still waits for before its environment lets it in. */
export type Gate = 'timer' | 'reviewers' | `rule ${string}`

export interface Job {
  readonly id: number
  readonly plan: JobPlan
  readonly attempt: number
  /** `unborn`: what it needs has not ended, and the API does not show it. */
  status: 'unborn' | 'waiting' | 'queued' | 'in_progress' | 'completed'
  conclusion: Conclusion | null
  created: string
  started: string
  completed: string | null
  readonly gates: Set<Gate>
  /** When the wait timer began. */
  waitingSince: string | null
  /** The deployment that GitHub recorded for it. */
  deployment: number | undefined
  timer: Timer | undefined
}

export interface Attempt {
  readonly number: number
  readonly started: string
  readonly actor: string
  readonly jobs: readonly Job[]
  /** `held`: its concurrency group is taken. */
  phase: 'held' | 'open' | 'over'
  cancelled: 'no' | 'asked' | 'forced'
  conclusion: Conclusion | null
  updated: string
}

export interface Review {
  readonly environment: string
  readonly state: 'approved' | 'rejected'
  readonly comment: string
  readonly user: string
}

export interface Run {
  readonly id: number
  readonly number: number
  readonly workflow: Workflow
  readonly event: string
  readonly branch: string
  readonly sha: string
  readonly actor: string
  readonly title: string
  readonly inputs: Readonly<Record<string, string>>
  readonly created: string
  /** The clock's moment, for what has an age. */
  readonly born: number
  /** The moment from which lists show it: a dispatched run comes into them a little later. */
  readonly listed: number
  readonly attempts: Attempt[]
  readonly reviews: Review[]
  /** Who wants to know when a cancellation reaches it. */
  readonly listeners: ((how: 'asked' | 'forced') => void)[]
}

/** The attempt that counts. */
export function latest({ attempts }: Run): Attempt {
  const last = attempts.at(-1)
  if (!last) throw new Error('A run has at least one attempt')
  return last
}

/** The status of an attempt, in the API's words. */
export function statusOf({ phase, jobs }: Attempt): string {
  if (phase === 'held') return 'pending'
  if (phase === 'over') return 'completed'
  const any = (status: Job['status']) => jobs.some((job) => job.status === status)
  if (any('in_progress')) return 'in_progress'
  if (any('waiting')) return 'waiting'
  return any('completed') ? 'in_progress' : 'queued'
}
