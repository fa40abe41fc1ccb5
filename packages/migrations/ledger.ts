import type { Query } from '#sql'
import type { LedgerSettings } from './settings.ts'

/** What stands in the ledger. An absent table is an empty ledger: nothing was ever applied, and we never create it. */
export interface Ledger {
  readonly exists: boolean
  /** Versions as text, sorted by their characters. */
  readonly applied: readonly string[]
  /** The same versions in the order in which they were applied, as far as the ledger tells; else by version. */
  readonly order: readonly string[]
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
  if (typeof found?.oid !== 'string') return { exists: false, applied: [], order: [], dirty: [] }
  const rows = await query(queries[settings.tool](table, column))
  const versions = rows.map((row) => row.version)
  const order = versions.filter((version) => typeof version === 'string')
  const nameless = versions.length - order.length
  const empty =
    nameless > 0 ? [`${nameless} row(s) of ${settings.table} have no ${settings.column}`] : []
  const flagged = await flaggedRows(query, { table, column, oid: found.oid })
  const dirty = flagged.map(
    (row) => `${settings.table} says that ${row} was not applied completely`,
  )
  const sorted = settings.tool === 'ledger' ? order.sort(byNumber) : order
  const distinct = [...new Set(sorted)]
  const applied = [...distinct].sort(byCharacters)
  return { exists: true, applied, order: distinct, dirty: [...empty, ...dirty] }
}

type Ask = (table: string, column: string) => string

/** The versions that count as applied, oldest first. */
const queries: Readonly<Record<LedgerSettings['tool'], Ask>> = {
  ledger: (table, column) => `select ${column}::text as version from ${table}`,
  // dbmate keeps no time; it applies and undoes by version, which is text.
  dbmate: (table, column) =>
    `select ${column}::text as version from ${table} order by ${column}::text collate "C"`,
  // Row 0 is goose's base. Earlier releases of goose wrote a row for each down: the newest row of a version decides.
  goose: (table, column) =>
    `select version from (select distinct on (${column}) ${column}::text as version, id, is_applied from ${table}
     where ${column} is null or ${column} <> 0 order by ${column}, id desc) as newest where is_applied order by id`,
  sqlx: (table, column) =>
    `select ${column}::text as version from ${table} order by installed_on, ${column}`,
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
export const quoteName = (name: string): string => name.split('.').map(quotePart).join('.')

/** One identifier as PostgreSQL reads it letter by letter. */
export const quotePart = (part: string): string => `"${part.replaceAll('"', '""')}"`

/** Versions of an unknown tool: as numbers where both are, which text of different lengths would get wrong. */
const byNumber = (a: string, b: string) =>
  /^\d+$/.test(a) && /^\d+$/.test(b) ? Math.sign(Number(BigInt(a) - BigInt(b))) : byCharacters(a, b)

const byCharacters = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
