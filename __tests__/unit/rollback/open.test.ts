import { open, type PlanDocument } from '#rollback'
import { closeRecord, createDocument, keys, type Pin, readPin, takeLease } from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

const sha = 'b'.repeat(40)
const plan: PlanDocument = {
  ...{ version: 1, choice: 'roll-back', why: 'w', trigger: 'verdict', undone: 'production/10' },
  ...{ from: sha, to: 'production/10/before', profile: 'A', planId: 'p', consent: 'not-needed' },
  ...{ reason: '5xx', operations: true },
}

async function world() {
  const clock = fakeClock()
  const store = await testStore(clock)
  const run = testRun({ clock, identity: { runId: '10' } })
  const pin = (given: Partial<Pin>) =>
    createDocument(store, keys.pin('production', sha), {
      ...{ kind: 'pin', version: 1, environment: 'production', account: store.account },
      ...{ region: store.region, sha, record: 'production/9/rollback-1', reason: 'old' },
      ...{ at: '2026-11-22T01:00:00Z', by: 'ada', ...given },
    })
  return { store, run, pin }
}

test('opening pins the commit that is taken back', async () => {
  const { store, run } = await world()
  expect(await open(run, store, plan)).toMatchObject({
    outcome: 'done',
    outputs: { record: 'production/10/rollback-1' },
  })
  expect(await readPin(store, sha)).toMatchObject({ record: 'production/10/rollback-1' })
})

test('a commit that was released and failed again is pinned again', async () => {
  const { store, run, pin } = await world()
  await pin({ released: { at: '2026-11-22T02:00:00Z', by: 'ada', why: 'false alarm' } })
  await open(run, store, plan)
  const pinned = await readPin(store, sha)
  expect(pinned).toMatchObject({ record: 'production/10/rollback-1', reason: '5xx' })
  expect(pinned?.released).toBeUndefined()
})

test('a pin that holds is kept with its first reason', async () => {
  const { store, run, pin } = await world()
  await pin({})
  await open(run, store, plan)
  expect(await readPin(store, sha)).toMatchObject({ reason: 'old' })
})

test('a plan without operations pins nothing', async () => {
  const { store, run } = await world()
  await open(run, store, { ...plan, operations: false })
  expect(await readPin(store, sha)).toBeUndefined()
})

test('a deployment that is alive is not pulled away: nothing is opened or pinned, and what to do is said', async () => {
  const { store, run } = await world()
  const living = {
    owner: 'deployment',
    deployment: 'production/10',
    run: '11',
    attempt: 1,
  } as const
  await takeLease(store, living)
  const refused = await open(run, store, plan)
  expect(refused.outcome).toBe('refused')
  expect(refused.next?.[0]).toMatch(
    /cancel it.*left the lease behind, re-run its rollback job, or wait until 2026/,
  )
  expect(await readPin(store, sha)).toBeUndefined()
})

test('a second rollback of the same deployment has a record of its own', async () => {
  const { store, run } = await world()
  await open(run, store, plan)
  const end = {
    outcome: 'done',
    closedAt: '2026-11-22T03:10:00Z',
    closedBy: 'a',
    closedWhy: 'w',
  } as const
  await closeRecord(store, 'production/10/rollback-1', end)
  expect((await open(run, store, plan)).outputs?.record).toBe('production/10/rollback-2')
})
