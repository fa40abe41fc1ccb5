import { describe, expect, test } from '@jest/globals'
import { faultsOf, type Row, rowsOf } from './evidence.ts'
import { read } from './tree.ts'

const page = 'docs/reliability.md'
const promises = Array.from({ length: 14 }, (_, index) => `P${index + 1}`)
const between = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
const faults = [...between(10, 22), '24', '25', '28', ...between(51, 58), '60', '62']
describe(page, () => {
  const rows = rowsOf(read(page))

  test('has every promise and every fault, once', () => {
    expect(rows.map(({ id }) => id)).toEqual([...promises, ...faults])
  })

  test('names only tests that are there, and says how a fault is known', () => {
    expect(rows.flatMap(faultsOf)).toEqual([])
  })
})

describe('the rules find what they look for', () => {
  const row = (tests: string, known = 'issue: acme/shop#1') =>
    faultsOf(rowsOf(`| 99 | a fault | what happens | ${tests} | ${known} |`)[0] as Row)
  const link = (file: string, title: string) => `[${file}](../__tests__/${file}) “${title}”`
  const own = 'contract/reliability.test.ts'

  test.each<[string, readonly string[], readonly string[]]>([
    ['a row without a test', row('somewhere'), ['99: no test is named']],
    [
      'a file that is not there',
      row(link('unit/none.test.ts', 'x')),
      ['99: there is no __tests__/unit/none.test.ts'],
    ],
    [
      'a title that is not there',
      row(link(own, `no ${'such'} title`)),
      ['99: __tests__/contract/reliability.test.ts has no test “no such title”'],
    ],
    [
      'a class that is none',
      row(link(own, 'finds %s'), 'hearsay: a friend'),
      ['99: known from what? hearsay: a friend'],
    ],
    ['nothing where all is well', row(link(own, 'finds %s')), []],
  ])('finds %s', (_what, found, expected) => {
    expect(found).toEqual(expected)
  })
})
