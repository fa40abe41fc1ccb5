import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { FileTool } from '#migrations'
import { parseConnection } from '#sql'
import {
  canary,
  type Migration,
  programOf,
  type Server,
  startServer,
  type Team,
  team,
} from './scene.ts'

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 60_000)
afterAll(() => server.close(), 60_000)

const base: Migration = {
  version: '20260101000000',
  name: 'triggers',
  up: 'create table triggers (id serial primary key, title text);',
  down: 'drop table triggers;',
}
const renamed: Migration = {
  version: '20260201000000',
  name: 'rename',
  up: 'alter table triggers rename column title to name;',
  down: 'alter table triggers rename column name to title;',
}
const indexed: Migration = {
  version: '20260301000000',
  name: 'index',
  up: 'create index by_name on triggers (name);',
  down: 'drop index by_name;',
}
const view: Migration = {
  version: '20260401000000',
  name: 'view',
  up: 'create view names as select name from triggers;',
  down: 'drop view names;',
}
const column: Migration = {
  version: '20260501000000',
  name: 'owner',
  up: 'alter table triggers add column owner text;',
  down: 'alter table triggers drop column owner;',
}

/** A team whose earlier release is out, with a restore point, and the migrations of the failed release applied. */
async function failed(tool: FileTool, ...bad: readonly Migration[]): Promise<Team> {
  const one = await team(server, tool)
  one.write(base)
  await one.migrate()
  for (const migration of bad) one.write(migration)
  await one.capture()
  await one.migrate()
  return one
}

const tools = ['dbmate', 'goose', 'sqlx'] as const
/** Every tool with its own binary, where there is one, and with our own transaction. */
const ways = tools.flatMap((tool) =>
  [true, false]
    .filter((has) => !has || programOf(tool) !== undefined)
    .map((has) => [tool, has] as const),
)

describe.each(ways)('%s, its own binary on PATH: %s', (tool, has) => {
  test('exactly what was applied since goes, newest first, and the schema is the one before', async () => {
    const one = await failed(tool, renamed, indexed, view)
    await one.open()
    const result = await one.act({ has, checkout: 'old' })
    expect(result).toMatchObject({
      outcome: 'done',
      outputs: {
        reverted: JSON.stringify([view.version, indexed.version, renamed.version]),
        left: '[]',
      },
    })
    expect(await one.versions()).toEqual([base.version])
    expect(one.entries.map(({ operation, on }) => [operation, on])).toEqual(
      [view, indexed, renamed].map(({ version }) => ['revert', version]),
    )
    expect(result.lines.join('\n')).toContain(
      has ? `the team's own ${tool}` : 'our own transaction',
    )
    expect(await one.act({ has })).toMatchObject({ outcome: 'done' })
  })

  test('nothing was applied: nothing is reverted, not the previous release', async () => {
    const one = await failed(tool)
    await one.open()
    expect(await one.act({ has })).toMatchObject({
      outcome: 'unchanged',
      headline: expect.stringContaining('nothing to revert'),
    })
    expect(await one.versions()).toEqual([base.version])
    expect(await one.tables()).toEqual(['triggers'])
  })

  test('a dry run prints the plan and changes nothing', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    const result = await one.act({ has, dryRun: true })
    expect(result).toMatchObject({
      outcome: 'planned',
      outputs: { left: `["${renamed.version}"]` },
    })
    expect(result.lines.join('\n')).toContain('lossless: its down renames column')
    expect(await one.versions()).toContain(renamed.version)
    expect(one.entries).toEqual([])
  })

  test('a column that was written to is lost only with consent, and how much is said before', async () => {
    const one = await failed(tool, column)
    await one.sql(
      "insert into triggers (title, owner) values ('a', 'ada'), ('b', 'bob'), ('c', null)",
    )
    await one.open({ consent: 'missing' })
    const asked = await one.act({ has })
    expect(asked).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('loses data, and nobody consented'),
      next: expect.arrayContaining([expect.stringContaining('consent=plan-1')]),
      outputs: { left: `["${column.version}"]` },
    })
    expect(JSON.stringify(asked.sections)).toContain(
      'triggers.owner: 2 rows with a value, 3 inserted',
    )
    expect(await one.versions()).toContain(column.version)
    const alone = await one.act({ has, record: undefined, 'confirm-data-loss': true })
    expect(alone.outcome).toBe('done')
    expect(await one.versions()).toEqual([base.version])
  })

  test('a down that fails at the second of three steps leaves the first done; mended, the next run finishes', async () => {
    const one = await failed(tool, renamed, indexed, view)
    await one.sql('drop index by_name')
    await one.open()
    const result = await one.act({ has })
    expect(result).toMatchObject({
      outcome: 'partial',
      headline: expect.stringContaining(`reverted ${view.version}; stopped at`),
      outputs: {
        reverted: `["${view.version}"]`,
        left: JSON.stringify([indexed.version, renamed.version]),
      },
    })
    expect(await one.versions()).toEqual([base, renamed, indexed].map(({ version }) => version))
    await one.sql('create index by_name on triggers (name)')
    expect(await one.act({ has })).toMatchObject({ outcome: 'done' })
    expect(await one.versions()).toEqual([base.version])
  })

  test('a lock that somebody holds ends the step in time', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    const holder = new pg.Client({ connectionString: one.url })
    await holder.connect()
    await holder.query('begin; lock table triggers in access share mode')
    const result = await one.act({ has, 'lock-timeout': 300 })
    await holder.end()
    expect(result).toMatchObject({ outcome: 'failed', outputs: { reverted: '[]' } })
    expect(`${result.headline} ${result.lines.join(' ')}`).toMatch(/lock timeout/)
    expect(await one.versions()).toContain(renamed.version)
    expect(await one.act({ has })).toMatchObject({ outcome: 'done' })
  })

  test('a ledger that is right over a schema that is not is partial, also the second time', async () => {
    const one = await failed(tool, renamed)
    await one.sql('create table stray (id int)')
    await one.open()
    const differs = { outcome: 'partial', headline: expect.stringContaining('fingerprint differs') }
    expect(await one.act({ has })).toMatchObject(differs)
    expect(await one.act({ has })).toMatchObject(differs)
    await one.sql('drop table stray')
    expect(await one.act({ has })).toMatchObject({ outcome: 'done' })
  })

  test('no password is printed, whatever is asked and whoever speaks', async () => {
    const one = await failed(tool, renamed, indexed)
    await one.sql('drop index by_name')
    await one.open()
    const wrong = `${one.url.replace(/@[^/]+/, '@127.0.0.1:1')}`
    const text = async () => ({ text: wrong, connection: connectionOf(wrong) })
    const results = [
      await one.act({ has, dryRun: true }),
      await one.act({ has }),
      await one.act({ has, ports: { login: text } }),
    ]
    expect(results.map(({ outcome }) => outcome)).toEqual(['planned', 'failed', 'failed'])
    const said = JSON.stringify([results, one.entries])
    for (const secret of forms) expect(said).not.toContain(secret)
  })
})

