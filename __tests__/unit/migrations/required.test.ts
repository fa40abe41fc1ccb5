import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureLedger } from '#migrations'
import type { Database, Query } from '#sql'
import { testRun } from '../../support/run.ts'

/** A database with an empty ledger of dbmate. */
const query: Query = async (sql) => (sql.includes('to_regclass') ? [{ oid: '1' }] : [])
const database: Database = { name: 'db:5432/app', read: (work) => work(query) }

const up = {
  adds: 'ALTER TABLE a ADD COLUMN b int;',
  renames: 'ALTER TABLE a RENAME COLUMN b TO c;',
  drops: 'ALTER TABLE a DROP COLUMN b;',
}
const down = {
  adds: '',
  renames: 'ALTER TABLE a RENAME COLUMN c TO b;',
  drops: 'ALTER TABLE a ADD COLUMN b int;',
}

async function problemsOf(what: keyof typeof up, downs: 'optional' | 'required') {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'))
  try {
    mkdirSync(join(folder, 'm'))
    const text = `-- migrate:up\n${up[what]}\n-- migrate:down\n${down[what]}\n`
    writeFileSync(join(folder, 'm/1_change.sql'), text)
    const choice = {
      tool: 'dbmate',
      path: join(folder, 'm'),
      connection: 'secret:x',
      downs,
    } as const
    const captured = await captureLedger({ open: async () => database }, choice)(testRun())
    return captured.problems
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.each(['adds', 'renames'] as const)(
  'with downs: required a release that %s is let through',
  async (what) => {
    expect(await problemsOf(what, 'required')).toEqual([])
  },
)

test('with downs: required a release that drops what no down brings back is refused, with the reason', async () => {
  expect(await problemsOf('drops', 'required')).toEqual([
    expect.stringMatching(
      /^1_change.sql could not be taken back by its down.*DROP is not ADD COLUMN; its up drops column a\.b/,
    ),
  ])
})

test('else it is a warning only: the snapshot is the way back', async () => {
  expect(await problemsOf('drops', 'optional')).toEqual([])
})
