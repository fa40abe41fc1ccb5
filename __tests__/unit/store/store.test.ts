import { CallError, InputError } from '#core'
import {
  changeEnvironment,
  changePoint,
  createDocument,
  keys,
  openStore,
  readPoint,
  readVerified,
} from '#store'
import { denied, memoryObjects } from '../../support/objects.ts'
import { fakeClock } from '../../support/run.ts'
import { pointOf, put, testStore, where } from '../../support/store.ts'

const id = 'production/1/before'

test.each([['Suspended'], [undefined]])(
  'a bucket whose versioning is %s is no store',
  async (versioning) => {
    const objects = { ...memoryObjects(fakeClock()), versioning: async () => versioning }
    await expect(openStore(objects, where)).rejects.toThrow(InputError)
  },
)

test('a store that may not be read is an error that names the permission, not an empty store', async () => {
  const store = await testStore()
  store.objects.fault = (call, key) => {
    if (call === 'get') throw denied('s3:GetObject', key)
  }
  await expect(readPoint(store, id)).rejects.toThrow(/s3:GetObject/)
})

test.each<[string, string]>([
  ['is not JSON', '{'],
  ['has another version', JSON.stringify({ ...pointOf({ ...where } as never, id), version: 2 })],
  [
    'belongs to another environment',
    JSON.stringify({ ...pointOf({ ...where } as never, id), environment: 'staging' }),
  ],
  [
    'belongs to another account',
    JSON.stringify({ ...pointOf({ ...where } as never, id), account: '999999999999' }),
  ],
  [
    'belongs to another region',
    JSON.stringify({ ...pointOf({ ...where } as never, id), region: 'eu-west-1' }),
  ],
])('a document that %s is refused', async (_name, text) => {
  const store = await testStore()
  await store.objects.create(keys.document(id), text)
  await expect(readPoint(store, id)).rejects.toThrow(CallError)
})

test('two writers that change one document at once both get their change in', async () => {
  const store = await testStore()
  await put(store, pointOf(store, id, { runs: '' }))
  const add = (letter: string) =>
    changePoint(store, id, (point) => ({ ...point, runs: `${point.runs ?? ''}${letter}` }))
  await Promise.all(['a', 'b', 'c', 'd'].map(add))
  expect([...((await readPoint(store, id))?.runs ?? '')].sort().join('')).toBe('abcd')
})

test('a document that is there is never written over by create', async () => {
  const store = await testStore()
  expect(await createDocument(store, keys.document(id), pointOf(store, id))).toBe(true)
  expect(
    await createDocument(store, keys.document(id), pointOf(store, id, { sha: 'c'.repeat(40) })),
  ).toBe(false)
  expect((await readPoint(store, id))?.sha).toBe('b'.repeat(40))
})

test('a create whose answer was lost and is sent again succeeds', async () => {
  const store = await testStore()
  await createDocument(store, keys.document(id), pointOf(store, id))
  expect(await createDocument(store, keys.document(id), pointOf(store, id))).toBe(true)
})

test('the last verified point is the one that the environment names', async () => {
  const store = await testStore()
  expect(await readVerified(store)).toBeUndefined()
  await put(store, pointOf(store, 'production/1/after'))
  await changeEnvironment(store, (state) => ({ ...state, verified: 'production/1/after' }))
  expect((await readVerified(store))?.id).toBe('production/1/after')
})
