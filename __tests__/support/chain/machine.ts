import type { AwsConfig } from '#aws'
import { CallError, type Clock } from '#core'
import type { Gateway } from '../../../packages/sandbox/gateway/index.ts'
import { routeOf } from '../../../packages/sandbox/gateway/route.ts'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'

/** One call on its way out of a machine. `n` counts its mutating calls, the one at hand included. */
export interface Sent {
  readonly n: number
  readonly service: string
  readonly operation: string
  readonly mutating: boolean
  /** The path of a REST call. */
  readonly path: string
  /** Its query, without a question mark. */
  readonly query: string
  /** The body as text. */
  readonly text: string
}

/** What a test does to the calls of one machine; each may end it, wait, or throw what a client would see. */
export interface Watcher {
  readonly before?: (call: Sent, machine: Machine) => void | Promise<void>
  readonly after?: (call: Sent, machine: Machine) => void | Promise<void>
}

/** A runner: everything that one job does goes through it, and ends with it. */
export interface Machine {
  readonly aws: AwsConfig
  readonly clock: Clock
  /** Every mutating call that was begun, store and AWS together. */
  readonly mutations: Sent[]
  readonly death: Promise<'killed'>
  /** Sends a change to a database, which is no call of AWS's, and dies with the machine as any other. */
  change(on: string, text: string, work: () => Promise<void>): Promise<void>
  kill(): void
}

const lostOf = (on: string) =>
  new CallError(
    { action: 'sql:apply', on, code: 'ECONNRESET', next: 'look at the ledger' },
    'the connection ended before the answer to the commit came',
  )

/** A dead machine neither sends nor hears: what it waits for never comes. */
const never = <T>() => new Promise<T>(() => {})

type Request = Parameters<ReturnType<typeof inProcessHandler>['handle']>[0]

/** A machine in an account of a gateway, whose clock is the cloud's. */
export function machine(
  gateway: Gateway,
  given: { readonly clock: Clock; readonly account: string; readonly region: string },
  watcher: Watcher = {},
): Machine {
  const { account } = given
  let dead = false
  let die: (value: 'killed') => void = () => {}
  const death = new Promise<'killed'>((resolve) => {
    die = resolve
  })
  const mutations: Sent[] = []
  const inner = inProcessHandler(gateway)
  const living = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) return never()
    try {
      const done = await work()
      return dead ? never() : done
    } catch (thrown) {
      if (dead) return never()
      throw thrown
    }
  }
  const note = (request: Request): Sent => {
    const body = bytesOf(request.body)
    const { service, operation, mutating, query } = routeFor(request, body)
    const n = mutations.length + (mutating ? 1 : 0)
    const text = new TextDecoder().decode(body)
    const call = { n, service, operation, mutating, path: request.path, query, text }
    if (mutating) mutations.push(call)
    return call
  }
  const handle = (request: Request) =>
    living(async () => {
      const call = note(request)
      await watcher.before?.(call, self)
      if (dead) return never<never>()
      const answer = await inner.handle(request)
      await watcher.after?.(call, self)
      return cached(answer)
    })
  const change = (on: string, text: string, work: () => Promise<void>) =>
    living(async () => {
      const n = mutations.length + 1
      const named = { service: 'sql', operation: 'apply', mutating: true, text }
      const call = { ...named, n, path: on, query: '' }
      mutations.push(call)
      await watcher.before?.(call, self)
      if (dead) return never<never>()
      const faults = gateway.faults.decide({ ...named, account, accessKeyId: account })
      await work()
      await watcher.after?.(call, self)
      // Of all faults of a gateway a database knows only this one.
      if (faults.some(({ effect }) => effect === 'applied-answer-lost')) throw lostOf(on)
    })
  const self: Machine = {
    aws: configOf({ ...inner, handle }, given),
    clock: { now: given.clock.now, sleep: (ms) => living(() => given.clock.sleep(ms)) },
    mutations,
    death,
    change,
    kill: () => {
      dead = true
      die('killed')
    },
  }
  return self
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return new TextEncoder().encode(body)
  return body instanceof Uint8Array ? body : new Uint8Array()
}

function routeFor(request: Request, body: Uint8Array) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const query = new URLSearchParams(
    Object.entries(request.query ?? {}).map(([name, value]): [string, string] => [
      name,
      String(value ?? ''),
    ]),
  )
  const url = `${request.path}?${query}`
  const wire = { method: request.method, url, headers, body }
  return { ...routeOf(wire, new URL(url, 'http://sandbox.invalid')), query: String(query) }
}

type Answer = Awaited<ReturnType<ReturnType<typeof inProcessHandler>['handle']>>

/**
 * The SDK would take virtual time for a skewed clock and send each call that fails again and again. It does not look at the
 * date of an answer from a cache, which has an age; the store reads the date itself.
 */
function cached({ response }: Answer): Answer {
  return { response: { ...response, headers: { ...response.headers, age: '0' } } }
}

function configOf(
  requestHandler: ReturnType<typeof inProcessHandler>,
  given: { readonly account: string; readonly region: string },
): AwsConfig {
  const { account, region } = given
  // The clients take more than the product's configuration says; a value with a name of its own is not checked for excess.
  const config = {
    region,
    credentials: async () => ({ accessKeyId: account, secretAccessKey: 'x' }),
    maxAttempts: 8,
    retryMode: 'standard' as const,
    customUserAgent: 'test',
    endpoint: 'http://sandbox.invalid',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler,
    signer: signerOf(account, region),
  }
  return config
}

/** The gateway takes caller and service from the scope of a signature and does not check the rest, which takes time to make. */
function signerOf(account: string, region: string) {
  type Signed = {
    readonly headers: Readonly<Record<string, string>>
    readonly path: string
    readonly body?: unknown
  }
  return async () => ({
    sign: async (request: Signed) => ({
      ...request,
      headers: {
        ...request.headers,
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/20261122/${region}/${serviceOf(request)}/aws4_request`,
      },
    }),
  })
}

function serviceOf({
  headers,
  path,
  body,
}: {
  readonly headers: Readonly<Record<string, string>>
  readonly path: string
  readonly body?: unknown
}): string {
  const target = headers['x-amz-target'] ?? ''
  if (target.startsWith('AmazonSSM')) return 'ssm'
  if (path.startsWith('/2020-05-31/')) return 'cloudfront'
  if (target.startsWith('Logs_')) return 'logs'
  if (target.startsWith('AmazonEC2ContainerService')) return 'ecs'
  if (target !== '') return target.split('.')[0] ?? ''
  const form = (headers['content-type'] ?? '').includes('x-www-form-urlencoded')
  if (!form) return 's3'
  return String(body).includes('Version=2011-06-15') ? 'sts' : 'rds'
}

/** The same machine with a clock that is wrong by so many milliseconds. */
export const misset = (machine: Machine, ahead: number): Machine => ({
  ...machine,
  clock: { now: () => machine.clock.now() + ahead, sleep: machine.clock.sleep },
})
