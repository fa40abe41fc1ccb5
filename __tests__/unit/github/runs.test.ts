import { askLife, cancelRun, connect, jobsOf, latestAttempt, lifeOf } from '#github'
import { memoryGitHub, type Permissions, virtualClock } from '../../../packages/sandbox/index.ts'

/** GitHub with one run, whose deploy job runs until it is told to end. */
function world(permissions: Permissions = { actions: 'write' }) {
  const clock = virtualClock()
  const github = memoryGitHub({ clock })
  const shop = github.repository('acme/shop')
  shop.workflow({
    path: '.github/workflows/deploy.yml',
    jobs: [
      { name: 'deploy', ms: null },
      { name: 'rollback', needs: ['deploy'], always: true, ms: null },
    ],
  })
  const run = shop.run('.github/workflows/deploy.yml', { id: 77 })
  const token = github.token('acme/shop', permissions)
  const url = github.url
  const client = connect({ token, repository: 'acme/shop', url, fetch: github.fetch })
  return { clock, shop, run: String(run), client }
}

test('a run is alive until its last job has ended', async () => {
  const { clock, shop, run, client } = world()
  await clock.advance(10_000)
  expect(await lifeOf(client, { run, attempt: 1 })).toEqual({ is: 'alive', status: 'in_progress' })
  shop.finish(Number(run), 'deploy', 'failure')
  await clock.advance(10_000)
  expect(await lifeOf(client, { run })).toMatchObject({ is: 'alive' })
  shop.finish(Number(run), 'rollback')
  expect(await lifeOf(client, { run, attempt: 1 })).toEqual({ is: 'ended', conclusion: 'failure' })
  expect(await latestAttempt(client, run)).toBe(1)
  expect(await jobsOf(client, { run, attempt: 1 })).toEqual([
    { name: 'deploy', state: 'failure' },
    { name: 'rollback', state: 'success' },
  ])
})

test('what GitHub does not know, cannot be asked or does not answer is doubt, and says why', async () => {
  const { client } = world()
  const { client: blind } = world({})
  expect(await askLife(client, { run: '99', attempt: 1 })).toMatchObject({
    why: expect.stringMatching(/no such run/),
  })
  expect(await askLife(client, { run: 'local' })).toMatchObject({ is: 'unknown' })
  expect(await askLife(undefined, { run: '77' })).toMatchObject({
    is: 'unknown',
    why: expect.stringMatching(/no token/),
  })
  expect(await askLife(blind, { run: '77' })).toMatchObject({
    is: 'unknown',
    why: expect.stringMatching(/403/),
  })
})

test('a cancelled run ends after its jobs, one that has ended stays ended', async () => {
  const { clock, run, client } = world()
  await clock.advance(10_000)
  await cancelRun(client, run, 'asked')
  await clock.advance(30_000)
  expect(await jobsOf(client, { run, attempt: 1 })).toMatchObject([
    { name: 'deploy', state: 'cancelled' },
    { name: 'rollback', state: 'in_progress' },
  ])
  await cancelRun(client, run, 'forced')
  await clock.advance(5_000)
  expect(await lifeOf(client, { run })).toEqual({ is: 'ended', conclusion: 'cancelled' })
  await expect(cancelRun(client, run, 'asked')).resolves.toBeUndefined()
})
