import type { Section } from '#core'
import { type Button, list } from '#points'
import { changeEnvironment, type DeploymentState, envelope, type Point, type Record } from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

/** What a person reads at night to choose where to go back to. */

const button: Button = (environment, { to, dryRun }) => `press ${environment} ${to} ${dryRun}`
const hour = (n: number) => `2026-11-22T0${n}:00:00Z`
const code = (tag: string) => ({
  ecs: {
    cluster: 'c',
    services: ['api', 'worker'].map((name) => ({
      ...{ name, taskDefinition: `${name}:1`, desiredCount: 1 },
      containers: [{ name: 'app', image: `r/${name}:${tag}` }],
    })),
  },
  migrations: {
    ...{ tool: 'dbmate' as const, table: 't', schemaFingerprint: '', pending: [] },
    applied: ['2', '1'],
  },
})
const deployed = (state: DeploymentState, why: string) => ({
  ...{ state, journal: [] },
  history: [
    { state: 'deploying' as const, at: hour(1), run: '1', why: 'it begins' },
    { state, at: hour(2), run: '1', why },
  ],
})

/** Release 1 was verified, release 2 verified and rolled back by the button, release 3 is out and held. */
async function world() {
  const clock = fakeClock(Date.parse(hour(6)))
  const store = await testStore(clock)
  const add = (id: string, given: Partial<Point>) => put(store, pointOf(store, id, given))
  const v1 = { fingerprint: 'v1', runs: '1'.repeat(40), components: code('v1') }
  await add('production/1/after', { ...v1, takenAt: hour(1) })
  await add('production/2/before', {
    ...v1,
    takenAt: hour(2),
    deployment: deployed('rolled-back', '5xx'),
  })
  await add('production/2/after', {
    takenAt: hour(3),
    fingerprint: 'v2',
    runs: '2'.repeat(40),
    components: code('v2'),
  })
  await add('production/2.rollback-1/after', { ...v1, takenAt: hour(4) })
  await add('production/3/before', {
    ...{ ...v1, takenAt: hour(5), sha: '3'.repeat(40) },
    verified: { is: false, held: true, why: 'unhealthy before the deployment: 5xx' },
    deployment: deployed('held', 'the verdict is inconclusive'),
  })
  await changeEnvironment(store, (state) => ({
    ...state,
    latest: 'production/3',
    verified: 'production/2.rollback-1/after',
  }))
  const shown = async () => {
    const { sections = [], next = [], outputs } = await list(testRun({ clock }), store, button)
    const rows = (title: string) => {
      const found = sections.find((one) => one.title === title) as Extract<
        Section,
        { rows: unknown }
      >
      return new Map(found.rows.map(([first = '', ...rest]) => [first, rest]))
    }
    return { now: rows('Now'), points: rows('Restore points'), next, outputs }
  }
  return { store, shown }
}

test('the newest stand first, each with its commit, time, images, migration and end', async () => {
  const { points, outputs } = await (await world()).shown()
  expect([...points.keys()]).toEqual([
    ...['production/3/before', 'production/2.rollback-1/after', 'production/2/after'],
    ...['production/2/before', 'production/1/after'],
  ])
  expect(outputs?.points).toBe(JSON.stringify([...points.keys()]))
  expect(points.get('production/2/after')).toEqual([
    'only if named, rolled back since: healthy',
    '222222222222',
    '2026-11-22 03:00Z, for 1 h 00 min until a rollback',
    'v2: api, worker',
    '2',
    'rolled-back: 5xx',
  ])
})

test.each([
  ['production/3/before', /^no, it was unhealthy: unhealthy before/],
  ['production/2.rollback-1/after', /^last-verified; verified: healthy$/],
  ['production/2/before', /^verified: healthy$/],
])('%s: whether to go there', async (id, expected) => {
  expect((await (await world()).shown()).points.get(id)?.[0]).toMatch(expected)
})

test('what is equal to an older point says so', async () => {
  const { points } = await (await world()).shown()
  expect(points.get('production/2/before')?.[2]).toMatch(
    /until production\/2 began, the same as production\/1\/after$/,
  )
})

test('a deployment that nobody accepted is no point, and auto says why it goes nowhere', async () => {
  const { now } = await (await world()).shown()
  expect(now.get('What runs, by the records')?.[0]).toMatch(
    /^production\/3 \(commit 333333333333\) is held/,
  )
  expect(now.get('What the button takes back')?.[0]).toBe(
    'production/3 (commit 333333333333), held',
  )
  expect(now.get('Where to: auto goes')?.[0]).toMatch(/^nowhere: .*judged unhealthy before/)
  expect(now.get('Where to: last-verified goes')?.[0]).toBe('production/2.rollback-1/after')
})

test('there is one command for each thing to go back to, and it changes nothing yet', async () => {
  const { next } = await (await world()).shown()
  expect(next).toEqual([
    'to commit 111111111111: press production production/2.rollback-1/after true',
    expect.stringMatching(/with dry-run=false it is done$/),
  ])
})

test('a point whose commit nobody knows is told by its time, and a long reason is cut', async () => {
  const { store, shown } = await world()
  const verified = { is: true, held: false, why: 'good '.repeat(100) }
  await put(
    store,
    pointOf(store, 'production/0/after', {
      takenAt: '2026-11-22T00:30:00Z',
      fingerprint: 'v0',
      verified,
    }),
  )
  const { points, next } = await shown()
  expect(next[1]).toBe('to what ran at 2026-11-22 00:30Z: press production production/0/after true')
  expect(points.get('production/0/after')?.[0]).toMatch(/^verified: (good ){23}goo.*…$/)
})

test('what runs now needs no command', async () => {
  const { store, shown } = await world()
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/2' }))
  const { now, next } = await shown()
  expect(now.get('What runs, by the records')).toEqual(['production/2.rollback-1/after'])
  expect(next).toEqual([expect.stringMatching(/no verified point differs from what runs/)])
})

test('an open record goes on, whatever is listed', async () => {
  const { store, shown } = await world()
  const record: Record = {
    ...{
      kind: 'record',
      ...envelope(store),
      id: 'production/3/rollback-1',
      repository: 'acme/shop',
    },
    ...{ undone: 'production/3', from: '3'.repeat(40), to: 'production/1/after', profile: 'A' },
    ...{ planId: 'p', consent: 'not-needed', reason: 'r', actor: 'ada', trigger: 'button' },
    ...{ state: 'open', openedAt: hour(5), runs: [], journal: [], parts: {} },
  }
  await put(store, record)
  await changeEnvironment(store, (state) => ({ ...state, open: record.id }))
  const { now, next } = await shown()
  expect(now.get('Where every repeat goes')).toEqual(['production/1/after'])
  expect(next).toEqual(['production/3/rollback-1 is open and goes on: press production auto true'])
})

test('an environment that was never deployed lists nothing, and says so', async () => {
  const store = await testStore()
  const { headline, next } = await list(testRun(), store, button)
  expect(headline).toBe('0 restore points of production, the newest first')
  expect(next?.join()).toMatch(/no verified point/)
})
