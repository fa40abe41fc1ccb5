import type { Captured } from '#core'
import { connect, type GitHub } from '#github'
import { captureAfter, captureBefore, type Ports } from '#points'
import { release } from '#rollback'
import {
  changePoint,
  createDocument,
  type Deployment,
  keys,
  listPins,
  type Pin,
  readPin,
  type Store,
} from '#store'
import { memoryGitHub, virtualClock } from '../../../packages/sandbox/index.ts'
import { fakeClock, testRun } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

const running: Captured<{ cluster: string; services: [] }> = {
  state: { cluster: 'c', services: [] },
  problems: [],
  warnings: [],
  rows: [],
}
const at = '2026-11-22T01:00:00Z'

/**
 *   first -- bad -- fix     main
 *        \
 *         side              topic
 */
async function world() {
  const clock = fakeClock()
  const store = await testStore(clock)
  const hub = memoryGitHub({ clock: virtualClock() })
  const shop = hub.repository('acme/shop')
  const first = shop.commit({ message: 'First' })
  const side = shop.commit({ message: 'Side', branch: 'topic', parents: [first] })
  const bad = shop.commit({ message: 'Bad' })
  const fix = shop.commit({ message: 'Fix' })
  const github = connect({
    ...{ repository: 'acme/shop', url: hub.url, fetch: hub.fetch },
    token: hub.token('acme/shop', { contents: 'read' }),
  })
  /** A deployment of a commit that was verified healthy; answers what is said of the pins. */
  const verify = async (
    sha: string,
    given: { github?: GitHub | undefined; attempt?: number; pin?: string } = {},
  ) => {
    const attempt = given.attempt ?? 1
    const run = testRun({ clock, identity: { runId: '10', attempt, sha } })
    const ports: Ports = {
      captures: { ecs: async () => running, rds: undefined, migrations: undefined },
      baseline: undefined,
      keep: undefined,
      github: 'github' in given ? given.github : github,
      button: (_environment, { to }) => `press ${to}`,
    }
    if (attempt === 1) await captureBefore(run, store, ports)
    if (given.pin !== undefined) await pinned(store, given.pin)
    await changePoint(store, 'production/10/before', (point) => ({
      ...point,
      deployment: {
        ...(point.deployment as Deployment),
        verdict: { verdict: 'healthy', why: 'w', at, run: '10' },
      },
    }))
    const subject = { deployment: 'production/10', record: undefined }
    const { outcome, sections = [] } = await captureAfter(run, store, ports, subject)
    const said = sections.find(({ title }) => title === 'Pins')
    return { outcome, said: said === undefined ? '' : JSON.stringify(said) }
  }
  const heldBack = async () =>
    (await listPins(store)).filter((pin) => !pin.released).map(({ sha }) => sha)
  return { clock, store, hub, shop, first, side, bad, fix, github, verify, heldBack }
}

const pinned = (store: Store, sha: string, given: Partial<Pin> = {}) =>
  createDocument(store, keys.pin('production', sha), {
    ...{ kind: 'pin', version: 1, environment: 'production', account: store.account },
    ...{ region: store.region, sha, record: 'production/9/rollback-1', reason: '5xx' },
    ...{ at, by: 'ada', ...given },
  })

describe('a fix that is verified healthy', () => {
  test('releases the pins whose commits it contains, and no other', async () => {
    const { store, side, bad, fix, verify, heldBack } = await world()
    for (const sha of [side, bad]) await pinned(store, sha)
    const { outcome, said } = await verify(fix)
    expect(outcome).toBe('done')
    expect(said).toContain(`released: contained in ${fix.slice(0, 12)}`)
    expect(await heldBack()).toEqual([side])
    expect((await readPin(store, bad))?.released).toMatchObject({
      by: 'ada',
      why: `contained in ${fix}, verified as production/10/after`,
    })
  })

  test('releases them also when the attempt that marked it was killed in between', async () => {
    const { store, bad, fix, verify, heldBack } = await world()
    await verify(fix)
    await pinned(store, bad)
    expect(await verify(fix, { attempt: 2 })).toMatchObject({ outcome: 'unchanged' })
    expect(await heldBack()).toEqual([])
  })

  test('keeps how a pin was released before', async () => {
    const { store, bad, fix, verify } = await world()
    await pinned(store, bad, { released: { at, by: 'eve', why: 'false alarm' } })
    expect((await verify(fix)).said).toBe('')
    expect((await readPin(store, bad))?.released?.by).toBe('eve')
  })

  test('asks GitHub nothing when no pin holds', async () => {
    const { hub, fix, verify } = await world()
    await verify(fix)
    expect(hub.calls.list()).toEqual([])
  })
})

