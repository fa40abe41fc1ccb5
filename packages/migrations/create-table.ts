import type { Judged } from './classify.ts'
import {
  atEnd,
  type Cursor,
  isWord,
  take,
  takeName,
  takeParenthesis,
  takeQualified,
} from './cursor.ts'
import type { Token } from './tokens.ts'

const no = (why: string): Judged => ({ additive: false, why })

/**
 * CREATE TABLE name (…): nobody older knows the table. Not AS (it runs a query), not INHERITS or PARTITION OF (the rows show
 * up in, or are routed away from, a table that is there).
 */
export function createTable(tokens: readonly Token[]): Judged {
  const cursor: Cursor = { tokens, at: 1 }
  take(cursor, 'unlogged')
  take(cursor, 'table')
  const perhaps = take(cursor, 'if', 'not', 'exists')
  const name = takeQualified(cursor)
  if (name === undefined) return no('the name of the new table is not read')
  if (isReserved(name)) return no(`${name.join('.')} lies in a schema of the system`)
  const body = takeParenthesis(cursor)
  if (body === undefined) return no('CREATE TABLE without its own columns (AS, OF, PARTITION OF)')
  takeOptions(cursor)
  if (!atEnd(cursor)) return no('CREATE TABLE with AS, INHERITS or another part that is not known')
  const what = `creates table ${name.join('.')}${caution(body)}`
  return perhaps
    ? { additive: true, what }
    : { additive: true, what, creates: JSON.stringify(name) }
}

function takeOptions(cursor: Cursor): void {
  if (take(cursor, 'partition', 'by')) {
    takeName(cursor)
    takeParenthesis(cursor)
  }
  if (take(cursor, 'using')) takeName(cursor)
  if (take(cursor, 'with')) takeParenthesis(cursor)
  if (take(cursor, 'tablespace')) takeName(cursor)
}

const isReserved = (name: readonly string[]) =>
  name.length > 1 && /^(pg_|information_schema$)/.test(name.at(-2) ?? '')

/** A foreign key of the new table can refuse a delete from an older one as long as rows point there. */
function caution(body: readonly Token[]): string {
  const targets = body.flatMap((token, at) => {
    const name = isWord(token, 'references')
      ? takeQualified({ tokens: body, at: at + 1 })
      : undefined
    return name ? [name.join('.')] : []
  })
  const names = [...new Set(targets)].join(' and ')
  return names === '' ? '' : ` (whose rows can refuse deletes from ${names})`
}
