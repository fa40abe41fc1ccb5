import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { CallError } from '#core'
import {
  captureLedger,
  classify,
  ledgerSettings,
  migrationRevert,
  readLedger,
  schemaFingerprint,
} from '#migrations'
import { type Connection, openDatabase, parseConnection, query } from '#sql'
import { readPoint } from '#store'
import {
  type DataPlane,
  type Endpoint,
  postgresDataPlane,
} from '../../../packages/sandbox/postgres/index.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
chmodSync(folder, 0o711) // As root the servers run as another user, who has to get in.
const migrations = join(folder, 'migrations')
const password = 'pl4in/and:simple'
let plane: DataPlane
let endpoint: Endpoint
const silent: Server = createServer(() => {})

const url = (at: Endpoint, given: { secret?: string; tail?: string } = {}) =>
  `postgres://acme:${encodeURIComponent(given.secret ?? password)}@${at.address}:${at.port}/shop${given.tail ?? '?sslmode=disable'}`

function connectionTo(at: Endpoint, given: { secret?: string; tail?: string } = {}): Connection {
  const parsed = parseConnection(url(at, given))
  if (!parsed.ok) throw new Error(parsed.why)
  return parsed.connection
}

function dbmate(command: string): void {
  const options = ['--url', url(endpoint), '--migrations-dir', migrations, '--no-dump-schema']
  execFileSync('node_modules/.bin/dbmate', [...options, command], { stdio: 'pipe' })
}

function migration(name: string, up: string, down: string): void {
  writeFileSync(join(migrations, name), `-- migrate:up\n${up}\n\n-- migrate:down\n${down}\n`)
}

