import type { Token } from './tokens.ts'

/** A place in a statement that moves forward as its parts are recognized. */
export interface Cursor {
  readonly tokens: readonly Token[]
  at: number
}

/** Takes the given keywords if they come next, all or none; quoted names are never keywords. */
export function take(cursor: Cursor, ...words: readonly string[]): boolean {
  const found = words.every((word, offset) => isWord(cursor.tokens[cursor.at + offset], word))
  if (found) cursor.at += words.length
  return found
}

/** Takes a symbol if it comes next. */
export function takeSymbol(cursor: Cursor, symbol: string): boolean {
  const found = isSymbol(cursor.tokens[cursor.at], symbol)
  if (found) cursor.at += 1
  return found
}

/** The next token, or undefined at the end of the statement. */
export const peek = (cursor: Cursor): Token | undefined => cursor.tokens[cursor.at]

/** Tells whether the statement ends here. */
export const atEnd = (cursor: Cursor): boolean => cursor.at >= cursor.tokens.length

export const isWord = (token: Token | undefined, word: string): boolean =>
  token?.is === 'word' && token.text === word

export const isSymbol = (token: Token | undefined, symbol: string): boolean =>
  token?.is === 'symbol' && token.text === symbol

/** Takes a name, quoted or not. */
export function takeName(cursor: Cursor): string | undefined {
  const token = peek(cursor)
  if (token?.is !== 'word' && token?.is !== 'name') return undefined
  cursor.at += 1
  return token.text
}

/** Takes `name`, `schema.name` or `database.schema.name`. */
export function takeQualified(cursor: Cursor): readonly string[] | undefined {
  const names: string[] = []
  do {
    const name = takeName(cursor)
    if (name === undefined) return undefined
    names.push(name)
  } while (names.length < 3 && takeSymbol(cursor, '.'))
  return names
}

/** Takes a parenthesis with everything in it and returns the inside. */
export function takeParenthesis(cursor: Cursor): readonly Token[] | undefined {
  const start = cursor.at
  if (!takeSymbol(cursor, '(')) return undefined
  let depth = 1
  while (depth > 0 && !atEnd(cursor)) {
    const token = peek(cursor)
    if (isSymbol(token, '(')) depth += 1
    if (isSymbol(token, ')')) depth -= 1
    cursor.at += 1
  }
  return depth === 0 ? cursor.tokens.slice(start + 1, cursor.at - 1) : undefined
}
