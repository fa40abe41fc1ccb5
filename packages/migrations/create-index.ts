import type { Judged } from './classify.ts'
import {
  atEnd,
  type Cursor,
  isSymbol,
  isWord,
  peek,
  take,
  takeName,
  takeParenthesis,
  takeQualified,
} from './cursor.ts'
import { isHarmlessElement, isHarmlessPredicate } from './expressions.ts'
import type { Token } from './tokens.ts'

const no = (why: string): Judged => ({ additive: false, why })
const methods = ['btree', 'hash', 'gin', 'gist', 'spgist', 'brin']

/**
 * CREATE INDEX over columns: no row of an old release is refused. A UNIQUE one can refuse rows, an expression can fail on them;
 * both are harmless only on a table that the same migration created.
 */
export function createIndex(tokens: readonly Token[], created: ReadonlySet<string>): Judged {
  const cursor: Cursor = { tokens, at: 1 }
  const unique = take(cursor, 'unique')
  take(cursor, 'index')
  take(cursor, 'concurrently')
  take(cursor, 'if', 'not', 'exists')
  if (!isWord(peek(cursor), 'on')) takeQualified(cursor)
  if (!take(cursor, 'on')) return no('CREATE INDEX is not read')
  take(cursor, 'only')
  const table = takeQualified(cursor)
  if (table === undefined) return no("the name of the index's table is not read")
  const what = `indexes ${table.join('.')}`
  if (created.has(JSON.stringify(table))) return { additive: true, what }
  if (unique) {
    return no(`a UNIQUE index on ${table.join('.')} can refuse rows that the old release writes`)
  }
  const why = readRest(cursor)
  return why === undefined
    ? { additive: true, what }
    : no(`the index on ${table.join('.')}: ${why}`)
}

function readRest(cursor: Cursor): string | undefined {
  if (take(cursor, 'using') && !methods.some((method) => take(cursor, method))) {
    return "its method is not one of PostgreSQL's own"
  }
  const elements = takeParenthesis(cursor)
  if (elements === undefined || !split(elements).every(isHarmlessElement)) {
    return 'an expression can fail on rows that the old release writes'
  }
  if (take(cursor, 'include') && takeParenthesis(cursor) === undefined) return 'INCLUDE is not read'
  if (take(cursor, 'with') && takeParenthesis(cursor) === undefined) return 'WITH is not read'
  if (take(cursor, 'tablespace')) takeName(cursor)
  if (take(cursor, 'where')) {
    if (!isHarmlessPredicate(cursor.tokens.slice(cursor.at))) {
      return 'its WHERE can fail on rows that the old release writes'
    }
    return undefined
  }
  return atEnd(cursor) ? undefined : 'it has a part that is not known'
}

/** Splits at the commas that are in no inner parenthesis. */
function split(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (isSymbol(token, '(')) depth += 1
    if (isSymbol(token, ')')) depth -= 1
    if (depth === 0 && isSymbol(token, ',')) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}
