import { common, readInputs } from '#inputs'
import { revertSettings } from '#migrations'
import { inputs } from '../../../actions/migration-revert/inputs.ts'

const given = {
  mode: 'capture' as const,
  connection: undefined,
  tool: undefined,
  path: undefined,
  table: undefined,
  column: undefined,
  to: 'auto',
  record: undefined,
  reviewed: undefined,
  'confirm-data-loss': false,
  revert: undefined,
  'lock-timeout': undefined,
  'statement-timeout': undefined,
}
const database = { connection: 'secret:acme/url' }
const migrations = { tool: 'ledger' as const, table: 'a.b', column: 'c' }

test('inputs go before the configuration, and what it says of another tool is left out', () => {
  expect(revertSettings({ ...given, column: 'd' }, { database, migrations })).toEqual({
    do: 'capture',
    ledger: {
      connection: 'secret:acme/url',
      tool: 'ledger',
      table: 'a.b',
      column: 'd',
      path: undefined,
    },
  })
  expect(revertSettings({ ...given, tool: 'dbmate' }, { database, migrations })).toMatchObject({
    ledger: { tool: 'dbmate', table: undefined, column: undefined },
  })
})

test.each([{}, { database }, { migrations }])(
  'a configuration with only %j has no ledger to read',
  (environment) => {
    expect(revertSettings(given, environment)).toMatchObject({ do: 'nothing' })
  },
)

const bad: readonly (readonly [string, object, RegExp])[] = [
  ['nothing at all', {}, /^connection: expected.*\ntool: expected/],
  [
    'a ledger without its table',
    { connection: 'secret:x', tool: 'ledger' },
    /^migrations table: .*\nmigrations column: /,
  ],
  [
    'a path for a ledger',
    { connection: 'secret:x', tool: 'ledger', table: 'a', column: 'b', path: 'c' },
    /^migrations path: /,
  ],
  [
    'a column for dbmate',
    { connection: 'secret:x', tool: 'dbmate', column: 'id' },
    /^migrations column: /,
  ],
]

test.each(bad)('%s is refused', (_, changed, problem) => {
  expect(() => revertSettings({ ...given, ...changed }, undefined)).toThrow(problem)
})

const back = { ...given, mode: 'revert' as const }
const services = { cluster: 'acme' }
const environment = { database, migrations, services }

test('reverting has limits and a runner by default, and what the inputs say goes first', () => {
  expect(revertSettings(back, { database, migrations })).toMatchObject({
    do: 'revert',
    runner: 'auto',
    lockTimeout: 5_000,
    statementTimeout: 900_000,
    task: undefined,
  })
  const task = { service: 'api', variable: 'DB' }
  const configured = {
    ...environment,
    migrations: { ...migrations, revert: 'task' as const, task, 'lock-timeout': '1s' },
  }
  expect(revertSettings(back, configured)).toMatchObject({
    runner: 'task',
    lockTimeout: 1_000,
    task: { cluster: 'acme', service: 'api', variable: 'DB' },
  })
  const over = { ...back, revert: 'sql' as const, 'lock-timeout': 2_000 }
  expect(revertSettings(over, configured)).toMatchObject({ runner: 'sql', lockTimeout: 2_000 })
})

const misplaced: readonly (readonly [string, object, RegExp])[] = [
  ['a record in a capture', { mode: 'capture', record: 'p/1/rollback-1' }, /^record: belongs to/],
  ['a destination beside a record', { record: 'p/1/rollback-1', to: 'p/1/before' }, /^to: /],
  ['consent beside a record', { record: 'x', 'confirm-data-loss': true }, /^confirm-data-loss: /],
  ['a destination that is none', { to: 'yesterday' }, /^to: expected auto, last-verified/],
  ['a file outside', { reviewed: '../x.sql' }, /^reviewed: expected a path inside/],
  ['an absolute file', { reviewed: '/etc/passwd' }, /^reviewed: expected a path inside/],
  ['a task that is not described', { revert: 'task' }, /^revert: task needs migrations.task/],
]

test.each(misplaced)('%s is refused where it means nothing', (_, changed, problem) => {
  expect(() => revertSettings({ ...back, ...changed }, environment)).toThrow(problem)
})

const unparsed: readonly (readonly [string, string, RegExp])[] = [
  ['mode', 'restore', /^mode: expected one of capture, revert/],
  ['connection', 'postgres://ada:pw@h/d', /^connection: expected secret:/],
  ['tool', 'flyway', /^tool: expected one of dbmate, goose, sqlx, ledger/],
  ['revert', 'hand', /^revert: expected one of auto, tool, sql, task/],
  ['lock-timeout', '5', /^lock-timeout: expected a duration such as/],
  ['table', 'a"; drop table b', /^table: expected table or schema.table/],
  ['table', 'a.b.c', /^table: expected/],
  ['column', 'a b', /^column: expected a column name/],
]

test.each(unparsed)('%s: %s is refused', (name, value, problem) => {
  const own = Object.fromEntries(Object.entries(inputs).filter(([key]) => !(key in common)))
  const usual = new Map([
    ['mode', 'capture'],
    ['to', 'auto'],
    ['confirm-data-loss', 'false'],
  ])
  const { problems } = readInputs(own, (key) => (key === name ? value : (usual.get(key) ?? '')))
  expect(problems).toEqual([expect.stringMatching(problem)])
})
