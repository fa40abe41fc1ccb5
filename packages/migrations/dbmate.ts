import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '#aws'
import type { PendingMigration } from '#store'
import { type Classification, classify } from './classify.ts'

/** A migration file of a release. */
export interface MigrationFile {
  readonly name: string
  readonly text: string
}

/** dbmate's own patterns, where `\s` is Go's and a line begins behind a line feed only (dbmate, pkg/dbmate/parser.go). */
const upMark = /(?<![^\n])--[\t\n\f\r ]*migrate:up(?=[\t\n\f\r ]|$)/g
const downMark = /(?<![^\n])--[\t\n\f\r ]*migrate:down(?=[\t\n\f\r ]|$)/g
/** dbmate takes every file that begins with digits and ends in .sql; the digits are the version. */
const fileName = /^(\d+).*\.sql$/

/** Reads the migration files of a folder, in dbmate's order (by name). Undefined when there is no such folder. */
export async function readMigrationFiles(
  folder: string,
): Promise<readonly MigrationFile[] | undefined> {
  try {
    const names = (await readdir(folder)).filter((name) => fileName.test(name)).sort()
    return await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
    )
  } catch (thrown) {
    if (/^(ENOENT|ENOTDIR)$/.test(codeOf(thrown))) return undefined
    throw thrown
  }
}

/** The files whose version is not in the ledger, each judged. */
export function pendingOf(
  files: readonly MigrationFile[],
  applied: readonly string[],
): readonly PendingMigration[] {
  const known = new Set(applied)
  return files
    .map((file) => ({ file, version: versionOf(file.name) }))
    .filter(({ version }) => !known.has(version))
    .map(({ file, version }) => ({
      version,
      name: file.name,
      sha256: createHash('sha256').update(file.text).digest('hex'),
      ...classifyFile(file.text),
      undo: { is: 'impossible' as const, why: 'its down is not judged yet' },
    }))
}

/** The version of a file name: its leading digits. */
export const versionOf = (name: string): string => fileName.exec(name)?.[1] ?? ''

/** Judges the part of a file that dbmate runs when it migrates up: between `-- migrate:up` and `-- migrate:down`. */
export function classifyFile(text: string): Classification {
  const ups = [...text.matchAll(upMark)].map((found) => found.index)
  const downs = [...text.matchAll(downMark)].map((found) => found.index)
  const [up] = ups
  const [down] = downs
  if (
    ups.length !== 1 ||
    downs.length !== 1 ||
    up === undefined ||
    down === undefined ||
    down < up
  ) {
    return {
      additive: false,
      why: 'it has not exactly one block -- migrate:up followed by one block -- migrate:down',
    }
  }
  return classify(text.slice(up, down))
}
