import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { read, root } from './tree.ts'

/** Tables of a page whose rows name the tests that show what they say, and how the fault is known. */

const classes = /^(source read|vendor document|issue|inferred): \S/

/** A row of a table that begins with its id. */
export interface Row {
  readonly id: string
  readonly cells: readonly string[]
}

/** A test that the page names: its file below `__tests__`, and its title as it stands there. */
interface Named {
  readonly file: string
  readonly title: string
}

/** The rows of a page's tables that begin with an id: a promise `P1`, a fault `28`, a class `A`. */
export const rowsOf = (text: string): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => /^\| (P\d+|\d+|[A-N]) \|/.test(line))
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
export function faultsOf(row: Row): readonly string[] {
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
