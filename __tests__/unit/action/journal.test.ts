import { changeEnvironment, type Deployment, readLease, type Store } from '#store'
import { attach } from '../../../packages/action/journal.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const deployment = { kind: 'deployment', record: undefined } as const

async function begun(state: Deployment['state'], store: Store) {
  const given = { state, history: [], journal: [] }
  await put(store, pointOf(store, 'production/4711/before', { deployment: given }))
  return attach(testRun(), store, deployment)
}

test.each(['captured', 'deploying'] as const)('a deployment that is %s goes on', async (state) => {
  expect((await begun(state, await testStore())).is).toBe('attached')
})

test.each(['held', 'verified', 'rolled-back', 'abandoned'] as const)(
  'a deployment that is %s sends nothing more and takes no lease',
  async (state) => {
    const store = await testStore()
    expect(await begun(state, store)).toMatchObject({
      is: 'stopped',
      result: { outcome: 'refused' },
    })
    expect(await readLease(store)).toBeUndefined()
  },
)

test('a deployment does not take its lease back from a rollback that waits for a person', async () => {
  const store = await testStore()
  await changeEnvironment(store, (state) => ({ ...state, open: 'production/4711/rollback-1' }))
  expect(await begun('deploying', store)).toMatchObject({
    is: 'stopped',
    result: {
      headline: expect.stringMatching(/the rollback production\/4711\/rollback-1 is open/),
    },
  })
  expect(await readLease(store)).toBeUndefined()
})
