import type { Result } from '#core'
import type { Captures } from '#points'
import {
  close,
  closeByHand,
  closeWithout,
  type PlanDocument,
  type PlanSettings,
  parsePlan,
  planSettings,
  rollbackPlan,
} from '#rollback'
import {
  changeEnvironment,
  type Deployment,
  envelope,
  type LedgerState,
  type Record,
  readEnvironment,
  readLease,
  readPoint,
  readRecord,
  takeLease,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const service = (taskDefinition: string) => ({
  name: 'web',
  taskDefinition,
  desiredCount: 2,
  containers: [],
})
const ecs = (taskDefinition: string) => ({ cluster: 'c', services: [service(taskDefinition)] })
const ledger = (given: Partial<LedgerState> = {}): LedgerState => ({
  tool: 'dbmate',
  table: 'schema_migrations',
  applied: ['1'],
  schemaFingerprint: 'f',
  pending: [
    {
      version: '2',
      name: '2_drop',
      sha256: '',
      additive: false,
      why: 'DROP COLUMN',
      undo: { is: 'impossible', why: 'the column is gone' },
    },
  ],
  ...given,
})
const looking = (at: string, applied: readonly string[]): Captures => {
  const found = { problems: [], warnings: [], rows: [] }
  const migrations = ledger({ applied: [...applied] })
  return {
    ecs: async () => ({ ...found, state: ecs(at) }),
    rds: undefined,
    migrations: async () => ({ ...found, state: migrations }),
  }
}
const seen = (captures: Captures) => ({ captures, comparisons: {} })
const settings = (given: Partial<PlanSettings> = {}): PlanSettings => ({
  ...planSettings(
    {
      environment: 'production',
      verdict: undefined,
      to: 'auto',
      components: 'all',
      consent: undefined,
      asked: false,
      resume: false,
      reason: undefined,
      'on-inconclusive': undefined,
    },
    {} as never,
  ),
  services: { cluster: 'c', names: ['web'] },
  ...given,
})

/** A deployment of run 10 with a breaking migration and its snapshot, and the point it goes back to. */
async function world(given: Partial<Deployment> = {}) {
  const clock = fakeClock()
  const store = await testStore(clock)
  const deployment: Deployment = {
    state: 'deploying',
    history: [],
    journal: [],
    snapshot: {
      id: 'pre-migration-1',
      instance: 'shop',
      resourceId: 'db-1',
      status: 'available',
      at: '2026-11-22T02:00:00Z',
    },
    verdict: { verdict: 'unhealthy', why: '5xx', at: '2026-11-22T02:30:00Z', run: '10' },
    ...given,
  }
  const before = pointOf(store, 'production/10/before', {
    takenAt: '2026-11-22T02:00:00Z',
    components: { ecs: ecs('web:1'), migrations: ledger() },
    deployment,
  })
  await put(store, before)
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/10' }))
  const run = (runId = '10') => testRun({ clock, identity: { runId } })
  const plan = (
    given: Partial<PlanSettings> = {},
    runId = '10',
    at = 'web:2',
    applied = ['1', '2'],
  ) => rollbackPlan(run(runId), store, seen(looking(at, applied)), settings(given))
  const state = async () => (await readPoint(store, before.id))?.deployment?.state
  return { clock, store, run, plan, state, before }
}

const record = (store: Parameters<typeof envelope>[0], given: Partial<Record> = {}): Record => ({
  kind: 'record',
  ...envelope(store),
  id: 'production/10/rollback-1',
  repository: 'acme/shop',
  undone: 'production/10',
  from: 'b'.repeat(40),
  to: 'production/10/before',
  profile: 'C',
  planId: 'plan-1',
  consent: 'missing',
  reason: '5xx',
  actor: 'ada',
  trigger: 'verdict',
  state: 'open',
  openedAt: '2026-11-22T03:00:00Z',
  runs: [],
  journal: [],
  parts: {},
  ...given,
})

async function withRecord(given: Partial<Record> = {}) {
  const all = await world()
  await put(all.store, record(all.store, given))
  await changeEnvironment(all.store, (state) => ({ ...state, open: 'production/10/rollback-1' }))
  return all
}

const documentOf = (result: Result): PlanDocument =>
  parsePlan(result.outputs?.plan ?? '', 'production')
const next = (result: Result) => (result.next ?? []).join('\n')

test('the command that gives consent names the destination that was planned', async () => {
  const { plan, store } = await world()
  await put(
    store,
    pointOf(store, 'production/9/after', {
      components: { ecs: ecs('web:1'), migrations: ledger() },
    }),
  )
  const planned = await plan({ asked: true, to: 'production/9/after' }, '20')
  expect(planned.outputs?.consent).toBe('missing')
  expect(next(planned)).toMatch(/to=production\/9\/after .*-f consent=[0-9a-f]{12}$/)
})

test('consent in advance ends with the verdict healthy: later writes are customers\u2019 data', async () => {
  const accepted = await world({ state: 'verified' })
  const asked = { asked: true, dataRestore: 'automatic' } as const
  expect((await accepted.plan(asked, '20')).outputs).toMatchObject({
    consent: 'missing',
    restore: 'false',
  })
  const bad = await world()
  expect((await bad.plan(asked, '20')).outputs).toMatchObject({
    consent: 'automatic',
    restore: 'true',
  })
})

test('another destination is not taken for the one of the open record', async () => {
  const { plan, store } = await withRecord()
  await put(store, pointOf(store, 'production/9/after', { components: { ecs: ecs('web:1') } }))
  const planned = await plan({ asked: true, to: 'production/9/after' }, '20')
  expect(planned).toMatchObject({ outcome: 'refused', outputs: { decision: 'refused' } })
  expect(next(planned)).toMatch(/-f close=production\/10\/rollback-1 -f dry-run=false/)
  expect((await plan({ asked: true }, '20')).outputs?.decision).toBe('roll-back')
})

test('a refused plan leaves the deployment of an open record as it is', async () => {
  const { plan, run, store, state } = await withRecord()
  const refused = await plan({ asked: true, consent: 'wrong' }, '20')
  expect(refused.outcome).toBe('refused')
  await closeWithout(run('20'), store, documentOf(refused))
  expect(await state()).toBe('deploying')
})

test('consent that does not fit says how to read the plan as it is now', async () => {
  const { plan } = await world()
  const refused = await plan({ asked: true, consent: 'wrong' }, '20')
  expect(refused.outcome).toBe('refused')
  expect(next(refused)).toMatch(/to=auto -f dry-run=true/)
})

test('consent that comes once more after all is back changes nothing and refuses nothing', async () => {
  const { plan } = await world()
  const again = await plan({ asked: true, consent: 'the plan of before' }, '11', 'web:1', ['1'])
  expect(again).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'nothing' } })
})

