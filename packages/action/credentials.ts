import { getIDToken } from '@actions/core'
import {
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { type AwsConfig, awsConfig, type Credentials, call, shortName } from '#aws'
import { InputError, systemClock } from '#core'
import { variable } from './runner.ts'

/** Where the credentials come from, as inputs and configuration say. */
export interface Login {
  readonly action: string
  readonly region: string
  readonly role: string | undefined
  readonly runId: string
}

/** STS takes 2 to 64 of these characters. */
const sessionName = (login: Login) =>
  `rollback-actions-${login.runId}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64)

/**
 * The configuration of all clients: by role and OIDC where a role is given, else by the SDK's own chain. The SDK asks
 * again before credentials expire, and each time a new ID token is fetched, because GitHub's lives five minutes.
 */
export function login(given: Login): AwsConfig {
  if (given.role === undefined) return awsConfig(given.region, undefined, given.action)
  const { role } = given
  const sts = new STSClient({ ...awsConfig(given.region, undefined, given.action) })
  const credentials = shared(() => assume(sts, role, sessionName(given)))
  return awsConfig(given.region, credentials, given.action)
}

/** Milliseconds before their end in which credentials are asked for again; the SDK's own margin. */
const margin = 300_000

/** One session for all clients of a run: each of them would otherwise assume the role for itself. */
function shared(assumed: () => Promise<Credentials>): () => Promise<Credentials> {
  let held: Credentials | undefined
  let asked: Promise<Credentials> | undefined
  return async () => {
    const end = held?.expiration?.getTime() ?? 0
    if (held && end - systemClock.now() > margin) return held
    asked ??= assumed().finally(() => {
      asked = undefined
    })
    held = await asked
    return held
  }
}

async function assume(sts: STSClient, role: string, session: string): Promise<Credentials> {
  const token = await getIDToken('sts.amazonaws.com')
  const answer = await call(
    sts,
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: session,
      WebIdentityToken: token,
    }),
    shortName(role),
  )
  const {
    AccessKeyId = '',
    SecretAccessKey = '',
    SessionToken,
    Expiration,
  } = answer.Credentials ?? {}
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
    ...(Expiration === undefined ? {} : { expiration: Expiration }),
  }
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
