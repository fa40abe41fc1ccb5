import { apiOf, pageOf, repositoryView, userId, userView } from '../people.ts'
import { nodeId, type Repository, type World } from '../world.ts'
import { type Attempt, type Job, type Run, statusOf, type Workflow } from './model.ts'

const nameOf = ({ plan }: Workflow): string => plan.name ?? plan.path

/** A `workflow`. */
export function workflowView(world: World, repository: Repository, one: Workflow) {
  const page = pageOf(repository)
  return {
    id: one.id,
    node_id: nodeId('W', one.id),
    name: nameOf(one),
    path: one.plan.path,
    state: 'active',
    created_at: one.created,
    updated_at: one.created,
    url: `${apiOf(world, repository)}/actions/workflows/${one.id}`,
    html_url: `${page}/blob/${repository.defaultBranch}/${one.plan.path}`,
    badge_url: `${page}/workflows/${encodeURIComponent(nameOf(one))}/badge.svg`,
  }
}

function headCommit({ commits }: Repository, { sha, created }: Run) {
  const commit = commits.get(sha)
  if (!commit) return null
  const person = { name: commit.author, email: 'dev@example.com' }
  const { message, date } = commit
  return {
    id: sha,
    tree_id: sha,
    message,
    timestamp: date ?? created,
    author: person,
    committer: person,
  }
}

function previous(url: string, { number }: Attempt): string | null {
  return number > 1 ? `${url}/attempts/${number - 1}` : null
}

/** A `workflow-run`, as it is in one of its attempts. */
export function runView(
  world: World,
  repository: Repository,
  { run, attempt }: { readonly run: Run; readonly attempt: Attempt },
) {
  const at = apiOf(world, repository)
  const url = `${at}/actions/runs/${run.id}`
  return {
    id: run.id,
    name: nameOf(run.workflow),
    node_id: nodeId('WFR', run.id),
    head_branch: run.branch,
    head_sha: run.sha,
    path: run.workflow.plan.path,
    display_title: run.title,
    run_number: run.number,
    event: run.event,
    status: statusOf(attempt),
    conclusion: attempt.conclusion,
    workflow_id: run.workflow.id,
    check_suite_id: run.id * 10,
    check_suite_node_id: nodeId('CS', run.id * 10),
    url,
    html_url: `${pageOf(repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.created,
    updated_at: attempt.updated,
    actor: userView(world, run.actor),
    run_attempt: attempt.number,
    referenced_workflows: [],
    run_started_at: attempt.started,
    triggering_actor: userView(world, attempt.actor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${at}/check-suites/${run.id * 10}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: previous(url, attempt),
    workflow_url: `${at}/actions/workflows/${run.workflow.id}`,
    head_commit: headCommit(repository, run),
    repository: repositoryView(world, repository),
    head_repository: repositoryView(world, repository),
  }
}

/** The steps of a job: while it runs the first is in progress, and a cancelled job's were skipped. */
function stepsView({ plan, status, conclusion, started, completed }: Job) {
  const names = plan.steps ?? ['Set up job', 'Run the job']
  if (status === 'unborn' || status === 'waiting' || status === 'queued') return []
  const over = status === 'completed'
  return names.map((name, n) => ({
    name,
    number: n + 1,
    status: over
      ? ('completed' as const)
      : n === 0
        ? ('in_progress' as const)
        : ('queued' as const),
    conclusion: over ? conclusion : null,
    started_at: over || n === 0 ? started : null,
    completed_at: completed,
  }))
}

/** A `job`. */
export function jobView(
  world: World,
  repository: Repository,
  { run, job }: { readonly run: Run; readonly job: Job },
) {
  const at = apiOf(world, repository)
  const running = job.status === 'in_progress' || job.status === 'completed'
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${at}/actions/runs/${run.id}`,
    run_attempt: job.attempt,
    node_id: nodeId('CR', job.id),
    head_sha: run.sha,
    url: `${at}/actions/jobs/${job.id}`,
    html_url: `${pageOf(repository)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.created,
    started_at: job.started,
    completed_at: job.completed,
    name: job.plan.name,
    steps: stepsView(job),
    check_run_url: `${at}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'],
    runner_id: running ? userId('runner') : null,
    runner_name: running ? 'GitHub Actions 1' : null,
    runner_group_id: running ? 0 : null,
    runner_group_name: running ? 'GitHub Actions' : null,
    workflow_name: nameOf(run.workflow),
    head_branch: run.branch,
  }
}