function connectionOf(url: string) {
  const parsed = parseConnection(url)
  if (!parsed.ok) throw new Error(parsed.why)
  return parsed.connection
}
const ledgers = {
  dbmate: { table: 'schema_migrations', version: 'version' },
  goose: { table: 'goose_db_version', version: 'version_id' },
  sqlx: { table: '_sqlx_migrations', version: 'version' },
}

const forms = [canary, encodeURIComponent(canary), 'postgres://']

describe.each(tools)('%s', (tool) => {
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['nothing but a comment', '-- nothing to do'],
    ['nothing that undoes', 'select 1;'],
  ])('a down that is %s is refused before anything happens', async (_, down) => {
    const one = await failed(tool, renamed, { ...indexed, down })
    await one.open({ consent: 'given' })
    expect(await one.act()).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('index'),
      next: [expect.stringContaining('-- reverts: '), expect.stringContaining('snapshot')],
    })
    expect(await one.versions()).toHaveLength(3)
    expect(one.entries).toEqual([])
  })

  test('an old checkout and an empty store: nothing is reverted, not another migration', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    const store = {
      ...one.store,
      objects: {
        ...one.store.objects,
        get: async (key: string) => (key.endsWith('.sql') ? undefined : one.store.objects.get(key)),
      },
    }
    const result = await one.act({ checkout: 'old', ports: { store } })
    expect(result).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('is neither in the store nor in'),
    })
    expect(await one.versions()).toHaveLength(2)
    expect(await one.act({ checkout: 'failed', ports: { store } })).toMatchObject({
      outcome: 'done',
    })
  })

  test('a file that was changed in store and checkout is not run', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    one.write({ ...renamed, down: 'drop table triggers;' })
    const changed = { text: 'drop table triggers;', etag: '1' }
    const get = async (key: string) => (key.endsWith('.sql') ? changed : one.store.objects.get(key))
    const store = { ...one.store, objects: { ...one.store.objects, get } }
    expect(await one.act({ ports: { store } })).toMatchObject({ outcome: 'refused' })
    expect(await one.tables()).toEqual(['triggers'])
  })

  test('a version that nobody captured is refused by its name', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    one.write(indexed)
    await one.migrate()
    expect(await one.act()).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining(`${indexed.version}: its file was not captured`),
      outputs: { left: JSON.stringify([indexed.version, renamed.version]) },
    })
    expect(await one.versions()).toHaveLength(3)
  })

  test('a migration that disappeared since is refused by its name', async () => {
    const one = await failed(tool, renamed)
    await one.open()
    const { table, version } = ledgers[tool]
    await one.sql(`delete from ${table} where ${version}::text = '${base.version}'`)
    expect(await one.act()).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining(`the ledger lost ${base.version}`),
    })
  })

  test('versions that came out of order are reverted as they were applied', async () => {
    const one = await team(server, tool)
    for (const migration of [base, indexed])
      one.write(migration === base ? { ...base, up: base.up.replace('title', 'name') } : migration)
    await one.migrate()
    const late = { ...view, version: '20260202000000' }
    one.write(late)
    await one.capture()
    await one.migrate()
    await one.open()
    expect(await one.act()).toMatchObject({
      outcome: 'done',
      outputs: { reverted: `["${late.version}"]` },
    })
    expect(await one.versions()).toEqual([base.version, indexed.version])
  })

  test('what asks for no transaction is not run in one', async () => {
    const concurrently: Migration = {
      ...indexed,
      up: 'create index by_name on triggers (name);',
      down: 'drop index concurrently by_name;',
      noTransaction: true,
    }
    const one = await failed(tool, renamed, concurrently)
    await one.open()
    expect(await one.act({ has: false })).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('asks for no transaction'),
    })
    expect(await one.versions()).toHaveLength(3)
    const outcome = programOf(tool) === undefined ? 'refused' : 'done'
    expect(await one.act()).toMatchObject({ outcome })
  })

  test('a reviewed file goes with exactly its rows of the ledger, or not at all', async () => {
    const one = await failed(tool, renamed, { ...column, down: '' })
    await one.open({ consent: 'given' })
    const file = join(one.folder, 'undo.txt')
    const write = (versions: string, sql: string) =>
      writeFileSync(file, `-- reverts: ${versions}\n${sql}\n`)
    const sql = 'alter table triggers drop owner; alter table triggers rename name to title;'
    write(column.version, sql)
    expect(await one.act({ file })).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('applied since the restore point are'),
    })
    write(`${column.version}, ${renamed.version}`, `${sql} drop table nowhere;`)
    expect(await one.act({ file })).toMatchObject({ outcome: 'failed' })
    expect(await one.versions()).toHaveLength(3)
    write(`${renamed.version}, ${column.version}`, sql)
    expect(await one.act({ file })).toMatchObject({
      outcome: 'done',
      outputs: { reverted: JSON.stringify([column.version, renamed.version]) },
    })
    expect(await one.versions()).toEqual([base.version])
  })
})

