import { common, readInputs } from '#inputs'
import { guardJournal, guardSettings } from '#rds'
import { inputs } from '../../../actions/rds-snapshot-guard/inputs.ts'

const database = { connection: 'secret:acme/url' }
const given = {
  mode: 'snapshot' as const,
  connection: undefined,
  'snapshot-suffix': undefined,
  snapshot: undefined,
  record: undefined,
  'confirm-data-loss': false,
}

test('inputs go before the configuration', () => {
  expect(guardSettings(given, { database })).toEqual({
    do: 'snapshot',
    connection: 'secret:acme/url',
    suffix: undefined,
  })
  expect(guardSettings({ ...given, connection: 'secret:x' }, { database })).toMatchObject({
    connection: 'secret:x',
  })
  const restore = { ...given, mode: 'restore' as const, record: 'a/1/rollback-1' }
  expect(guardSettings(restore, { database })).toMatchObject({
    do: 'restore',
    record: 'a/1/rollback-1',
  })
})

test('an environment without a database has nothing to guard', () => {
  expect(guardSettings(given, {})).toMatchObject({ do: 'nothing' })
})

const bad: readonly (readonly [string, object, RegExp])[] = [
  ['no connection anywhere', {}, /^connection: expected/],
  [
    'a snapshot in mode snapshot',
    { connection: 'secret:x', snapshot: 's' },
    /^snapshot: belongs to mode: restore/,
  ],
  ['a record in mode snapshot', { connection: 'secret:x', record: 'r' }, /^record: belongs/],
  [
    'consent in mode snapshot',
    { connection: 'secret:x', 'confirm-data-loss': true },
    /^confirm-data-loss: belongs/,
  ],
  [
    'a suffix in mode restore',
    { connection: 'secret:x', mode: 'restore', record: 'r', 'snapshot-suffix': 's' },
    /^snapshot-suffix: belongs to mode: snapshot/,
  ],
  [
    'nothing to restore',
    { connection: 'secret:x', mode: 'restore' },
    /^snapshot: expected the snapshot/,
  ],
  [
    'two things to restore',
    { connection: 'secret:x', mode: 'restore', record: 'r', snapshot: 's' },
    /^snapshot: with a record/,
  ],
  [
    'several at once',
    { mode: 'restore', 'snapshot-suffix': 's' },
    /snapshot-suffix.*\nsnapshot: expected.*\nconnection/,
  ],
]

test.each(bad)('%s is refused', (_, changed, problem) => {
  expect(() => guardSettings({ ...given, ...changed }, undefined)).toThrow(problem)
})

const unparsed: readonly (readonly [string, string, RegExp])[] = [
  ['mode', 'prune', /mode: expected one of snapshot, restore/],
  ['connection', 'postgres://ada:pw@h/d', /connection: expected secret:/],
  ['snapshot-suffix', 'Orders', /snapshot-suffix: expected lower-case/],
  ['snapshot-suffix', 'a--b', /snapshot-suffix/],
  ['snapshot', 'arn:aws:rds:us-east-1:1:snapshot:x', /not its ARN/],
  ['snapshot', '-x', /identifier of a snapshot/],
  ['record', 'production/1', /record: expected/],
  ['confirm-data-loss', 'yes', /true or false/],
]

test.each(unparsed)('%s: %s is refused', (name, value, problem) => {
  const own = Object.fromEntries(Object.entries(inputs).filter(([key]) => !(key in common)))
  const defaults: Readonly<Record<string, string>> = {
    mode: 'snapshot',
    'confirm-data-loss': 'false',
  }
  const { problems } = readInputs(own, (key) => (key === name ? value : (defaults[key] ?? '')))
  expect(problems).toEqual([expect.stringMatching(problem)])
})

test('a snapshot is written down in the restore point, a restore in its record', () => {
  expect([guardJournal({ mode: 'snapshot' }), guardJournal({ mode: 'restore' })]).toEqual([
    'deployment',
    'record',
  ])
})
