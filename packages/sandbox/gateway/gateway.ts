import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Admin, Caller, Service } from '../service.ts'
import { answerAdmin } from './admin.ts'
import { type CallLog, callLog } from './calls.ts'
import type { Keyring } from './credentials.ts'
import {
  type Context,
  errorReply,
  type Forward,
  type Prepared,
  prepareForwarded,
  prepareOwn,
} from './dispatch.ts'
import { commonError } from './errors.ts'
import { type Fault, type Faults, faults } from './faults.ts'
import { kill } from './kill.ts'
import { type Route, routeOf } from './route.ts'
import type { WireAnswer, WireReply, WireRequest } from './wire.ts'

/** A call that may be refused to its caller. */
export interface GuardedCall extends Pick<Context, 'request' | 'url' | 'route' | 'caller'> {
  /** The caller, as error messages name it. */
  readonly arn: string
  readonly input?: Prepared['input']
}

/** Decides who may do what. Both throw the AwsError to answer instead. */
export interface Guard {
  before(call: GuardedCall): Promise<void>
  after(call: GuardedCall, status: number): Promise<void>
}

/** What a gateway is made of. */
export interface GatewayParts {
  /** Without it whoever has a key may do everything. */
  readonly guard?: Guard
  readonly clock: Clock
  readonly keys: Keyring
  readonly services: readonly Service[]
  /** Where calls to services that we do not simulate go; without it they are refused. */
  readonly forward?: Forward
  /** Plain HTTP pages under `/_sandbox/<name>` that see the whole request, e.g. the OIDC token endpoint. */
  readonly pages?: Readonly<Record<string, (request: WireRequest, url: URL) => Promise<WireReply>>>
  /** Admin calls of the sandbox itself, beside those of the services. */
  readonly admin?: Readonly<Record<string, Admin>>
  readonly log?: (line: string) => void
}

/** One endpoint for all services. */
export interface Gateway {
  /** Answers one request; never throws. */
  handle(request: WireRequest): Promise<WireAnswer>
  readonly calls: CallLog
  readonly faults: Faults
}

/** Operations that AWS answers without a signature. */
const UNSIGNED = new Set(['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'])

const NO_ACCOUNT = '000000000000'

function callerOf(route: Route, account: string): Caller {
  return {
    account,
    region: route.region,
    accessKeyId: route.accessKeyId ?? '',
    requestId: randomUUID(),
  }
}

/** The calling account and user. Throws the AwsError that AWS answers for a key that is unknown, expired or absent. */
function userOf(route: Route, keys: Keyring): { account: string; arn: string } {
  const { protocol, accessKeyId } = route
  if (accessKeyId === undefined) {
    if (UNSIGNED.has(route.operation)) return { account: NO_ACCOUNT, arn: 'anonymous' }
    throw commonError('unsigned', protocol, 'Request is missing Authentication Token')
  }
  const identity = keys.identify(accessKeyId, route.sessionToken)
  switch (identity.is) {
    case 'account':
      return {
        account: identity.account,
        arn: identity.session?.arn ?? `arn:aws:iam::${identity.account}:user/sandbox`,
      }
    case 'expired':
      throw expired(route)
    case 'unknown': {
      const message = 'The security token included in the request is invalid.'
      throw commonError('unknown-key', protocol, message)
    }
  }
}

function expired(route: Route) {
  const message = 'The security token included in the request is expired'
  return commonError('expired', route.protocol, message)
}

function prepare(parts: GatewayParts, context: Context): Prepared {
  const { service: name, operation } = context.route
  const own = parts.services.find((service) => service.name === name)
  const theirs = own?.overlay && parts.forward && own.operations[operation] === undefined
  return own && !theirs ? prepareOwn(own, context) : prepareForwarded(parts.forward, context)
}

interface Attempt {
  readonly prepared: Prepared
  readonly context: Context
  readonly clock: Clock
  /** The caller, as error messages name it. */
  readonly arn: string
  readonly log: (line: string) => void
}

/** The error answer of a fault that stops a call before it is applied, if it is one of those. */
function refusal(fault: Fault, { context: { route }, arn }: Attempt): Error | undefined {
  // CloudWatch signs as `monitoring`, and its permissions are called `cloudwatch`.
  const action = `${route.service.replace(/^monitoring$/, 'cloudwatch')}:${route.operation}`
  switch (fault.effect) {
    case 'throttle':
      return commonError('throttle', route.protocol, 'Rate exceeded')
    case 'error500':
      return commonError('error500', route.protocol, 'An internal error occurred.')
    case 'expired':
      return expired(route)
    case 'denied':
      return commonError(
        'denied',
        route.protocol,
        `User: ${arn} is not authorized to perform: ${action} on resource: * because no identity-based policy allows the ${action} action`,
      )
    default:
      return undefined
  }
}

