import { LeaseLost } from '#core'
import {
  type Claim,
  compareLease,
  decideLease,
  type Lease,
  readLease,
  releaseLease,
  renewLease,
  takeLease,
} from '#store'
import { fakeClock } from '../../support/run.ts'
import { testStore, where } from '../../support/store.ts'

const claim = (run: string, given: Partial<Claim> = {}): Claim => ({
  owner: 'deployment',
  deployment: `production/${run}`,
  run,
  attempt: 1,
  ...given,
})
const lease = (given: Partial<Lease>): Lease => ({
  kind: 'lease',
  version: 1,
  ...where,
  ...claim('1'),
  generation: 3,
  until: '2026-11-22T04:00:00Z',
  ...given,
})
const at = (text: string) => Date.parse(text)

describe('who gets the lease', () => {
  test.each<[string, Partial<Lease> | undefined, Claim, string, object]>([
    ['nobody ever held it', undefined, claim('2'), '03:00', { is: 'take', generation: 1 }],
    ['it was given back', { owner: 'nobody' }, claim('2'), '03:00', { is: 'take', generation: 4 }],
    ['another run holds it', {}, claim('2'), '03:59', { is: 'taken' }],
    ['another run holds it at its last second', {}, claim('2'), '04:00', { is: 'taken' }],
    ['another run let it lapse', {}, claim('2'), '04:01', { is: 'take', generation: 4 }],
    ['the same run holds it', {}, claim('1'), '03:30', { is: 'renew', generation: 3 }],
    ['the same run let it lapse', {}, claim('1'), '09:00', { is: 'renew', generation: 3 }],
    [
      'the run is tried again',
      {},
      claim('1', { attempt: 2 }),
      '03:30',
      { is: 'take', generation: 4 },
    ],
    [
      'its own rollback takes it',
      {},
      claim('1', { owner: 'rollback' }),
      '03:30',
      { is: 'take', generation: 4 },
    ],
    [
      'a rollback of another run wants it',
      {},
      claim('2', { owner: 'rollback', deployment: 'production/1' }),
      '03:30',
      { is: 'taken' },
    ],
    [
      'a deployment wants it from a rollback',
      { owner: 'rollback' },
      claim('2'),
      '03:30',
      { is: 'taken' },
    ],
  ])('when %s', (_name, current, wanted, now, decision) => {
    const existing = current && lease(current)
    expect(decideLease(existing, wanted, at(`2026-11-22T${now}:00Z`))).toEqual(decision)
  })
})

test('of two runs that want it at once, one gets it and the other learns who', async () => {
  const store = await testStore()
  const both = await Promise.all([takeLease(store, claim('1')), takeLease(store, claim('2'))])
  expect(both.map((answer) => answer.is).sort()).toEqual(['held', 'taken'])
  expect(new Set(both.map((answer) => answer.lease.run)).size).toBe(1)
})

test('who lost it finds out before the next mutation and at the next renewal', async () => {
  const clock = fakeClock()
  const store = await testStore(clock)
  const first = await takeLease(store, claim('1'))
  clock.advance(3 * 3_600_000)
  expect((await takeLease(store, claim('2'))).is).toBe('held')
  await expect(compareLease(store, first.lease)).rejects.toThrow(LeaseLost)
  await expect(renewLease(store, first.lease)).rejects.toThrow(/run 2/)
})

test('a lapsed lease that nobody took is renewed', async () => {
  const clock = fakeClock()
  const store = await testStore(clock)
  const { lease: held } = await takeLease(store, claim('1'))
  clock.advance(5 * 3_600_000)
  const renewed = await renewLease(store, held)
  expect(Date.parse(renewed.until)).toBeGreaterThan(clock.now())
  expect(renewed.generation).toBe(held.generation)
})

test("giving back leaves somebody else's lease alone", async () => {
  const store = await testStore()
  await takeLease(store, claim('1'))
  await releaseLease(store, '2')
  expect((await readLease(store))?.owner).toBe('deployment')
  await releaseLease(store, '1')
  expect((await readLease(store))?.owner).toBe('nobody')
})
