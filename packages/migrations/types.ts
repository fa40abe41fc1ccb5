import { type Cursor, isWord, peek, take, takeParenthesis, takeSymbol } from './cursor.ts'

/**
 * Built-in types whose input accepts everything that the type can hold (PostgreSQL documentation, table 8.1). A type that
 * somebody made may be a domain with a constraint, so it is not here.
 */
const builtIn = new Set(
  `bigint int8 bit boolean bool box bytea character char varchar bpchar cidr circle date float4 float8 float inet integer int
  int4 interval json jsonb line lseg macaddr macaddr8 money numeric decimal path point polygon real smallint int2 text time
  timetz timestamp timestamptz tsquery tsvector uuid xml int4range int8range numrange tsrange tstzrange daterange
  int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`.split(
    /\s+/,
  ),
)
const serial = new Set(['smallserial', 'serial2', 'serial', 'serial4', 'bigserial', 'serial8'])

/** What was recognized as a column's type. */
export type ColumnType = 'plain' | 'serial'

/** Takes a built-in type with its length, precision, time zone and array marks; undefined for any other type. */
export function takeType(cursor: Cursor): ColumnType | undefined {
  const token = peek(cursor)
  if (token?.is !== 'word') return undefined
  const known = builtIn.has(token.text)
  const counted = serial.has(token.text)
  if (take(cursor, 'double', 'precision')) return takeArray(cursor)
  if (!known && !counted) return undefined
  cursor.at += 1
  if (counted) return 'serial'
  if (['character', 'char', 'bit'].includes(token.text)) take(cursor, 'varying')
  if (!takeLength(cursor)) return undefined
  if (isWord(token, 'time') || isWord(token, 'timestamp')) {
    if (!take(cursor, 'with', 'time', 'zone')) take(cursor, 'without', 'time', 'zone')
  }
  return takeArray(cursor)
}

function takeLength(cursor: Cursor): boolean {
  const next = peek(cursor)
  if (next?.is !== 'symbol' || next.text !== '(') return true
  const inside = takeParenthesis(cursor)
  return inside?.every((token) => token.is === 'number' || token.text === ',') ?? false
}

function takeArray(cursor: Cursor): ColumnType | undefined {
  if (take(cursor, 'array')) return 'plain'
  while (takeSymbol(cursor, '[')) {
    if (peek(cursor)?.is === 'number') cursor.at += 1
    if (!takeSymbol(cursor, ']')) return undefined
  }
  return 'plain'
}
