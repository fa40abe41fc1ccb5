import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type FileTool,
  filesOf,
  keepFiles,
  ledgerSettings,
  partsOf,
  pendingOf,
  readMigrationFiles,
} from '#migrations'
import { testStore } from '../../support/store.ts'

const file = (up: string, down = 'drop table a;') =>
  `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`
const dbmate = ledgerSettings({ tool: 'dbmate' })

/** How a migration of dbmate with this text is judged. */
const judged = (text: string) => pendingOf(dbmate, [{ version: '1', name: '1_a.sql', text }], [])[0]

const blocks: readonly (readonly [string, string, boolean])[] = [
  ['only the part up counts', file('create table a (id int);'), true],
  [
    'options behind the mark are no SQL',
    '-- migrate:up transaction:false\ncreate index concurrently on a (b);\n-- migrate:down\ndrop index x',
    true,
  ],
  [
    'line ends of Windows are fine',
    file('create table a (id int);').replaceAll('\n', '\r\n'),
    true,
  ],
  ['a part up that drops', file('drop table a;'), false],
  ['without a mark', 'create table a (id int);', false],
  ['without a part down', '-- migrate:up\ncreate table a (id int);', false],
  [
    'in the wrong order',
    '-- migrate:down\ndrop table a;\n-- migrate:up\ncreate table a (id int);',
    false,
  ],
  ['with two parts up', `${file('create table a (id int);')}${file('drop table b;')}`, false],
  [
    'a mark behind a lone carriage return is none, as for dbmate',
    '-- migrate:up\ncreate table a (id int);\r-- migrate:down\ndrop table b;',
    false,
  ],
  ['a mark in another word is none', '-- migrate:uphill\n-- migrate:down\n', false],
]

test.each(blocks)('%s', (_, text, additive) => {
  expect(judged(text)?.additive).toBe(additive)
})

const sqlx = (up: string, down?: string) =>
  JSON.stringify({
    up: { name: '1_a.up.sql', text: up },
    ...(down !== undefined && { down: { name: '1_a.down.sql', text: down } }),
  })
const read = { is: 'read' }

/** Tool, text, and its parts as far as they matter. */
const parts: readonly (readonly [string, FileTool, string, object])[] = [
  [
    'dbmate may ask for no transaction',
    'dbmate',
    file('a').replace('migrate:down', 'migrate:down transaction:false'),
    { ...read, parts: { transaction: false } },
  ],
  [
    'dbmate asks for each direction apart',
    'dbmate',
    file('a').replace('migrate:up', 'migrate:up transaction:false'),
    { ...read, parts: { transaction: true } },
  ],
  [
    'goose has both in one file',
    'goose',
    '-- +goose Up\na\n-- +goose Down\nb',
    { ...read, parts: { up: '-- +goose Up\na\n', down: '-- +goose Down\nb', transaction: true } },
  ],
  ['goose may have no down', 'goose', '-- +goose Up\na', { ...read, parts: { down: undefined } }],
  [
    'goose asks for no transaction in both directions',
    'goose',
    '-- +goose NO TRANSACTION\n-- +goose up\na\n-- +goose down\nb',
    { ...read, parts: { transaction: false } },
  ],
  [
    'goose marks statements that have semicolons inside',
    'goose',
    '-- +goose Up\n-- +goose StatementBegin\na;b\n-- +goose StatementEnd\n-- +goose Down\r\nc',
    { ...read, parts: { down: '-- +goose Down\r\nc' } },
  ],
  ['goose without up', 'goose', 'a', { is: 'unread' }],
  ['goose with down first', 'goose', '-- +goose Down\n-- +goose Up\n', { is: 'unread' }],
  [
    'goose that fills in variables',
    'goose',
    '-- +goose ENVSUB ON\n-- +goose Up\na',
    { is: 'unread', why: expect.stringContaining('envsub on') },
  ],
  ['sqlx has a pair', 'sqlx', sqlx('a', 'b'), { ...read, parts: { up: 'a', down: 'b' } }],
  ['sqlx may have no down', 'sqlx', sqlx('a'), { ...read, parts: { down: undefined } }],
  [
    'sqlx asks for no transaction in the first line',
    'sqlx',
    sqlx('a', '-- no-transaction\nb'),
    { ...read, parts: { transaction: false } },
  ],
]

