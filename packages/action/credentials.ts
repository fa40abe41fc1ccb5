import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type AwsConfig, awsConfig, call } from '#aws'
import { InputError, type Report, systemClock } from '#core'
import { assuming } from './assume.ts'
import { variable } from './runner.ts'
import { session } from './session.ts'

/** Where the credentials come from, as inputs and configuration say. */
export interface Login {
  readonly action: string
  readonly region: string
  readonly role: string | undefined
  readonly runId: string
  /** Milliseconds that this action, and a script that it hands its credentials, may run. */
  readonly lasts: number
  readonly report: Pick<Report, 'info'>
}

/** STS takes 2 to 64 of these characters. */
const sessionName = (login: Login) =>
  `rollback-actions-${login.runId}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64)

/**
 * The configuration of all clients: by role and OIDC where a role is given, else by the SDK's own chain. The SDK asks
 * again before credentials expire.
 */
export function login(given: Login): AwsConfig {
  if (given.role === undefined) return awsConfig(given.region, undefined, given.action)
  const { role, lasts, report } = given
  const sts = new STSClient({ ...awsConfig(given.region, undefined, given.action) })
  const ask = assuming(sts, { role, sessionName: sessionName(given), lasts, report })
  return awsConfig(given.region, session(ask, systemClock), given.action)
}

/** Whether this job may ask GitHub for an ID token (`permissions: id-token: write`). */
export function hasIdToken(): boolean {
  return variable('ACTIONS_ID_TOKEN_REQUEST_URL') !== undefined
}

/** Asks AWS who we are. Throws `InputError` when the account is not one of the allowed ones. */
export async function checkAccount(aws: AwsConfig, allowed: readonly string[]): Promise<string> {
  const sts = new STSClient({ ...aws })
  const { Account = '' } = await call(sts, new GetCallerIdentityCommand({}), 'these credentials')
  if (allowed.length > 0 && !allowed.includes(Account)) {
    throw new InputError([
      `allowed-account-ids: these credentials belong to account ${Account}, allowed: ${allowed.join(', ')}`,
    ])
  }
  return Account
}
