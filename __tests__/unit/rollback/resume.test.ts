import type { Life, Result } from '#core'
import type { Captures } from '#points'
import {
  closeUnopened,
  closeWithout,
  open,
  type PlanSettings,
  parsePlan,
  planSettings,
  rollbackPlan,
} from '#rollback'
import {
  type Claim,
  changeEnvironment,
  type Deployment,
  envelope,
  type Record,
  readLease,
  readPoint,
  readRecord,
  takeLease,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const ecs = (taskDefinition: string) => ({
  cluster: 'c',
  services: [{ name: 'web', taskDefinition, desiredCount: 2, containers: [] }],
})
const captures: Captures = {
  ecs: async () => ({ problems: [], warnings: [], rows: [], state: ecs('web:2') }),
  rds: undefined,
  migrations: undefined,
}
const given = {
  ...{ environment: 'production', verdict: undefined, to: 'auto', components: 'all' },
  ...{ consent: undefined, asked: false, resume: false, reason: undefined },
  ...{ 'on-inconclusive': undefined },
}
const settings = (more: Partial<PlanSettings>): PlanSettings => ({
  ...planSettings(given, {} as never),
  services: { cluster: 'c', names: ['web'] },
  ...more,
})
const ended: Life = { is: 'ended', conclusion: 'cancelled' }
const alive: Life = { is: 'alive', status: 'in_progress' }

/** A deployment of run 10 that nobody judged, what GitHub says of runs, and the scheduled run 30. */
async function world(
  more: Partial<Deployment> = {},
  lives: { [run: string]: Life } = { 10: ended },
) {
  const clock = fakeClock()
  const store = await testStore(clock)
  const deployment: Deployment = { state: 'deploying', history: [], journal: [], ...more }
  const before = { components: { ecs: ecs('web:1') }, deployment }
  await put(store, pointOf(store, 'production/10/before', before))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/10' }))
  const asked: string[] = []
  const run = (runId: string) =>
    testRun({
      clock,
      identity: { runId },
      lifeOf: async (of) => {
        asked.push(of.run)
        return lives[of.run] ?? { is: 'unknown', why: 'no such run' }
      },
    })
  const plan = (runId: string, how: Partial<PlanSettings> = {}) =>
    rollbackPlan(run(runId), store, { captures, comparisons: {} }, settings(how))
  const resume = (runId = '30') => plan(runId, { resume: true })
  const hold = (claim: Partial<Claim>) =>
    takeLease(store, {
      ...({ owner: 'rollback', deployment: 'production/10', run: '20', attempt: 1 } as const),
      ...claim,
    })
  const state = async () => (await readPoint(store, 'production/10/before'))?.deployment?.state
  return { clock, store, run, plan, resume, hold, state, asked }
}

async function withRecord(more: Partial<Record>, lives?: { [run: string]: Life }) {
  const at = await world({}, lives)
  const { store } = at
  const id = 'production/10/rollback-1'
  await put(store, {
    ...{ kind: 'record', ...envelope(store), id, repository: 'acme/shop' },
    ...{ undone: 'production/10', from: 'b'.repeat(40), to: 'production/10/before' },
    ...{ profile: 'A', planId: 'p', consent: 'not-needed', reason: '5xx', actor: 'ada' },
    ...{ trigger: 'verdict', state: 'open', openedAt: '2026-11-22T02:40:00Z' },
    runs: [{ run: '10', attempt: 1, at: '2026-11-22T02:40:00Z', url: '' }],
    ...{ journal: [], parts: {} },
    ...more,
  } as Record)
  await changeEnvironment(store, (environment) => ({ ...environment, open: id }))
  return { ...at, id }
}

const documentOf = (result: Result) => parsePlan(result.outputs?.plan ?? '', 'production')
const verdict = (word: 'healthy' | 'inconclusive' | 'unhealthy') =>
  ({ verdict: word, why: 'w', at: '2026-11-22T02:50:00Z', run: '10' }) as const

test('a deployment that was killed goes back, and its record says that nobody asked', async () => {
  const { resume, run, store, hold } = await world()
  await hold({ owner: 'deployment', run: '10' })
  const planned = await resume()
  expect(planned).toMatchObject({
    outcome: 'done',
    outputs: { decision: 'roll-back', deployment: 'production/10' },
  })
  expect(documentOf(planned)).toMatchObject({ trigger: 'no-verdict', undone: 'production/10' })
  const opened = await open(run('30'), store, documentOf(planned))
  expect(opened.outcome).toBe('done')
  const record = await readRecord(store, 'production/10/rollback-1')
  expect(record?.runs).toMatchObject([{ run: '30', resumes: true }])
  expect(await readLease(store)).toMatchObject({ run: '30', generation: 2 })
})

test('a healthy one whose rollback job was killed is marked verified', async () => {
  const { resume } = await world({ verdict: verdict('healthy') })
  expect((await resume()).outputs).toMatchObject({
    decision: 'verify',
    deployment: 'production/10',
  })
})

test('a doubtful one is held, and the run is not red for it', async () => {
  const { resume, run, store, state } = await world({ verdict: verdict('inconclusive') })
  const planned = await resume()
  expect(planned).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'hold' } })
  expect((await closeWithout(run('30'), store, documentOf(planned))).outcome).toBe('unchanged')
  expect(await state()).toBe('held')
  expect((await resume()).outputs).toEqual({ decision: 'nothing' })
})

