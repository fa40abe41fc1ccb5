import type { Captured } from '#core'
import { captureAfter, captureBefore, type Ports } from '#points'
import {
  type Components,
  changeEnvironment,
  changePoint,
  type Deployment,
  envelope,
  moveDeployment,
  type Record,
  readEnvironment,
  readLease,
  readPoint,
  takeLease,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

type Ecs = NonNullable<Components['ecs']>
const running = (taskDefinition: string): Captured<Ecs> => ({
  state: {
    cluster: 'c',
    services: [{ name: 'web', taskDefinition, desiredCount: 1, containers: [] }],
  },
  problems: [],
  warnings: [],
  rows: [],
})
const ports = (ecs: Captured<Ecs>): Ports => ({
  captures: { ecs: async () => ecs, rds: undefined, migrations: undefined },
  baseline: undefined,
  keep: undefined,
  button: (_environment, { to }) => `press ${to}`,
})

async function world() {
  const clock = fakeClock()
  const store = await testStore(clock)
  const runOf = (runId: string, attempt = 1) => testRun({ clock, identity: { runId, attempt } })
  const before = (runId: string, attempt = 1, at = 'web:1') =>
    captureBefore(runOf(runId, attempt), store, ports(running(at)))
  const after = (runId: string, ecs = running('web:2'), attempt = 1) =>
    captureAfter(runOf(runId, attempt), store, ports(ecs), {
      deployment: `production/${runId}`,
      record: undefined,
    })
  const judge = (runId: string, verdict: 'healthy' | 'unhealthy' | 'inconclusive') =>
    changePoint(store, `production/${runId}/before`, (point) => ({
      ...point,
      deployment: {
        ...(point.deployment as Deployment),
        verdict: { verdict, why: 'w', at: '2026-11-22T03:00:00Z', run: runId },
      },
    }))
  const move = (runId: string, state: 'held' | 'abandoned' | 'rolled-back') =>
    moveDeployment(store, `production/${runId}/before`, {
      state,
      why: 'w',
      at: '2026-11-22T03:00:00Z',
      run: runId,
    })
  const release = async () => {
    clock.advance(3 * 3_600_000)
  }
  const own = (runId: string) => readPoint(store, `production/${runId}/before`)
  return { clock, store, before, after, judge, move, release, own }
}

test.each([
  [{ rows: { number: '7' } }, { rows: { number: '7' } }],
  [{}, undefined],
])('what the checks measured (%j) is kept in the restore point', async (measured, kept) => {
  const { store, own } = await world()
  const judged = { verdict: 'healthy' as const, why: 'good', measured }
  const given = { ...ports(running('web:1')), baseline: async () => judged }
  await captureBefore(testRun({ identity: { runId: '10' } }), store, given)
  expect((await own('10'))?.measured).toEqual(kept)
})

test('the verdict of an earlier attempt is not the verdict of the next one', async () => {
  const { before, judge, own } = await world()
  await before('10')
  await judge('10', 'healthy')
  await before('10', 2)
  expect((await own('10'))?.deployment).toMatchObject({ state: 'deploying' })
  expect((await own('10'))?.deployment?.verdict).toBeUndefined()
})

test.each(['held', 'abandoned'] as const)(
  'a repeat of one that was %s begins again',
  async (state) => {
    const { before, judge, move, own } = await world()
    await before('10')
    await judge('10', 'inconclusive')
    await move('10', state)
    expect((await before('10', 2)).outcome).toBe('unchanged')
    expect((await own('10'))?.deployment?.state).toBe('deploying')
  },
)

test('a repeat of one that was abandoned is refused when something else runs by now', async () => {
  const { before, move } = await world()
  await before('10')
  await move('10', 'abandoned')
  expect(await before('10', 2, 'web:7')).toMatchObject({ outcome: 'refused' })
})

test('a repeat after a newer deployment is refused and takes no lease', async () => {
  const { before, move, release, store } = await world()
  await before('10')
  await move('10', 'held')
  await release()
  await before('11')
  await move('11', 'held')
  await release()
  expect(await before('10', 2)).toMatchObject({
    outcome: 'refused',
    headline: expect.stringMatching(/production\/11 was deployed after the first attempt/),
  })
  expect((await readLease(store))?.run).toBe('11')
  expect((await readEnvironment(store)).latest).toBe('production/11')
})

test('a repeat of the marking keeps what was verified, not what runs by now', async () => {
  const { before, judge, after, store } = await world()
  await before('10')
  await judge('10', 'healthy')
  expect((await after('10')).outcome).toBe('done')
  const again = await after('10', running('web:9'), 2)
  expect(again).toMatchObject({ outcome: 'unchanged', outputs: { verified: 'true' } })
  const kept = await readPoint(store, 'production/10/after')
  expect(kept?.components.ecs?.services[0]?.taskDefinition).toBe('web:2')
  expect((await readLease(store))?.owner).toBe('nobody')
})

test('a repeat of the marking keeps the versions that a killed attempt did not come to, once', async () => {
  const { before, judge, store, clock } = await world()
  await before('10')
  await judge('10', 'healthy')
  const labels: string[] = []
  const mark = (keep: Ports['keep'], attempt: number) =>
    captureAfter(
      testRun({ clock, identity: { runId: '10', attempt } }),
      store,
      { ...ports(running('web:2')), keep },
      { deployment: 'production/10', record: undefined },
    )
  const killed = async () => {
    throw new Error('killed')
  }
  const labelled = async (_: unknown, { id }: { id: string }) => {
    labels.push(id)
    return []
  }
  await expect(mark(killed, 1)).rejects.toThrow('killed')
  for (const attempt of [2, 3]) expect((await mark(labelled, attempt)).outcome).toBe('unchanged')
  expect(labels).toEqual(['production/10/after'])
  expect((await readEnvironment(store)).verified).toBe('production/10/after')
})

test('an old run marked again does not become the last verified one', async () => {
  const { before, judge, after, release, store } = await world()
  for (const run of ['10', '11']) {
    await before(run)
    await judge(run, 'healthy')
    await after(run)
    await release()
  }
  expect((await after('10', running('web:3'), 2)).outcome).toBe('unchanged')
  expect((await readEnvironment(store)).verified).toBe('production/11/after')
})

test('what a newer deployment runs is not marked under the name of an older one', async () => {
  const { before, judge, after, move, release, store } = await world()
  await before('10')
  await judge('10', 'healthy')
  await release()
  await before('11')
  expect((await after('10')).outcome).toBe('superseded')
  expect(await readPoint(store, 'production/10/after')).toBeUndefined()
  await move('11', 'abandoned')
})

test('nothing is marked verified while somebody else changes the environment', async () => {
  const { before, judge, after, release, store } = await world()
  await before('10')
  await judge('10', 'healthy')
  await release()
  await takeLease(store, { owner: 'rollback', deployment: 'production/10', run: '77', attempt: 1 })
  expect((await after('10')).outcome).toBe('refused')
  expect((await readEnvironment(store)).verified).toBeUndefined()
})

test('a deployment that the button took back meanwhile is not marked verified', async () => {
  const { before, judge, after, release, move, own, store } = await world()
  await before('10')
  await judge('10', 'healthy')
  await release()
  await move('10', 'rolled-back')
  expect((await after('10')).outcome).toBe('refused')
  expect((await own('10'))?.deployment?.state).toBe('rolled-back')
  expect((await readEnvironment(store)).verified).toBeUndefined()
})

test('services that could not be read are never a verified point without services', async () => {
  const { before, judge, after, store } = await world()
  await before('10')
  await judge('10', 'healthy')
  const denied = {
    ...running('web:2'),
    state: { cluster: 'c', services: [] },
    problems: ['denied'],
  }
  expect((await after('10', denied)).outcome).toBe('failed')
  expect((await readEnvironment(store)).verified).toBeUndefined()
})

test('a deployment whose name was not yet noted is not overtaken by the one before it', async () => {
  const { before, judge, after, clock, store } = await world()
  await put(store, pointOf(store, 'production/9/before', { takenAt: '2026-11-22T01:00:00Z' }))
  await before('10')
  await judge('10', 'healthy')
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/9' }))
  clock.advance(1)
  expect((await after('10')).outcome).toBe('done')
})

test.each([
  ['services and what they read', ['services', 'config'], 'web:1', '1'],
  ['the front end, and the services of the release stay', ['site'], 'web:2', '2'],
  ['the front end, and the services were the destination\u2019s', ['site'], 'web:1', '1'],
  ['the front end, and nobody knows these services', ['site'], 'web:7', undefined],
] as const)(
  'after a rollback of %s the commit that runs is told truly',
  async (_name, only, at, digit) => {
    const { store, clock } = await world()
    const commit = (one: string) => one.repeat(40)
    const point = (id: string, web: string, one: string) =>
      put(store, pointOf(store, id, { components: { ecs: running(web).state }, runs: commit(one) }))
    await point('production/10/before', 'web:1', '1')
    await point('production/10/after', 'web:2', '2')
    const record = 'production/10/rollback-1'
    const document: Record = {
      ...{ kind: 'record', ...envelope(store), id: record, repository: 'acme/shop', profile: 'A' },
      ...{ undone: 'production/10', from: commit('2'), to: 'production/10/before', planId: 'p' },
      ...{ consent: 'not-needed', reason: 'r', actor: 'ada', trigger: 'button', state: 'open' },
      ...{ openedAt: '2026-11-22T03:00:00Z', runs: [], journal: [], parts: {}, only: [...only] },
      verdict: { verdict: 'healthy', why: 'good', at: '2026-11-22T03:00:00Z', run: '20' },
    }
    await put(store, document)
    const run = testRun({ clock, identity: { runId: '20' } })
    const subject = { deployment: 'production/20', record }
    expect((await captureAfter(run, store, ports(running(at)), subject)).outcome).toBe('done')
    const taken = await readPoint(store, 'production/10.rollback-1/after')
    expect(taken).toMatchObject({ sha: digit ? commit(digit) : 'unknown', verified: { is: true } })
    expect(taken?.runs).toBe(digit && commit(digit))
  },
)
