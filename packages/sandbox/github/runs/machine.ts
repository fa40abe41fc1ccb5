import { addDeployment, addStatus, inactivateOthers } from '../deployments.ts'
import { pageOf } from '../people.ts'
import {
  type DeploymentState,
  type Environment,
  ensureEnvironment,
  type Repository,
  type World,
} from '../world.ts'
import { type Attempt, type Conclusion, type Gate, type Job, latest, type Run } from './model.ts'

/** Simulated milliseconds. */
const TIMES = {
  /** Until a runner takes a queued job. */
  pickup: 5_000,
  /** Until a cancellation reaches what does not run yet. */
  cancel: 1_000,
  work: 60_000,
  cleanup: 10_000,
  /** After that the server ends everything of a cancelled run, also `always()`. */
  mercy: 300_000,
}

/** One run, where it happens. */
export interface Scene {
  readonly world: World
  readonly repository: Repository
  readonly run: Run
}

const BOT = 'github-actions[bot]'

function record({ world, repository }: Scene, job: Job, state: DeploymentState): void {
  const deployment = repository.deployments.find(({ id }) => id === job.deployment)
  if (!deployment) return
  addStatus(world, deployment, { state, author: BOT, logUrl: pageOf(repository) })
  if (state === 'success') inactivateOthers(world, repository, deployment)
}

/** GitHub records a deployment for a job with an environment. */
function openRecord({ world, repository, run }: Scene, job: Job): void {
  const { environment, deployment } = job.plan
  if (environment === undefined || deployment === false) return
  const made = addDeployment(world, repository, {
    ref: run.branch,
    sha: run.sha,
    environment,
    author: BOT,
  })
  job.deployment = made.id
}

function globbed(pattern: string, name: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*')
  return new RegExp(`^${source}$`).test(name)
}

/** Whether an environment's branch policy lets a branch in. */
function allowed({ repository, run }: Scene, environment: Environment): boolean {
  switch (environment.branches) {
    case 'all':
      return true
    case 'protected':
      return repository.protectedBranches.has(run.branch)
    case 'custom':
      return environment.branchPolicies.some(({ name }) => globbed(name, run.branch))
  }
}

const gatesOf = ({ waitMinutes, reviewers, customRules }: Environment): readonly Gate[] => [
  ...(waitMinutes > 0 ? (['timer'] as const) : []),
  ...(reviewers.length > 0 ? (['reviewers'] as const) : []),
  ...customRules.map((slug): Gate => `rule ${slug}`),
]

function complete(scene: Scene, job: Job, conclusion: Conclusion): void {
  if (job.status === 'completed') return
  job.timer?.cancel()
  const wasBorn = job.status !== 'unborn'
  job.status = 'completed'
  job.conclusion = conclusion
  job.completed = scene.world.now()
  if (!wasBorn) job.created = job.started = job.completed
  record(
    scene,
    job,
    conclusion === 'success' ? 'success' : conclusion === 'failure' ? 'failure' : 'error',
  )
  advance(scene)
}

const endOf = ({ plan, attempt }: Job): Conclusion =>
  typeof plan.ends === 'function' ? plan.ends(attempt) : (plan.ends ?? 'success')

function begin(scene: Scene, job: Job): void {
  job.status = 'in_progress'
  job.started = scene.world.now()
  latest(scene.run).updated = scene.world.now()
  record(scene, job, 'in_progress')
  const { ms = TIMES.work } = job.plan
  if (ms !== null) job.timer = scene.world.after(ms, () => complete(scene, job, endOf(job)))
}

function queue(scene: Scene, job: Job): void {
  job.status = 'queued'
  job.timer = scene.world.after(TIMES.pickup, () => begin(scene, job))
}

/** Opens one gate; behind the last one the job is queued. */
export function openGate(scene: Scene, job: Job, gate: Gate): void {
  job.gates.delete(gate)
  if (job.status === 'waiting' && job.gates.size === 0) queue(scene, job)
}

/** Closes the door for good: a person or a rule said no. */
export const reject = (scene: Scene, job: Job): void => complete(scene, job, 'failure')

/** Waits at the door of an environment that has one. */
function wait(scene: Scene, job: Job, environment: Environment): void {
  job.status = 'waiting'
  record(scene, job, 'queued')
  if (!job.gates.has('timer')) return
  job.waitingSince = scene.world.now()
  const milliseconds = environment.waitMinutes * 60_000
  job.timer = scene.world.after(milliseconds, () => openGate(scene, job, 'timer'))
}

function enter(scene: Scene, job: Job): void {
  const { world, repository } = scene
  job.created = job.started = world.now()
  const { environment: name = '' } = job.plan
  const environment = name === '' ? undefined : ensureEnvironment(world, repository, name)
  if (environment) {
    openRecord(scene, job)
    for (const gate of gatesOf(environment)) job.gates.add(gate)
  }
  if (environment && !allowed(scene, environment)) complete(scene, job, 'failure')
  else if (environment && job.gates.size > 0) wait(scene, job, environment)
  else queue(scene, job)
}

