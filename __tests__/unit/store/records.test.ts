import { LeaseLost } from '#core'
import {
  closeRecord,
  type Draft,
  leftBehind,
  openRecord,
  readEnvironment,
  readRecord,
  recordJournal,
  recordsOf,
  takeLease,
} from '#store'
import { fakeClock } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

const undone = 'production/1'
const draft: Draft = {
  undone,
  from: 'b'.repeat(40),
  to: 'production/1/before',
  profile: 'A',
  planId: 'p1',
  consent: 'not-needed',
  reason: 'unhealthy',
  actor: 'ada',
  trigger: 'verdict',
  repository: 'acme/shop',
  openedAt: '2026-11-22T03:00:00Z',
  runs: [{ run: '1', attempt: 1, at: '2026-11-22T03:00:00Z', url: '' }],
}
const end = {
  outcome: 'done' as const,
  closedAt: '2026-11-22T03:10:00Z',
  closedBy: 'ada',
  closedWhy: 'healthy',
}

async function rollbackLease(
  store: Awaited<ReturnType<typeof testStore>>,
  run = '1',
  deployment = undone,
) {
  const taken = await takeLease(store, { owner: 'rollback', deployment, run, attempt: 1 })
  if (taken.is === 'taken') throw new Error('the lease is taken')
  return taken.lease
}

test('the environment knows the open record, and forgets it when it closes', async () => {
  const store = await testStore()
  const opened = await openRecord(store, await rollbackLease(store), draft)
  expect(opened.is).toBe('opened')
  expect((await readEnvironment(store)).open).toBe('production/1/rollback-1')
  await closeRecord(store, 'production/1/rollback-1', end)
  expect((await readEnvironment(store)).open).toBeUndefined()
})

test('opening again goes on with the same record', async () => {
  const store = await testStore()
  const lease = await rollbackLease(store)
  await openRecord(store, lease, draft)
  const again = await openRecord(store, lease, { ...draft, consent: 'given' })
  expect(again).toMatchObject({
    is: 'resumed',
    record: { id: 'production/1/rollback-1', consent: 'given' },
  })
})

test('a number rises only after the record before is closed', async () => {
  const store = await testStore()
  const lease = await rollbackLease(store)
  await openRecord(store, lease, draft)
  await closeRecord(store, 'production/1/rollback-1', end)
  const next = await openRecord(store, lease, draft)
  expect(next).toMatchObject({ is: 'opened', record: { id: 'production/1/rollback-2' } })
})

test('while one is open the record of another deployment is not opened', async () => {
  const clock = fakeClock()
  const store = await testStore(clock)
  await openRecord(store, await rollbackLease(store), draft)
  clock.advance(3_600_000)
  const other = await openRecord(store, await rollbackLease(store, '2', 'production/2'), {
    ...draft,
    undone: 'production/2',
  })
  expect(other).toEqual({ is: 'other', open: 'production/1/rollback-1' })
})

test('a kill between the pointer and the record leaves a name that the next run completes', async () => {
  const store = await testStore()
  const lease = await rollbackLease(store)
  store.objects.fault = (call, key) => {
    if (call === 'create' && key.endsWith('rollback-1.json')) throw new Error('killed')
  }
  await expect(openRecord(store, lease, draft)).rejects.toThrow('killed')
  store.objects.fault = undefined
  expect(await openRecord(store, lease, draft)).toMatchObject({
    is: 'opened',
    record: { id: 'production/1/rollback-1' },
  })
})

test('a kill between closing the record and freeing the environment is finished by closing again', async () => {
  const store = await testStore()
  await openRecord(store, await rollbackLease(store), draft)
  store.objects.fault = (call, key) => {
    if (call === 'replace' && key.endsWith('environment.json')) throw new Error('killed')
  }
  await expect(closeRecord(store, 'production/1/rollback-1', end)).rejects.toThrow('killed')
  store.objects.fault = undefined
  await closeRecord(store, 'production/1/rollback-1', { ...end, closedWhy: 'again' })
  expect((await readEnvironment(store)).open).toBeUndefined()
  expect((await readRecord(store, 'production/1/rollback-1'))?.closedWhy).toBe('healthy')
})

test('a closed record that a killed run left in the environment does not block the next one', async () => {
  const store = await testStore()
  const lease = await rollbackLease(store)
  await openRecord(store, lease, draft)
  store.objects.fault = (call, key) => {
    if (call === 'replace' && key.endsWith('environment.json')) throw new Error('killed')
  }
  await expect(closeRecord(store, 'production/1/rollback-1', end)).rejects.toThrow('killed')
  store.objects.fault = undefined
  expect(await leftBehind(store)).toBe('production/1/rollback-1')
  expect(await openRecord(store, lease, draft)).toMatchObject({
    is: 'opened',
    record: { id: 'production/1/rollback-2' },
  })
  expect(await leftBehind(store)).toBeUndefined()
})

describe('the journal of a record', () => {
  const entry = (on: string) => ({ component: 'ecs', operation: 'update-service', on })

  async function begin() {
    const clock = fakeClock()
    const store = await testStore(clock)
    const lease = await rollbackLease(store)
    const opened = await openRecord(store, lease, draft)
    if (opened.is === 'other') throw new Error('not opened')
    return {
      clock,
      store,
      journal: recordJournal({ store, lease, clock, run: '1' }, opened.record),
    }
  }

  test('keeps entries of parallel services, each exactly once', async () => {
    const { store, journal } = await begin()
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => journal.intend([entry(name)])))
    const written = (await readRecord(store, 'production/1/rollback-1'))?.journal.map(
      ({ on }) => on,
    )
    expect(written?.sort()).toEqual(names)
    expect(journal.entries().length).toBe(5)
  })

  test('writes nothing after another run took the lease', async () => {
    const { clock, store, journal } = await begin()
    clock.advance(20 * 60_000)
    await rollbackLease(store, '2')
    await expect(journal.intend([entry('a')])).rejects.toThrow(LeaseLost)
    expect((await readRecord(store, 'production/1/rollback-1'))?.journal).toEqual([])
  })

  test('renews the lease after a minute and not before', async () => {
    const { clock, store, journal } = await begin()
    const writes = () => store.objects.writes.filter((call) => call.endsWith('lease.json')).length
    const before = writes()
    await journal.beat()
    expect(writes()).toBe(before)
    clock.advance(61_000)
    await journal.beat()
    expect(writes()).toBe(before + 1)
  })

  test('a lease that lapsed in a long wait goes on when nobody took it', async () => {
    const { clock, store, journal } = await begin()
    clock.advance(10 * 3_600_000)
    await journal.intend([entry('a')])
    expect((await readRecord(store, 'production/1/rollback-1'))?.journal.length).toBe(1)
  })
})

test('one plan lists the records once and reads each once, however often they are asked for', async () => {
  const store = await testStore()
  const lease = await rollbackLease(store)
  await openRecord(store, lease, draft)
  const calls: string[] = []
  store.objects.fault = (call, key) => void calls.push(`${call} ${key}`)
  const records = recordsOf(store)
  expect((await records.all()).map(({ id }) => id)).toEqual(['production/1/rollback-1'])
  expect(await records.latest()).toEqual(await records.all())
  expect(calls).toEqual(['list production/', 'get production/1/rollback-1.json'])
})
