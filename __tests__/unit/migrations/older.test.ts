import { hashOf, whyNoDowns } from '#migrations'
import { envelope, keys, type LedgerState, type PendingMigration, type Record } from '#store'
import { findTarget } from '../../../packages/migrations/target.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

/** Migrations of several deployments go back together: each is known by the file that its own deployment kept. */

const sql = (up: string, down: string) => `-- migrate:up\n${up};\n-- migrate:down\n${down};\n`
const texts = {
  '2': sql('alter table a rename column b to c', 'alter table a rename column c to b'),
  '3': sql('alter table a rename column d to e', 'alter table a rename column e to d'),
  'an older 2': sql('drop table a', 'select 1'),
}
const file = (version: string, text: string): PendingMigration => ({
  ...{ version, name: `${version}_x.sql`, sha256: hashOf(text), additive: false, why: 'RENAME' },
  undo: { is: 'lossless', why: 'renames' },
})
const ledger = (applied: readonly string[], pending: readonly PendingMigration[]): LedgerState => ({
  ...{ tool: 'dbmate', table: 'schema_migrations', schemaFingerprint: '' },
  ...{ applied: [...applied], pending: [...pending] },
})

/** Migration 2 came in deployment 2, was rolled back, came again with another text in deployment 3; migration 3 in deployment 4. */
async function world() {
  const store = await testStore()
  const hour = (n: number) => `2026-11-22T0${n}:00:00Z`
  const before = (n: number, state: 'rolled-back' | 'verified', migrations: LedgerState) =>
    put(
      store,
      pointOf(store, `production/${n}/before`, {
        ...{ takenAt: hour(n), components: { migrations } },
        deployment: { state, history: [], journal: [] },
      }),
    )
  await put(
    store,
    pointOf(store, 'production/1/after', {
      ...{ takenAt: hour(1), components: { migrations: ledger(['1'], []) } },
    }),
  )
  await before(2, 'rolled-back', ledger(['1'], [file('2', texts['an older 2'])]))
  await before(3, 'verified', ledger(['1'], [file('2', texts['2'])]))
  await before(4, 'verified', ledger(['1', '2'], [file('3', texts['3'])]))
  const record: Record = {
    ...{
      kind: 'record',
      ...envelope(store),
      id: 'production/4/rollback-1',
      repository: 'acme/shop',
    },
    ...{ undone: 'production/4', from: 'b'.repeat(40), to: 'production/1/after', profile: 'B' },
    ...{ planId: 'p', consent: 'not-needed', reason: 'r', actor: 'ada', trigger: 'button' },
    ...{ state: 'open', openedAt: hour(5), runs: [], journal: [], parts: {} },
  }
  await put(store, record)
  const target = await findTarget(testRun(), { record: record.id } as never, store)
  if (target.is !== 'target') throw new Error(target.why)
  return { store, files: [...target.known.values()] }
}

test('the revert knows the files of every deployment since, and of one that came twice the later text', async () => {
  const { files } = await world()
  const hashes = new Map(files.map(({ version, sha256 }) => [version, sha256]))
  expect(hashes).toEqual(
    new Map([
      ['2', hashOf(texts['2'])],
      ['3', hashOf(texts['3'])],
    ]),
  )
})

test.each<[readonly (keyof typeof texts)[], RegExp | undefined]>([
  [['2', '3'], undefined],
  [['3'], /^2: 2_x\.sql with the captured hash is neither in the store nor in/],
  [[], /2: .*; 3: /],
])('with the files %j in the store a plan knows whether the downs can run', async (kept, why) => {
  const { store, files } = await world()
  for (const name of kept) {
    const text = texts[name]
    await store.objects.create(keys.migration('production', hashOf(text)), text)
  }
  const choice = { tool: 'dbmate', path: '/nowhere' } as const
  const found = await whyNoDowns(store, { choice, files, added: ['2', '3'] })
  if (why) expect(found).toMatch(why)
  else expect(found).toBeUndefined()
})
