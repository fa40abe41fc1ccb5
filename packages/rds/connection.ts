import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { call } from '#aws'
import { CallError, type Run } from '#core'
import { type Connection, maskConnection, parseConnection } from '#sql'

/** The connection secret as it is now. `text` and `connection` hold a password: they are never printed or recorded. */
export interface ConnectionSecret {
  /** The name or ARN by which it was asked for, and is written. */
  readonly id: string
  /** The secret's name. */
  readonly secret: string
  readonly arn: string
  /** The id of the version that is AWSCURRENT. */
  readonly version: string
  readonly text: string
  readonly connection: Connection
}

/**
 * Reads the AWSCURRENT version of `secret:<name or ARN>` and masks it before anything looks at it. Throws `CallError` when it
 * cannot be read, or is no connection to a PostgreSQL database.
 */
export async function readConnection(
  run: Run,
  secrets: SecretsManagerClient,
  connection: string,
): Promise<ConnectionSecret> {
  const id = connection.replace(/^secret:/, '')
  const found = await call(
    secrets,
    new GetSecretValueCommand({ SecretId: id, VersionStage: 'AWSCURRENT' }),
    id,
  )
  const text = found.SecretString ?? ''
  maskConnection(run.report, text)
  const parsed = parseConnection(text)
  const secret = found.Name ?? id
  if (!parsed.ok) throw unreadable(secret, parsed.why)
  const { ARN: arn = '', VersionId: version = '' } = found
  return { id, secret, arn, version, text, connection: parsed.connection }
}

function unreadable(secret: string, why: string): CallError {
  return new CallError(
    {
      action: 'secretsmanager:GetSecretValue',
      on: secret,
      code: 'NotAConnection',
      next: 'store a postgres:// URL, or JSON with host, port, username, password and dbname, as a text in this secret',
    },
    why,
  )
}
