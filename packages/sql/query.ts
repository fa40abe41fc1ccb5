import pg from 'pg'
import { CallError, messageOf } from '#core'
import { type Connection, placeOf } from './connection.ts'
import { redact } from './mask.ts'
import { type Encryption, encryptions } from './tls.ts'

/** One row by column name, as the driver maps types: numbers above 32 bits, dates and text are strings or Dates. */
export type Row = Readonly<Record<string, unknown>>

/** Sends one statement; `values` fill `$1`, `$2`, … Throws `CallError` `sql:query` with the SQLSTATE as code. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** A database that can be read, and only read. Tests put a fake here. */
export interface Database {
  /** `host:port/database`. */
  readonly name: string
  /** Runs all queries of `work` on one consistent picture of the data. */
  read<T>(work: (query: Query) => Promise<T>): Promise<T>
}

/** Milliseconds after which to give up; the defaults are for questions that a healthy server answers at once. */
export interface Limits {
  readonly connect: number
  readonly statement: number
}

const usual: Limits = { connect: 10_000, statement: 15_000 }

/**
 * A database behind a connection. Each `read` is one connection and one transaction, REPEATABLE READ READ ONLY, with limits
 * for statements and locks. Throws `CallError` (`sql:connect`, `sql:query`) that names host, port and database and nothing secret.
 */
export function openDatabase(connection: Connection, limits: Limits = usual): Database {
  const name = placeOf(connection)
  return {
    name,
    read: async (work) => {
      const client = await login(connection, limits)
      try {
        const send = sender(client, connection)
        await begin(send, connection, limits)
        return await work(send)
      } finally {
        await client.end().catch(() => {})
      }
    },
  }
}

/** One read-only question: its rows. */
export function query(connection: Connection, sql: string, values: readonly unknown[] = []) {
  return openDatabase(connection).read((send) => send(sql, values))
}

async function begin(send: Query, { parameters }: Connection, limits: Limits): Promise<void> {
  await send('set session characteristics as transaction read only')
  await send('begin transaction isolation level repeatable read, read only')
  await send(`set local statement_timeout = ${limits.statement}`)
  await send(`set local lock_timeout = ${Math.min(5_000, limits.statement)}`)
  if (parameters.search_path) {
    await send("select set_config('search_path', $1, true)", [parameters.search_path])
  }
}

function sender(client: pg.Client, connection: Connection): Query {
  return async (text, values = []) => {
    try {
      // The extended protocol takes one statement only, so that nothing can be smuggled behind a semicolon.
      const asked = { text, values: [...values], queryMode: 'extended' }
      return (await client.query(asked)).rows
    } catch (thrown) {
      throw failed('sql:query', connection, thrown)
    }
  }
}

/** A client that is logged in, for the rest of this package. */
export async function login(connection: Connection, limits: Limits): Promise<pg.Client> {
  let failure: unknown
  try {
    for (const ssl of encryptions(connection)) {
      const client = clientOf(connection, limits, ssl)
      try {
        await client.connect()
        return client
      } catch (thrown) {
        failure = thrown
        await client.end().catch(() => {})
        if (!/does not support SSL/.test(messageOf(thrown))) break
      }
    }
  } catch (thrown) {
    failure = thrown
  }
  throw failed('sql:connect', connection, failure)
}

function clientOf(connection: Connection, limits: Limits, ssl: Encryption): pg.Client {
  const { host, port, user, database, password } = connection
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    // A function, because an empty password would make the driver look for one in the environment and in ~/.pgpass.
    password: () => password ?? '',
    ssl,
    application_name: 'rollback-actions',
    connectionTimeoutMillis: limits.connect,
    query_timeout: limits.statement + 5_000,
  })
  client.on('error', () => {}) // A connection that breaks is reported by the query that needed it.
  return client
}

/** A failed call without anything secret, for the rest of this package. */
export function failed(action: string, connection: Connection, thrown: unknown): CallError {
  const secrets = connection.password ? [connection.password] : []
  const code = codeOf(thrown)
  const call = { action, on: placeOf(connection), code, next: advice(code, action) }
  return new CallError(call, redact(messageOf(thrown) || code, secrets), thrown)
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | undefined)?.code
  if (typeof code === 'string') return code
  return /timeout/i.test(messageOf(thrown)) ? 'ETIMEDOUT' : 'Unknown'
}

/** What a person can do, by SQLSTATE (PostgreSQL documentation, appendix A) or the network's code. */
function advice(code: string, action: string): string {
  if (/^28/.test(code))
    return 'check user and password in the connection secret: the server refused them'
  if (/^3D/.test(code)) return 'check the database name in the connection secret'
  if (code === '42501') return 'grant the user of the connection secret the right to read it'
  if (/^42/.test(code)) return 'check the names of table and column'
  if (code === '57014') return 'the server took too long: look for locks and load, then run again'
  if (code === '55P03')
    return 'another session holds a lock: end what holds it or wait, then run again'
  if (action !== 'sql:connect')
    return 'read the message, mend the cause and run again: nothing was changed'
  return 'check that this runner can reach the database (network, security group, self-hosted runner in the VPC) and that the server accepts connections, then run again'
}