describe('a pin stays, and the marking goes on, when', () => {
  type World = Awaited<ReturnType<typeof world>>
  test.each<[string, (at: World) => { pin: string; sha: string; github?: undefined }, RegExp]>([
    ['its own commit was verified', ({ bad }) => ({ pin: bad, sha: bad }), /is the commit that/],
    ['its commit came later', ({ bad, fix }) => ({ pin: fix, sha: bad }), /stays: not contained/],
    [
      'GitHub does not know its commit',
      ({ fix }) => ({ pin: 'b'.repeat(40), sha: fix }),
      /stays: GitHub cannot compare/,
    ],
    [
      'there is no token',
      ({ bad, fix }) => ({ pin: bad, sha: fix, github: undefined }),
      /stays: without a token/,
    ],
    [
      'GitHub is down',
      ({ hub, bad, fix }) => {
        hub.faults.add({ effect: 'error500' })
        return { pin: bad, sha: fix }
      },
      /stays: github:GET [^ ]*compare/,
    ],
  ])('%s', async (_name, given, why) => {
    const at = await world()
    const { sha, ...rest } = given(at)
    const { outcome, said } = await at.verify(sha, rest)
    expect(outcome).toBe('done')
    expect(said).toMatch(why)
    expect(await at.heldBack()).toEqual([rest.pin])
  })
})

describe('by hand', () => {
  const letGo = { reason: 'a false alarm' }

  test.each([7, 40])('%s digits of a commit release its pin, once', async (digits) => {
    const { store, bad, clock } = await world()
    await pinned(store, bad)
    const pin = bad.slice(0, digits).toUpperCase()
    expect(await release(testRun({ clock }), store, { pin, ...letGo })).toMatchObject({
      outcome: 'done',
      headline: `${bad} may be deployed to production again: ada released its pin: a false alarm`,
    })
    expect((await readPin(store, bad))?.released).toMatchObject({ by: 'ada', why: letGo.reason })
    const again = await release(testRun({ clock }), store, { pin, reason: 'other' })
    expect(again).toMatchObject({ outcome: 'unchanged' })
    expect(again.headline).toMatch(/by ada: a false alarm$/)
  })

  test('a dry run tells and changes nothing', async () => {
    const { store, bad, heldBack } = await world()
    await pinned(store, bad)
    const planned = await release(testRun({ dryRun: true }), store, { pin: bad, ...letGo })
    expect(planned.outcome).toBe('planned')
    expect(await heldBack()).toEqual([bad])
  })

  test('a commit that is not pinned is refused with the pins that hold', async () => {
    const { store, bad, side } = await world()
    const unknown = () => release(testRun(), store, { pin: 'f'.repeat(7), ...letGo })
    await expect(unknown()).rejects.toThrow('no commit is pinned')
    await pinned(store, bad)
    await pinned(store, side, { released: { at, by: 'eve', why: 'w' } })
    await expect(unknown()).rejects.toThrow(`pinned are ${bad} (production/9/rollback-1)`)
  })

  test('a beginning that two pins share is refused', async () => {
    const { store } = await world()
    for (const last of ['1', '2']) await pinned(store, `${'c'.repeat(39)}${last}`)
    const both = release(testRun(), store, { pin: 'ccccccc', ...letGo })
    await expect(both).rejects.toThrow('give more of it')
  })
})
