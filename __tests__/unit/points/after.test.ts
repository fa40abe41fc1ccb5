import { restorePoint, settings } from '#points'
import {
  changeEnvironment,
  type Deployment,
  readEnvironment,
  readLease,
  readPoint,
  takeLease,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const given = {
  ...({ mode: 'capture', point: 'after' } as const),
  ...{ id: undefined, record: undefined, deployment: undefined, environment: 'production' },
}
const ecs = { cluster: 'c', services: [] }
const captures = {
  ecs: async () => ({ problems: [], warnings: [], rows: [], state: ecs }),
  ...{ rds: undefined, migrations: undefined },
}

/** A deployment of run 10 that was judged and never marked, because its rollback job was killed. */
async function judged(word: 'healthy' | 'unhealthy') {
  const clock = fakeClock()
  const store = await testStore(clock)
  const verdict = { verdict: word, why: 'w', at: '2026-11-22T02:50:00Z', run: '10' }
  const deployment: Deployment = { state: 'deploying', history: [], journal: [], verdict }
  await put(store, pointOf(store, 'production/10/before', { deployment }))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/10' }))
  await takeLease(store, {
    ...({ owner: 'deployment', deployment: 'production/10' } as const),
    ...{ run: '10', attempt: 1 },
  })
  const run = testRun({
    clock,
    identity: { runId: '30' },
    lifeOf: async () => ({ is: 'ended', conclusion: 'cancelled' }),
  })
  const mark = () =>
    restorePoint(
      run,
      store,
      {
        ...{ captures, baseline: undefined, keep: undefined, github: undefined },
        button: () => '',
      },
      settings({ ...given, deployment: 'production/10' }),
    )
  return { store, mark }
}

test('a run marks the deployment of another one, which has ended, as verified', async () => {
  const { store, mark } = await judged('healthy')
  expect(await mark()).toMatchObject({ outcome: 'done' })
  expect((await readEnvironment(store)).verified).toBe('production/10/after')
  expect((await readPoint(store, 'production/10/before'))?.deployment?.state).toBe('verified')
  expect((await readLease(store))?.owner).toBe('nobody')
  expect(await mark()).toMatchObject({ outcome: 'unchanged' })
})

test('only one whose verdict was healthy', async () => {
  const { mark } = await judged('unhealthy')
  expect(await mark()).toMatchObject({ outcome: 'refused' })
})

test.each([
  ['of another environment', { deployment: 'staging/10' }],
  ['that is none', { deployment: 'production/10/before' }],
  ['with a record', { deployment: 'production/10', record: 'production/10/rollback-1' }],
  ['before it begins', { deployment: 'production/10', point: 'before' as const }],
])('a deployment %s is refused', (_name, more) => {
  expect(() => settings({ ...given, ...more })).toThrow(/deployment: /)
})
