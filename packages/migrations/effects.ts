import { createTable } from './create-table.ts'
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
  takeSymbol,
} from './cursor.ts'
import { takeDefault } from './expressions.ts'
import type { Token } from './tokens.ts'

/** What is lost when something is dropped: rows of a table, or values of one of its columns. */
export interface Loss {
  readonly table: readonly string[]
  readonly column?: string
}

/** One thing that a statement does to the schema. Two statements that do the same have the same `does`. */
export interface Effect {
  readonly does: string
  /** What takes it back, each in the words of `does`; nothing does when it is empty. */
  readonly undoneBy: readonly string[]
  /** What goes with it: dropping this table, or this column of it, also drops what this made. */
  readonly on?: { readonly table: string; readonly columns: ReadonlySet<string> }
  readonly loss?: Loss
}

/** The effects of a statement, or why it is not understood. */
export type Effects = { readonly is: 'known'; readonly effects: readonly Effect[] } | Unknown
interface Unknown {
  readonly is: 'unknown'
  readonly why: string
}

const unknown = (why: string): Effects => ({ is: 'unknown', why })
const known = (...effects: readonly Effect[]): Effects => ({ is: 'known', effects })
/** A name as it is written in messages and compared. */
export const text = (name: readonly string[]) =>
  name.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : JSON.stringify(part))).join('.')
const one = (name: string) => text([name])
const beside = (table: readonly string[], name: string) => text([...table.slice(0, -1), name])

type Reader = (cursor: Cursor) => Effects | undefined

/**
 * What a statement does, for the statements whose way back is known. A word that is not known makes the whole statement unknown,
 * and so do IF NOT EXISTS (what it would drop may have been there before) and CASCADE (it drops what others made).
 */
export function effectsOf(tokens: readonly Token[]): Effects {
  for (const reader of readers) {
    const cursor: Cursor = { tokens, at: 0 }
    const found = reader(cursor)
    if (found === undefined) continue
    if (found.is === 'unknown' || atEnd(cursor)) return found
    return unknown(`${keywords(tokens)} has a part that is not known: ${shown(peek(cursor))}`)
  }
  return unknown(`${keywords(tokens)} is not understood`)
}

/** The first words of a statement; never a literal of it. */
function keywords(tokens: readonly Token[]): string {
  const end = tokens.findIndex((token) => token.is !== 'word')
  const words = tokens.slice(0, Math.min(end < 0 ? tokens.length : end, 3))
  return words.length === 0
    ? 'a statement'
    : words.map((token) => token.text.toUpperCase()).join(' ')
}

const shown = (token: Token | undefined) =>
  token?.is === 'word' ? token.text.toUpperCase() : (token?.is ?? 'its end')

/** Limits of a session touch nothing. */
const settings: Reader = (cursor) => {
  if (!take(cursor, 'set')) return undefined
  take(cursor, 'local')
  if (!take(cursor, 'lock_timeout') && !take(cursor, 'statement_timeout')) return undefined
  if (!takeSymbol(cursor, '=')) take(cursor, 'to')
  cursor.at += 1
  return known()
}

const newTable: Reader = (cursor) => {
  const [first, second, third] = cursor.tokens
  const table = isWord(second, 'table') || (isWord(second, 'unlogged') && isWord(third, 'table'))
  if (!isWord(first, 'create') || !table) return undefined
  const judged = createTable(cursor.tokens)
  if (!judged.additive) return unknown(judged.why)
  if (judged.creates === undefined) return unknown(perhaps('table'))
  cursor.at = cursor.tokens.length
  const name = JSON.parse(judged.creates) as readonly string[]
  return known({ does: `creates table ${text(name)}`, undoneBy: [`drops table ${text(name)}`] })
}

const perhaps = (what: string) =>
  `IF NOT EXISTS: the ${what} may have been there before, and dropping it would drop what others made`

const newIndex: Reader = (cursor) => {
  if (!take(cursor, 'create', 'index') && !take(cursor, 'create', 'unique', 'index'))
    return undefined
  take(cursor, 'concurrently')
  if (take(cursor, 'if', 'not', 'exists')) return unknown(perhaps('index'))
  if (isWord(peek(cursor), 'on'))
    return unknown('CREATE INDEX without a name: which one to drop is not known')
  const name = takeName(cursor)
  if (name === undefined || !take(cursor, 'on')) return unknown('CREATE INDEX is not read')
  take(cursor, 'only')
  const table = takeQualified(cursor)
  if (table === undefined) return unknown("the name of the index's table is not read")
  const index = beside(table, name)
  const on = { table: text(table), columns: mentioned(rest(cursor)) }
  return known({ does: `creates index ${index}`, undoneBy: [`drops index ${index}`], on })
}

