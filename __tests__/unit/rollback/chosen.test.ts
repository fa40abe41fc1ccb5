import type { Result } from '#core'
import type { Captures } from '#points'
import {
  type Comparisons,
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
  type PendingMigration,
  type Point,
  type Record,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

/** The button's choices: only some components, a tag or a commit, a point with several deployments behind it. */

type Undo = PendingMigration['undo']['is']
const file = (version: string, undo: Undo, additive = false): PendingMigration => ({
  ...{
    version,
    name: `${version}_x`,
    sha256: version,
    additive,
    why: additive ? 'adds' : 'RENAME',
  },
  undo: { is: undo, why: undo },
})
const ledger = (
  applied: readonly string[],
  pending: readonly PendingMigration[] = [],
): LedgerState => ({
  ...{ tool: 'dbmate', table: 't', schemaFingerprint: applied.join() },
  ...{ applied: [...applied], pending: [...pending] },
})
const ecs = (tag: string) => ({
  cluster: 'c',
  services: [
    {
      ...{ name: 'web', taskDefinition: `web:${tag}`, desiredCount: 1 },
      containers: [{ name: 'app', image: `r/web:${tag}` }],
    },
  ],
})
const site = (letter: string) => ({
  ...{ bucket: 'b', prefix: '' },
  manifest: { key: 'k', sha256: letter.repeat(64), objects: 1, bytes: 1 },
})
const deployment = (state: Deployment['state']): Deployment => ({
  ...{ state, history: [], journal: [] },
  snapshot: {
    ...{ id: 'pre-migration-1', instance: 'shop', resourceId: 'db-1', status: 'available' },
    at: '2026-11-22T02:00:00Z',
  },
})

interface World {
  /** What the two deployments since brought: of the older one and of the newest. */
  readonly older?: readonly PendingMigration[]
  readonly newest?: readonly PendingMigration[]
  readonly web?: string
  readonly downs?: Comparisons['downs']
  readonly record?: Partial<Record>
}

/** Release v1 was verified; v2 after it, with migrations of its own; v3 is out. */
async function world({ older = [], newest = [], web = 'v3', downs, record }: World = {}) {
  const clock = fakeClock()
  const store = await testStore(clock)
  const [first, second] = [['1'], ['1', ...older.map(({ version }) => version)]]
  const now = [...second, ...newest.map(({ version }) => version)]
  const add = (id: string, given: Partial<Point>) => put(store, pointOf(store, id, given))
  await add('production/1/after', {
    ...{ takenAt: '2026-11-22T01:00:00Z', runs: '1'.repeat(40), sha: '1'.repeat(40) },
    components: { ecs: ecs('v1'), migrations: ledger(first), site: site('a') },
  })
  await add('production/2/before', {
    ...{ takenAt: '2026-11-22T01:30:00Z', sha: '2'.repeat(40) },
    components: { ecs: ecs('v1'), migrations: ledger(first, older), site: site('a') },
    deployment: deployment('verified'),
  })
  await add('production/3/before', {
    ...{ takenAt: '2026-11-22T02:00:00Z', sha: '3'.repeat(40), runs: '2'.repeat(40) },
    components: { ecs: ecs('v2'), migrations: ledger(second, newest), site: site('b') },
    deployment: deployment('deploying'),
  })
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/3' }))
  if (record) {
    const id = 'production/3/rollback-1'
    await put(store, {
      ...{
        kind: 'record',
        ...envelope(store),
        id,
        repository: 'acme/shop',
        undone: 'production/3',
      },
      ...{
        from: '3'.repeat(40),
        to: 'production/3/before',
        profile: 'A',
        planId: 'p',
        reason: 'r',
      },
      ...{ consent: 'not-needed', actor: 'ada', trigger: 'button', state: 'open', runs: [] },
      ...{ openedAt: '2026-11-22T03:00:00Z', journal: [], parts: {}, ...record },
    } as Record)
    await changeEnvironment(store, (state) => ({ ...state, open: id }))
  }
  const found = { problems: [], warnings: [], rows: [] }
  const captures: Captures = {
    ecs: async () => ({ ...found, state: ecs(web) }),
    rds: undefined,
    migrations: async () => ({ ...found, state: ledger(now) }),
  }
  const comparisons: Comparisons = {
    site: async () => ({ is: 'differs', objects: 2, documents: 1, why: '2 objects' }),
    downs,
  }
  return (
    given: { readonly to?: string; readonly components?: string } & Partial<PlanSettings>,
  ) => {
    const { to = 'auto', components = 'all', ...rest } = given
    const config = { services: { cluster: 'c', names: ['web'] }, site: {} } as never
    const base = planSettings(
      {
        ...{ environment: 'production', verdict: undefined, to, components, consent: undefined },
        ...{ asked: true, resume: false, reason: undefined, 'on-inconclusive': undefined },
      },
      config,
    )
    const run = testRun({ clock, identity: { runId: '20' } })
    return rollbackPlan(run, store, { captures, comparisons }, { ...base, ...rest })
  }
}

const documentOf = (result: Result): PlanDocument =>
  parsePlan(result.outputs?.plan ?? '', 'production')
const rowsOf = (result: Result, title: string): readonly (readonly string[])[] => {
  const section = result.sections?.find((one) => one.title === title)
  return section && 'rows' in section ? section.rows : []
}
const next = (result: Result) => (result.next ?? []).join('\n')
const [breaking, reversible, additive] = [
  file('3', 'impossible'),
  file('3', 'lossless'),
  file('3', 'lossless', true),
]

test('only the front end goes back: the plan says what stays, and the document keeps the choice', async () => {
  const planned = await (await world())({ components: 'site' })
  expect(planned.outputs).toMatchObject({
    site: 'first',
    code: 'false',
    config: 'false',
    verify: 'true',
  })
  expect(rowsOf(planned, 'What changes').map(([thing]) => thing)).toEqual(['front end'])
  expect(rowsOf(planned, 'What stays as it is')).toEqual([['web', 'it was not chosen']])
  expect(documentOf(planned)).toMatchObject({
    only: ['site'],
    profile: 'A',
    to: 'production/3/before',
  })
  expect(planned.headline).toMatch(/^site of production goes back to production\/3\/before/)
})

test('the command that does it repeats the choice', async () => {
  const press = await world()
  const planned = await press({ components: 'config, site' })
  expect(planned.outputs?.decision).toBe('roll-back')
  const missing = await (await world({ newest: [breaking] }))({ components: 'services,database' })
  expect(missing.outputs?.consent).toBe('missing')
  expect(next(missing)).toMatch(/-f components=services,database -f consent=[0-9a-f]{12}$/)
})

test('a schema that the chosen services cannot live with refuses them, with both ways out', async () => {
  const refused = await (await world({ newest: [reversible] }))({ components: 'services,site' })
  expect(refused).toMatchObject({ outcome: 'refused', outputs: { decision: 'refused' } })
  expect(refused.headline).toMatch(/older code would run on a schema.*nothing was changed/)
  expect(next(refused)).toMatch(/^choose the database too: .*components=services,site,database$/m)
  expect(next(refused)).toMatch(/^fix forward/m)
})

test('a database that leaves newer code behind is refused, unless the code is back already', async () => {
  const ahead = await (await world({ newest: [reversible] }))({ components: 'database' })
  expect(ahead.headline).toMatch(/newer code would run on an older schema/)
  expect(next(ahead)).toMatch(/^choose the services too: .*components=database,services$/m)
  const back = await (await world({ newest: [reversible], web: 'v2' }))({ components: 'database' })
  expect(back.outputs).toMatchObject({
    decision: 'roll-back',
    profile: 'B',
    migrations: 'true',
    site: 'false',
  })
})

test('a breaking schema is no matter of the front end', async () => {
  const planned = await (await world({ newest: [breaking] }))({ components: 'site' })
  expect(planned.outputs).toMatchObject({ profile: 'A', consent: 'not-needed', stop: 'false' })
  expect(rowsOf(planned, 'What stays as it is')).toContainEqual(['database', 'it was not chosen'])
})

test('where nothing of what was chosen differs nothing is done', async () => {
  const planned = await (await world())({ components: 'database' })
  expect(planned).toMatchObject({ outcome: 'unchanged', outputs: { decision: 'nothing' } })
  expect(planned.headline).toMatch(/of what was chosen \(database\)/)
})

test.each<[Partial<Record>, string, string]>([
  [{ only: ['site'] }, 'all', 'roll-back'],
  [{ only: ['site'] }, 'site', 'roll-back'],
  [{ only: ['site'] }, 'services', 'refused'],
  [{}, 'site', 'refused'],
  [{}, 'all', 'roll-back'],
  [{}, 'services,config,site,database', 'roll-back'],
])('an open record of %j, asked for %s: %s', async (record, components, decision) => {
  const planned = await (await world({ record }))({ components })
  expect(planned.outputs?.decision).toBe(decision)
  const only = record.only === undefined ? undefined : record.only
  expect(documentOf(planned).only).toEqual(only)
})

test('a repeat of a rollback of the front end touches nothing else', async () => {
  const planned = await (await world({ record: { only: ['site'] } }))({})
  expect(planned.outputs).toMatchObject({ site: 'first', code: 'false', config: 'false' })
})

test('a tag leads to its restore point, whose id is the destination from then on', async () => {
  const press = await world()
  const planned = await press({ to: 'tag:v1' })
  expect(documentOf(planned).to).toBe('production/1/after')
  expect(JSON.stringify(rowsOf(planned, 'Plan'))).toMatch(
    /production\/1\/after ran tag:v1 in every service and is verified/,
  )
  expect((await press({ to: 'sha:1111111' })).outputs?.destination).toBe('production/1/after')
})

test('a tag that no point has is refused, with what each has', async () => {
  const refused = await (await world())({ to: 'tag:v7' })
  expect(refused).toMatchObject({ outcome: 'refused', outputs: { decision: 'refused' } })
  expect(rowsOf(refused, 'What each restore point has')).toContainEqual([
    'production/1/after',
    '111111111111',
    'v1: web',
  ])
})

test('a tag that means another point than the open record goes to is refused', async () => {
  const press = await world({ record: {} })
  expect((await press({ to: 'tag:v1' })).headline).toMatch(
    /is open and goes to production\/3\/before, not to production\/1\/after/,
  )
  expect((await press({ to: 'tag:v2' })).outputs?.decision).toBe('roll-back')
})

test('an older point says which other deployments go with it, and what they brought', async () => {
  const press = await world({ older: [file('2', 'lossless', true)], newest: [additive] })
  const planned = await press({ to: 'production/1/after' })
  expect(rowsOf(planned, 'What else is taken back')).toEqual([
    ['production/2', '222222222222', 'verified', '2'],
  ])
  expect(planned.outputs).toMatchObject({ profile: 'A', consent: 'not-needed' })
  expect(rowsOf(await press({}), 'What else is taken back')).toEqual([])
})

test.each<[string, PendingMigration[], PendingMigration[], string, string, RegExp | undefined]>([
  ['additions in both', [file('2', 'lossless', true)], [additive], 'A', 'not-needed', undefined],
  ['downs in both', [file('2', 'lossless')], [reversible], 'B', 'not-needed', undefined],
  [
    'a down that loses in the older one',
    [file('2', 'lossy')],
    [reversible],
    'B',
    'missing',
    undefined,
  ],
  [
    'data of the newest behind additions',
    [file('2', 'lossless', true)],
    [breaking],
    'C',
    'missing',
    undefined,
  ],
  [
    'a breaking one in the older',
    [file('2', 'impossible')],
    [additive],
    'C',
    'missing',
    /newer than the destination: 2 would stay applied/,
  ],
  [
    'data of the newest behind a breaking one',
    [file('2', 'lossless')],
    [breaking],
    'C',
    'missing',
    /2 would stay applied/,
  ],
])('to an older point with %s', async (_name, older, newest, profile, consent, refused) => {
  const planned = await (await world({ older, newest }))({ to: 'production/1/after' })
  if (refused) expect(planned.headline).toMatch(refused)
  else expect(planned.outputs).toMatchObject({ decision: 'roll-back', consent })
  expect(planned.outputs?.profile).toBe(profile)
})

test('consent in advance does not reach what an earlier deployment brought', async () => {
  const press = await world({ older: [file('2', 'lossy')], newest: [reversible] })
  const to = 'production/1/after'
  expect((await press({ to, dataRestore: 'automatic' })).outputs?.consent).toBe('missing')
  const own = await world({ newest: [file('3', 'lossy')] })
  expect((await own({ to, dataRestore: 'automatic' })).outputs?.consent).toBe('automatic')
})

test('a down whose file is gone refuses before anything is stopped', async () => {
  const downs = async () =>
    '3: 3_x with the captured hash is neither in the store nor in db/migrations'
  const refused = await (await world({ newest: [reversible], downs }))({})
  expect(refused).toMatchObject({ outcome: 'refused', outputs: { stop: 'false' } })
  expect(refused.headline).toMatch(/the down migrations cannot run: 3: 3_x/)
  const other = await (await world({ newest: [additive], downs }))({})
  expect(other.outputs?.decision).toBe('roll-back')
})

test.each([
  [
    'to',
    { to: 'digest:sha256:abc' },
    /^to: expected auto, last-verified, a restore point id .*tag:.*sha:/,
  ],
  [
    'components',
    { components: 'frontend' },
    /^components: expected all, or some of services, config, site, database/,
  ],
  ['components', { components: 'services,,site' }, /^components: /],
])('a %s that is none is one clear error', async (_name, given, expected) => {
  const press = await world()
  expect(() => press(given)).toThrow(expected)
})
