import { describe, expect, test } from '@jest/globals'
import { githubDescription } from '../../../packages/sandbox/github/description.ts'
import { ACCEPTED } from '../../../packages/sandbox/github/permissions.ts'
import { userId } from '../../../packages/sandbox/index.ts'
import { hub, refused } from './hub.ts'

const description = githubDescription()
const operation = (id: string) => {
  const found = description.operations.find((one) => one.operationId === id)
  if (!found) throw new Error(`no operation ${id}`)
  return found
}

/** Calls every operation once, in an order in which each finds what it needs. */
async function tour() {
  const world = hub({ people: ['ann'] })
  const { clock, shop, client, at, octokit } = world
  const { rest } = client
  const sha = shop.commit({ message: 'Feature', branch: 'feature', files: ['a.ts'] })
  const pull = shop.merge('feature')
  await rest.rateLimit.get()
  await rest.repos.get(at)
  await rest.repos.listCommits(at)
  await rest.repos.getCommit({ ...at, ref: 'main' })
  await rest.repos.compareCommitsWithBasehead({ ...at, basehead: `${sha}...main` })
  await rest.repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha: pull.sha })
  await rest.git.createRef({ ...at, ref: 'refs/heads/lock', sha })
  await rest.git.getRef({ ...at, ref: 'heads/lock' })
  await rest.git.updateRef({ ...at, ref: 'heads/lock', sha: pull.sha })
  await rest.repos.createCommitStatus({ ...at, sha: pull.sha, state: 'success', context: 'ci' })
  await rest.repos.getCombinedStatusForRef({ ...at, ref: 'main' })

  const { data } = await rest.repos.createDeployment({ ...at, ref: 'main' })
  if (!('id' in data)) throw new Error('merged instead of deployed')
  const deployment = { ...at, deployment_id: data.id }
  await rest.repos.listDeployments(at)
  await rest.repos.getDeployment(deployment)
  const status = await rest.repos.createDeploymentStatus({ ...deployment, state: 'in_progress' })
  await rest.repos.listDeploymentStatuses(deployment)
  await rest.repos.getDeploymentStatus({ ...deployment, status_id: status.data.id })
  await rest.repos.deleteDeployment(deployment)

  const environment = { ...at, environment_name: 'live/eu' }
  await rest.repos.createOrUpdateEnvironment({
    ...environment,
    wait_timer: 5,
    reviewers: [{ type: 'User', id: userId('ann') }],
    deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
  })
  await rest.repos.createDeploymentBranchPolicy({ ...environment, name: 'main' })
  await rest.repos.listDeploymentBranchPolicies(environment)
  await rest.repos.getEnvironment(environment)
  await rest.repos.getAllEnvironments(at)
  shop.environment('live/eu', { customRules: ['gatekeeper'] })
  await rest.repos.getAllDeploymentProtectionRules(environment)

  const { data: made } = await rest.issues.create({ ...at, title: 'Rolled back', labels: ['x'] })
  const issue = { ...at, issue_number: made.number }
  await rest.issues.get(issue)
  await rest.issues.update({ ...issue, state: 'closed' })
  await rest.issues.listForRepo({ ...at, state: 'all' })
  await rest.issues.addLabels({ ...issue, labels: ['y'] })
  await rest.issues.removeLabel({ ...issue, name: 'x' })
  const comment = await rest.issues.createComment({ ...issue, body: 'seen' })
  const commented = { ...at, comment_id: comment.data.id }
  await rest.issues.listComments(issue)
  await rest.issues.getComment(commented)
  await rest.issues.updateComment({ ...commented, body: 'seen again' })
  await rest.issues.deleteComment(commented)
  await clock.advance(60_000)
  await rest.search.issuesAndPullRequests({ q: 'repo:acme/shop rolled' })

  const path = '.github/workflows/deploy.yml'
  const id = shop.workflow({
    path,
    dispatch: {},
    jobs: [{ name: 'build' }, { name: 'deploy', needs: ['build'], environment: 'live/eu' }],
  })
  await rest.actions.listRepoWorkflows(at)
  await rest.actions.getWorkflow({ ...at, workflow_id: id })
  await rest.actions.createWorkflowDispatch({ ...at, workflow_id: 'deploy.yml', ref: 'main' })
  await clock.advance(80_000)
  const { data: listed } = await rest.actions.listWorkflowRuns({ ...at, workflow_id: id })
  await rest.actions.listWorkflowRunsForRepo({ ...at, status: 'waiting' })
  const run = { ...at, run_id: listed.workflow_runs[0]?.id ?? 0 }
  await rest.actions.getWorkflowRun(run)
  await rest.actions.getWorkflowRunAttempt({ ...run, attempt_number: 1 })
  const { data: jobs } = await rest.actions.listJobsForWorkflowRun(run)
  await rest.actions.listJobsForWorkflowRunAttempt({ ...run, attempt_number: 1 })
  const job = { ...at, job_id: jobs.jobs[0]?.id ?? 0 }
  await rest.actions.getJobForWorkflowRun(job)
  const { data: pending } = await rest.actions.getPendingDeploymentsForRun(run)
  const ann = octokit(undefined, 'ann').rest
  await ann.actions.reviewPendingDeploymentsForRun({
    ...run,
    environment_ids: pending.map((one) => one.environment.id ?? 0),
    state: 'approved',
    comment: 'go',
  })
  await ann.actions.getReviewsForRun(run)
  await octokit(undefined, 'gatekeeper[bot]').rest.actions.reviewCustomGatesForRun({
    ...run,
    environment_name: 'live/eu',
    state: 'rejected',
    comment: 'no',
  })
  await rest.actions.reRunWorkflowFailedJobs(run)
  await rest.actions.cancelWorkflowRun(run)
  await clock.advance(600_000)
  await rest.actions.reRunWorkflow(run)
  await rest.actions.forceCancelWorkflowRun(run)
  await clock.advance(60_000)
  await rest.actions.reRunJobForWorkflowRun(job)
  await rest.actions.setCustomOidcSubClaimForRepo({ ...at, use_default: false })
  await rest.actions.getCustomOidcSubClaimForRepo(at)
  await rest.repos.deleteAnEnvironment(environment)
  return world
}

