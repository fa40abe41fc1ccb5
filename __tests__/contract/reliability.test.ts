import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { read, root } from './tree.ts'

const page = 'docs/reliability.md'
const promises = Array.from({ length: 14 }, (_, index) => `P${index + 1}`)
const between = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
const faults = [...between(10, 22), ...between(51, 58), '60', '62']
const classes = /^(source read|vendor document|issue|inferred): \S/

interface Row {
  readonly id: string
  readonly cells: readonly string[]
}

/** A test that the page names: its file below `__tests__`, and its title as it stands there. */
interface Named {
  readonly file: string
  readonly title: string
}

/** The rows of the page's tables that begin with a promise or a fault. */
const rowsOf = (text: string): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => /^\| (P\d+|\d+) \|/.test(line))
    .map((line) => {
      const [id = '', ...cells] = line.split('|').slice(1, -1)
      return { id: id.trim(), cells: cells.map((cell) => cell.trim()) }
    })

const testsOf = ({ cells }: Row): readonly Named[] =>
  [...(cells[2] ?? '').matchAll(/\[([^\]]+)\]\(\.\.\/__tests__\/([^)]+)\) “([^”]+)”/g)].map(
    ([, , file = '', title = '']) => ({ file, title }),
  )

/** Why a test that is named shows nothing: its file is not there, or has no such title, nor a row of that name. */
function missing({ file, title }: Named): readonly string[] {
  const path = join('__tests__', file)
  if (!/\.test\.ts$/.test(file) || !existsSync(join(root, path))) return [`there is no ${path}`]
  const text = read(path)
  const titled = ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`))
  return titled ? [] : [`${path} has no test “${title}”`]
}

/** What is wrong with a row. */
function faultsOf(row: Row): readonly string[] {
  const named = testsOf(row)
  const how = row.id.startsWith('P') ? [] : (row.cells[3] ?? '')
  return [
    ...(named.length === 0 ? [`${row.id}: no test is named`] : []),
    ...(row.cells.every((cell) => cell !== '') ? [] : [`${row.id}: a cell is empty`]),
    ...(typeof how === 'string' && !classes.test(how)
      ? [`${row.id}: known from what? ${how}`]
      : []),
    ...named.flatMap(missing).map((why) => `${row.id}: ${why}`),
  ]
}

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