/** Applies a call under the faults that hit it. Throws the error to answer; `reset` breaks the connection. */
async function applyUnder(hit: readonly Fault[], call: Attempt): Promise<WireAnswer> {
  for (const fault of hit) if (fault.effect === 'slow') await call.clock.sleep(fault.ms)
  const fault = hit.find((one) => one.effect !== 'slow')
  if (!fault) return await call.prepared.apply()
  const refused = refusal(fault, call)
  if (refused) throw refused
  if (fault.effect === 'reset') return { reset: true }
  if (fault.effect === 'kill') {
    const { connection } = call.context.request
    if (fault.when === 'before') await kill(fault, connection)
    else await applyUnseen(call)
    if (fault.when === 'after') await kill(fault, connection)
    return { reset: true }
  }
  await applyUnseen(call)
  return { reset: true }
}

/** The client never sees this answer, not even an error. */
async function applyUnseen({ prepared, context, log }: Attempt): Promise<void> {
  await prepared.apply().catch((error: unknown) => errorReply(context, error, log))
}

interface Answered {
  readonly answer: WireAnswer
  readonly account: string
  readonly error?: string
  readonly fault?: string
  readonly subject: Record<string, string>
  readonly requestId: string
}

async function answerCall(
  parts: GatewayParts,
  rules: Faults,
  { request, url, route }: Pick<Context, 'request' | 'url' | 'route'>,
): Promise<Answered> {
  let caller = callerOf(route, NO_ACCOUNT)
  let subject: Record<string, string> = {}
  let hit: readonly Fault[] = []
  const log = parts.log ?? (() => undefined)
  const done = () => ({
    account: caller.account,
    requestId: caller.requestId,
    subject,
    ...(hit.length > 0 && { fault: hit.map((fault) => fault.effect).join(',') }),
  })
  try {
    const { account, arn } = userOf(route, parts.keys)
    caller = callerOf(route, account)
    const context = { request, url, route, caller }
    const prepared = prepare(parts, context)
    subject = prepared.subject
    const { service, operation, mutating } = route
    const { accessKeyId } = caller
    const guarded = { ...context, arn, ...(prepared.input && { input: prepared.input }) }
    await parts.guard?.before(guarded)
    hit = rules.decide({ service, operation, account, accessKeyId, mutating, text: prepared.text })
    const answer = await applyUnder(hit, { prepared, context, clock: parts.clock, arn, log })
    if (!('reset' in answer)) await parts.guard?.after(guarded, answer.status)
    return { answer, ...done() }
  } catch (error) {
    const { reply, code } = errorReply({ request, url, route, caller }, error, log)
    return { answer: reply, error: code, ...done() }
  }
}

function stamped(answer: WireAnswer, requestId: string, clock: Clock): WireAnswer {
  if ('reset' in answer) return answer
  const headers = {
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    ...answer.headers,
    date: new Date(clock.now()).toUTCString(),
  }
  return { ...answer, headers }
}

async function answerPage(
  parts: GatewayParts,
  kept: Pick<Gateway, 'calls' | 'faults'>,
  { request, url }: { request: WireRequest; url: URL },
): Promise<WireReply> {
  const name = url.pathname.split('/')[2] ?? ''
  const page = parts.pages?.[name]
  if (page) return await page(request, url)
  const ofServices = parts.services.map((service) => service.admin)
  const admin = Object.assign({}, parts.admin, ...ofServices)
  return await answerAdmin({ request, url, name }, { admin, ...kept })
}

async function answerLogged(
  parts: GatewayParts,
  { calls, faults: rules }: Pick<Gateway, 'calls' | 'faults'>,
  { request, url }: { request: WireRequest; url: URL },
): Promise<WireAnswer> {
  const route = routeOf(request, url)
  const [at, started] = [new Date(parts.clock.now()).toISOString(), performance.now()]
  const answered = await answerCall(parts, rules, { request, url, route })
  const { answer, requestId, ...rest } = answered
  calls.add({
    at,
    requestId,
    service: route.service,
    operation: route.operation,
    region: route.region,
    accessKeyId: route.accessKeyId ?? '',
    userAgent: request.headers['user-agent'] ?? '',
    mutating: route.mutating,
    ...rest,
    status: 'reset' in answer ? 0 : answer.status,
    durationMs: Math.round(performance.now() - started),
  })
  return stamped(answer, requestId, parts.clock)
}

/** An endpoint over services and, if given, a place to forward the rest. */
export function createGateway(parts: GatewayParts): Gateway {
  const kept = { calls: callLog(), faults: faults() }
  const handle = async (request: WireRequest): Promise<WireAnswer> => {
    const url = new URL(request.url, 'http://sandbox.invalid')
    if (!url.pathname.startsWith('/_sandbox/')) return answerLogged(parts, kept, { request, url })
    return stamped(await answerPage(parts, kept, { request, url }), randomUUID(), parts.clock)
  }
  return { handle, ...kept }
}
