import { describe, expect, test } from '@jest/globals'
import { userId, type WorkflowPlan } from '../../../packages/sandbox/index.ts'
import { hub, refused } from './hub.ts'

const PATH = '.github/workflows/deploy.yml'
const DEPLOY: WorkflowPlan = { path: PATH, jobs: [{ name: 'deploy', environment: 'production' }] }

type Hub = ReturnType<typeof hub>

const jobOf = async ({ client, at }: Hub, run_id: number) => {
  const { data } = await client.rest.actions.listJobsForWorkflowRun({ ...at, run_id })
  const [job] = data.jobs
  return job?.conclusion ?? job?.status
}

const deploymentsOf = async ({ client, at }: Hub) => {
  const { data } = await client.rest.repos.listDeployments(at)
  const statuses = data.map(async ({ id }) => {
    const answer = await client.rest.repos.listDeploymentStatuses({ ...at, deployment_id: id })
    return answer.data.map(({ state }) => state)
  })
  return Promise.all(statuses)
}

describe('protection rules', () => {
  test('are what was put, and nothing that was not named', async () => {
    const { client, at } = hub({ people: ['ann', 'ops'] })
    const environment = { ...at, environment_name: 'production' }
    await client.rest.repos.createOrUpdateEnvironment({
      ...environment,
      wait_timer: 30,
      prevent_self_review: true,
      reviewers: [
        { type: 'User', id: userId('ann') },
        { type: 'Team', id: userId('team ops') },
      ],
      deployment_branch_policy: { protected_branches: true, custom_branch_policies: false },
    })
    const { data } = await client.rest.repos.getEnvironment(environment)
    expect(data.protection_rules).toEqual([
      expect.objectContaining({ type: 'wait_timer', wait_timer: 30 }),
      expect.objectContaining({
        type: 'required_reviewers',
        prevent_self_review: true,
        reviewers: [
          { type: 'User', reviewer: expect.objectContaining({ login: 'ann' }) },
          { type: 'Team', reviewer: expect.objectContaining({ slug: 'ops' }) },
        ],
      }),
      expect.objectContaining({ type: 'branch_policy' }),
    ])
    await client.rest.repos.createOrUpdateEnvironment(environment)
    const { data: bare } = await client.rest.repos.getEnvironment(environment)
    expect([bare.protection_rules, bare.deployment_branch_policy]).toEqual([[], null])
  })

  const refusals: [string, object, RegExp][] = [
    ['a wait of 31 days', { wait_timer: 44_640 }, /43200/],
    ['a stranger as reviewer', { reviewers: [{ type: 'User', id: 7 }] }, /Invalid reviewer/],
    [
      'both branch policies',
      { deployment_branch_policy: { protected_branches: true, custom_branch_policies: true } },
      /same value/,
    ],
    ['an unknown setting', { wait_timr: 5 }, /not a permitted key/],
  ]
  test.each(refusals)('are not changed by %s', async (_what, wanted, told) => {
    const { client, at } = hub()
    const environment = { ...at, environment_name: 'production' }
    const call = client.rest.repos.createOrUpdateEnvironment({ ...environment, ...wanted })
    const { status, message } = await refused(call)
    expect([status, message]).toEqual([422, expect.stringMatching(told)])
    expect((await refused(client.rest.repos.getEnvironment(environment))).status).toBe(404)
  })

  test('may only be changed by an administrator, which no GITHUB_TOKEN is', async () => {
    const { octokit, at } = hub()
    const job = octokit({ actions: 'write', deployments: 'write', contents: 'write' })
    const call = job.rest.repos.createOrUpdateEnvironment({ ...at, environment_name: 'production' })
    expect((await refused(call)).headers['x-accepted-github-permissions']).toBe(
      'administration=write',
    )
  })
})

