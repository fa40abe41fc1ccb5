import { describe, expect, test } from '@jest/globals'
import type { Conclusion, JobPlan, WorkflowPlan } from '../../../packages/sandbox/index.ts'
import { hub, refused } from './hub.ts'

type Hub = ReturnType<typeof hub>
const PATH = '.github/workflows/deploy.yml'

/** A deployment as the documented workflows have it: the rollback job is `always()`. */
const CHAIN: readonly JobPlan[] = [
  { name: 'preflight', ms: 10_000 },
  { name: 'deploy', needs: ['preflight'], ms: 120_000 },
  { name: 'rollback', needs: ['preflight', 'deploy'], always: true, ms: 30_000 },
]

function started(jobs: readonly JobPlan[], more: Partial<WorkflowPlan> = {}, world = hub()) {
  world.shop.workflow({ path: PATH, jobs, ...more })
  return { ...world, id: world.shop.run(PATH) }
}

const runOf = async ({ client, at }: Hub, run_id: number) => {
  const { data } = await client.rest.actions.getWorkflowRun({ ...at, run_id })
  return data
}

const stateOf = async (world: Hub, id: number) => {
  const { status, conclusion } = await runOf(world, id)
  return conclusion === null ? status : conclusion
}

/** The jobs that the API shows, with how far they are. */
const jobsOf = async ({ client, at }: Hub, run_id: number) => {
  const { data } = await client.rest.actions.listJobsForWorkflowRun({ ...at, run_id })
  return Object.fromEntries(data.jobs.map((job) => [job.name, job.conclusion ?? job.status]))
}

describe('a run', () => {
  test('goes through its jobs in the order of their needs', async () => {
    const world = started(CHAIN)
    const seen: [number, string | null, Record<string, string>][] = []
    for (const seconds of [0, 5, 10, 5, 120, 5, 30]) {
      await world.clock.advance(seconds * 1000)
      seen.push([seconds, await stateOf(world, world.id), await jobsOf(world, world.id)])
    }
    expect(seen).toEqual([
      [0, 'queued', { preflight: 'queued' }],
      [5, 'in_progress', { preflight: 'in_progress' }],
      [10, 'in_progress', { preflight: 'success', deploy: 'queued' }],
      [5, 'in_progress', { preflight: 'success', deploy: 'in_progress' }],
      [120, 'in_progress', { preflight: 'success', deploy: 'success', rollback: 'queued' }],
      [5, 'in_progress', { preflight: 'success', deploy: 'success', rollback: 'in_progress' }],
      [30, 'success', { preflight: 'success', deploy: 'success', rollback: 'success' }],
    ])
  })

  const ends: [Conclusion, Record<string, string>, string][] = [
    ['failure', { build: 'failure', after: 'skipped', always: 'success' }, 'failure'],
    ['timed_out', { build: 'timed_out', after: 'skipped', always: 'success' }, 'failure'],
    ['cancelled', { build: 'cancelled', after: 'skipped', always: 'success' }, 'cancelled'],
    ['skipped', { build: 'skipped', after: 'skipped', always: 'success' }, 'success'],
    ['success', { build: 'success', after: 'success', always: 'success' }, 'success'],
  ]
  test.each(ends)('whose first job ends %s has %j and is %s', async (first, jobs, conclusion) => {
    const world = started([
      { name: 'build', ends: first },
      { name: 'after', needs: ['build'] },
      { name: 'always', needs: ['after'], always: true },
    ])
    await world.clock.advance(600_000)
    expect(await jobsOf(world, world.id)).toEqual(jobs)
    expect(await stateOf(world, world.id)).toBe(conclusion)
  })

  test('waits for a job that is ended by hand', async () => {
    const world = started([{ name: 'deploy', ms: null }])
    await world.clock.advance(3_600_000)
    expect(await stateOf(world, world.id)).toBe('in_progress')
    world.shop.finish(world.id, 'deploy', 'failure')
    expect(await stateOf(world, world.id)).toBe('failure')
    expect(() => world.shop.finish(world.id, 'deploy')).toThrow('is completed')
  })

  test('is listed by branch, event, status, sha and time', async () => {
    const world = started([{ name: 'deploy', ms: null }])
    const { client, at, shop, id } = world
    const sha = shop.commit({ branch: 'topic' })
    const other = shop.run(PATH, { branch: 'topic', event: 'pull_request', actor: 'ann' })
    await world.clock.advance(10_000)
    shop.finish(other, 'deploy')
    const listed = async (more: object) => {
      const { data } = await client.rest.actions.listWorkflowRuns({
        ...at,
        workflow_id: 'deploy.yml',
        ...more,
      })
      return data.workflow_runs.map((run) => run.id)
    }
    expect(await listed({})).toEqual([other, id])
    expect(await listed({ branch: 'topic' })).toEqual([other])
    expect(await listed({ event: 'push' })).toEqual([id])
    expect(await listed({ status: 'in_progress' })).toEqual([id])
    expect(await listed({ status: 'success' })).toEqual([other])
    expect(await listed({ head_sha: sha })).toEqual([other])
    expect(await listed({ actor: 'ann' })).toEqual([other])
    expect(await listed({ created: '>=2026-11-22' })).toEqual([other, id])
    expect(await listed({ created: '2026-11-23..2026-11-24' })).toEqual([])
  })
})

