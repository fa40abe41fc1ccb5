import { getIDToken } from '@actions/core'
import { AssumeRoleWithWebIdentityCommand, type STSClient } from '@aws-sdk/client-sts'
import { type Credentials, callError, codeOf, iamAction, shortName } from '#aws'
import { CallError, messageOf, oneLine, type Report, span } from '#core'

/** A role to assume by the ID token of this job. */
export interface Assumption {
  readonly role: string
  readonly sessionName: string
  /** Milliseconds that whoever gets the credentials may run. */
  readonly lasts: number
  readonly report: Pick<Report, 'info'>
}

const hour = 3600
const audience = 'sts.amazonaws.com'

/** The seconds to ask for: what is needed and five minutes, where AWS allows an hour without asking and never more than twelve. */
export const sessionSeconds = (lasts: number) =>
  Math.min(12 * hour, Math.max(hour, Math.ceil(lasts / 1000) + 300))

/**
 * Makes what assumes the role, with a new ID token each time because GitHub's lives five minutes. A role that gives no session
 * of that length is asked for an hour, and the log says so once.
 */
export function assuming(sts: STSClient, given: Assumption): () => Promise<Credentials> {
  let seconds = sessionSeconds(given.lasts)
  return async () => {
    const token = await idToken()
    try {
      return await assume(sts, given, { token, seconds })
    } catch (thrown) {
      if (seconds === hour || !isTooLong(thrown)) throw refused(thrown, given.role, token)
      given.report.info(shorter(given.role, seconds))
      seconds = hour
      return assume(sts, given, { token, seconds }).catch((again) => {
        throw refused(again, given.role, token)
      })
    }
  }
}

async function assume(
  sts: STSClient,
  { role, sessionName }: Assumption,
  { token, seconds }: { readonly token: string; readonly seconds: number },
): Promise<Credentials> {
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: role,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
    ...(seconds === hour ? {} : { DurationSeconds: seconds }),
  })
  const answer = await sts.send(command)
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

const isTooLong = (thrown: unknown) =>
  /^Validation/.test(codeOf(thrown)) && messageOf(thrown).includes('DurationSeconds')

const shorter = (role: string, seconds: number) =>
  `${shortName(role)} gives no session of ${span(seconds * 1000)}: it lasts an hour and is renewed, but a script that is handed its credentials has only that hour (aws iam update-role --role-name ${shortName(role)} --max-session-duration ${seconds})`

/** The toolkit puts status and cause of every failure into one text of several lines. */
async function idToken(): Promise<string> {
  try {
    return await getIDToken(audience)
  } catch (thrown) {
    throw withoutToken(messageOf(thrown))
  }
}

/** What a person reads when GitHub gives no ID token, from the text that the toolkit throws. */
export function withoutToken(text: string): CallError {
  const said = oneLine(text.replace(/\s+/g, ' ').replace(/^Error message: /, ''))
  const status = /Error Code : (\d{3})/.exec(text)?.[1]
  const right = status !== undefined && /^4(?!29)/.test(status)
  const code = status === '429' ? 'TooManyRequests' : (status ?? 'NetworkingError')
  const next = right
    ? 'the right to ID tokens comes with permissions: id-token: write and ends with the job: check it, then run again: a repeated run continues'
    : 'GitHub gives no ID tokens at the moment: look at githubstatus.com, then run again: a repeated run continues'
  return new CallError({ action: 'an ID token', on: "GitHub's token endpoint", code, next }, said)
}

/**
 * What a person reads when STS refuses. Without a cause: the SDK looks for one that passes, and would send the call that
 * needed the credentials eight times.
 */
function refused(thrown: unknown, role: string, token: string): CallError {
  const on = shortName(role)
  const action = iamAction(new AssumeRoleWithWebIdentityCommand({} as never))
  const { code, next } = callError(thrown, action, on)
  return new CallError(
    { action, on, code, next: adviceFor(code, on, subjectOf(token)) ?? next },
    messageOf(thrown),
  )
}

function adviceFor(code: string, role: string, sub: string): string | undefined {
  if (code.startsWith('AccessDenied'))
    return `the trust policy of ${role} does not accept this job: allow the sub ${sub} for the audience ${audience} (docs/permissions.md, Who may assume it)`
  if (code.startsWith('InvalidIdentityToken'))
    return `the account of ${role} does not know GitHub's tokens: make an identity provider for https://token.actions.githubusercontent.com with the audience ${audience}`
  if (code.startsWith('ExpiredToken'))
    return 'each new ID token had ended before AWS read it: check the clock of this runner, then run again: a repeated run continues'
  return undefined
}

/** Who the job is, as its token says: no secret, and what a trust policy must name. */
function subjectOf(token: string): string {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    )
    return oneLine(String((claims as { readonly sub?: unknown }).sub))
  } catch {
    return 'of its ID token'
  }
}
