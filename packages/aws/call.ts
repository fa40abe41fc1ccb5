import { CallError } from '#core'
import type { AwsConfig } from './config.ts'

/** The part of an SDK command that names its operation, kept by minifiers because it is data. */
interface Named {
  readonly schema?: unknown
  readonly input?: unknown
}

/** Anything that sends commands of the SDK. */
interface Sender<Command, Output> {
  send(command: Command): Promise<Output>
  /** The client's own configuration; a fake in a test has none. */
  readonly config?: { readonly credentials?: AwsConfig['credentials'] }
}

/**
 * Sends a command; a failure becomes a `CallError` that names the IAM action, the thing and what to do.
 * `on` is the name of the thing a person would look for.
 */
export async function call<Output>(
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's command types are invariant; the output type is what callers need.
  client: Sender<any, any>,
  command: {
    resolveMiddleware(...given: never[]): (given: never) => Promise<{ output: Output }>
  } & Named,
  on: string,
): Promise<Output> {
  try {
    return (await sendRenewed(client, command)) as Output
  } catch (thrown) {
    throw callError(thrown, iamAction(command), on)
  }
}

/**
 * Sends a command, and once more with new credentials when AWS says that they ended: a session may end before its time, and
 * clocks differ. Keys without an end are nobody's to renew.
 */
// biome-ignore lint/suspicious/noExplicitAny: as above.
async function sendRenewed(client: Sender<any, any>, command: Named): Promise<unknown> {
  const credentials = client.config?.credentials
  // Those that the call is signed with: afterwards another call may have renewed them already. The SDK has them in memory.
  const used = await credentials?.()
  try {
    return await client.send(command)
  } catch (thrown) {
    const ended = codeOf(thrown).startsWith('ExpiredToken') && used?.expiration !== undefined
    if (!credentials || !ended || !canResend(command)) throw thrown
    await credentials({ forceRefresh: true, refused: used.accessKeyId })
    return await client.send(command)
  }
}

/** A stream was read by the first attempt. */
function canResend({ input }: Named): boolean {
  const { Body } = (input ?? {}) as { readonly Body?: unknown }
  return Body === undefined || typeof Body === 'string' || Body instanceof Uint8Array
}

/** Services of ours whose IAM prefix is not their namespace (Service Authorization Reference). */
const prefixes: Readonly<Record<string, string>> = {
  applicationautoscaling: 'application-autoscaling',
  cloudwatchlogs: 'logs',
  elasticloadbalancingv2: 'elasticloadbalancing',
}

/** S3's operations whose permission has another name (Service Authorization Reference, Amazon S3). */
const permissions: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:HeadBucket': 's3:ListBucket',
  's3:CopyObject': 's3:PutObject',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
}

/** Those that are other ones as soon as the call names a version. */
const ofVersions: Readonly<Record<string, string>> = {
  's3:GetObject': 's3:GetObjectVersion',
  's3:GetObjectAcl': 's3:GetObjectVersionAcl',
}

/** The IAM action of a command: `ecs:UpdateService`. */
export function iamAction(command: Named): string {
  const [, namespace, operation] = Array.isArray(command.schema) ? command.schema : []
  const name = String(namespace ?? 'aws').replace(/^com\.amazonaws\./, '')
  const service = prefixes[name] ?? name
  const action = `${service}:${String(operation ?? 'unknown')}`
  const permission = permissions[action] ?? action
  const { VersionId } = (command.input ?? {}) as { readonly VersionId?: unknown }
  return VersionId === undefined ? permission : (ofVersions[permission] ?? permission)
}

/** Turns what a client threw into a `CallError`; one that already is stays as it is. */
export function callError(thrown: unknown, action: string, on: string): CallError {
  if (thrown instanceof CallError) return thrown
  const code = codeOf(thrown)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CallError(
    { action, on, code, next: advice(code, missing(message) ?? action) },
    message,
    thrown,
  )
}

/** AWS's error code, or the network's, of anything thrown. */
export function codeOf(thrown: unknown): string {
  if (thrown instanceof CallError) return thrown.code
  if (typeof thrown !== 'object' || thrown === null) return 'Unknown'
  const { name, code, $metadata } = thrown as {
    name?: unknown
    code?: unknown
    $metadata?: { readonly httpStatusCode?: number }
  }
  // The answer to a HEAD has no body to name an error in: the SDK calls it Unknown, its status says more.
  if (name === 'Unknown' && $metadata?.httpStatusCode !== undefined) {
    return $metadata.httpStatusCode === 403 ? 'Forbidden' : String($metadata.httpStatusCode)
  }
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name
  return typeof code === 'string' ? code : 'Unknown'
}

const denied = /AccessDenied|UnauthorizedOperation|NotAuthorized|Forbidden/
const expired = /ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient/
const throttled = /Throttl|SlowDown|TooManyRequests|RequestLimitExceeded/
const unreachable = /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|ECONNRESET|TimeoutError|NetworkingError/

/**
 * What AWS says is not allowed, which may be another action than the call's own: iam:PassRole, rds:AddTagsToResource, or
 * s3:ListBucket for an object that is not there.
 */
const missing = (message: string) =>
  /not authorized to perform: ([a-z0-9-]+:\w+)/.exec(message)?.[1]

function advice(code: string, action: string): string {
  if (denied.test(code)) return `grant ${action} to the role of this job`
  if (expired.test(code))
    return 'the credentials ended or are not valid: use role-to-assume, then run again'
  if (throttled.test(code)) return 'AWS limits the rate of this call: run again, nothing is lost'
  if (unreachable.test(code))
    return 'the endpoint could not be reached: check the network and the region, then run again'
  return 'read the message, mend the cause and run again: a repeated run continues'
}

/** Tells whether a failed call says that its caller may not do this. */
export function isDenied(thrown: unknown): boolean {
  return denied.test(codeOf(thrown))
}

/** Tells whether a failed call may succeed when sent again: throttling, a server's fault, the network. */
export function isPassing(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return (
    throttled.test(code) ||
    unreachable.test(code) ||
    /InternalFailure|InternalError|ServerException|ServiceUnavailable|^5\d\d$/.test(code)
  )
}