test('a half-applied migration of sqlx is refused by its version', async () => {
  const one = await failed('sqlx', renamed)
  await one.open()
  await one.sql(`update _sqlx_migrations set success = false where version = ${renamed.version}`)
  expect(await one.act()).toMatchObject({
    outcome: 'refused',
    headline: expect.stringContaining(`${renamed.version} was not applied completely`),
  })
})

test("goose's newest row of a version decides, and the order of its rows is the order of undoing", async () => {
  const one = await failed('goose', renamed, indexed, view)
  await one.sql(`insert into goose_db_version (version_id, is_applied) values (${view.version}, false);
    insert into goose_db_version (version_id, is_applied) values (${indexed.version}, false), (${indexed.version}, true);
    drop view names`)
  await one.open()
  expect(await one.act()).toMatchObject({
    outcome: 'done',
    outputs: { reverted: JSON.stringify([indexed.version, renamed.version]) },
  })
})

/** A tool that does its work and something else. */
function meddler(one: Team, sql: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'meddler-'))
  const script = `#!/bin/sh
"${process.execPath}" -e 'import("${join(process.cwd(), 'node_modules/pg/lib/index.js')}").then(async ({ default: pg }) => {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
  await client.connect()
  await client.query(${JSON.stringify(sql)})
  await client.end()
})'
`
  writeFileSync(join(folder, one.tool), script)
  chmodSync(join(folder, one.tool), 0o755)
  return `${folder}:/usr/bin:/bin`
}

