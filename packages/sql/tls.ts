import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { Connection } from './connection.ts'

/** How to talk to the server, in the order of attempts; a later one is used only when the server speaks no TLS. */
export type Encryption = false | ConnectionOptions

/**
 * The meaning of `sslmode` by libpq (PostgreSQL documentation, table 34.1): `require` encrypts without looking at the
 * certificate, `verify-ca` checks who signed it, `verify-full` also the name. Without one: TLS if the server offers it,
 * else plain, which is libpq's `prefer`. `ssl=true`, as Node programs write it, is `verify-full`. Throws on another word.
 * Certificates of RDS are not in Node's list: `verify-…` needs `sslrootcert=<file>` with Amazon's bundle.
 */
export function encryptions({ parameters }: Connection): readonly Encryption[] {
  const mode = parameters.sslmode ?? (parameters.ssl === 'true' ? 'verify-full' : 'prefer')
  const ca =
    parameters.sslrootcert && parameters.sslrootcert !== 'system'
      ? { ca: readFileSync(parameters.sslrootcert) }
      : {}
  switch (mode) {
    case 'disable':
      return [false]
    case 'allow':
    case 'prefer':
      return [{ rejectUnauthorized: false }, false]
    case 'require':
    case 'no-verify':
      return [{ rejectUnauthorized: false }]
    case 'verify-ca':
      return [{ ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined }]
    case 'verify-full':
      return [{ ...ca, rejectUnauthorized: true }]
    default:
      throw new Error(
        `the URL's sslmode is none of disable, allow, prefer, require, verify-ca, verify-full`,
      )
  }
}
