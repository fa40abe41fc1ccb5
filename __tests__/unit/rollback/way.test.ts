import type { Result } from '#core'
import type { Captures } from '#points'
import { type Comparisons, type PlanSettings, planSettings, rollbackPlan } from '#rollback'
import {
  beforeId,
  type Components,
  changeEnvironment,
  type Deployment,
  type LedgerState,
  type PendingMigration,
} from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

/** Which steps a plan switches on, from what differs and what became of the schema. */

const service = (taskDefinition: string) => ({
  name: 'web',
  taskDefinition,
  desiredCount: 2,
  containers: [],
})
const ledger = (applied: readonly string[], undo?: PendingMigration['undo']): LedgerState => ({
  tool: 'dbmate',
  table: 'schema_migrations',
  applied: [...applied],
  schemaFingerprint: 'f',
  pending: undo
    ? [{ version: '2', name: '2_x', sha256: '', additive: false, why: 'RENAME', undo }]
    : [],
})
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
}
const then = (undo?: PendingMigration['undo']): Components => ({
  ecs: { cluster: 'c', services: [service('web:1')] },
  migrations: ledger(['1'], undo),
  config: { secrets: [], parameters: [] },
  site: {
    bucket: 'b',
    prefix: '',
    manifest: { key: 'k', sha256: '0'.repeat(64), objects: 1, bytes: 1 },
  },
})

interface World {
  readonly undo?: PendingMigration['undo']
  /** The task definition now; undefined: the service is gone. */
  readonly web?: string | undefined
  readonly applied?: readonly string[]
  readonly site?: 'same' | 'differs'
  readonly config?: 'same' | 'change' | 'gone'
  readonly settings?: Partial<PlanSettings>
}

async function planIn(world: World): Promise<Result> {
  const { undo, web = 'web:1', applied = ['1'], site = 'same', config = 'same' } = world
  const clock = fakeClock()
  const store = await testStore(clock)
  const components = then(undo)
  const id = beforeId('production/10')
  await put(store, pointOf(store, id, { takenAt: '2026-11-22T02:00:00Z', components, deployment }))
  await changeEnvironment(store, (state) => ({ ...state, latest: 'production/10' }))
  const found = { problems: [], warnings: [], rows: [] }
  const services = web === 'gone' ? [] : [service(web)]
  const captures: Captures = {
    ecs: async () => ({ ...found, state: { cluster: 'c', services } }),
    rds: undefined,
    migrations: async () => ({ ...found, state: ledger(applied) }),
  }
  const comparisons: Comparisons = {
    config: async () => [
      { kind: 'secret', name: 'jwt', is: config, from: 'v2', to: 'v1', why: 'it is gone' },
    ],
    site: async () =>
      site === 'same' ? { is: site } : { is: site, objects: 2, documents: 1, why: '2 objects' },
  }
  const given = planSettings(
    {
      ...{ environment: 'production', verdict: undefined, to: 'auto', consent: undefined },
      ...{ components: 'all', asked: false, resume: false, reason: undefined },
      ...{ 'on-inconclusive': undefined },
    },
    {} as never,
  )
  const settings: PlanSettings = {
    ...given,
    services: { cluster: 'c', names: ['web'] },
    config: true,
    site: true,
    ...world.settings,
  }
  const run = testRun({ clock, identity: { runId: '10' } })
  return rollbackPlan(run, store, { captures, comparisons }, settings)
}

const switches = ({ outputs = {} }: Result) =>
  ['stop', 'migrations', 'config', 'restore', 'code', 'readers', 'start', 'verify']
    .filter((step) => outputs[step] === 'true')
    .concat(outputs.site === 'false' ? [] : [`site ${outputs.site}`])
    .join(' ')

const renames = { is: 'lossless', why: 'renames' } as const
const drops = { is: 'lossy', why: 'drops a.b' } as const
const none = { is: 'impossible', why: 'it has no down' } as const
const later = ['1', '2']

test.each<[string, World, string, string, string]>([
  ['only the code differs', { web: 'web:2' }, 'A', 'not-needed', 'code verify'],
  ['only the front end differs', { site: 'differs' }, 'A', 'not-needed', 'verify site first'],
  [
    'only the configuration differs',
    { config: 'change' },
    'A',
    'not-needed',
    'config readers verify',
  ],
  [
    'a migration that its down takes back',
    { undo: renames, applied: later, site: 'differs', config: 'change' },
    'B',
    'not-needed',
    'stop migrations config code readers start verify site last',
  ],
  [
    'a migration whose down loses data',
    { undo: drops, applied: later, web: 'web:2' },
    'B',
    'missing',
    'stop code',
  ],
  [
    'the same, agreed to in advance',
    { undo: drops, applied: later, settings: { dataRestore: 'automatic' } },
    'B',
    'automatic',
    'stop migrations code start verify',
  ],
  [
    'a migration without a way back',
    { undo: none, applied: later, settings: { dataRestore: 'automatic' } },
    'C',
    'automatic',
    'stop restore code start verify',
  ],
  ['a secret that is gone', { config: 'gone', web: 'web:2' }, 'D', 'not-needed', 'code verify'],
  [
    'a service that is gone',
    { web: 'gone', site: 'differs' },
    'D',
    'not-needed',
    'code verify site first',
  ],
])('%s', async (_name, world, profile, consent, steps) => {
  const planned = await planIn(world)
  expect(planned.outputs).toMatchObject({ decision: 'roll-back', profile, consent })
  expect(switches(planned)).toBe(steps)
})

test('what is gone is named, with what to do about it first', async () => {
  const { sections = [] } = await planIn({ web: 'gone' })
  const gone = sections.find(({ title }) => title === 'What is gone')
  expect(JSON.stringify(gone)).toMatch(/service web.*put it back first/)
})

test('with something gone and a schema that may not stay nothing is begun', async () => {
  const planned = await planIn({ web: 'gone', undo: renames, applied: later })
  expect(planned).toMatchObject({ outcome: 'refused', outputs: { decision: 'refused' } })
  expect(planned.headline).toMatch(/gone: service web.*nothing was changed/)
})

test('where nothing differs nothing is rolled back', async () => {
  expect((await planIn({})).outputs).toMatchObject({ decision: 'hold' })
})

test('without consent nothing of the data is said to be lost, and the command that gives it is printed', async () => {
  const planned = await planIn({ undo: drops, applied: later })
  expect(JSON.stringify(planned.sections)).toMatch(/Data that is lost","nothing/)
  expect(planned.next?.join()).toMatch(
    /^consent to losing what was written into the dropped columns.* consent=[0-9a-f]{12}/,
  )
})