const meddling: readonly (readonly [string, string, object])[] = [
  [
    'a tool that takes another row is stopped, and the state is told',
    `delete from schema_migrations where version = $$${base.version}$$`,
    {
      outcome: 'partial',
      headline: expect.stringContaining(`the ledger lost ${base.version}, expected was`),
    },
  ],
  [
    'a tool that ends well and does nothing is not believed',
    'select 1',
    {
      outcome: 'failed',
      headline: expect.stringContaining('it ended well and the ledger is as before'),
    },
  ],
  [
    'a tool that applies something is stopped',
    'insert into schema_migrations values ($$1$$)',
    { outcome: 'partial', headline: expect.stringContaining('the ledger gained 1') },
  ],
]

test.each(meddling)('%s', async (_, sql, expected) => {
  const one = await failed('dbmate', renamed, indexed)
  await one.open()
  const variables = { PATH: meddler(one, sql) }
  const result = await one.act({ ports: { variables } })
  expect(result).toMatchObject(expected)
  expect(result.next?.length).toBeGreaterThan(0)
})

test('a tool that prints everything it was given shows no password, and was given no credentials', async () => {
  const one = await failed('dbmate', renamed)
  await one.open()
  const folder = mkdtempSync(join(tmpdir(), 'talker-'))
  const script = '#!/bin/sh\necho "connecting to $DATABASE_URL"\nenv >&2\nexit 3\n'
  writeFileSync(join(folder, 'dbmate'), script, { mode: 0o755 })
  const variables = { PATH: `${folder}:/usr/bin:/bin`, AWS_SECRET_ACCESS_KEY: canary, HOME: '/' }
  const result = await one.act({ ports: { variables } })
  const said = JSON.stringify(result)
  expect(result).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('dbmate exited with 3'),
  })
  expect(said).toContain('connecting to ***')
  expect(said).not.toContain('AWS_SECRET_ACCESS_KEY')
  for (const secret of forms) expect(said).not.toContain(secret)
})

test('a tool that is still running at the deadline is ended', async () => {
  const one = await failed('dbmate', renamed)
  await one.open()
  const variables = { PATH: meddler(one, 'select pg_sleep(60)') }
  expect(await one.act({ timeout: 1_500, ports: { variables } })).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('still running at the deadline'),
  })
})

test('our own transaction that is still running at the deadline is cut off and undone', async () => {
  const one = await failed('dbmate', renamed)
  await one.open({ consent: 'given' })
  const file = join(one.folder, 'slow.txt')
  writeFileSync(
    file,
    `-- reverts: ${renamed.version}\ncreate table slow (id int); select pg_sleep(5);\n`,
  )
  expect(await one.act({ file, timeout: 1_000 })).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('cut off'),
  })
  expect(await one.tables()).toEqual(['triggers'])
  expect(await one.versions()).toHaveLength(2)
})

test.each([
  ['A', 'leaves the schema as it is'],
  ['C', 'takes schema and data from the snapshot'],
] as const)('a rollback of profile %s reverts nothing', async (profile, why) => {
  const one = await failed('dbmate', renamed)
  await one.open({ profile })
  expect(await one.act()).toMatchObject({
    outcome: 'unchanged',
    headline: expect.stringContaining(why),
  })
  expect(await one.versions()).toHaveLength(2)
})

test('where data may never go back, a loss is refused with the other way out', async () => {
  const one = await failed('dbmate', column)
  await one.open({ consent: 'never' })
  expect(await one.act()).toMatchObject({
    outcome: 'refused',
    next: [expect.stringContaining('data-restore: never')],
  })
  expect(await one.versions()).toHaveLength(2)
})

test('a tool that is asked for and not there, and a ledger of another tool, are refused', async () => {
  const one = await failed('dbmate', renamed)
  await one.open()
  expect(await one.act({ has: false, revert: 'tool' })).toMatchObject({
    outcome: 'refused',
    headline: expect.stringContaining('dbmate is not on PATH'),
  })
  expect(await one.act({ tool: 'goose' })).toMatchObject({
    outcome: 'refused',
    headline: expect.stringContaining(
      "the restore point has the ledger dbmate's schema_migrations",
    ),
  })
  expect(await one.act({ record: 'production/1/rollback-1' })).toMatchObject({ outcome: 'refused' })
  expect(await one.versions()).toHaveLength(2)
})