test.each(parts)('%s', (_, tool, text, expected) => {
  expect(partsOf(tool, text)).toMatchObject(expected)
})

test('pending are the files whose leading digits are not in the ledger', () => {
  const files = ['20260101', '20260102'].map((version) => ({
    version,
    name: `${version}_a.sql`,
    text: file('create table a (id int);'),
  }))
  expect(pendingOf(dbmate, files, ['20260101'])).toMatchObject([
    {
      version: '20260102',
      name: '20260102_a.sql',
      additive: true,
      why: 'it creates table a',
      undo: { is: 'lossy', why: expect.stringContaining('drops table a') },
    },
  ])
})

const folders: readonly (readonly [FileTool, readonly string[], readonly object[]])[] = [
  [
    'dbmate',
    ['2_b.sql', '01.sql', 'readme.md', 'x_3.sql', '4.sql.bak'],
    [
      { version: '01', name: '01.sql', text: '01.sql' },
      { version: '2', name: '2_b.sql', text: '2_b.sql' },
    ],
  ],
  [
    'goose',
    ['00002_b.sql', '00001_a.sql', '3.sql', '00004_code.go'],
    [
      { version: '1', name: '00001_a.sql' },
      { version: '2', name: '00002_b.sql' },
    ],
  ],
  [
    'sqlx',
    ['1_a.up.sql', '1_a.down.sql', '02_simple.sql', '3_lost.down.sql'],
    [
      { version: '2', name: '02_simple.sql' },
      { version: '1', name: '1_a.up.sql', text: expect.stringContaining('1_a.down.sql') },
    ],
  ],
]

test.each(folders)('%s takes its files as the tool does', async (tool, names, expected) => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  for (const name of names) await writeFile(join(folder, name), name)
  expect(await readMigrationFiles(folder, tool)).toMatchObject(expected)
  expect(await readMigrationFiles(join(folder, 'nowhere'), tool)).toBeUndefined()
  await rm(folder, { recursive: true })
})

test('what is kept of a pair gives both files back as they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  const files = [
    { name: '1_a.up.sql', text: 'create table "ä" (id int);\r\n' },
    { name: '1_a.down.sql', text: '-- \u2028\ndrop table "ä";' },
  ]
  for (const { name, text } of files) await writeFile(join(folder, name), text)
  const [found] = (await readMigrationFiles(folder, 'sqlx')) ?? []
  expect(found && filesOf('sqlx', found)).toEqual(files)
  await rm(folder, { recursive: true })
})

test('files of what is pending are kept once, by their hash', async () => {
  const store = await testStore()
  const files = ['1', '2'].map((version) => ({ version, name: `${version}.sql`, text: version }))
  const pending = pendingOf(dbmate, files, ['1'])
  await keepFiles(store, files, pending)
  await keepFiles(store, files, pending)
  expect(await store.objects.list('production/migrations/')).toEqual([
    `production/migrations/${pending[0]?.sha256}.sql`,
  ])
})

test('tools have defaults, another ledger must be described, and all that is wrong is told at once', () => {
  expect(ledgerSettings({ tool: 'dbmate' })).toEqual({
    downs: 'optional',
    tool: 'dbmate',
    table: 'schema_migrations',
    column: 'version',
    files: { tool: 'dbmate', path: 'db/migrations' },
  })
  expect(ledgerSettings({ tool: 'goose', path: 'sql' })).toMatchObject({
    table: 'goose_db_version',
    column: 'version_id',
    files: { path: 'sql' },
  })
  expect(ledgerSettings({ tool: 'sqlx', table: 'a.b' })).toMatchObject({ table: 'a.b' })
  expect(ledgerSettings({ tool: 'ledger', table: 'a.b', column: 'c' })).toMatchObject({
    files: undefined,
  })
  expect(() => ledgerSettings({ tool: 'ledger', path: 'x' })).toThrow(
    /migrations.table.*\nmigrations.column.*\nmigrations.path/,
  )
  expect(() => ledgerSettings({ tool: 'dbmate', column: 'id' })).toThrow(/migrations.column/)
})
