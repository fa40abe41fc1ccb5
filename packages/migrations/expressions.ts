import { type Cursor, isSymbol, isWord, peek, take, takeSymbol } from './cursor.ts'
import type { Token } from './tokens.ts'
import { takeType } from './types.ts'

/** A default that was recognized: whether it is NULL. */
export interface Default {
  readonly isNull: boolean
}

/** Functions of PostgreSQL itself that change nothing and cannot fail. */
const harmless = [
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'clock_timestamp',
  'gen_random_uuid',
  'random',
]
const constants = [
  'true',
  'false',
  'current_timestamp',
  'current_date',
  'current_time',
  'localtime',
  'localtimestamp',
  'current_user',
  'session_user',
]

/** Takes a default: a literal, a harmless function, an empty array, each with casts to built-in types; undefined for anything else. */
export function takeDefault(cursor: Cursor): Default | undefined {
  const value = takeValue(cursor)
  if (value === undefined) return undefined
  while (takeSymbol(cursor, '::')) if (takeType(cursor) !== 'plain') return undefined
  return value
}

function takeValue(cursor: Cursor): Default | undefined {
  if (takeSymbol(cursor, '(')) {
    const inner = takeDefault(cursor)
    return inner && takeSymbol(cursor, ')') ? inner : undefined
  }
  if (take(cursor, 'null')) return { isNull: true }
  if (takeLiteral(cursor) || constants.some((word) => take(cursor, word))) return { isNull: false }
  if (takeEmptyArray(cursor) || takeCall(cursor)) return { isNull: false }
  return undefined
}

/** A string, a number with a sign, or a literal with its type before it: `interval '1 day'`. */
function takeLiteral(cursor: Cursor): boolean {
  if (peek(cursor)?.is === 'string') return step(cursor)
  const start = cursor.at
  if (!takeSymbol(cursor, '-')) takeSymbol(cursor, '+')
  if (peek(cursor)?.is === 'number') return step(cursor)
  cursor.at = start
  if (cursor.tokens[cursor.at + 1]?.is === 'string' && takeType(cursor) === 'plain')
    return step(cursor)
  cursor.at = start
  return false
}

function step(cursor: Cursor): boolean {
  cursor.at += 1
  return true
}

const takeEmptyArray = (cursor: Cursor) =>
  take(cursor, 'array') && takeSymbol(cursor, '[') && takeSymbol(cursor, ']')

const takeCall = (cursor: Cursor) =>
  harmless.some((name) => take(cursor, name)) && takeSymbol(cursor, '(') && takeSymbol(cursor, ')')

const comparisons = new Set(['=', '<>', '!=', '<', '>', '<=', '>=', '(', ')', ',', '::'])
const beforeParenthesis = ['and', 'or', 'not', 'in', 'where']

/**
 * Tells whether a partial index's predicate can be evaluated for every row that an old release writes: columns, literals and
 * comparisons, but no function, arithmetic or cast of a column, which could fail.
 */
export function isHarmlessPredicate(tokens: readonly Token[]): boolean {
  return tokens.every((token, at) => {
    const before = tokens[at - 1]
    if (token.is !== 'symbol') return true
    if (!comparisons.has(token.text)) return false
    if (token.text === '::') return before?.is === 'string'
    if (token.text !== '(' || before === undefined || before.is === 'symbol') return true
    return beforeParenthesis.some((word) => isWord(before, word))
  })
}

/** Functions that every string has a value of. */
const total = ['lower', 'upper', 'md5', 'length']

/** Tells whether one element of an index is a column, or a function of a column that cannot fail. */
export function isHarmlessElement(tokens: readonly Token[]): boolean {
  const inner =
    isSymbol(tokens[0], '(') && isSymbol(tokens.at(-1), ')') ? tokens.slice(1, -1) : tokens
  const [first, open, column, close, ...rest] = inner
  if (!isSymbol(open, '(')) return inner.length > 0 && inner.every(isPlain)
  const called = total.some((name) => isWord(first, name))
  const named = column?.is === 'word' || column?.is === 'name'
  return called && named && isSymbol(close, ')') && rest.every(isPlain)
}

/** Names, operator classes, collations, ASC and NULLS LAST: nothing that is computed. */
const isPlain = (token: Token) => token.is === 'word' || token.is === 'name' || isSymbol(token, '.')
