/** One piece of SQL. Words are unquoted names and keywords in lower case; a name is a quoted identifier as it is meant. */
export type Token =
  | { readonly is: 'word'; readonly text: string }
  | { readonly is: 'name'; readonly text: string }
  | { readonly is: 'string'; readonly text: string }
  | { readonly is: 'number'; readonly text: string }
  | { readonly is: 'symbol'; readonly text: string }

/** The tokens of a text, or why it cannot be read with certainty. */
export type Tokens =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly why: string }

type Reader = (sql: string, at: number) => Read | undefined

interface Read {
  readonly token?: Token
  readonly end: number
  /** What makes the rest unreadable. */
  readonly why?: string
}

const wordStart = /[A-Za-z_\u0080-\u{10ffff}]/u
const wordAt = /[A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_$\u0080-\u{10ffff}]*/uy
const dollarAt = /\$(?:[A-Za-z_\u0080-\u{10ffff}][A-Za-z0-9_\u0080-\u{10ffff}]*)?\$/uy
const lineCommentAt = /--[^\n\r]*/y
const numberAt = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const operatorCharacters = '+-*/<>=~!@#%^&|`?'

const match = (pattern: RegExp, sql: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

/** White space as PostgreSQL's lexer has it: six ASCII characters; a no-break space is part of a name. */
const space: Reader = (sql, at) =>
  ' \t\n\r\f\v'.includes(sql[at] ?? '') ? { end: at + 1 } : undefined

/** A line comment ends at a line feed and also at a lone carriage return. */
const lineComment: Reader = (sql, at) => {
  const text = match(lineCommentAt, sql, at)
  return text === undefined ? undefined : { end: at + text.length }
}

/** Block comments nest. `/*!` is executed by MySQL, so it is no comment to us. */
const blockComment: Reader = (sql, at) => {
  if (!sql.startsWith('/*', at)) return undefined
  if (sql[at + 2] === '!') return { end: at, why: 'a comment that begins with /*! may be executed' }
  let depth = 0
  for (let here = at; here < sql.length; here++) {
    const two = sql.slice(here, here + 2)
    if (two === '/*') depth += 1
    if (two === '*/') depth -= 1
    if (two === '/*' || two === '*/') here += 1
    if (depth === 0) return { end: here + 1 }
  }
  return { end: at, why: 'a comment is not closed' }
}

/** A plain string; a backslash in it means one thing or another by a setting of the server, so it is not read. */
const string: Reader = (sql, at) => {
  if (sql[at] !== "'") return undefined
  const closed = closing(sql, at, "'")
  if (closed === undefined) return { end: at, why: 'a string is not closed' }
  const text = sql.slice(at + 1, closed - 1)
  if (text.includes('\\'))
    return { end: at, why: 'a string has a backslash, whose meaning depends on the server' }
  return { end: closed, token: { is: 'string', text: text.replaceAll("''", "'") } }
}

const quotedName: Reader = (sql, at) => {
  if (sql[at] !== '"') return undefined
  const closed = closing(sql, at, '"')
  if (closed === undefined) return { end: at, why: 'a quoted name is not closed' }
  return {
    end: closed,
    token: { is: 'name', text: sql.slice(at + 1, closed - 1).replaceAll('""', '"') },
  }
}

/** Behind the quote that closes the one at `at`; a doubled one does not. */
function closing(sql: string, at: number, quote: string): number | undefined {
  for (let here = at + 1; here < sql.length; here++) {
    if (sql[here] !== quote) continue
    if (sql[here + 1] !== quote) return here + 1
    here += 1
  }
  return undefined
}

const dollarString: Reader = (sql, at) => {
  const tag = sql[at] === '$' ? match(dollarAt, sql, at) : undefined
  if (tag === undefined) return undefined
  const closed = sql.indexOf(tag, at + tag.length)
  if (closed < 0) return { end: at, why: 'a dollar-quoted string is not closed' }
  const text = sql.slice(at + tag.length, closed)
  return { end: closed + tag.length, token: { is: 'string', text } }
}

/** A word; one that touches a quote is a prefix such as E'' or U&"", whose escapes are not read. */
const word: Reader = (sql, at) => {
  if (!wordStart.test(sql[at] ?? '')) return undefined
  const text = match(wordAt, sql, at) ?? ''
  const end = at + text.length
  const prefix = /^[ebxnu]$/i.test(text) && /^(?:'|&['"])/.test(sql.slice(end, end + 2))
  if (prefix) return { end: at, why: `a string or name with the prefix ${text} is not read` }
  return {
    end,
    token: { is: 'word', text: text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) },
  }
}

const number: Reader = (sql, at) => {
  const text = match(numberAt, sql, at)
  if (text === undefined || text === '') return undefined
  const end = at + text.length
  if (/[\w.$]/.test(sql[end] ?? '')) return { end: at, why: 'a number has an unusual form' }
  return { end, token: { is: 'number', text } }
}

const symbol: Reader = (sql, at) => {
  if (sql.startsWith('::', at)) return { end: at + 2, token: { is: 'symbol', text: '::' } }
  const one = sql[at] ?? ''
  if ('()[],;:.'.includes(one)) return { end: at + 1, token: { is: 'symbol', text: one } }
  let end = at
  while (end < sql.length && operatorCharacters.includes(sql[end] ?? '')) {
    if (end > at && /^(?:--|\/\*)/.test(sql.slice(end, end + 2))) break
    end += 1
  }
  return end > at ? { end, token: { is: 'symbol', text: sql.slice(at, end) } } : undefined
}

const readers = [
  space,
  lineComment,
  blockComment,
  string,
  quotedName,
  dollarString,
  word,
  number,
  symbol,
]

function readAt(sql: string, at: number): Read | undefined {
  for (const reader of readers) {
    const read = reader(sql, at)
    if (read) return read
  }
  return undefined
}

/**
 * Cuts SQL into tokens as PostgreSQL's lexer does (PostgreSQL documentation, 4.1), without comments. What it does not know
 * with certainty it refuses: a wrong cut could hide a statement.
 */
export function tokenize(sql: string): Tokens {
  const tokens: Token[] = []
  for (let at = 0; at < sql.length; ) {
    const read = readAt(sql, at)
    if (!read) return { ok: false, why: `the character ${JSON.stringify(sql[at])} is not read` }
    if (read.why !== undefined) return { ok: false, why: read.why }
    if (read.token) tokens.push(read.token)
    at = read.end
  }
  return { ok: true, tokens }
}

/** Splits tokens at semicolons; empty statements are left out. */
export function statements(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: Token[][] = [[]]
  for (const token of tokens) {
    if (token.is === 'symbol' && token.text === ';') found.push([])
    else found.at(-1)?.push(token)
  }
  return found.filter((statement) => statement.length > 0)
}
