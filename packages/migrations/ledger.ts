import type { Query } from '#sql'
import type { LedgerSettings } from './settings.ts'

/** What stands in the ledger. An absent table is an empty ledger: nothing was ever applied, and we never create it. */
export interface Ledger {
  readonly exists: boolean
  /** Versions as text, sorted by their characters. */
  readonly applied: readonly string[]
  /** Why the ledger cannot be trusted, one sentence each: a migration that failed half-way, a row without version. */
  readonly dirty: readonly string[]
}

/**
 * Reads a ledger table. The name is looked up as the team's tool would: through the search path unless it has a schema.
 * Throws `CallError` `sql:query` when the table is there but the column is not, or when it may not be read.
 */
export async function readLedger(query: Query, settings: LedgerSettings): Promise<Ledger> {
  const table = quoteName(settings.table)
  const column = quoteName(settings.column)
  const [found] = await query('select to_regclass($1)::oid::text as oid', [table])
  if (typeof found?.oid !== 'string') return { exists: false, applied: [], dirty: [] }
  const rows = await query(`select ${column}::text as version from ${table}`)
  const versions = rows.map((row) => row.version)
  const applied = versions.filter((version) => typeof version === 'string').sort(byCharacters)
  const nameless = versions.length - applied.length
  const empty =
    nameless > 0 ? [`${nameless} row(s) of ${settings.table} have no ${settings.column}`] : []
  const flagged = await flaggedRows(query, { table, column, oid: found.oid })
  const dirty = flagged.map(
    (row) => `${settings.table} says that ${row} was not applied completely`,
  )
  return { exists: true, applied: [...new Set(applied)], dirty: [...empty, ...dirty] }
}

/** Marks of half-applied migrations: golang-migrate's `dirty`, `success` of sqlx and Flyway. */
const marks: Readonly<Record<string, string>> = { dirty: 'dirty', success: 'not success' }

async function flaggedRows(
  query: Query,
  { table, column, oid }: { readonly table: string; readonly column: string; readonly oid: string },
): Promise<readonly string[]> {
  const columns = await query(
    `select attname::text as name from pg_catalog.pg_attribute
     where attrelid = $1::oid and attnum > 0 and not attisdropped
       and atttypid = 'bool'::regtype and attname = any($2)`,
    [oid, Object.keys(marks)],
  )
  const found: string[] = []
  for (const { name } of columns) {
    const condition = marks[String(name)] ?? 'false'
    const rows = await query(`select ${column}::text as version from ${table} where ${condition}`)
    found.push(...rows.map((row) => String(row.version)))
  }
  return found.sort(byCharacters)
}

/** `schema.table` with each part quoted, so that capitals count, as the tools quote it too. */
function quoteName(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}

const byCharacters = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
