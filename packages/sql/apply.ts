import type pg from 'pg'
import type { Connection } from './connection.ts'
import { failed, login } from './query.ts'

/** A change of the schema together with the rows of the ledger that it takes back. */
export interface Change {
  /** Statements that neither begin nor end a transaction; who calls has read them. */
  readonly sql: string
  /** Table and column as they are to be sent, quoted. */
  readonly ledger: { readonly table: string; readonly column: string }
  /** The rows that go; each of them must be there. */
  readonly versions: readonly string[]
  /** Milliseconds. */
  readonly lockTimeout: number
  readonly statementTimeout: number
  /** Cuts the connection, and with it the transaction. */
  readonly signal?: AbortSignal
}

/**
 * The only writer to a team's database, apart from `openDatabase`, which cannot write. It may, because a rollback that was
 * consented to has to run the team's own down, and because that down and its row of the ledger must go together or not at
 * all: everything here is one transaction with limits for locks and statements. Throws `CallError` `sql:apply`; nothing is
 * changed then, unless only the answer to the commit was lost: look at the ledger.
 */
export async function applyChange(connection: Connection, change: Change): Promise<void> {
  const client = await login(connection, { connect: 10_000, statement: change.statementTimeout })
  const cut = () => void client.end().catch(() => {})
  try {
    change.signal?.throwIfAborted()
    change.signal?.addEventListener('abort', cut)
    await client.query(opening(change))
    const { search_path: path } = connection.parameters
    if (path) await client.query("select set_config('search_path', $1, true)", [path])
    await client.query(unlimited(change.sql))
    await forget(client, change)
    await client.query('commit')
  } catch (thrown) {
    throw failed('sql:apply', connection, thrown)
  } finally {
    change.signal?.removeEventListener('abort', cut)
    // The connection ends with its transaction: what was not committed is rolled back.
    await client.end().catch(() => {})
  }
}

const opening = ({ lockTimeout, statementTimeout }: Change) =>
  `begin; set local lock_timeout = ${lockTimeout}; set local statement_timeout = ${statementTimeout}`

/** The driver's own limit is for one message; the server's counts for each statement, and there may be several. */
const unlimited = (text: string) => ({ text, query_timeout: 0x7fffffff }) as pg.QueryConfig

/** Deletes the rows of the versions; throws when one of them is not there. */
async function forget(client: pg.Client, { ledger, versions }: Change): Promise<void> {
  const { table, column } = ledger
  const text = `delete from ${table} where ${column}::text = any($1) returning ${column}::text as version`
  const { rows } = await client.query(text, [[...versions]])
  const gone = new Set(rows.map((row: { version: string }) => row.version))
  const left = versions.filter((version) => !gone.has(version))
  if (left.length > 0) {
    throw new Error(`the ledger has no row ${left.join(', ')}: somebody else changed it meanwhile`)
  }
}