describe('cancellation', () => {
  test('ends what runs, lets always() work, and ends cancelled', async () => {
    const world = started(CHAIN)
    const { client, clock, at, id } = world
    await clock.advance(60_000)
    const answer = await client.rest.actions.cancelWorkflowRun({ ...at, run_id: id })
    expect([answer.status, answer.data]).toEqual([202, {}])
    expect(await stateOf(world, id)).toBe('in_progress')
    await clock.advance(12_000)
    expect(await jobsOf(world, id)).toEqual({
      preflight: 'success',
      deploy: 'cancelled',
      rollback: 'queued',
    })
    await clock.advance(40_000)
    expect(await jobsOf(world, id)).toMatchObject({ rollback: 'success' })
    expect(await stateOf(world, id)).toBe('cancelled')
  })

  test('ends everything after five minutes, also always()', async () => {
    const [preflight, deploy, rollback] = CHAIN as [JobPlan, JobPlan, JobPlan]
    const world = started([preflight, deploy, { ...rollback, ms: 3_600_000 }])
    const { client, clock, at, id } = world
    await clock.advance(60_000)
    await client.rest.actions.cancelWorkflowRun({ ...at, run_id: id })
    await clock.advance(299_000)
    expect(await jobsOf(world, id)).toMatchObject({ rollback: 'in_progress' })
    await clock.advance(2_000)
    expect(await jobsOf(world, id)).toMatchObject({ rollback: 'cancelled' })
    expect(await stateOf(world, id)).toBe('cancelled')
  })

  const hands: [string, number, number, string][] = [
    ['steps that clean up for a minute have it', 60_000, 62, 'cancelled'],
    ['steps that clean up for an hour have five minutes', 3_600_000, 302, 'cancelled'],
    ['steps that clean up for an hour are at it before', 3_600_000, 290, 'in_progress'],
  ]
  test.each(hands)('%s', async (_what, cleanupMs, seconds, state) => {
    const world = started([{ name: 'deploy', ms: null, cleanupMs }])
    const { client, clock, at, id } = world
    await clock.advance(10_000)
    await client.rest.actions.cancelWorkflowRun({ ...at, run_id: id })
    await clock.advance(5_000)
    await client.rest.actions.cancelWorkflowRun({ ...at, run_id: id })
    await clock.advance((seconds - 5) * 1000)
    expect(await stateOf(world, id)).toBe(state)
  })

  test('by force does not let always() work', async () => {
    const world = started(CHAIN)
    const { client, clock, at, id } = world
    await clock.advance(60_000)
    await client.rest.actions.cancelWorkflowRun({ ...at, run_id: id })
    await client.rest.actions.forceCancelWorkflowRun({ ...at, run_id: id })
    await clock.advance(2_000)
    expect(await stateOf(world, id)).toBe('cancelled')
    expect(await jobsOf(world, id)).toEqual({
      preflight: 'success',
      deploy: 'cancelled',
      rollback: 'skipped',
    })
  })

  test('is told to whoever plays the jobs, who may end them sooner', async () => {
    const { client, clock, at, shop, ...rest } = hub()
    shop.workflow({ path: PATH, jobs: [{ name: 'deploy', ms: null, cleanupMs: 60_000 }] })
    const id = shop.run(PATH, { id: 12_345_678 })
    const heard: string[] = []
    shop.onCancel(id, (how) => {
      heard.push(how)
      shop.finish(id, 'deploy', 'cancelled')
    })
    await clock.advance(10_000)
    await client.rest.actions.cancelWorkflowRun({ ...at, run_id: 12_345_678 })
    expect(heard).toEqual([])
    await clock.advance(1_500)
    expect(heard).toEqual(['asked'])
    expect(await stateOf({ client, clock, at, shop, ...rest }, id)).toBe('cancelled')
  })

  test('comes too late for a run that has ended', async () => {
    const world = started([{ name: 'deploy' }])
    const { client, clock, at, id } = world
    await clock.advance(120_000)
    for (const call of [
      client.rest.actions.cancelWorkflowRun({ ...at, run_id: id }),
      client.rest.actions.forceCancelWorkflowRun({ ...at, run_id: id }),
    ]) {
      const { status, message } = await refused(call)
      expect([status, message]).toEqual([409, 'Cannot cancel a workflow run that is completed.'])
    }
    const unknown = client.rest.actions.cancelWorkflowRun({ ...at, run_id: 1 })
    expect((await refused(unknown)).status).toBe(404)
  })
})

