import { readFile } from 'node:fs/promises'
import { codeOf } from '#aws'
import { InputError } from '#core'
import type { Loss } from './effects.ts'
import { hashOf } from './layouts.ts'
import { statements, tokenize } from './tokens.ts'
import { lossesOf } from './undo.ts'

/** SQL that people wrote and reviewed in place of downs. */
export interface Reviewed {
  readonly path: string
  readonly sha256: string
  readonly sql: string
  readonly versions: readonly string[]
  /** What it loses; undefined where that is not known. */
  readonly losses: readonly Loss[] | undefined
}

const firstLine = /^--\s*reverts:\s*(\S+(?:\s*,\s*\S+)*)\s*(?:\r?\n|$)/
/** Words that begin a statement which would take the SQL out of the one transaction in which the ledger's rows go with it. */
const transactional = /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare)$/

/** Reads the reviewed file. Throws `InputError` when it is not there, names no versions, or is not to be run in one transaction. */
export async function readReviewed(path: string): Promise<Reviewed> {
  const sql = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw new InputError([
      `reviewed: ${path} cannot be read (${codeOf(thrown)}): is the repository checked out?`,
    ])
  })
  return parseReviewed(path, sql)
}

/** The parsed file. Throws `InputError` with all problems. */
export function parseReviewed(path: string, sql: string): Reviewed {
  const versions = firstLine.exec(sql)?.[1]?.split(/\s*,\s*/) ?? []
  const problems = [
    ...(versions.length === 0
      ? [`reviewed: the first line of ${path} must name the versions: -- reverts: 20260301000000`]
      : []),
    ...problemsOf(path, sql),
  ]
  if (problems.length > 0) throw new InputError(problems)
  return { path, sha256: hashOf(sql), sql, versions, losses: lossesOf(sql) }
}

function problemsOf(path: string, sql: string): readonly string[] {
  const read = tokenize(sql)
  if (!read.ok) return [`reviewed: ${path} cannot be read with certainty: ${read.why}`]
  const all = statements(read.tokens)
  if (all.length === 0) return [`reviewed: ${path} has no statement`]
  const ends = all.find(([first]) => first?.is === 'word' && transactional.test(first.text))
  return ends
    ? [
        `reviewed: ${path} begins or ends a transaction itself; it runs in one with the ledger: leave that out`,
      ]
    : []
}
