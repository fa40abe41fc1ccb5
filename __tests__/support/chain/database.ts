import { CallError } from '#core'
import type { Change, Connection, Database, Query } from '#sql'
import type { MemoryGateway } from '../../../packages/sandbox/index.ts'
import type { Data } from './company.ts'

const nameOf = ({ host, port, database }: Connection) => `${host}:${port}/${database}`

/** The one ledger table, asked as the product asks it; the schema's fingerprint follows the ledger. */
export function databaseOf({ data }: MemoryGateway) {
  return (connection: Connection): Database => {
    const name = nameOf(connection)
    const query: Query = async (sql) => {
      const server = data.at(connection.port)
      if (!server) throw refused(name)
      const { applied } = server.value as Data
      if (sql.includes('to_regclass')) return [{ oid: '1' }]
      if (sql.includes('::text as version from')) return applied.map((version) => ({ version }))
      if (sql.includes("'relation'")) return applied.map((version) => ({ line: [version] }))
      return []
    }
    return { name, read: (work) => work(query) }
  }
}

/** A down and its row of the ledger, together or not at all; a row that is not there is refused as the product refuses it. */
export function applyIn({ data }: MemoryGateway) {
  return async (connection: Connection, { versions, sql }: Change): Promise<void> => {
    const server = data.at(connection.port)
    if (!server) throw refused(nameOf(connection))
    const { applied, rows } = server.value as Data
    const absent = versions.filter((version) => !applied.includes(version))
    if (absent.length > 0 || sql.trim() === '')
      throw new CallError(
        { action: 'sql:apply', on: nameOf(connection), code: 'Unknown', next: 'look who did it' },
        `the ledger has no row ${absent.join(', ')}`,
      )
    const left = applied.filter((version) => !versions.includes(version))
    data.write(server.id, { applied: left, rows })
  }
}

const refused = (on: string) =>
  new CallError(
    { action: 'sql:connect', on, code: 'ECONNREFUSED', next: 'check the network' },
    'nobody listens',
  )
