import type { Life, RunAttempt } from '#core'
import { askLife, connect } from '#github'
import { rollbackReport, type Stand, standOf } from '#rollback'
import {
  changeEnvironment,
  type DeploymentState,
  keys,
  type Lease,
  readLease,
  readPoint,
  serialize,
  takeLease,
} from '#store'
import {
  type JobPlan,
  memoryGitHub,
  type Permissions,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const alive: Life = { is: 'alive', status: 'in_progress' }
const ended: Life = { is: 'ended', conclusion: 'success' }
const doubt: Life = { is: 'unknown', why: 'no answer' }
const missing: Life = { is: 'unknown', why: 'no such run', missing: true }
const own = { run: '20', repository: 'acme/shop' }
const before = (state: DeploymentState, given: object = {}) => ({
  ...{ id: 'production/10/before', run: '10', repository: 'acme/shop' },
  deployment: { state, history: [], journal: [] },
  ...given,
})

test.each<[string, Parameters<typeof standOf>[0], Life, Stand['is']]>([
  ['is alive while it deploys', before('deploying'), alive, 'cancel'],
  ['is alive and has only its restore point', before('captured'), alive, 'cancel'],
  ['has ended', before('deploying'), ended, 'nothing'],
  ['is alive, and its deployment is over', before('verified'), alive, 'nothing'],
  ['is alive, and its deployment is held', before('held'), alive, 'nothing'],
  ['is this one', before('deploying', { run: '20' }), alive, 'nothing'],
  ['is of another repository', before('deploying', { repository: 'acme/api' }), doubt, 'nothing'],
  ['is not there any more', before('deploying'), missing, 'nothing'],
  ['does not answer', before('deploying'), doubt, 'doubt'],
  ['never was', undefined, doubt, 'nothing'],
])('a run that %s', (_name, point, life, is) => {
  expect(standOf(point, own, life).is).toBe(is)
})

const usual: readonly JobPlan[] = [
  { name: 'deploy', ms: null },
  { name: 'rollback', needs: ['deploy'], always: true, ms: 20_000 },
]

/** A deployment of run 10 that hangs, and run 20 of the button. */
async function world(
  given: { jobs?: readonly JobPlan[]; permissions?: Permissions; state?: DeploymentState } = {},
) {
  const clock = virtualClock()
  const github = memoryGitHub({ clock })
  const shop = github.repository('acme/shop')
  shop.workflow({ path: '.github/workflows/deploy.yml', jobs: given.jobs ?? usual })
  shop.run('.github/workflows/deploy.yml', { id: 10 })
  await clock.advance(60_000)
  const client = connect({
    ...{ token: github.token('acme/shop', given.permissions ?? { actions: 'write' }) },
    ...{ repository: 'acme/shop', url: github.url, fetch: github.fetch },
  })
  const store = await testStore(clock)
  const deployment = { state: given.state ?? 'deploying', history: [], journal: [] }
  await put(store, pointOf(store, 'production/10/before', { deployment }))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/10' }))
  const deploys = {
    ...({ owner: 'deployment', deployment: 'production/10' } as const),
    ...{ run: '10', attempt: 1 },
  }
  if (deployment.state !== 'verified') await takeLease(store, deploys)
  const press = (
    more: { dryRun?: boolean; timeout?: number; lifeOf?: (of: RunAttempt) => Promise<Life> } = {},
  ) => {
    const run = testRun({
      clock,
      identity: { runId: '20' },
      timeout: 600_000,
      lifeOf: (of) => askLife(client, of),
      ...more,
    })
    const settings = { mode: 'take-over', settle: 15_000, hubEnvironment: 'production' } as const
    return rollbackReport(run, { store, github: client }, settings)
  }
  const journal = async () =>
    (await readPoint(store, 'production/10/before'))?.deployment?.journal.map(
      ({ operation, on }) => `${operation} ${on}`,
    )
  const cancels = () =>
    github.calls.list().filter(({ operation }) => /cancel/.test(operation)).length
  return { clock, shop, store, press, journal, cancels, deploys }
}

test('the living run loses its lease, is cancelled, ends, and gets time for its last requests', async () => {
  const { clock, store, press, journal } = await world()
  const began = clock.now()
  const result = await press()
  expect(result).toMatchObject({ outcome: 'done', data: { run: '10', conclusion: 'cancelled' } })
  expect(JSON.stringify(result.sections)).toMatch(/deploy.*in_progress.*cancelled/)
  expect(JSON.stringify(result.sections)).toMatch(/also those that deploy other environments/)
  expect(clock.now() - began).toBeGreaterThan(40_000)
  expect(await readLease(store)).toMatchObject({
    ...{ owner: 'rollback', run: '20', deployment: 'production/10', generation: 2 },
  })
  expect(await journal()).toEqual(['cancel-run 10'])
})

test('once more it changes nothing: the run has ended, and the lease is its own', async () => {
  const { press, cancels } = await world()
  await press()
  const sent = cancels()
  expect(await press()).toMatchObject({
    outcome: 'unchanged',
    headline: expect.stringMatching(/has ended: cancelled/),
  })
  expect(cancels()).toBe(sent)
})

test('a dry run says what would be cancelled, and cancels nothing', async () => {
  const { press, store, cancels } = await world()
  const result = await press({ dryRun: true })
  expect(result.outcome).toBe('planned')
  expect(JSON.stringify(result)).toMatch(/run 10 .* would be cancelled.*deploy.*in_progress/)
  expect(cancels()).toBe(0)
  expect((await readLease(store))?.run).toBe('10')
})

test('what always() keeps alive ends with GitHub\u2019s five minutes', async () => {
  const stubborn: readonly JobPlan[] = [{ name: 'deploy', always: true, ms: null }]
  const { clock, press, journal } = await world({ jobs: stubborn })
  const began = clock.now()
  expect(await press()).toMatchObject({ outcome: 'done', data: { forced: false } })
  expect(clock.now() - began).toBeGreaterThan(300_000)
  expect(await journal()).toEqual(['cancel-run 10'])
})

test('a run that outlives the five minutes is ended by force, once', async () => {
  const { clock, press, journal, cancels } = await world()
  const began = clock.now()
  const lifeOf = async (): Promise<Life> => (cancels() < 2 ? alive : ended)
  expect(await press({ lifeOf })).toMatchObject({ outcome: 'done', data: { forced: true } })
  expect(clock.now() - began).toBeGreaterThan(330_000)
  expect(await journal()).toEqual(['cancel-run 10', 'force-cancel-run 10'])
})

test('a run that does not end keeps the button waiting, with the lease, and the next command', async () => {
  const slow: readonly JobPlan[] = [{ name: 'deploy', ms: null, cleanupMs: 290_000 }]
  const { press, store } = await world({ jobs: slow })
  const result = await press({ timeout: 60_000 })
  expect(result).toMatchObject({ outcome: 'inconclusive' })
  expect(result.next?.join()).toMatch(/gh run cancel 10 --force.*gh workflow run rollback.yml/)
  expect(await readLease(store)).toMatchObject({ owner: 'rollback', run: '20' })
})

test('a token that may not cancel gives the lease back, and names the permission', async () => {
  const { press, store } = await world({ permissions: { actions: 'read' } })
  await expect(press()).rejects.toMatchObject({ next: expect.stringMatching(/actions: write/) })
  expect((await readLease(store))?.owner).toBe('nobody')
})

test('a deployment that is over is left alone, also while its run goes on', async () => {
  const { press, cancels } = await world({ state: 'verified' })
  expect(await press()).toMatchObject({ outcome: 'unchanged' })
  expect(cancels()).toBe(0)
})

test('a rollback of the run itself is not pulled away', async () => {
  const { press, store, deploys, cancels } = await world()
  await takeLease(store, { ...deploys, owner: 'rollback' })
  expect(await press()).toMatchObject({ outcome: 'superseded' })
  expect(cancels()).toBe(0)
  expect((await readLease(store))?.run).toBe('10')
})

test('of a lease that changes while it is pulled away the newest owner counts', async () => {
  const { press, store, deploys } = await world()
  const { replace } = store.objects
  let once = true
  const racing = {
    ...store.objects,
    replace: async (key: string, text: string, etag: string) => {
      if (once && key === keys.lease('production')) {
        once = false
        const lease: Lease = { ...(await readLease(store)), ...deploys, attempt: 2 } as Lease
        await replace(key, serialize(lease), etag)
      }
      return replace(key, text, etag)
    },
  }
  Object.assign(store.objects, racing)
  expect(await press()).toMatchObject({ outcome: 'done' })
  expect(await readLease(store)).toMatchObject({ owner: 'rollback', run: '20' })
})