describe('a re-run', () => {
  const once = (attempt: number): Conclusion => (attempt === 1 ? 'failure' : 'success')

  test('of failed jobs runs those and what needs them, under the same id', async () => {
    const world = started([
      { name: 'build' },
      { name: 'deploy', needs: ['build'], ends: once },
      { name: 'verify', needs: ['deploy'] },
    ])
    const { client, clock, at, id } = world
    await clock.advance(300_000)
    expect(await stateOf(world, id)).toBe('failure')
    await client.rest.actions.reRunWorkflowFailedJobs({ ...at, run_id: id })
    expect(await runOf(world, id)).toMatchObject({
      status: 'in_progress',
      conclusion: null,
      run_attempt: 2,
      previous_attempt_url: expect.stringMatching(/attempts\/1$/),
    })
    await clock.advance(300_000)
    const { data } = await client.rest.actions.listJobsForWorkflowRun({ ...at, run_id: id })
    expect(data.jobs.map((job) => [job.name, job.run_attempt, job.conclusion])).toEqual([
      ['build', 1, 'success'],
      ['deploy', 2, 'success'],
      ['verify', 2, 'success'],
    ])
    const all = await client.rest.actions.listJobsForWorkflowRun({
      ...at,
      run_id: id,
      filter: 'all',
    })
    expect(all.data.total_count).toBe(5)
    const first = await client.rest.actions.getWorkflowRunAttempt({
      ...at,
      run_id: id,
      attempt_number: 1,
    })
    expect(first.data.conclusion).toBe('failure')
  })

  test('of one job runs what needs it too', async () => {
    const world = started(CHAIN)
    const { client, clock, at, id } = world
    await clock.advance(300_000)
    const { data } = await client.rest.actions.listJobsForWorkflowRun({ ...at, run_id: id })
    const job_id = data.jobs.find((job) => job.name === 'deploy')?.id ?? 0
    await client.rest.actions.reRunJobForWorkflowRun({ ...at, job_id })
    await clock.advance(6_000)
    expect(await jobsOf(world, id)).toEqual({ preflight: 'success', deploy: 'in_progress' })
  })

  test('is refused while it runs, without a failed job, and after a month', async () => {
    const world = started([{ name: 'deploy' }])
    const { client, clock, at, id } = world
    const again = async () => {
      const call = client.rest.actions.reRunWorkflow({ ...at, run_id: id })
      return (await refused(call)).message
    }
    expect(await again()).toBe('This workflow is already running')
    await clock.advance(120_000)
    const failed = await refused(client.rest.actions.reRunWorkflowFailedJobs({ ...at, run_id: id }))
    expect(failed.status).toBe(403)
    await clock.advance(31 * 24 * 3_600_000)
    // The token of the first day has ended too.
    world.client = world.octokit()
    const late = await refused(world.client.rest.actions.reRunWorkflow({ ...at, run_id: id }))
    expect([late.status, late.message]).toEqual([
      403,
      'Unable to retry this workflow run because it was created over a month ago',
    ])
  })
})

describe('a concurrency group', () => {
  const rows: [string, WorkflowPlan['concurrency'], readonly string[]][] = [
    ['keeps one run waiting', { group: 'production' }, ['in_progress', 'cancelled', 'pending']],
    [
      'keeps all waiting with queue: max',
      { group: 'production', queue: 'max' },
      ['in_progress', 'pending', 'pending'],
    ],
    [
      'cancels the running one with cancel-in-progress',
      { group: 'production', cancelInProgress: true },
      ['cancelled', 'cancelled', 'in_progress'],
    ],
    ['is nobody else’s without a name', undefined, ['in_progress', 'in_progress', 'in_progress']],
  ]
  test.each(rows)('%s', async (_what, concurrency, states) => {
    const world = started([{ name: 'deploy', ms: 600_000 }], concurrency && { concurrency })
    const ids = [world.id]
    for (let n = 0; n < 2; n += 1) {
      await world.clock.advance(20_000)
      ids.push(world.shop.run(PATH))
    }
    await world.clock.advance(20_000)
    expect(await Promise.all(ids.map((id) => stateOf(world, id)))).toEqual(states)
  })

  test('lets the next one in when the first has ended', async () => {
    const world = started([{ name: 'deploy' }], { concurrency: { group: 'p', queue: 'max' } })
    const [second, third] = [world.shop.run(PATH), world.shop.run(PATH)]
    await world.clock.advance(100_000)
    expect(await stateOf(world, second)).toBe('in_progress')
    await world.client.rest.actions.cancelWorkflowRun({ ...world.at, run_id: third })
    expect(await stateOf(world, third)).toBe('cancelled')
  })
})
