import { changeRecord } from '#store'
import { findWanted } from '../../../packages/health/wanted.ts'
import { settingsOf, stocked } from '../../actions/verify-health/stage.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put } from '../../support/store.ts'

const measured = { rows: { number: '7' } }

async function wanted(more: { readonly [name: string]: string }) {
  const run = testRun()
  const { store } = await stocked(run, { measured })
  await put(store, pointOf(store, 'production/1/after', { measured: { rows: { number: '3' } } }))
  await changeRecord(store, 'production/4711/rollback-1', (record) => ({
    ...record,
    to: 'production/1/after',
  }))
  const found = await findWanted(run, settingsOf({ checks: '[]', ...more }), store)
  return found.is === 'wanted' ? Object.fromEntries(found.wanted.measured) : found.why
}

test('a release is compared with what its own restore point measured', async () => {
  expect(await wanted({})).toEqual(measured)
})

test('a rollback is compared with what was measured before the deployment that it undid', async () => {
  const restored = { expect: 'restored', record: 'production/4711/rollback-1' }
  expect(await wanted(restored)).toEqual(measured)
})

test('a rollback without a record is compared with nothing', async () => {
  expect(await wanted({ expect: 'restored' })).toEqual({})
})