describe("GitHub's published description", () => {
  test('fits every operation of the stand-in, asked by octokit', async () => {
    const { github, bugs } = await tour()
    expect(bugs).toEqual([])
    const failed = github.calls.list().filter(({ status }) => status >= 400)
    expect(failed).toEqual([])
    const called = Object.keys(github.calls.count()).map((name) => name.replace('github:', ''))
    expect(called.sort()).toEqual(Object.keys(ACCEPTED).sort())
  })

  test('has each operation of the table once', () => {
    const ids = description.operations.map(({ operationId }) => operationId)
    expect([...ids].sort()).toEqual(Object.keys(ACCEPTED).sort())
  })

  const answers: [string, string, number, unknown, RegExp][] = [
    ['an answer that lacks a member', 'git/get-ref', 200, { ref: 'x' }, /node_id/],
    [
      'a member that GitHub does not have',
      'actions/cancel-workflow-run',
      202,
      { done: true },
      /additional properties/,
    ],
    [
      'a value outside an enum',
      'repos/list-deployment-statuses',
      200,
      [{ state: 'rolled-back' }],
      /allowed values/,
    ],
    ['a status that it does not have', 'repos/get', 418, {}, /no answer 418/],
    ['a body where there is none', 'issues/delete-comment', 204, {}, /no body/],
    ['an error in another form', 'repos/get', 404, { error: 'no' }, /additional properties/],
  ]
  test.each(answers)('would betray %s', (_what, id, status, body, told) => {
    expect(() => description.checkAnswer(operation(id), status, body)).toThrow(told)
  })

  const bodies: [string, string, object, string][] = [
    ['a missing member', 'repos/create-deployment', {}, '"ref" wasn\'t supplied.'],
    [
      'an unknown member',
      'repos/create-deployment',
      { ref: 'main', environmnet: 'x' },
      '"environmnet" is not a permitted key.',
    ],
    [
      'a wrong type',
      'repos/create-deployment',
      { ref: 1 },
      "For 'properties/ref', the value is not of type string.",
    ],
    [
      'a state that is not one',
      'repos/create-deployment-status',
      { state: 'rolled_back' },
      `For 'properties/state', the value is not a member of ["error","failure","inactive","in_progress","queued","pending","success"].`,
    ],
  ]
  test.each(bodies)('refuses %s in a request', (_what, id, body, told) => {
    expect(() => description.checkBody(operation(id), body)).toThrow(`Invalid request.\n\n${told}`)
  })

  test('a refused request changes nothing and says where to read', async () => {
    const { client, at } = hub()
    const bad = { ...at, ref: 'main', production_environment: 'yes' as unknown as boolean }
    const { status, docs } = await refused(client.rest.repos.createDeployment(bad))
    expect([status, docs]).toEqual([422, expect.stringContaining('#create-a-deployment')])
    expect((await client.rest.repos.listDeployments(at)).data).toEqual([])
  })

  test('what is not simulated is a 501 and never a 404', async () => {
    const { client, at } = hub()
    expect((await refused(client.rest.repos.listBranches(at))).status).toBe(501)
  })
})
