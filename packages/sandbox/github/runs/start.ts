import type { Repository, World } from '../world.ts'
import { launch, type Scene } from './machine.ts'
import { type Attempt, type Job, type JobPlan, latest, type Run, type Workflow } from './model.ts'

/** Simulated milliseconds until lists show a dispatched run. */
const LISTING = 2_000

/** What a run is started with. */
export interface Start {
  /** The run's number, where somebody else gave it: act. */
  readonly id?: number
  readonly event?: string
  readonly branch: string
  readonly sha: string
  readonly actor: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly title?: string
}

function newJob(world: World, plan: JobPlan, attempt: number): Job {
  const now = world.now()
  return {
    id: world.id(),
    plan,
    attempt,
    status: 'unborn',
    conclusion: null,
    created: now,
    started: now,
    completed: null,
    gates: new Set(),
    waitingSince: null,
    deployment: undefined,
    timer: undefined,
  }
}

function newAttempt(world: World, parts: Pick<Attempt, 'number' | 'actor' | 'jobs'>): Attempt {
  const now = world.now()
  return { ...parts, started: now, updated: now, phase: 'open', cancelled: 'no', conclusion: null }
}

/** Starts a run of a workflow. */
export function startRun(
  world: World,
  repository: Repository,
  given: Start & { readonly workflow: Workflow },
): Run {
  const { workflow, event = 'push', branch, sha, actor } = given
  const before = repository.runs.filter((run) => run.workflow === workflow).length
  const run: Run = {
    id: given.id ?? world.id(),
    number: before + 1,
    workflow,
    event,
    branch,
    sha,
    actor,
    title: given.title ?? repository.commits.get(sha)?.message ?? workflow.plan.path,
    inputs: given.inputs ?? {},
    created: world.now(),
    born: world.clock.now(),
    listed: event === 'workflow_dispatch' ? world.clock.ahead(LISTING) : world.clock.now(),
    attempts: [],
    reviews: [],
    listeners: [],
  }
  const jobs = workflow.plan.jobs.map((plan) => newJob(world, plan, 1))
  run.attempts.push(newAttempt(world, { number: 1, actor, jobs }))
  repository.runs.unshift(run)
  launch({ world, repository, run })
  return run
}

/** The names of jobs and of all that need them. */
function withDependants(
  plans: readonly JobPlan[],
  names: ReadonlySet<string>,
): ReadonlySet<string> {
  const more = plans.filter(
    (plan) => !names.has(plan.name) && plan.needs?.some((need) => names.has(need)),
  )
  if (more.length === 0) return names
  return withDependants(plans, new Set([...names, ...more.map(({ name }) => name)]))
}

/** Which jobs of the last attempt run again: those named, or all; the jobs that need them always do. */
export function startAgain(scene: Scene, actor: string, jobs?: readonly Job[]): void {
  const { world, run } = scene
  const last = latest(run)
  const number = last.number + 1
  const chosen = new Set((jobs ?? last.jobs).map(({ plan }) => plan.name))
  const again = withDependants(run.workflow.plan.jobs, chosen)
  const next = last.jobs.map((job) =>
    again.has(job.plan.name) ? newJob(world, job.plan, number) : job,
  )
  run.attempts.push(newAttempt(world, { number, actor, jobs: next }))
  launch(scene)
}
