import * as z from 'zod'
import type { Clock } from '../clock.ts'
import { awsId, type Keyring, type Session } from '../gateway/index.ts'
import { type Issuer, TokenProblem, type Verified } from '../oidc/index.ts'
import { type Admin, AwsError, type Caller, type Service } from '../service.ts'

/** A role that may be assumed by a workflow. */
export interface Role {
  readonly arn: string
  /** The `sub` claims that its trust policy accepts; `*` stands for any text. */
  readonly subjects: readonly string[]
  /** Other claims that must fit one of their patterns, e.g. `job_workflow_ref`; AWS checks some of GitHub's since 2026. */
  readonly claims?: Readonly<Record<string, readonly string[]>>
  /** Its identity policies; without any its sessions may do everything. */
  readonly policies?: readonly unknown[]
  /** MaxSessionDuration: an hour by default, as on AWS. */
  readonly maxSeconds?: number
}

/** What STS works on. */
export interface StsParts {
  readonly clock: Clock
  readonly keys: Keyring
  readonly issuer: Issuer
  /** The roles that exist. Without a list every role of every account exists and trusts every job. */
  readonly roles?: readonly Role[]
}

const AUDIENCE = 'sts.amazonaws.com'

/** `arn:aws:iam::<account>:role/<path/name>` in its parts. Throws ValidationError. */
function parseRole(arn: string): { account: string; name: string } {
  const found = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]{1,64})$/.exec(arn)
  if (!found?.[1] || !found[2]) throw new AwsError('ValidationError', `${arn} is invalid`)
  return { account: found[1], name: found[2] }
}

function accepts(pattern: string, subject: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`).test(subject)
}

function denied(action: string): AwsError {
  return new AwsError('AccessDenied', `Not authorized to perform ${action}`, 403)
}

/** The session's length in seconds. Throws ValidationError outside 900..`most`. */
function durationOf(asked: number | undefined, most: number): number {
  const seconds = asked ?? 3600
  if (seconds < 900 || seconds > 43_200) {
    const bound = seconds < 900 ? 'greater than or equal to 900' : 'less than or equal to 43200'
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`,
    )
  }
  if (seconds > most) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  }
  return seconds
}

function checkSessionName(name: string): void {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return
  throw new AwsError(
    'ValidationError',
    `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
  )
}

function verified(issuer: Issuer, token: string): Verified {
  try {
    return issuer.verify(token, AUDIENCE)
  } catch (error) {
    if (!(error instanceof TokenProblem)) throw error
    const code =
      error.problem === 'expired' ? 'ExpiredTokenException' : 'InvalidIdentityTokenException'
    throw new AwsError(code, error.message)
  }
}

function trusts({ subjects, claims = {} }: Role, token: Verified): boolean {
  const fits = (patterns: readonly string[], value: string | undefined) =>
    value !== undefined && patterns.some((pattern) => accepts(pattern, value))
  return (
    fits(subjects, token.sub) &&
    Object.entries(claims).every(([name, patterns]) => fits(patterns, token.claims[name]))
  )
}

function checkTrust(roles: readonly Role[] | undefined, roleArn: string, token: Verified): void {
  if (!roles) return
  const role = roles.find((one) => one.arn === roleArn)
  if (!role || !trusts(role, token)) throw denied('sts:AssumeRoleWithWebIdentity')
}

/** A listed role's MaxSessionDuration, an hour unless it says more. */
function checkLength(roles: readonly Role[] | undefined, roleArn: string, seconds: number): void {
  const role = roles?.find((one) => one.arn === roleArn)
  if (!role || seconds <= (role.maxSeconds ?? 3600)) return
  const message = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
  throw new AwsError('ValidationError', message)
}

interface Wanted {
  readonly roleArn: string
  readonly sessionName: string
  readonly seconds: number
}

function answerOf(session: Session) {
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expires),
    },
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    PackedPolicySize: 0,
  }
}

interface AssumeRoleInput {
  readonly RoleArn: string
  readonly RoleSessionName: string
  readonly DurationSeconds?: number
}

/** A session's giver: issues sessions, with a lifetime that tests may shorten. */
interface Desk extends StsParts {
  lifetimeSeconds: number | undefined
  readonly roleIds: Map<string, string>
}

function roleId({ roleIds }: Desk, arn: string): string {
  const known = roleIds.get(arn) ?? awsId('AROA')
  roleIds.set(arn, known)
  return known
}

function open(desk: Desk, { roleArn, sessionName, seconds }: Wanted) {
  checkSessionName(sessionName)
  const { account, name } = parseRole(roleArn)
  const lifetime = desk.lifetimeSeconds ?? seconds
  const session = desk.keys.issue({
    account,
    arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`,
    userId: `${roleId(desk, roleArn)}:${sessionName}`,
    expires: Math.floor(desk.clock.now() / 1000 + lifetime) * 1000,
  })
  return answerOf(session)
}

