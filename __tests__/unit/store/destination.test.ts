import { changeEnvironment, chooseDestination, findDestination } from '#store'
import { pointOf, put, testStore } from '../../support/store.ts'

const store = { environment: 'production', account: '123456789012', region: 'us-east-1' } as never
const before = (verified: { is: boolean; held: boolean }) =>
  pointOf(store, 'production/2/before', { verified: { ...verified, why: 'w' } })
const last = pointOf(store, 'production/1/after')

test.each([
  [
    'its own before when it is verified',
    before({ is: true, held: false }),
    last,
    'production/2/before',
  ],
  [
    'the last verified one when its own is not',
    before({ is: false, held: false }),
    last,
    'production/1/after',
  ],
  ['none when its own was judged unhealthy', before({ is: false, held: true }), last, undefined],
  ['none when nothing is verified', before({ is: false, held: false }), undefined, undefined],
  ['the last verified one when there is no before', undefined, last, 'production/1/after'],
])('auto goes to %s', (_name, own, verified, id) => {
  const found = chooseDestination('auto', own, verified)
  expect(found.is === 'point' ? found.point.id : undefined).toBe(id)
})

test('last-verified passes over a before that is verified', () => {
  expect(chooseDestination('last-verified', before({ is: true, held: false }), last)).toMatchObject(
    { point: { id: 'production/1/after' } },
  )
})

test('where nothing else was verified, last-verified says nothing about a before that is', () => {
  const found = chooseDestination('last-verified', before({ is: true, held: false }), undefined)
  expect(found).toEqual({ is: 'none', why: 'this environment has no verified restore point' })
})

test('a deployment is never its own destination', async () => {
  const store = await testStore()
  await put(store, pointOf(store, 'production/2/after'))
  await changeEnvironment(store, (state) => ({ ...state, verified: 'production/2/after' }))
  expect((await findDestination(store, 'auto', 'production/2')).is).toBe('none')
})

test('a release that was verified and rolled back later is no destination', async () => {
  const store = await testStore()
  const deployment = { state: 'rolled-back' as const, history: [], journal: [] }
  await put(store, pointOf(store, 'production/2/before', { deployment }))
  await put(store, pointOf(store, 'production/2/after'))
  await changeEnvironment(store, (state) => ({ ...state, verified: 'production/2/after' }))
  expect((await findDestination(store, 'last-verified', 'production/3')).is).toBe('none')
})

test('what a rollback verified is a destination, though its deployment was rolled back', async () => {
  const store = await testStore()
  const deployment = { state: 'rolled-back' as const, history: [], journal: [] }
  await put(store, pointOf(store, 'production/2/before', { deployment }))
  await put(store, pointOf(store, 'production/2.rollback-1/after'))
  await changeEnvironment(store, (state) => ({
    ...state,
    verified: 'production/2.rollback-1/after',
  }))
  expect(await findDestination(store, 'auto', 'production/3')).toMatchObject({
    point: { id: 'production/2.rollback-1/after' },
  })
})

test('a named point that is not there is said, not replaced by another', async () => {
  const found = await findDestination(await testStore(), 'production/9/after', undefined)
  expect(found).toEqual({ is: 'none', why: 'there is no restore point production/9/after' })
})
