import { InputError } from '#core'
import {
  addedSince,
  checkStep,
  type Down,
  type Ledger,
  parseReviewed,
  planDowns,
  planReviewed,
  type Undo,
} from '#migrations'

const ledger = (order: readonly string[], dirty: readonly string[] = []): Ledger => ({
  exists: true,
  applied: [...order].sort(),
  order,
  dirty,
})

const differences: readonly (readonly [string, readonly string[], Ledger, object])[] = [
  ['nothing applied since', ['1', '2'], ledger(['1', '2']), { added: [] }],
  ['newest first', ['1'], ledger(['1', '2', '3']), { added: ['3', '2'] }],
  ['in the order of the ledger', ['1'], ledger(['1', '3', '2']), { added: ['2', '3'] }],
  ['as a set, not by height', ['1', '9'], ledger(['1', '9', '5']), { added: ['5'] }],
  ['everything', [], ledger(['1', '2']), { added: ['2', '1'] }],
  [
    'one that disappeared',
    ['1', '2'],
    ledger(['2', '3']),
    { why: expect.stringContaining('lost 1') },
  ],
  ['half-applied', ['1'], ledger(['1', '2'], ['2 was not']), { why: '2 was not' }],
]

test.each(differences)('what was applied since: %s', (_, destination, now, expected) => {
  expect(addedSince(destination, now)).toEqual(expected)
})

const down = (version: string, is: Undo['is']): Down => ({
  version,
  file: { version, name: `${version}.sql`, text: '' },
  sha256: 'x',
  parts: { up: '', down: 'x', transaction: true },
  undo: { is, why: `${version} is ${is}`, losses: [] },
})

test('downs are planned all or none, and the order given is the order of the steps', () => {
  expect(planDowns([])).toEqual({ is: 'nothing' })
  expect(planDowns([down('3', 'lossless'), down('2', 'lossy')])).toMatchObject({
    is: 'steps',
    steps: [{ versions: ['3'] }, { versions: ['2'] }],
  })
  expect(planDowns([down('3', 'lossless'), down('2', 'impossible')])).toMatchObject({
    is: 'refused',
    why: expect.stringContaining('2.sql: 2 is impossible'),
    next: [expect.stringContaining('-- reverts: 3, 2'), expect.stringContaining('snapshot')],
  })
  expect(planDowns([{ version: '3', why: 'no file' }, down('2', 'impossible')])).toMatchObject({
    is: 'refused',
    why: '3: no file',
  })
})

const reviewed = (text: string) => parseReviewed('undo.sql', text)

test('a reviewed file must name exactly what was applied since', () => {
  const file = reviewed('-- reverts: 3, 2\ndrop table a;')
  expect(planReviewed(['2', '3'], file)).toMatchObject({
    is: 'steps',
    steps: [{ versions: ['2', '3'] }],
  })
  expect(planReviewed(['3'], file)).toMatchObject({ is: 'refused' })
  expect(planReviewed(['2', '3', '4'], file)).toMatchObject({ is: 'refused' })
  expect(planReviewed([], file)).toEqual({ is: 'nothing' })
})

const files: readonly (readonly [string, string, object])[] = [
  ['loses nothing', '--reverts:1\r\ndrop index i;', { versions: ['1'], losses: [] }],
  ['loses a table', '-- reverts: 1\ndrop table a;', { losses: [{ table: ['a'] }] }],
  ['does what is not known', '-- reverts: 1\nselect evil()', { losses: undefined }],
]

test.each(files)('a reviewed file that %s', (_, text, expected) => {
  expect(reviewed(text)).toMatchObject(expected)
})

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['names no versions', 'drop table a;', /first line of undo.sql must name/],
  ['names them later', '\n-- reverts: 1\ndrop table a;', /first line/],
  ['has no statement', '-- reverts: 1\n-- nothing', /no statement/],
  [
    'ends the transaction',
    '-- reverts: 1\ndrop table a; COMMIT; drop table b',
    /transaction itself/,
  ],
  ['begins one', '-- reverts: 1\nbegin; drop table a', /transaction itself/],
  [
    'hides a statement',
    "-- reverts: 1\nselect E'\\'; commit; --'",
    /cannot be read with certainty/,
  ],
]

test.each(bad)('a reviewed file that %s is refused', (_, text, problem) => {
  expect(() => reviewed(text)).toThrow(InputError)
  expect(() => reviewed(text)).toThrow(problem)
})

const step = { run: 'down', versions: ['3'], down: down('3', 'lossless') } as const
const before = ledger(['1', '2', '3'])
const ends: readonly (readonly [string, Ledger, object])[] = [
  ['exactly its row went', ledger(['1', '2']), { is: 'reverted' }],
  ['nothing went', before, { is: 'not-reverted' }],
  ['another row went', ledger(['1', '3']), { is: 'wrong', why: expect.stringContaining('lost 2') }],
  ['one more went', ledger(['1']), { is: 'wrong', why: expect.stringContaining('lost 2, 3') }],
  ['one came', ledger(['1', '2', '4']), { is: 'wrong', why: expect.stringContaining('gained 4') }],
  ['it is half-done', ledger(['1', '2'], ['3 half']), { is: 'wrong', why: '3 half' }],
]

test.each(ends)('after a step: %s', (_, after, expected) => {
  expect(checkStep(step, before, after)).toEqual(expected)
})