/** Takes what is left of the statement, or up to the next comma outside parentheses. */
function rest(cursor: Cursor, comma = false): readonly Token[] {
  const start = cursor.at
  while (!atEnd(cursor) && !(comma && isSymbol(peek(cursor), ','))) {
    if (isSymbol(peek(cursor), '(')) {
      if (takeParenthesis(cursor) === undefined) cursor.at = cursor.tokens.length
    } else cursor.at += 1
  }
  return cursor.tokens.slice(start, cursor.at)
}

const mentioned = (tokens: readonly Token[]) =>
  new Set(tokens.filter(({ is }) => is === 'word' || is === 'name').map((token) => token.text))

/** Objects that hold no rows: made and dropped without a loss. */
const plain = ['view', 'function', 'procedure', 'type', 'schema'] as const

const newObject: Reader = (cursor) => {
  if (!take(cursor, 'create')) return undefined
  const replaces = take(cursor, 'or', 'replace')
  const kind = [...plain, 'trigger' as const, 'sequence' as const].find((word) =>
    take(cursor, word),
  )
  if (kind === undefined) return undefined
  if (take(cursor, 'if', 'not', 'exists')) return unknown(perhaps(kind))
  const what = objectName(cursor, kind)
  if (what === undefined) return unknown(`the name of the ${kind} is not read`)
  const on = kind === 'trigger' ? triggerTable(cursor) : undefined
  if (kind === 'trigger' && on === undefined) return unknown('the table of the trigger is not read')
  if (kind === 'schema' && !atEnd(cursor)) return unknown('CREATE SCHEMA with more than a name')
  rest(cursor)
  const name = on ? `${what} on ${text(on)}` : what
  if (replaces)
    return known({ does: `replaces ${kind} ${name}`, undoneBy: [`replaces ${kind} ${name}`] })
  return known({
    does: `creates ${kind} ${name}`,
    undoneBy: [`drops ${kind} ${name}`],
    ...(on && { on: { table: text(on), columns: new Set<string>() } }),
  })
}

/** A function is its name and the types of its arguments, as they are written. */
function objectName(cursor: Cursor, kind: string): string | undefined {
  const name = takeQualified(cursor)
  if (name === undefined) return undefined
  if (kind !== 'function' && kind !== 'procedure') return text(name)
  const given = takeParenthesis(cursor)
  return given && `${text(name)}(${given.map((token) => token.text).join(' ')})`
}

/** `BEFORE … ON table`; `ON` inside `UPDATE OF a, b` cannot be, it is a reserved word. */
function triggerTable(cursor: Cursor): readonly string[] | undefined {
  while (!atEnd(cursor) && !isWord(peek(cursor), 'on')) cursor.at += 1
  return take(cursor, 'on') ? takeQualified(cursor) : undefined
}

const drops: Reader = (cursor) => {
  if (!take(cursor, 'drop')) return undefined
  const kinds = ['table', 'index', 'trigger', 'sequence', ...plain] as const
  const kind = kinds.find((word) => take(cursor, word))
  if (kind === undefined) return undefined
  if (kind === 'index') take(cursor, 'concurrently')
  take(cursor, 'if', 'exists')
  const effects: Effect[] = []
  do {
    const start = cursor.at
    const name = takeQualified(cursor)
    if (name === undefined) return unknown(`the name of the ${kind} is not read`)
    cursor.at = start
    const what = objectName(cursor, kind)
    if (what === undefined) return unknown(`DROP ${kind.toUpperCase()} without its arguments`)
    const on = kind === 'trigger' && take(cursor, 'on') ? takeQualified(cursor) : undefined
    effects.push(dropped(kind, on ? `${what} on ${text(on)}` : what, name))
  } while (takeSymbol(cursor, ','))
  if (take(cursor, 'cascade')) return unknown('CASCADE may drop what others made')
  take(cursor, 'restrict')
  return known(...effects)
}

function dropped(kind: string, what: string, name: readonly string[]): Effect {
  const does = `drops ${kind} ${what}`
  if (kind === 'table' || kind === 'sequence') return { does, undoneBy: [], loss: { table: name } }
  // What held no rows can be made again; whether it is the same, the fingerprint of the schema tells.
  return kind === 'schema'
    ? { does, undoneBy: [] }
    : { does, undoneBy: [`creates ${kind} ${what}`] }
}

const alterIndex: Reader = (cursor) => {
  if (!take(cursor, 'alter', 'index')) return undefined
  take(cursor, 'if', 'exists')
  const name = takeQualified(cursor)
  const to = name && take(cursor, 'rename', 'to') ? takeName(cursor) : undefined
  if (name === undefined || to === undefined) return unknown('ALTER INDEX is not RENAME')
  return known(renamed('index', text(name), beside(name, to)))
}

const renamed = (kind: string, from: string, to: string): Effect => ({
  does: `renames ${kind} ${from} to ${to}`,
  undoneBy: [`renames ${kind} ${to} to ${from}`],
})

