import { RDSClient } from '@aws-sdk/client-rds'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { AwsConfig } from '#aws'
import type { Run } from '#core'
import { type Connection, type Database, openDatabase } from '#sql'
import { readConnection } from './connection.ts'

/** The clients of this kind, and how a connection is opened. */
export interface RdsClients {
  readonly rds: RDSClient
  readonly secrets: SecretsManagerClient
  /** Logs in to a database. */
  readonly database: (connection: Connection) => Database
  /** Resolves `secret:<name>` and opens the database behind it. */
  readonly open: (run: Run, connection: string) => Promise<Database>
}

/** Makes the clients; nothing else in the product makes an RDSClient, nor one for the connection secret. */
export function connect(config: AwsConfig): RdsClients {
  return clientsOf(new RDSClient({ ...config }), new SecretsManagerClient({ ...config }))
}

/** Puts given clients together. */
export function clientsOf(
  rds: RDSClient,
  secrets: SecretsManagerClient,
  database: (connection: Connection) => Database = openDatabase,
): RdsClients {
  return {
    rds,
    secrets,
    database,
    open: async (run, connection) =>
      database((await readConnection(run, secrets, connection)).connection),
  }
}
