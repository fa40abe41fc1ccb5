import { addColumns } from './alter-table.ts'
import { createIndex } from './create-index.ts'
import { createTable } from './create-table.ts'
import { isWord } from './cursor.ts'
import type { Token } from './tokens.ts'
import { statements, tokenize } from './tokens.ts'

/** Whether a migration only adds what an older release does not notice, and why. */
export interface Classification {
  readonly additive: boolean
  readonly why: string
}

/** One statement's judgement. `creates` is the table that certainly did not exist before it. */
export type Judged =
  | { readonly additive: true; readonly what: string; readonly creates?: string }
  | { readonly additive: false; readonly why: string }

/**
 * Judges the SQL of a migration. Additive only when every statement is CREATE TABLE, ALTER TABLE … ADD COLUMN (nullable or
 * with a default) or CREATE INDEX in a form whose parts are all known; anything else, or anything not understood, is not.
 */
export function classify(sql: string): Classification {
  const read = tokenize(sql)
  if (!read.ok) return { additive: false, why: read.why }
  const all = statements(read.tokens)
  if (all.length === 0) return { additive: true, why: 'it has no statement' }
  const created = new Set<string>()
  const parts: string[] = []
  for (const [index, statement] of all.entries()) {
    const judged = judge(statement, created)
    if (!judged.additive) return { additive: false, why: `statement ${index + 1}: ${judged.why}` }
    if (judged.creates !== undefined) created.add(judged.creates)
    parts.push(judged.what)
  }
  return { additive: true, why: `it ${parts.join(', ')}` }
}

function judge(tokens: readonly Token[], created: ReadonlySet<string>): Judged {
  const [first, second, third] = tokens
  const is = (...words: readonly string[]) =>
    [first, second, third]
      .slice(0, words.length)
      .every((token, at) => isWord(token, words[at] ?? ''))
  if (is('create', 'table') || is('create', 'unlogged', 'table')) return createTable(tokens)
  if (is('create', 'index') || is('create', 'unique', 'index')) return createIndex(tokens, created)
  if (is('alter', 'table')) return addColumns(tokens)
  return {
    additive: false,
    why: `${keywords(tokens)} is not one of CREATE TABLE, ADD COLUMN, CREATE INDEX`,
  }
}

/** The first keywords of a statement for a message; never a literal of it. */
function keywords(tokens: readonly Token[]): string {
  const end = tokens.findIndex((token) => token.is !== 'word')
  const words = tokens.slice(0, Math.min(end < 0 ? tokens.length : end, 3))
  return words.length === 0 ? 'it' : words.map((token) => token.text.toUpperCase()).join(' ')
}
