import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { classifyFile, ledgerSettings, pendingOf, readMigrationFiles } from '#migrations'

const file = (up: string, down = 'drop table a;') =>
  `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`

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
  expect(classifyFile(text).additive).toBe(additive)
})

test('pending are the files whose leading digits are not in the ledger', () => {
  const files = ['20260101_a.sql', '20260102_b.sql'].map((name) => ({
    name,
    text: file('create table a (id int);'),
  }))
  expect(pendingOf(files, ['20260101'])).toMatchObject([
    { version: '20260102', name: '20260102_b.sql', additive: true, why: 'it creates table a' },
  ])
})

test('files are read as dbmate reads them, and an absent folder is told apart from an empty one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  for (const name of ['2_b.sql', '1_a.sql', 'readme.md', 'x_3.sql', '4.sql.bak']) {
    await writeFile(join(folder, name), name)
  }
  expect((await readMigrationFiles(folder))?.map(({ name }) => name)).toEqual([
    '1_a.sql',
    '2_b.sql',
  ])
  expect(await readMigrationFiles(join(folder, 'nowhere'))).toBeUndefined()
  await rm(folder, { recursive: true })
})

test('dbmate has defaults, another ledger must be described, and all that is wrong is told at once', () => {
  expect(ledgerSettings({ tool: 'dbmate' })).toEqual({
    tool: 'dbmate',
    table: 'schema_migrations',
    column: 'version',
    path: 'db/migrations',
  })
  expect(ledgerSettings({ tool: 'ledger', table: 'a.b', column: 'c' })).toMatchObject({
    path: undefined,
  })
  expect(() => ledgerSettings({ tool: 'ledger', path: 'x' })).toThrow(
    /migrations.table.*\nmigrations.column.*\nmigrations.path/,
  )
  expect(() => ledgerSettings({ tool: 'dbmate', column: 'id' })).toThrow(/migrations.column/)
})
