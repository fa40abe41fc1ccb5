import { InputError } from '#core'

/** How a team's ledger of migrations is found, as inputs or configuration say it. */
export interface LedgerChoice {
  readonly tool: 'dbmate' | 'ledger'
  readonly path?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
}

/** A ledger that can be read: its table, the column with the versions, and where the release's files are. */
export interface LedgerSettings {
  readonly tool: 'dbmate' | 'ledger'
  /** `table` or `schema.table`. */
  readonly table: string
  readonly column: string
  /** The folder with dbmate's files; undefined for a ledger whose files we cannot read yet. */
  readonly path: string | undefined
}

/** dbmate's defaults: table `schema_migrations`, column `version`, folder `db/migrations`. Throws `InputError` with all problems. */
export function ledgerSettings(choice: LedgerChoice): LedgerSettings {
  const { tool, table, column, path } = choice
  if (tool === 'dbmate') {
    if (column !== undefined && column !== 'version') {
      throw new InputError(["migrations column: dbmate's column is always version; leave it out"])
    }
    return {
      tool,
      table: table ?? 'schema_migrations',
      column: 'version',
      path: path ?? 'db/migrations',
    }
  }
  const problems = [
    ...(table === undefined ? ['migrations table: expected the name of the ledger table'] : []),
    ...(column === undefined ? ['migrations column: expected the column with the versions'] : []),
    ...(path === undefined
      ? []
      : [
          'migrations path: files are read for the tool dbmate only (not supported yet for ledger)',
        ]),
  ]
  if (table === undefined || column === undefined || problems.length > 0)
    throw new InputError(problems)
  return { tool, table, column, path: undefined }
}
