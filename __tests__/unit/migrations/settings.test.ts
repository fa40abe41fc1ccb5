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

const unparsed: readonly (readonly [string, string, RegExp])[] = [
  ['mode', 'revert', /^mode: expected one of capture/],
  ['connection', 'postgres://ada:pw@h/d', /^connection: expected secret:/],
  ['tool', 'sqlx', /^tool: expected one of dbmate, ledger/],
  ['table', 'a"; drop table b', /^table: expected table or schema.table/],
  ['table', 'a.b.c', /^table: expected/],
  ['column', 'a b', /^column: expected a column name/],
]

test.each(unparsed)('%s: %s is refused', (name, value, problem) => {
  const own = Object.fromEntries(Object.entries(inputs).filter(([key]) => !(key in common)))
  const { problems } = readInputs(own, (key) =>
    key === name ? value : key === 'mode' ? 'capture' : '',
  )
  expect(problems).toEqual([expect.stringMatching(problem)])
})
