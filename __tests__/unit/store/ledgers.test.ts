import { compareLedgers } from '#store'

test.each<[string, string[], string[], object]>([
  ['equal', ['1', '2'], ['1', '2'], { added: [], removed: [] }],
  ['an older version applied late', ['1', '3'], ['1', '2', '3'], { added: ['2'], removed: [] }],
  ['a version gone', ['1', '2'], ['1'], { added: [], removed: ['2'] }],
  ['one gone and one come', ['1', '2'], ['1', '3'], { added: ['3'], removed: ['2'] }],
])('ledgers are compared as sets: %s', (_name, before, now, difference) => {
  expect(compareLedgers(before, now)).toEqual(difference)
})
