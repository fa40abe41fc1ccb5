import { type Answer, actorOf, type Call, created, found, numberIn, ok, textIn } from '../call.ts'
import { GitHubProblem } from '../problems.ts'
import { cancel, type Scene } from './machine.ts'
import { type Job, latest, type Run, statusOf, type Workflow } from './model.ts'
import { startAgain } from './start.ts'
import { jobView, runView, workflowView } from './views.ts'

/** The run that a path names. */
export function runIn(call: Call): Run {
  const id = numberIn(call, 'run_id')
  return found(call.repository.runs.find((run) => run.id === id))
}

/** The run that a path names, where it happens. */
export const sceneOf = (call: Call): Scene => ({
  world: call.world,
  repository: call.repository,
  run: runIn(call),
})

/** The workflow of a path: by its number or by the name of its file. */
export function workflowIn({ repository, path }: Call): Workflow {
  const wanted = path.workflow_id ?? ''
  return found(
    repository.workflows.find(
      ({ id, plan }) => String(id) === wanted || plan.path.split('/').at(-1) === wanted,
    ),
  )
}

const viewed = ({ world, repository }: Call, run: Run) =>
  runView(world, repository, { run, attempt: latest(run) })

/** `created`: a day, a moment, `>=` and the like, or a range `a..b`. */
function createdIn(text: string): (moment: string) => boolean {
  const [from, to] = text.split('..')
  if (to !== undefined)
    return (moment) =>
      (from === '*' || moment >= String(from)) && (to === '*' || moment.slice(0, to.length) <= to)
  const [, sign = '', day = ''] = /^(>=|<=|>|<)?(.*)$/.exec(text) ?? []
  const short = (moment: string) => moment.slice(0, day.length)
  switch (sign) {
    case '>=':
      return (moment) => short(moment) >= day
    case '<=':
      return (moment) => short(moment) <= day
    case '>':
      return (moment) => short(moment) > day
    case '<':
      return (moment) => short(moment) < day
    default:
      return (moment) => short(moment) === day
  }
}

function listRuns(call: Call, runs: readonly Run[]): Answer {
  const { world, query } = call
  const [branch, event, status, sha, actor, when] = [
    'branch',
    'event',
    'status',
    'head_sha',
    'actor',
    'created',
  ].map((name) => textIn(call, name))
  const inTime = when === undefined ? () => true : createdIn(when)
  const list = runs.filter((run) => {
    const attempt = latest(run)
    return (
      run.listed <= world.clock.now() &&
      (branch === undefined || run.branch === branch) &&
      (event === undefined || run.event === event) &&
      (sha === undefined || run.sha === sha) &&
      (actor === undefined || run.actor === actor) &&
      (status === undefined || statusOf(attempt) === status || attempt.conclusion === status) &&
      (query.check_suite_id === undefined || run.id * 10 === query.check_suite_id) &&
      inTime(run.created)
    )
  })
  return {
    list: list.map((run) => viewed(call, run)),
    body: (workflow_runs) => ({ total_count: list.length, workflow_runs }),
  }
}

function getAttempt(call: Call): Answer {
  const run = runIn(call)
  const number = numberIn(call, 'attempt_number')
  const attempt = found(run.attempts.find((one) => one.number === number))
  return ok(runView(call.world, call.repository, { run, attempt }))
}

function jobsOf(call: Call, run: Run, jobs: readonly Job[]): Answer {
  const shown = [...new Set(jobs)].filter(({ status }) => status !== 'unborn')
  return {
    list: shown.map((job) => jobView(call.world, call.repository, { run, job })),
    body: (page) => ({ total_count: shown.length, jobs: page }),
  }
}

function listJobs(call: Call): Answer {
  const run = runIn(call)
  const all = run.attempts.flatMap(({ jobs }) => jobs)
  return jobsOf(call, run, call.query.filter === 'all' ? all : latest(run).jobs)
}

