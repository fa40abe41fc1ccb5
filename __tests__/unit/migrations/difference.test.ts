import { additions, ledgerDifference } from '#migrations'

const before = {
  tool: 'dbmate' as const,
  table: 'schema_migrations',
  applied: ['1', '2'],
  schemaFingerprint: 'x',
  pending: [
    {
      version: '3',
      name: '3_column.sql',
      sha256: '',
      additive: true,
      why: 'it adds column a.b',
      undo: { is: 'lossy' as const, why: 'DROP COLUMN' },
    },
    {
      version: '4',
      name: '4_drop.sql',
      sha256: '',
      additive: false,
      why: 'statement 1: DROP TABLE',
      undo: { is: 'impossible' as const, why: 'the table is gone' },
    },
  ],
}

const cases: readonly (readonly [string, string[], boolean, string])[] = [
  ['nothing applied since', ['1', '2'], true, 'no migration was applied since the restore point'],
  ['an addition applied since', ['1', '2', '3'], true, '3_column.sql only added'],
  [
    'something more applied since',
    ['1', '2', '3', '4'],
    false,
    '4_drop.sql: statement 1: DROP TABLE',
  ],
  [
    'an unknown version applied since',
    ['1', '2', '5'],
    false,
    'nothing is known about 5, applied since the restore point',
  ],
  ['a version gone', ['1', '3'], false, 'the ledger lost 2 since the restore point'],
  ['everything gone', [], false, 'the ledger lost 1, 2 since the restore point'],
]

test.each(cases)('%s', (_, applied, additive, why) => {
  expect(additions(before, { applied })).toEqual({ additive, why })
})

test('a ledger is compared as a set: an older version applied late is found', () => {
  expect(ledgerDifference({ applied: ['1', '3'] }, { applied: ['1', '2', '3'] })).toEqual({
    added: ['2'],
    removed: [],
  })
})