test('without a destination it is held, and the run is not red for it', async () => {
  const { resume, run, store, state } = await world()
  const held = { is: false, held: true, why: 'unhealthy before' }
  const bad = { ...pointOf(store, 'production/10/before'), verified: held }
  const stored = await readPoint(store, 'production/10/before')
  await store.objects.replace(
    'production/10/before.json',
    JSON.stringify({ ...bad, deployment: stored?.deployment }),
    (await store.objects.get('production/10/before.json'))?.etag ?? '',
  )
  const planned = await resume()
  expect(planned).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'refused' } })
  expect((await closeWithout(run('30'), store, documentOf(planned))).outcome).toBe('unchanged')
  expect(await state()).toBe('held')
})

test.each<[string, { [run: string]: Life }, RegExp]>([
  ['is alive', { 10: alive }, /run 10 is alive/],
  ['is not known', {}, /whether run 10 has ended is not known/],
])(
  'nothing happens while the run %s: one line, and no plan for the next steps',
  async (_n, lives, why) => {
    const { resume } = await world({}, lives)
    const result = await resume()
    expect(result).toMatchObject({
      outcome: 'unchanged',
      outputs: { decision: 'nothing' },
      next: [],
    })
    expect(result.headline).toMatch(why)
    expect(result.sections).toBeUndefined()
    expect(result.outputs?.plan).toBeUndefined()
  },
)

test('GitHub is asked nothing where nothing is unfinished', async () => {
  const { resume, asked } = await world({ state: 'verified' })
  expect(await resume()).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'nothing' } })
  expect(asked).toEqual([])
})

test('while somebody goes on with a record nobody is told to decide about it', async () => {
  const { resume } = await withRecord({}, { 10: alive })
  expect(await resume()).toMatchObject({ outputs: { decision: 'nothing' }, next: [] })
})

test('the button that has just cancelled the run is left to finish', async () => {
  const { resume, hold } = await world({}, { 10: ended, 20: alive })
  await hold({ run: '20' })
  expect((await resume()).headline).toMatch(/run 20 is alive/)
})

test('a record whose run was killed is gone on with, without consent where it had none', async () => {
  const { resume, hold } = await withRecord({ profile: 'C', consent: 'missing' })
  await hold({ run: '10' })
  const planned = await resume()
  expect(planned.outputs).toMatchObject({
    decision: 'roll-back',
    consent: 'missing',
    restore: 'false',
  })
  expect(documentOf(planned)).toMatchObject({ record: 'production/10/rollback-1', resumes: true })
})

const part = {
  ...({ outcome: 'done', headline: 'h' } as const),
  ...{ at: '2026-11-22T02:45:00Z', run: '10' },
}

test('a record that waits for a person is left, with the command', async () => {
  const parts = { 'ecs-rollback rollback': part }
  const { resume } = await withRecord({ profile: 'C', consent: 'missing', parts })
  const result = await resume()
  expect(result).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'nothing' } })
  expect(result.next?.[0]).toMatch(/^consent to losing .*-f consent=p$/)
})

test('what was restored and is unhealthy is left, with three commands', async () => {
  const { resume } = await withRecord({ verdict: verdict('unhealthy') })
  const result = await resume()
  expect(result).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'nothing' } })
  expect(result.next).toHaveLength(3)
})

test('a retry that was killed after an old verdict is finished', async () => {
  const runs = [{ run: '20', attempt: 1, at: '2026-11-22T03:00:00Z', url: '' }]
  const lives = { 20: ended }
  const { resume } = await withRecord({ verdict: verdict('unhealthy'), runs }, lives)
  expect((await resume()).outputs?.decision).toBe('roll-back')
})

test('a record that it went on with three times is held, and the run is not red for it', async () => {
  const runs = ['10', '31', '32', '33'].map((run, n) => ({
    ...{ run, attempt: 1, at: '2026-11-22T02:40:00Z', url: '', resumes: n > 0 },
  }))
  const { resume } = await withRecord({ runs }, { 33: ended })
  const result = await resume()
  expect(result).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'hold' } })
  expect(result.next).toHaveLength(3)
})

test('a resume that is run again does not wait for itself', async () => {
  const runs = [{ run: '30', attempt: 1, at: '2026-11-22T02:40:00Z', url: '', resumes: true }]
  const { resume } = await withRecord({ runs }, { 30: alive })
  expect((await resume('30')).outputs?.decision).toBe('roll-back')
})

test.each([{ asked: true }, { consent: 'p' }, { to: 'last-verified' }])(
  'resume does not go with %j',
  (more) => {
    expect(() => planSettings({ ...given, resume: true, ...more }, {} as never)).toThrow(/resume: /)
  },
)

describe('the rollback job of a run that the button has cancelled', () => {
  test('undoes nothing while the button holds the lease, and says who does', async () => {
    const { plan, hold, store, state } = await world({}, { 20: alive })
    await hold({})
    const result = await plan('10')
    expect(result).toMatchObject({ outcome: 'superseded', outputs: { decision: 'nothing' } })
    expect(result.headline).toMatch(/production\/10 is rolled back by run 20/)
    expect(result.outputs?.plan).toBeUndefined()
    expect(await state()).toBe('deploying')
    expect((await readLease(store))?.run).toBe('20')
  })

  test('does not mark healthy what the button takes back', async () => {
    const { plan, hold } = await world({ verdict: verdict('healthy') }, { 20: alive })
    await hold({})
    expect((await plan('10')).outcome).toBe('superseded')
  })

  test('ends superseded at its end too when the button came in between', async () => {
    const { run, hold, store } = await world({}, { 20: alive })
    await hold({})
    expect((await closeUnopened(run('10'), store)).outcome).toBe('superseded')
    expect((await readLease(store))?.run).toBe('20')
  })

  test('does the work when the button\u2019s run has ended and left it', async () => {
    const { plan, hold } = await world({}, { 20: ended })
    await hold({})
    expect((await plan('10')).outputs?.decision).toBe('roll-back')
  })
})