/** Changes something, as nobody but a test does. */
async function change(sql: string, at: Endpoint = endpoint): Promise<void> {
  const client = new pg.Client({ connectionString: url(at) })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

const fingerprint = (at: Endpoint = endpoint) =>
  openDatabase(connectionTo(at)).read(schemaFingerprint)
const opener = { open: async () => openDatabase(connectionTo(endpoint)) }
/** Capturing needs none of these. */
const unused = {
  login: () => Promise.reject(new Error('not asked')),
  variables: {},
  revision: () => Promise.reject(new Error('not asked')),
  runTask: () => Promise.reject(new Error('not asked')),
}
const choice = { tool: 'dbmate', connection: 'secret:x', path: migrations } as const
const settings = ledgerSettings(choice)

beforeAll(async () => {
  mkdirSync(migrations)
  plane = await postgresDataPlane(folder)
  const master = { user: 'acme', password }
  endpoint = await plane.create({ id: 'db-1', name: 'shop', master, database: 'shop' })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
}, 60_000)

afterAll(async () => {
  silent.close()
  await plane.close()
  rmSync(folder, { recursive: true })
}, 60_000)

test('a ledger that is not there is empty, and stays not there', async () => {
  const captured = await captureLedger(opener, choice)(testRun())
  expect(captured.state).toMatchObject({ applied: [], pending: [] })
  expect(captured.warnings).toEqual([expect.stringContaining('schema_migrations is not there')])
  const tables = await query(
    connectionTo(endpoint),
    "select to_regclass('schema_migrations') as found",
  )
  expect(tables).toEqual([{ found: null }])
})

test('what dbmate applied is in the ledger, and what it did not is pending, judged', async () => {
  migration(
    '20260101000000_triggers.sql',
    'create table triggers (id serial primary key, name text);',
    'drop table triggers;',
  )
  dbmate('up')
  migration(
    '20260201000000_owner.sql',
    'alter table triggers add column owner text;',
    'alter table triggers drop column owner;',
  )
  migration(
    '20260301000000_rename.sql',
    'alter table triggers rename to rules;',
    'alter table rules rename to triggers;',
  )
  const captured = await captureLedger(opener, choice)(testRun())
  expect(captured.problems).toEqual([])
  expect(captured.state).toMatchObject({
    applied: ['20260101000000'],
    pending: [
      { version: '20260201000000', additive: true, why: 'it adds column triggers.owner' },
      { version: '20260301000000', additive: false, why: expect.stringContaining('RENAME') },
    ],
  })
  expect(captured.warnings).toEqual([expect.stringContaining('20260301000000_rename.sql')])
})

test('the fingerprint is of the schema alone: not of rows, nor of the server it is read from', async () => {
  await change(
    "insert into triggers (name) values ('a'); insert into schema_migrations values ('x'); delete from schema_migrations where version = 'x'; analyze",
  )
  const before = await fingerprint()
  await plane.snapshot('db-1', 'copy')
  const restored = await plane.restore('copy', { id: 'db-2', name: 'restored' })
  expect(await fingerprint(restored)).toBe(before)
  await plane.remove('db-2')
})

const alterations: readonly (readonly [string, string, string])[] = [
  ['a column', 'alter table triggers add column x int', 'alter table triggers drop column x'],
  [
    'a default',
    'alter table triggers alter name set default 1',
    'alter table triggers alter name drop default',
  ],
  [
    'a type',
    'alter table triggers alter name type varchar(9)',
    'alter table triggers alter name type text',
  ],
  [
    'nullability',
    'alter table triggers alter name set not null',
    'alter table triggers alter name drop not null',
  ],
  ['an index', 'create index i on triggers (name)', 'drop index i'],
  [
    'a constraint',
    'alter table triggers add constraint c check (id > 0)',
    'alter table triggers drop constraint c',
  ],
  ['a view', 'create view v as select id from triggers', 'drop view v'],
  [
    'a function',
    'create function f() returns int language sql as $$ select 1 $$',
    'drop function f()',
  ],
  ['an enum', "create type mood as enum ('a')", 'drop type mood'],
  ['a schema', 'create schema other', 'drop schema other'],
  [
    'a trigger',
    'create trigger g before update on triggers execute function suppress_redundant_updates_trigger()',
    'drop trigger g on triggers',
  ],
]

test.each(alterations)(
  '%s changes the fingerprint, and undone it is the same again',
  async (_, apply, undo) => {
    const before = await fingerprint()
    await change(apply)
    const changed = await fingerprint()
    await change(undo)
    expect(changed).not.toBe(before)
    expect(await fingerprint()).toBe(before)
  },
)

test('any ledger table can be named, its half-applied rows are found, and its search path is followed', async () => {
  await change(
    'create schema app; create table app."Ledger" (id bigint, dirty bool); insert into app."Ledger" values (2, false), (10, true), (null, false)',
  )
  const named = ledgerSettings({ tool: 'ledger', table: 'app.Ledger', column: 'id' })
  const read = openDatabase(connectionTo(endpoint)).read((ask) => readLedger(ask, named))
  expect(await read).toEqual({
    exists: true,
    applied: ['10', '2'],
    order: ['2', '10'],
    dirty: [
      '1 row(s) of app.Ledger have no id',
      'app.Ledger says that 10 was not applied completely',
    ],
  })
  const bySearchPath = openDatabase(
    connectionTo(endpoint, { tail: '?sslmode=disable&search_path=app' }),
  )
  const short = ledgerSettings({ tool: 'ledger', table: 'Ledger', column: 'id' })
  expect(await bySearchPath.read((ask) => readLedger(ask, short))).toMatchObject({
    applied: ['10', '2'],
  })
  await change('drop schema app cascade')
})

const wrong: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  [
    'a wrong password',
    () => query(connectionTo(endpoint, { secret: 'wr0ng' }), 'select 1'),
    'sql:connect',
  ],
  [
    'nobody there',
    () => query(connectionTo({ address: '127.0.0.1', port: 1 }), 'select 1'),
    'sql:connect',
  ],
  [
    'TLS that the server does not speak',
    () => query(connectionTo(endpoint, { tail: '?sslmode=require' }), 'select 1'),
    'sql:connect',
  ],
  [
    'an sslmode that is none',
    () => query(connectionTo(endpoint, { tail: '?sslmode=maybe' }), 'select 1'),
    'sql:connect',
  ],
  ['a write', () => query(connectionTo(endpoint), 'delete from triggers'), 'sql:query'],
  [
    'a write behind an end of the transaction',
    () =>
      openDatabase(connectionTo(endpoint)).read(async (ask) => {
        await ask('commit')
        return ask('delete from triggers')
      }),
    'sql:query',
  ],
  ['two statements', () => query(connectionTo(endpoint), 'select 1; select 2'), 'sql:query'],
  [
    'a column that is not there',
    () =>
      openDatabase(connectionTo(endpoint)).read((ask) =>
        readLedger(ask, { ...settings, column: 'nothing' }),
      ),
    'sql:query',
  ],
  [
    'a statement that takes too long',
    () =>
      openDatabase(connectionTo(endpoint), { connect: 5000, statement: 100 }).read((ask) =>
        ask('select pg_sleep(5)'),
      ),
    'sql:query',
  ],
]

test.each(wrong)('%s ends as a failed call without a secret', async (_, act, action) => {
  const thrown = (await act().catch((error: unknown) => error)) as CallError
  expect(thrown).toBeInstanceOf(CallError)
  expect(thrown).toMatchObject({ action, on: expect.stringMatching(/^127.0.0.1:\d+\/shop$/) })
  for (const secret of [password, encodeURIComponent(password), 'wr0ng', 'postgres://']) {
    expect(`${thrown.message} ${thrown.next} ${thrown.cause}`).not.toContain(secret)
  }
})

test('a server that never answers is given up', async () => {
  const { port } = silent.address() as { port: number }
  const silence = connectionTo({ address: '127.0.0.1', port })
  const asked = openDatabase(silence, { connect: 300, statement: 300 }).read((ask) =>
    ask('select 1'),
  )
  await expect(asked).rejects.toMatchObject({ action: 'sql:connect', code: 'ETIMEDOUT' })
})