/** Decides about a job whose needs have ended. */
function bear(scene: Scene, job: Job, needs: readonly Job[]): void {
  const { cancelled } = latest(scene.run)
  const good = needs.every(({ conclusion }) => conclusion === 'success')
  const stays = job.plan.always === true && cancelled !== 'forced'
  if (!stays && cancelled !== 'no') complete(scene, job, good ? 'cancelled' : 'skipped')
  else if (!stays && !good) complete(scene, job, 'skipped')
  else enter(scene, job)
}

function conclusionOf({ jobs, cancelled }: Attempt): Conclusion {
  const any = (conclusion: Conclusion) => jobs.some((job) => job.conclusion === conclusion)
  if (cancelled !== 'no' && any('cancelled')) return 'cancelled'
  if (any('failure') || any('timed_out')) return 'failure'
  if (any('cancelled')) return 'cancelled'
  return jobs.every((job) => job.conclusion === 'skipped') ? 'skipped' : 'success'
}

function end(scene: Scene, conclusion: Conclusion): void {
  const attempt = latest(scene.run)
  attempt.phase = 'over'
  attempt.conclusion = conclusion
  attempt.updated = scene.world.now()
  releaseGroup(scene)
}

/** Starts every job whose needs have ended, and ends the run after its last one. */
function advance(scene: Scene): void {
  const attempt = latest(scene.run)
  if (attempt.phase !== 'open') return
  attempt.updated = scene.world.now()
  const ready = attempt.jobs.find(
    (job) => job.status === 'unborn' && needsOf(attempt, job).every(isOver),
  )
  if (ready) {
    bear(scene, ready, needsOf(attempt, ready))
    advance(scene)
  } else if (attempt.jobs.every(isOver)) end(scene, conclusionOf(attempt))
}

const isOver = ({ status }: Job) => status === 'completed'

const needsOf = ({ jobs }: Attempt, { plan }: Job): readonly Job[] =>
  jobs.filter((other) => plan.needs?.includes(other.plan.name))

const groupOf = ({ workflow }: Run) => workflow.plan.concurrency?.group

function inGroup({ repository, run }: Scene, phase: Attempt['phase']): readonly Run[] {
  const group = groupOf(run)
  if (group === undefined) return []
  return repository.runs
    .filter((other) => other !== run && groupOf(other) === group && latest(other).phase === phase)
    .sort((a, b) => a.id - b.id)
}

function releaseGroup(scene: Scene): void {
  if (inGroup(scene, 'open').length > 0) return
  const [next] = inGroup(scene, 'held')
  if (next) open({ ...scene, run: next })
}

function open(scene: Scene): void {
  latest(scene.run).phase = 'open'
  advance(scene)
}

/** Sets a new attempt going, or lets it wait for its concurrency group. */
export function launch(scene: Scene): void {
  const busy = inGroup(scene, 'open')
  if (busy.length === 0) {
    open(scene)
    return
  }
  const { concurrency } = scene.run.workflow.plan
  latest(scene.run).phase = 'held'
  if (concurrency?.queue !== 'max')
    for (const other of inGroup(scene, 'held')) end({ ...scene, run: other }, 'cancelled')
  if (concurrency?.cancelInProgress === true)
    for (const other of busy) cancel({ ...scene, run: other }, 'asked')
}

/** Ends, as a cancellation does, the jobs that it reaches; the rest goes on until its time is over. */
function reach(scene: Scene, how: 'asked' | 'forced'): void {
  for (const hear of scene.run.listeners) hear(how)
  for (const job of latest(scene.run).jobs) {
    if (job.status === 'unborn' || isOver(job)) continue
    if (how === 'asked' && job.plan.always === true) continue
    if (how === 'forced' || job.status !== 'in_progress') {
      complete(scene, job, 'cancelled')
      continue
    }
    job.timer?.cancel()
    const cleanup = Math.min(job.plan.cleanupMs ?? TIMES.cleanup, TIMES.mercy)
    job.timer = scene.world.after(cleanup, () => complete(scene, job, 'cancelled'))
  }
  advance(scene)
}

/** Cancels a run: jobs without `always()` are told to end, and after five minutes everything is ended. */
export function cancel(scene: Scene, how: 'asked' | 'forced'): void {
  const attempt = latest(scene.run)
  if (attempt.phase === 'held') {
    end(scene, 'cancelled')
    return
  }
  if (attempt.cancelled === 'forced' || attempt.cancelled === how) return
  attempt.cancelled = how
  const still = (act: () => void) => () => {
    if (latest(scene.run) === attempt && attempt.phase === 'open') act()
  }
  scene.world.after(
    TIMES.cancel,
    still(() => reach(scene, how)),
  )
  if (how === 'forced') return
  scene.world.after(
    TIMES.mercy,
    still(() => {
      attempt.cancelled = 'forced'
      reach(scene, 'forced')
    }),
  )
}

/** Ends a job that runs. Throws if it does not. */
export function finish(scene: Scene, name: string, conclusion: Conclusion): void {
  const job = latest(scene.run).jobs.find(({ plan }) => plan.name === name)
  if (job?.status !== 'in_progress')
    throw new Error(`Job ${name} of run ${scene.run.id} is ${job?.status ?? 'not there'}`)
  complete(scene, job, conclusion)
}
