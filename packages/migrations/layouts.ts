import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { codeOf } from '#aws'

/** The tools whose files are read. */
export type FileTool = 'dbmate' | 'goose' | 'sqlx'

/** A file as it lies in a release's folder. */
export interface TextFile {
  readonly name: string
  readonly text: string
}

/** A migration of a release. `text` is the file; for sqlx, which has two, a JSON document of both. */
export interface MigrationFile {
  readonly version: string
  readonly name: string
  readonly text: string
}

/** What a tool runs of a migration. */
export interface Parts {
  readonly up: string
  /** Undefined when the migration has none. */
  readonly down: string | undefined
  /** Whether the down may run inside a transaction, which is the rule; false when the file asks for none. */
  readonly transaction: boolean
}

/** The parts, or why they are not known. */
export type ReadParts = { readonly is: 'read'; readonly parts: Parts } | Unread
interface Unread {
  readonly is: 'unread'
  readonly why: string
}

const read = (parts: Parts): ReadParts => ({ is: 'read', parts })
const unread = (why: string): ReadParts => ({ is: 'unread', why })

interface Layout {
  /** Which names the tool takes for migrations; the first group is the version. */
  readonly name: RegExp
  /** The version as the ledger writes it. */
  readonly version: (digits: string) => string
  readonly collect: (files: readonly TextFile[]) => readonly (readonly [TextFile, string])[]
  readonly parts: (text: string) => ReadParts
  /** The files that the tool needs, from the document. */
  readonly files: (file: MigrationFile) => readonly TextFile[]
}

/** Numbers are kept as numbers by goose and sqlx: `00001` is 1 in the ledger. */
const asNumber = (digits: string) => digits.replace(/^0+(?=\d)/, '')
const oneByOne: Layout['collect'] = (files) => files.map((file) => [file, file.text])
const itself: Layout['files'] = ({ name, text }) => [{ name, text }]

const layouts: Readonly<Record<FileTool, Layout>> = {
  // dbmate takes every file that begins with digits and ends in .sql; the digits are the version (dbmate, pkg/dbmate/db.go).
  dbmate: {
    name: /^(\d+).*\.sql$/,
    version: (digits) => digits,
    collect: oneByOne,
    parts: dbmateParts,
    files: itself,
  },
  // goose takes <digits>_<name>.sql above zero (goose, migrate.go NumericComponent). Go migrations are no files to us.
  goose: {
    name: /^(\d+)_.*\.sql$/,
    version: asNumber,
    collect: oneByOne,
    parts: gooseParts,
    files: itself,
  },
  // sqlx splits at the first underscore; .up.sql and .down.sql are a pair, .sql is simple (sqlx-core, migrate/source.rs).
  sqlx: {
    name: /^(\d+)_.*\.sql$/,
    version: asNumber,
    collect: pairs,
    parts: sqlxParts,
    files: ({ text }) => {
      const { up, down } = pairDocument.parse(JSON.parse(text))
      return down === undefined ? [up] : [up, down]
    },
  },
}

/** Reads the migrations of a folder, in the order of their names. Undefined when there is no such folder. */
export async function readMigrationFiles(
  folder: string,
  tool: FileTool,
): Promise<readonly MigrationFile[] | undefined> {
  const { name, collect } = layouts[tool]
  try {
    const names = (await readdir(folder)).filter((one) => name.test(one)).sort()
    const files = await Promise.all(
      names.map(async (one) => ({ name: one, text: await readFile(join(folder, one), 'utf8') })),
    )
    return collect(files).map(([file, text]) => {
      return { version: versionOf(tool, file.name), name: file.name, text }
    })
  } catch (thrown) {
    if (/^(ENOENT|ENOTDIR)$/.test(codeOf(thrown))) return undefined
    throw thrown
  }
}

/** The version of a file name, as the tool's ledger writes it. */
export const versionOf = (tool: FileTool, name: string): string =>
  layouts[tool].version(layouts[tool].name.exec(name)?.[1] ?? '')

/** The part up and the part down of a migration's text. */
export const partsOf = (tool: FileTool, text: string): ReadParts => layouts[tool].parts(text)

/** The files that the tool needs to run a migration. */
export const filesOf = (tool: FileTool, file: MigrationFile): readonly TextFile[] =>
  layouts[tool].files(file)

/** SHA-256 of a migration's text, the name under which it is kept. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** dbmate's own patterns, where `\s` is Go's and a line begins behind a line feed only (dbmate, pkg/dbmate/parser.go). */
const upMark = /(?<![^\n])--[\t\n\f\r ]*migrate:up(?=[\t\n\f\r ]|$)/g
const downMark = /(?<![^\n])--[\t\n\f\r ]*migrate:down(?=[\t\n\f\r ]|$)([^\n]*)/g

function dbmateParts(text: string): ReadParts {
  const [up, ...ups] = [...text.matchAll(upMark)]
  const [down, ...downs] = [...text.matchAll(downMark)]
  const one = up && down && ups.length + downs.length === 0 && up.index < down.index
  if (!one) {
    return unread(
      'it has not exactly one block -- migrate:up followed by one block -- migrate:down',
    )
  }
  const transaction = !/transaction\s*:\s*false/.test(down[1] ?? '')
  return read({ up: text.slice(up.index, down.index), down: text.slice(down.index), transaction })
}

/** An annotation is a comment line of its own; goose trims it and looks at the words without regard to case. */
const annotation = /^--[\t ]*\+goose[\t ]+([^\r\n]*?)[\t ]*\r?$/gim

function gooseParts(text: string): ReadParts {
  const found = [...text.matchAll(annotation)].map(({ index, 1: said = '' }) => ({
    index,
    said: said.toLowerCase().replace(/\s+/g, ' '),
  }))
  const known = ['up', 'down', 'no transaction', 'statementbegin', 'statementend']
  const strange = found.find(({ said }) => !known.includes(said))
  if (strange) return unread(`its annotation +goose ${strange.said} is not read`)
  const [up, ...ups] = found.filter(({ said }) => said === 'up')
  const [down, ...downs] = found.filter(({ said }) => said === 'down')
  if (!up || ups.length + downs.length > 0 || (down && down.index < up.index)) {
    return unread(
      'it has not exactly one block -- +goose Up followed by at most one -- +goose Down',
    )
  }
  const transaction = found.every(({ said }) => said !== 'no transaction')
  const until = down?.index ?? text.length
  const parts = { up: text.slice(up.index, until), transaction }
  return read({ ...parts, down: down && text.slice(down.index) })
}

const textFile = z.object({ name: z.string(), text: z.string() })
const pairDocument = z.object({ up: textFile, down: textFile.optional() })

/** A down without its up is left out: sqlx would not apply it either. */
function pairs(files: readonly TextFile[]): readonly (readonly [TextFile, string])[] {
  const downOf = (name: string) =>
    files.find((file) => file.name === name.replace(/\.up\.sql$/, '.down.sql'))
  return files
    .filter(({ name }) => !name.endsWith('.down.sql'))
    .map((up) => {
      const down = up.name.endsWith('.up.sql') ? downOf(up.name) : undefined
      return [up, JSON.stringify({ up, ...(down && { down }) })]
    })
}

function sqlxParts(text: string): ReadParts {
  const { up, down } = pairDocument.parse(JSON.parse(text))
  const transaction = !down?.text.startsWith('-- no-transaction')
  return read({ up: up.text, down: down?.text, transaction })
}