const alterTable: Reader = (cursor) => {
  if (!take(cursor, 'alter', 'table')) return undefined
  take(cursor, 'if', 'exists')
  take(cursor, 'only')
  const table = takeQualified(cursor)
  if (table === undefined) return unknown('the name of the table is not read')
  const effects: Effect[] = []
  do {
    const effect = change(cursor, table)
    if (typeof effect === 'string') return unknown(`ALTER TABLE ${text(table)}: ${effect}`)
    effects.push(effect)
  } while (takeSymbol(cursor, ','))
  return known(...effects)
}

/** One action of ALTER TABLE; a text says why it is not understood. */
function change(cursor: Cursor, table: readonly string[]): Effect | string {
  if (take(cursor, 'rename')) return rename(cursor, table)
  if (take(cursor, 'add')) return add(cursor, table)
  if (take(cursor, 'drop')) return drop(cursor, table)
  if (take(cursor, 'alter')) return alterColumn(cursor, table)
  return `${shown(peek(cursor))} is not understood`
}

function rename(cursor: Cursor, table: readonly string[]): Effect | string {
  if (take(cursor, 'to')) {
    const to = takeName(cursor)
    return to === undefined
      ? 'RENAME is not read'
      : renamed('table', text(table), beside(table, to))
  }
  const kind = take(cursor, 'constraint') ? 'constraint' : 'column'
  if (kind === 'column') take(cursor, 'column')
  const from = takeName(cursor)
  const to = take(cursor, 'to') ? takeName(cursor) : undefined
  if (from === undefined || to === undefined) return 'RENAME is not read'
  return renamed(kind, text([...table, from]), text([...table, to]))
}

const constraints = ['check', 'unique', 'primary', 'foreign', 'exclude', 'not']

function add(cursor: Cursor, table: readonly string[]): Effect | string {
  if (take(cursor, 'constraint')) {
    const name = takeName(cursor)
    if (name === undefined) return 'the name of the constraint is not read'
    const on = { table: text(table), columns: mentioned(rest(cursor, true)) }
    const full = `constraint ${text([...table, name])}`
    return { does: `adds ${full}`, undoneBy: [`drops ${full}`], on }
  }
  if (!take(cursor, 'column') && constraints.some((word) => isWord(peek(cursor), word))) {
    return 'a constraint without a name: which one to drop is not known'
  }
  if (take(cursor, 'if', 'not', 'exists')) return perhaps('column')
  const column = takeName(cursor)
  if (column === undefined) return 'the name of the new column is not read'
  if (!fillsHarmlessly(rest(cursor, true))) {
    return `the default of ${one(column)} is not a literal or a known function`
  }
  const full = `column ${text([...table, column])}`
  return {
    does: `adds ${full}`,
    undoneBy: [`drops ${full}`],
    on: { table: text(table), columns: new Set([column]) },
  }
}

/** The default of a new column is computed for the rows that are there: it must not do anything else. */
function fillsHarmlessly(tokens: readonly Token[]): boolean {
  return tokens.every((token, at) => {
    return !isWord(token, 'default') || takeDefault({ tokens, at: at + 1 }) !== undefined
  })
}

function drop(cursor: Cursor, table: readonly string[]): Effect | string {
  const kind = take(cursor, 'constraint') ? 'constraint' : 'column'
  if (kind === 'column') take(cursor, 'column')
  take(cursor, 'if', 'exists')
  const name = takeName(cursor)
  if (name === undefined) return `the name of the ${kind} is not read`
  if (take(cursor, 'cascade')) return 'CASCADE may drop what others made'
  take(cursor, 'restrict')
  const full = `${kind} ${text([...table, name])}`
  if (kind === 'constraint') return { does: `drops ${full}`, undoneBy: [`adds ${full}`] }
  return { does: `drops ${full}`, undoneBy: [], loss: { table, column: name } }
}

function alterColumn(cursor: Cursor, table: readonly string[]): Effect | string {
  take(cursor, 'column')
  const column = takeName(cursor)
  if (column === undefined) return 'the name of the column is not read'
  const full = text([...table, column])
  const on = { table: text(table), columns: new Set([column]) }
  const both = (does: string, ...undoneBy: readonly string[]): Effect => ({
    does: `${does} of ${full}`,
    undoneBy: undoneBy.map((words) => `${words} of ${full}`),
    on,
  })
  if (take(cursor, 'set', 'not', 'null')) return both('sets NOT NULL', 'drops NOT NULL')
  if (take(cursor, 'drop', 'not', 'null')) return both('drops NOT NULL', 'sets NOT NULL')
  if (take(cursor, 'drop', 'default')) return both('drops the default', 'sets the default')
  if (!take(cursor, 'set', 'default')) return `${shown(peek(cursor))} of ${full} is not understood`
  rest(cursor, true)
  return both('sets the default', 'drops the default', 'sets the default')
}

const readers = [settings, newTable, newIndex, newObject, drops, alterIndex, alterTable]