function listJobsOfAttempt(call: Call): Answer {
  const run = runIn(call)
  const number = numberIn(call, 'attempt_number')
  return jobsOf(call, run, found(run.attempts.find((one) => one.number === number)).jobs)
}

/** The job of a path, and its run. */
function jobIn(call: Call): { run: Run; job: Job } {
  const id = numberIn(call, 'job_id')
  for (const run of call.repository.runs)
    for (const job of run.attempts.flatMap(({ jobs }) => jobs))
      if (job.id === id && job.status !== 'unborn') return { run, job }
  return found<never>(undefined)
}

function getJob(call: Call): Answer {
  return ok(jobView(call.world, call.repository, jobIn(call)))
}

const cancelled =
  (how: 'asked' | 'forced') =>
  (call: Call): Answer => {
    const scene = sceneOf(call)
    if (latest(scene.run).phase === 'over')
      throw new GitHubProblem(409, 'Cannot cancel a workflow run that is completed.')
    cancel(scene, how)
    return { status: 202, body: {} }
  }

const MONTH = 30 * 24 * 3_600_000

/** Throws 403 for a run that cannot be run again. */
function checkAgain({ world, run }: Scene): void {
  if (latest(run).phase !== 'over') throw new GitHubProblem(403, 'This workflow is already running')
  if (world.clock.since(run.born) > MONTH) {
    const message = 'Unable to retry this workflow run because it was created over a month ago'
    throw new GitHubProblem(403, message)
  }
}

function runAgain(call: Call): Answer {
  const scene = sceneOf(call)
  checkAgain(scene)
  startAgain(scene, actorOf(call))
  return created({})
}

const isBad = ({ conclusion }: Job) => conclusion !== 'success' && conclusion !== 'skipped'

function runFailedAgain(call: Call): Answer {
  const scene = sceneOf(call)
  checkAgain(scene)
  const failed = latest(scene.run).jobs.filter(isBad)
  if (failed.length === 0)
    throw new GitHubProblem(403, 'This workflow run has no failed jobs to be re-run')
  startAgain(scene, actorOf(call), failed)
  return created({})
}

function runJobAgain(call: Call): Answer {
  const { run, job } = jobIn(call)
  const scene = { world: call.world, repository: call.repository, run }
  checkAgain(scene)
  startAgain(scene, actorOf(call), [job])
  return created({})
}

function listWorkflows({ world, repository }: Call): Answer {
  const { workflows: all } = repository
  return {
    list: all.map((one) => workflowView(world, repository, one)),
    body: (workflows) => ({ total_count: all.length, workflows }),
  }
}

const ofWorkflow = (call: Call): readonly Run[] => {
  const workflow = workflowIn(call)
  return call.repository.runs.filter((run) => run.workflow === workflow)
}

/** Workflows, runs and their jobs. */
export const runOperations = {
  'actions/list-repo-workflows': listWorkflows,
  'actions/get-workflow': (call: Call) =>
    ok(workflowView(call.world, call.repository, workflowIn(call))),
  'actions/list-workflow-runs': (call: Call) => listRuns(call, ofWorkflow(call)),
  'actions/list-workflow-runs-for-repo': (call: Call) => listRuns(call, call.repository.runs),
  'actions/get-workflow-run': (call: Call) => ok(viewed(call, runIn(call))),
  'actions/get-workflow-run-attempt': getAttempt,
  'actions/list-jobs-for-workflow-run': listJobs,
  'actions/list-jobs-for-workflow-run-attempt': listJobsOfAttempt,
  'actions/get-job-for-workflow-run': getJob,
  'actions/cancel-workflow-run': cancelled('asked'),
  'actions/force-cancel-workflow-run': cancelled('forced'),
  'actions/re-run-workflow': runAgain,
  'actions/re-run-workflow-failed-jobs': runFailedAgain,
  'actions/re-run-job-for-workflow-run': runJobAgain,
}