describe('a job with an environment', () => {
  test('deploys at once where nothing protects it, and GitHub records it', async () => {
    const world = hub()
    world.shop.workflow(DEPLOY)
    const id = world.shop.run(PATH)
    await world.clock.advance(10_000)
    expect(await deploymentsOf(world)).toEqual([['in_progress']])
    await world.clock.advance(60_000)
    expect(await jobOf(world, id)).toBe('success')
    expect(await deploymentsOf(world)).toEqual([['success', 'in_progress']])
  })

  test('is not recorded with deployment: false, and waits all the same', async () => {
    const world = hub()
    world.shop.environment('production', { waitMinutes: 10 })
    const [job] = DEPLOY.jobs
    world.shop.workflow({ path: PATH, jobs: job ? [{ ...job, deployment: false }] : [] })
    const id = world.shop.run(PATH)
    await world.clock.advance(60_000)
    expect(await jobOf(world, id)).toBe('waiting')
    await world.clock.advance(700_000)
    expect(await jobOf(world, id)).toBe('success')
    expect(await deploymentsOf(world)).toEqual([])
  })

  test('waits for its timer and for a person, whichever is later', async () => {
    const world = hub()
    const { client, clock, shop, at, octokit } = world
    const environment = shop.environment('production', {
      waitMinutes: 5,
      reviewers: [{ type: 'User', name: 'ann' }],
    })
    shop.workflow(DEPLOY)
    const run = { ...at, run_id: shop.run(PATH) }
    const { data: pending } = await client.rest.actions.getPendingDeploymentsForRun(run)
    expect(pending).toMatchObject([
      { environment: { name: 'production' }, wait_timer: 5, current_user_can_approve: false },
    ])
    const review = (login: string) =>
      octokit(undefined, login).rest.actions.reviewPendingDeploymentsForRun({
        ...run,
        environment_ids: [environment],
        state: 'approved',
        comment: 'go',
      })
    for (const login of ['github-actions[bot]', 'bob'])
      expect((await refused(review(login))).message).toBe(
        'There are no pending deployment requests to approve or reject',
      )
    expect((await review('ann')).data).toMatchObject([{ environment: 'production' }])
    expect(await jobOf(world, run.run_id)).toBe('waiting')
    await clock.advance(301_000)
    expect(await jobOf(world, run.run_id)).toBe('queued')
    const { data: reviews } = await client.rest.actions.getReviewsForRun(run)
    expect(reviews).toMatchObject([{ state: 'approved', comment: 'go', user: { login: 'ann' } }])
  })

  test('may not be approved by who started it, where that is prevented', async () => {
    const { shop, at, octokit } = hub()
    const reviewers = [{ type: 'User', name: 'ann' }] as const
    const id = shop.environment('production', { reviewers, preventSelfReview: true })
    shop.workflow(DEPLOY)
    const approve = (run_id: number) =>
      octokit(undefined, 'ann').rest.actions.reviewPendingDeploymentsForRun({
        ...at,
        run_id,
        environment_ids: [id],
        state: 'approved',
        comment: '',
      })
    expect((await refused(approve(shop.run(PATH, { actor: 'ann' })))).status).toBe(422)
    expect((await approve(shop.run(PATH, { actor: 'bob' }))).status).toBe(200)
  })

  test('fails when a person says no, and its deployment with it', async () => {
    const world = hub()
    const { shop, at, octokit } = world
    const id = shop.environment('production', { reviewers: [{ type: 'Team', name: 'ops' }] })
    shop.workflow(DEPLOY)
    const run_id = shop.run(PATH)
    await octokit(undefined, 'ann').rest.actions.reviewPendingDeploymentsForRun({
      ...at,
      run_id,
      environment_ids: [id],
      state: 'rejected',
      comment: 'not today',
    })
    expect(await jobOf(world, run_id)).toBe('failure')
    expect(await deploymentsOf(world)).toEqual([['failure', 'queued']])
  })

  const branches: [string, Parameters<Hub['shop']['environment']>[1], string, string][] = [
    ['any branch', { branches: 'all' }, 'topic', 'queued'],
    ['a protected branch', { branches: 'protected' }, 'main', 'queued'],
    ['no unprotected branch', { branches: 'protected' }, 'topic', 'failure'],
    ['a branch that a pattern names', { branches: ['release/*'] }, 'release/1', 'queued'],
    ['no branch that no pattern names', { branches: ['release/*'] }, 'main', 'failure'],
    ['no deeper branch than its pattern', { branches: ['release/*'] }, 'release/1/a', 'failure'],
  ]
  test.each(branches)('lets in %s', async (_what, protection, branch, state) => {
    const world = hub()
    world.shop.protectBranch('main')
    world.shop.environment('production', protection)
    world.shop.workflow(DEPLOY)
    world.shop.commit({ branch })
    expect(await jobOf(world, world.shop.run(PATH, { branch }))).toBe(state)
  })

  const says: [string, 'approved' | 'rejected', string][] = [
    ['opens', 'approved', 'queued'],
    ['closes', 'rejected', 'failure'],
  ]
  test.each(says)('a custom rule %s the door', async (_what, state, end) => {
    const world = hub()
    const { shop, at, octokit } = world
    shop.environment('production', { customRules: ['gate'] })
    shop.workflow(DEPLOY)
    const run_id = shop.run(PATH)
    const say = (login: string) =>
      octokit(undefined, login).rest.actions.reviewCustomGatesForRun({
        ...at,
        run_id,
        environment_name: 'production',
        state,
        comment: 'looked',
      })
    expect((await refused(say('other[bot]'))).status).toBe(404)
    expect(await jobOf(world, run_id)).toBe('waiting')
    await say('gate[bot]')
    expect(await jobOf(world, run_id)).toBe(end)
  })

  test('leaves the door when its run is cancelled', async () => {
    const world = hub()
    world.shop.environment('production', { waitMinutes: 60 })
    world.shop.workflow(DEPLOY)
    const run_id = world.shop.run(PATH)
    await world.client.rest.actions.cancelWorkflowRun({ ...world.at, run_id })
    await world.clock.advance(2_000)
    expect(await jobOf(world, run_id)).toBe('cancelled')
    await world.clock.advance(3_700_000)
    expect(await jobOf(world, run_id)).toBe('cancelled')
  })
})