function callerIdentity({ keys }: Desk, { account, accessKeyId }: Caller) {
  const session = keys.sessions().find((one) => one.accessKeyId === accessKeyId)
  if (session) return { UserId: session.userId, Account: account, Arn: session.arn }
  const Arn = `arn:aws:iam::${account}:user/sandbox`
  return { UserId: `AIDASANDBOX${account}`, Account: account, Arn }
}

function assumeRole(desk: Desk, input: AssumeRoleInput, caller: Caller) {
  const chained = !/^\d{12}$/.test(caller.accessKeyId)
  const seconds = durationOf(input.DurationSeconds, chained ? 3600 : 43_200)
  if (desk.roles && !desk.roles.some((role) => role.arn === input.RoleArn)) {
    throw denied(`sts:AssumeRole on resource: ${input.RoleArn}`)
  }
  checkLength(desk.roles, input.RoleArn, seconds)
  return open(desk, { roleArn: input.RoleArn, sessionName: input.RoleSessionName, seconds })
}

function assumeByToken(desk: Desk, input: AssumeRoleInput & { WebIdentityToken: string }) {
  const { issuer, roles } = desk
  const seconds = durationOf(input.DurationSeconds, 43_200)
  const { account } = parseRole(input.RoleArn)
  const claims = verified(issuer, input.WebIdentityToken)
  checkTrust(roles, input.RoleArn, claims)
  checkLength(roles, input.RoleArn, seconds)
  const host = issuer.issuer.replace(/^https:\/\//, '')
  return {
    ...open(desk, { roleArn: input.RoleArn, sessionName: input.RoleSessionName, seconds }),
    Provider: `arn:aws:iam::${account}:oidc-provider/${host}`,
    Audience: claims.aud,
    SubjectFromWebIdentityToken: claims.sub,
  }
}

const lifetimeCall = z.strictObject({ lifetimeSeconds: z.number().positive().nullable() })

function sessionsPage(desk: Desk): Admin {
  return async (body, _url, method) => {
    if (method === 'DELETE') return { expired: desk.keys.expireAll() }
    if (method === 'PUT')
      desk.lifetimeSeconds = lifetimeCall.parse(body).lifetimeSeconds ?? undefined
    const sessions = desk.keys.sessions().map(({ account, arn, expires }) => ({
      account,
      arn,
      expires: new Date(expires).toISOString(),
    }))
    return { lifetimeSeconds: desk.lifetimeSeconds ?? null, sessions }
  }
}

/**
 * STS: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity (the token is really verified).
 * Its admin call `sessions`: PUT `{"lifetimeSeconds": 5}` shortens every session issued from then on (null: as asked),
 * DELETE ends all sessions at once, GET lists the open ones without their secrets.
 */
export function stsService(parts: StsParts): Service {
  const desk: Desk = { ...parts, lifetimeSeconds: undefined, roleIds: new Map() }
  return {
    name: 'sts',
    operations: {
      GetCallerIdentity: (_input, caller) => callerIdentity(desk, caller),
      AssumeRole: (input, caller) => assumeRole(desk, input, caller),
      AssumeRoleWithWebIdentity: (input) => assumeByToken(desk, input),
    },
    admin: { sessions: sessionsPage(desk) },
  }
}