test('where data must never go back no command asks for consent alone', async () => {
  const { run, store } = await withRecord({ consent: 'never' })
  const closed = await close(run(), store, 'production/10/rollback-1')
  expect(closed.headline).toMatch(/data-restore: never/)
  expect(closed.next?.[0]).toMatch(
    /set data-restore: ask in the configuration, then .*consent=plan-1/,
  )
})

test('every printed line holds one command, so that it can be copied', async () => {
  const { run, store, plan } = await withRecord({ consent: 'given', parts: {} })
  const closed = await close(run(), store, 'production/10/rollback-1')
  const refused = await plan({ asked: true, to: 'production/10/after' }, '20')
  const lines = [...(closed.next ?? []), ...(refused.next ?? [])]
  expect(lines.filter((line) => line.split(/gh workflow|aws /).length > 2)).toEqual([])
  expect(lines.filter((line) => line.includes('gh workflow')).length).toBeGreaterThan(2)
})

test('a deployment that another run is carrying out is refused, not decided about', async () => {
  const { plan, run, store, state } = await world({ verdict: undefined })
  await takeLease(store, {
    owner: 'deployment',
    deployment: 'production/10',
    run: '10',
    attempt: 1,
  })
  const nothing = await plan({ asked: true }, '20', 'web:1', ['1'])
  expect(nothing.outputs?.decision).toBe('nothing')
  const ended = await closeWithout(run('20'), store, documentOf(nothing))
  expect(ended.outcome).toBe('refused')
  expect(await state()).toBe('deploying')
  expect((await readLease(store))?.run).toBe('10')
})

test('a deployment whose name was not yet noted is still undone by its own run', async () => {
  const { plan, store } = await world()
  await put(store, pointOf(store, 'production/9/before', { takenAt: '2026-11-22T01:00:00Z' }))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/9' }))
  expect((await plan()).outputs?.decision).toBe('roll-back')
})

test('the button takes back the newest deployment that changed something', async () => {
  const { plan, store } = await world({ state: 'verified' })
  const deployment = { state: 'abandoned' as const, history: [], journal: [] }
  const abandoned = { takenAt: '2026-11-22T02:50:00Z', deployment }
  await put(store, pointOf(store, 'production/11/before', abandoned))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/11' }))
  const planned = await plan({ asked: true }, '20')
  expect(documentOf(planned)).toMatchObject({
    choice: 'roll-back',
    undone: 'production/10',
    from: 'b'.repeat(40),
  })
})

test('an abandoned deployment does not keep the one before it from being undone', async () => {
  const { plan, store } = await world()
  const deployment = { state: 'abandoned' as const, history: [], journal: [] }
  const abandoned = { takenAt: '2026-11-22T02:50:00Z', deployment }
  await put(store, pointOf(store, 'production/11/before', abandoned))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/11' }))
  expect((await plan()).outputs?.decision).toBe('roll-back')
})

