import { LeaseLost, type Life } from '#core'
import {
  type Claim,
  compareLease,
  decideLease,
  isLeftBehind,
  type Lease,
  mayPull,
  pullLease,
  readLease,
  releaseLease,
  renewLease,
  takeLease,
  waitForHolder,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
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

const ended: Life = { is: 'ended', conclusion: 'cancelled' }
const aliveNow: Life = { is: 'alive', status: 'in_progress' }
const unknown: Life = { is: 'unknown', why: 'no token' }

describe('a lease that has not lapsed', () => {
  test.each<[string, Partial<Lease>, Claim['owner'], Life, boolean]>([
    ['a deployment that ended, to a deployment', {}, 'deployment', ended, true],
    ['a deployment that ended, to a rollback', {}, 'rollback', ended, true],
    ['a rollback that ended, to a rollback', { owner: 'rollback' }, 'rollback', ended, true],
    ['a rollback that ended, to no deployment', { owner: 'rollback' }, 'deployment', ended, false],
    ['a living deployment, to nobody', {}, 'rollback', aliveNow, false],
    ['a deployment of which nobody knows, to nobody', {}, 'rollback', unknown, false],
  ])('is left by %s', (_name, current, owner, life, left) => {
    expect(isLeftBehind(lease(current), { owner }, life)).toBe(left)
  })

  test('is taken by who learns that its run has ended, and the generation rises', async () => {
    const store = await testStore()
    await takeLease(store, claim('1'))
    const asked: object[] = []
    const run = testRun({
      lifeOf: async ({ run, attempt }) => {
        asked.push({ run, attempt })
        return ended
      },
    })
    expect(await takeLease(store, claim('2'), run)).toMatchObject({
      is: 'held',
      lease: { run: '2', generation: 2 },
    })
    expect(asked).toEqual([{ run: '1', attempt: 1 }])
    expect(run.lines.join()).toMatch(/run 1 \(attempt 1\) has ended \(cancelled\), says GitHub/)
  })

  test.each([aliveNow, unknown])('stays where it is when its run is %j', async (life) => {
    const store = await testStore()
    await takeLease(store, claim('1'))
    const run = testRun({ lifeOf: async () => life })
    expect(await takeLease(store, claim('2'), run)).toMatchObject({ is: 'taken', life })
    expect((await readLease(store))?.run).toBe('1')
  })

  test('is not taken from who renewed or took it while GitHub was asked', async () => {
    const store = await testStore()
    await takeLease(store, claim('1'))
    let first = true
    const run = testRun({
      lifeOf: async ({ run }) => {
        if (first) await takeLease(store, claim('1', { attempt: 2 }))
        first = false
        return run === '1' && (await readLease(store))?.attempt === 2 && !first ? aliveNow : ended
      },
    })
    expect(await takeLease(store, claim('2'), run)).toMatchObject({ is: 'taken', life: aliveNow })
    expect(await readLease(store)).toMatchObject({ run: '1', attempt: 2 })
  })
})

const button = claim('20', { owner: 'rollback', deployment: 'production/1' })

test.each<[string, Partial<Lease>, Claim, boolean]>([
  ['a rollback from the deployment that it undoes', {}, button, true],
  ['a rollback from another deployment', { deployment: 'production/2' }, button, false],
  ['a rollback from another rollback', { owner: 'rollback' }, button, false],
  ['a deployment from a rollback', { owner: 'rollback' }, claim('1', { run: '2' }), false],
])('may be pulled away by %s: %#', (_name, current, wanted, may) => {
  expect(mayPull(lease(current), wanted)).toBe(may)
})

test('who has its lease pulled away sends nothing more, and cannot pull it back', async () => {
  const store = await testStore()
  const { lease: held } = await takeLease(store, claim('1'))
  const run = testRun({ lifeOf: async () => aliveNow })
  expect(await pullLease(store, button, run)).toMatchObject({
    is: 'held',
    lease: { generation: 2 },
  })
  await expect(compareLease(store, held)).rejects.toThrow(LeaseLost)
  expect(
    await takeLease(store, claim('1', { run: '3', deployment: 'production/3' }), run),
  ).toMatchObject({
    is: 'taken',
  })
})

test.each<[Life, RegExp]>([
  [aliveNow, /run 1 is alive \(in_progress\)/],
  [ended, /run 1 has ended \(cancelled\) and left the lease behind/],
  [unknown, /whether it has ended is not known \(no token\)/],
])('what to do about a lease says what GitHub said: %j', (life, text) => {
  expect(waitForHolder(lease({}), life)).toMatch(text)
})
