import type { Judged } from './classify.ts'
import {
  atEnd,
  type Cursor,
  isSymbol,
  isWord,
  peek,
  take,
  takeName,
  takeQualified,
  takeSymbol,
} from './cursor.ts'
import { takeDefault } from './expressions.ts'
import type { Token } from './tokens.ts'
import { takeType } from './types.ts'

const no = (why: string): Judged => ({ additive: false, why })

/** Words behind ADD that begin a constraint when COLUMN is left out. */
const constraints = ['constraint', 'check', 'unique', 'primary', 'foreign', 'exclude', 'not']

/** ALTER TABLE with nothing but ADD COLUMN, each nullable or with a default that is known and not NULL. */
export function addColumns(tokens: readonly Token[]): Judged {
  const cursor: Cursor = { tokens, at: 2 }
  take(cursor, 'if', 'exists')
  take(cursor, 'only')
  const table = takeQualified(cursor)
  if (table === undefined) return no('the name of the table is not read')
  takeSymbol(cursor, '*')
  const columns: string[] = []
  do {
    const added = addColumn(cursor)
    if ('why' in added) return no(`ALTER TABLE ${table.join('.')}: ${added.why}`)
    columns.push(added.column)
  } while (takeSymbol(cursor, ','))
  if (!atEnd(cursor)) return no(`ALTER TABLE ${table.join('.')} has a part that is not known`)
  return {
    additive: true,
    what: columns.map((column) => `adds column ${table.join('.')}.${column}`).join(', '),
  }
}

function addColumn(cursor: Cursor): { readonly column: string } | { readonly why: string } {
  const action = peek(cursor)
  if (!take(cursor, 'add')) {
    return { why: `${action?.is === 'word' ? action.text.toUpperCase() : 'it'} is not ADD COLUMN` }
  }
  if (!take(cursor, 'column') && constraints.some((word) => isWord(peek(cursor), word))) {
    return { why: 'a constraint can refuse rows that the old release writes' }
  }
  take(cursor, 'if', 'not', 'exists')
  const column = takeName(cursor)
  if (column === undefined) return { why: 'the name of the new column is not read' }
  const type = takeType(cursor)
  if (type === undefined) return { why: `the type of ${column} is not one of PostgreSQL's own` }
  const seen = takeConstraints(cursor, column)
  if (typeof seen === 'string') return { why: seen }
  const filled = type === 'serial' || seen.default === 'value'
  if (seen.notNull && !filled) {
    return { why: `${column} is NOT NULL without a default: the old release cannot insert` }
  }
  return { column }
}

interface Seen {
  readonly notNull: boolean
  readonly default: 'none' | 'null' | 'value'
}

function takeConstraints(cursor: Cursor, column: string): Seen | string {
  let seen: Seen = { notNull: false, default: 'none' }
  while (!atEnd(cursor) && !isSymbol(peek(cursor), ',')) {
    if (take(cursor, 'null')) continue
    if (take(cursor, 'not', 'null')) seen = { ...seen, notNull: true }
    else if (take(cursor, 'default')) {
      const value = takeDefault(cursor)
      if (value === undefined)
        return `the default of ${column} is not a literal or a known function`
      seen = { ...seen, default: value.isNull ? 'null' : 'value' }
    } else if (take(cursor, 'collate')) {
      if (takeQualified(cursor) === undefined) return `the collation of ${column} is not read`
    } else return `${column} has a constraint or an option that is not known to be harmless`
  }
  return seen
}