test('without sslmode the login falls back to plain where the server has no TLS', async () => {
  expect(await query(connectionTo(endpoint, { tail: '' }), 'select 1 as one')).toEqual([{ one: 1 }])
})

/** Pieces of SQL that hide, end or begin statements in one reading and not in another. */
const pieces = [
  ...[
    'create table a (id int',
    ')',
    ';',
    'alter table victim add column c int',
    'create index on victim (id)',
  ],
  ...[
    'default 0',
    "default 'x'",
    'default evil()',
    'drop table victim',
    'delete from victim',
    'select evil()',
  ],
  ...[
    "'",
    "''",
    '"',
    '$$',
    '$x$',
    '--',
    '\n',
    '\r',
    '/*',
    '*/',
    'E',
    'U&',
    '\\',
    ',',
    '(',
    '::text',
    'text',
    ' ',
  ],
]

/** Numbers in [0, 1), always the same. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('what is judged to be an addition harms nothing when PostgreSQL runs it', async () => {
  await change(`create table victim (id int); insert into victim values (1); create table effects (id int);
    create function evil() returns int language plpgsql as $f$ begin insert into effects values (1); return 1; end $f$`)
  const client = new pg.Client({ connectionString: url(endpoint) })
  await client.connect()
  const random = generator(7)
  const pick = () => pieces[Math.floor(random() * pieces.length)] ?? ''
  let run = 0
  for (let n = 0; n < 40_000; n++) {
    const starts = [
      'create table a (id int)',
      'alter table victim add c int',
      'create index on victim (id)',
      '',
    ]
    const start = starts[Math.floor(random() * starts.length)]
    const sql = `${start} ${Array.from({ length: 1 + Math.floor(random() * 7) }, pick).join(' ')}`
    if (!classify(sql).additive) continue
    await client.query('begin')
    const ran = await client.query(sql).then(
      () => true,
      () => false,
    )
    if (ran) {
      run += 1
      const { rows } = await client.query(
        'select (select count(*) from victim)::int as rows, (select count(*) from effects)::int as effects',
      )
      expect({ sql, ...rows[0] }).toEqual({ sql, rows: 1, effects: 0 })
    }
    await client.query('rollback')
  }
  await client.end()
  expect(run).toBeGreaterThan(500)
  await change('drop table victim, effects; drop function evil()')
}, 60_000)

describe('the action', () => {
  const capture = { do: 'capture', ledger: choice } as const
  const point = async (state: 'captured' | 'deploying') => {
    const store = await testStore()
    const deployment = { state, history: [], journal: [] }
    await put(store, pointOf(store, 'production/4711/before', { deployment }))
    return store
  }

  test('writes the ledger into a restore point that has none, once', async () => {
    const store = await point('captured')
    expect(await migrationRevert(testRun(), { ...unused, opener, store }, capture)).toMatchObject({
      outcome: 'done',
      outputs: { applied: '1', additive: 'false', pending: '["20260201000000","20260301000000"]' },
    })
    expect(
      (await readPoint(store, 'production/4711/before'))?.components.migrations?.applied,
    ).toEqual(['20260101000000'])
    const { writes } = store.objects
    const count = writes.length
    expect(await migrationRevert(testRun(), { ...unused, opener, store }, capture)).toMatchObject({
      outcome: 'unchanged',
    })
    expect(writes).toHaveLength(count)
  })

  test('refuses a deployment that has begun, or was never captured', async () => {
    const store = await point('deploying')
    expect(await migrationRevert(testRun(), { ...unused, opener, store }, capture)).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('may have its migrations already'),
    })
    const empty = await testStore()
    expect(
      await migrationRevert(testRun(), { ...unused, opener, store: empty }, capture),
    ).toMatchObject({
      outcome: 'refused',
    })
  })

  test('a dry run writes nothing, and without a store there is nothing to write', async () => {
    const store = await point('captured')
    expect(
      await migrationRevert(testRun({ dryRun: true }), { ...unused, opener, store }, capture),
    ).toMatchObject({ outcome: 'planned' })
    expect(
      (await readPoint(store, 'production/4711/before'))?.components.migrations,
    ).toBeUndefined()
    expect(
      await migrationRevert(testRun(), { ...unused, opener, store: undefined }, capture),
    ).toMatchObject({
      outcome: 'done',
    })
  })

  test('a half-applied migration is refused with its version', async () => {
    await change(
      'create table half (version text, success bool); insert into half values (7, false)',
    )
    const ledger = {
      tool: 'ledger',
      table: 'half',
      column: 'version',
      connection: 'secret:x',
    } as const
    expect(
      await migrationRevert(
        testRun(),
        { ...unused, opener, store: undefined },
        { do: 'capture', ledger },
      ),
    ).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('half says that 7 was not applied completely'),
    })
    await change('drop table half')
  })
})
