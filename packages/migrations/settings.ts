import { InputError } from '#core'
import type { FileTool } from './layouts.ts'

/** The tools whose ledger is known, and `ledger` for any other that has a table of versions. */
export type Tool = FileTool | 'ledger'

/** How a team's ledger of migrations is found, as inputs or configuration say it. */
export interface LedgerChoice {
  readonly tool: Tool
  readonly path?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  /** `required`: what breaks older code must have a down that takes it back, or the deployment is refused. */
  readonly downs?: 'optional' | 'required' | undefined
}

/** A ledger that can be read: its table, the column with the versions, and where the release's files are. */
export interface LedgerSettings {
  /** `table` or `schema.table`. */
  readonly table: string
  readonly column: string
  /** The tool, and the folder with its files; a ledger of another tool has none that we can read. */
  readonly files: { readonly tool: FileTool; readonly path: string } | undefined
  readonly tool: Tool
  readonly downs: 'optional' | 'required'
}

/** What each tool does when nobody tells it otherwise. */
const defaults: Readonly<Record<FileTool, { table: string; column: string; path: string }>> = {
  dbmate: { table: 'schema_migrations', column: 'version', path: 'db/migrations' },
  goose: { table: 'goose_db_version', column: 'version_id', path: 'migrations' },
  sqlx: { table: '_sqlx_migrations', column: 'version', path: 'migrations' },
}

/** The ledger with its tool's defaults. Throws `InputError` with all problems. */
export function ledgerSettings(choice: LedgerChoice): LedgerSettings {
  const { tool, table, column, path, downs = 'optional' } = choice
  if (tool !== 'ledger') {
    const usual = defaults[tool]
    if (column !== undefined && column !== usual.column) {
      throw new InputError([
        `migrations column: ${tool}'s column is always ${usual.column}; leave it out`,
      ])
    }
    const files = { tool, path: path ?? usual.path }
    return { tool, table: table ?? usual.table, column: usual.column, files, downs }
  }
  const problems = [
    ...(table === undefined ? ['migrations table: expected the name of the ledger table'] : []),
    ...(column === undefined ? ['migrations column: expected the column with the versions'] : []),
    ...(path === undefined
      ? []
      : ['migrations path: files are read for dbmate, goose and sqlx (not supported for ledger)']),
  ]
  if (table === undefined || column === undefined || problems.length > 0)
    throw new InputError(problems)
  return { tool, table, column, files: undefined, downs }
}