test('somebody else\u2019s newer deployment is never rolled back by an older run', async () => {
  const { plan, store } = await world()
  const deployment = { state: 'verified' as const, history: [], journal: [] }
  const fix = { takenAt: '2026-11-22T02:50:00Z', deployment }
  await put(store, pointOf(store, 'production/11/before', fix))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/11' }))
  expect((await plan()).outcome).toBe('superseded')
})

test('a database that does not answer once does not stop the writers', async () => {
  const { store, run } = await world()
  const steady = looking('web:2', ['1'])
  let asked = 0
  const flaky: Captures = {
    ...steady,
    migrations: async (given) => {
      asked += 1
      if (asked < 3) throw new Error('connection terminated')
      return (steady.migrations as NonNullable<Captures['migrations']>)(given)
    },
  }
  const planned = await rollbackPlan(run(), store, seen(flaky), settings())
  expect(planned.outputs).toMatchObject({ profile: 'A', stop: 'false', code: 'true' })
})

test('a database that never answers is doubt, and asks for consent', async () => {
  const { store, run } = await world()
  const dead: Captures = {
    ...looking('web:2', ['1']),
    migrations: async () => {
      throw new Error('connection terminated')
    },
  }
  const planned = await rollbackPlan(run(), store, seen(dead), settings())
  expect(planned.outputs).toMatchObject({ profile: 'C', consent: 'missing' })
})

test('closing by hand names every service that was stopped, its count and the command', async () => {
  const stop = (on: string, desiredCount: number) => ({
    ...{ at: '2026-11-22T03:00:00Z', run: '10', component: 'ecs', operation: 'stop', on },
    detail: { desiredCount },
  })
  const { run, store } = await withRecord({ journal: [stop('web', 2), stop('idle', 0)] })
  const closed = await closeByHand(run('20'), store, 'production/10/rollback-1', 'fix forward')
  expect(closed.outcome).toBe('done')
  expect(next(closed)).toMatch(
    /^web was stopped and had 2 tasks.*--region us-east-1 --cluster c --service web --desired-count 2$/,
  )
})

test('closing by hand says how autoscaling that a stop suspended comes back', async () => {
  const suspended = { in: false, out: false, scheduled: true }
  const suspension = {
    ...{ at: '2026-11-22T03:00:00Z', run: '10', component: 'ecs', operation: 'suspend-scaling' },
    ...{ on: 'web', detail: { min: 2, max: 10, suspended } },
  }
  const { run, store } = await withRecord({ journal: [suspension] })
  const closed = await closeByHand(run('20'), store, 'production/10/rollback-1', 'fix forward')
  expect(next(closed)).toMatch(
    /^autoscaling of web is suspended.*--region us-east-1 .*--resource-id service\/c\/web --suspended-state DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=true$/,
  )
})

test('a name without a record does not block the environment for ever', async () => {
  const { run, store } = await world()
  const id = 'production/10/rollback-1'
  await changeEnvironment(store, (state) => ({ ...state, open: id }))
  expect((await closeByHand(run('20'), store, id, 'never written')).outcome).toBe('done')
  expect((await readEnvironment(store)).open).toBeUndefined()
  expect(await readRecord(store, id)).toBeUndefined()
  expect((await readLease(store))?.owner).toBe('nobody')
})

test('who was superseded gives the lease back', async () => {
  const part = {
    outcome: 'superseded' as const,
    headline: 'h',
    at: '2026-11-22T03:00:00Z',
    run: '10',
  }
  const { run, store } = await withRecord({ parts: { 'ecs-rollback rollback': part } })
  await takeLease(store, { owner: 'rollback', deployment: 'production/10', run: '10', attempt: 1 })
  expect((await close(run(), store, 'production/10/rollback-1')).outcome).toBe('superseded')
  expect((await readLease(store))?.owner).toBe('nobody')
})

const document = (given: Partial<PlanDocument>): string =>
  JSON.stringify({
    ...{ version: 1, choice: 'roll-back', why: 'w', trigger: 'verdict', undone: 'production/10' },
    ...{ from: 'b'.repeat(40), to: 'production/10/before', profile: 'A', planId: 'p' },
    ...{ consent: 'not-needed', reason: 'r', operations: true, ...given },
  })

test.each<[string, string]>([
  ['of another environment', document({ undone: 'staging/10' })],
  ['in which a secret was masked', document({ undone: '***/10' })],
  ['with a destination that is no point', document({ to: '../pins/x' })],
  ['with a record that is none', document({ record: 'production/10' })],
  ['that was dropped', ''],
])('a plan %s is refused before anything is written', (_name, text) => {
  expect(() => parsePlan(text, 'production')).toThrow(/^plan: /)
})

test('a plan of its own environment is taken', () => {
  expect(parsePlan(document({}), 'production').undone).toBe('production/10')
})
