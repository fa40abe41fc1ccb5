import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import type { WireAnswer, WireReply, WireRequest } from '../gateway/wire.ts'

/** A bucket from which a distribution gets objects. */
export interface BucketOrigin {
  readonly is: 'bucket'
  readonly account: string
  readonly region: string
  readonly bucket: string
  /** Empty, or as CloudFront's origin path with a slash before and none behind: `/app`. */
  readonly path: string
}

/** A server, such as a load balancer, to which a distribution passes requests on. */
export interface ServerOrigin {
  readonly is: 'server'
  readonly host: string
  readonly port: number
  readonly path: string
}

export type Source = BucketOrigin | ServerOrigin

/** What an edge does with the paths that match. */
export interface Behavior {
  readonly matches: (path: string) => boolean
  readonly source: Source
  readonly caches: boolean
  /** Whether headers, cookies and the query string of the viewer reach the origin. */
  readonly forwards: boolean
  readonly keepsHost: boolean
  readonly methods: readonly string[]
}

/** A distribution as its edges see it: the first behavior that matches counts, and the last matches everything. */
export interface Plan {
  /** The default root object, or empty. */
  readonly root: string
  readonly behaviors: readonly Behavior[]
}

/** What a viewer asks: a path with its query. */
export type Viewed = Omit<WireRequest, 'connection'>

/** What an edge keeps of one path. */
interface Kept {
  readonly reply: WireReply
  /** A moment of the sandbox's clock. */
  readonly until: number
}

/** One edge: a cache by path before its origins. */
export interface Edge {
  ask(request: Viewed): Promise<WireReply & { readonly hit: boolean }>
  /** Forgets what paths match: exact, or everything that begins with what stands before a final `*`. */
  forget(paths: readonly string[]): void
}

/** Seconds: the managed policy CachingOptimized, and CloudFront's error caching minimum TTL. */
const ttl = { least: 1, standard: 86_400, most: 31_536_000, error: 10 }

/** A CloudFront path pattern: `*` is any text, `?` one character, a slash at its beginning may be left out. */
export function pathPattern(pattern: string): (path: string) => boolean {
  const escaped = pattern.replace(/^\//, '').replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const expression = new RegExp(`^/${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
  return (path) => expression.test(path)
}

/** An edge of a distribution; `ask` reaches S3. */
export function edge(
  clock: Clock,
  { root, behaviors }: Plan,
  ask: (request: WireRequest) => Promise<WireAnswer>,
): Edge {
  const cache = new Map<string, Kept>()
  const cached = async (path: string, behavior: Behavior, request: Viewed) => {
    const kept = cache.get(path)
    if (kept && kept.until > clock.now()) return { ...kept.reply, hit: true }
    const reply = await fromOrigin(behavior, { ...request, method: 'GET' }, ask)
    cache.set(path, { reply, until: clock.ahead(lifetime(reply) * 1000) })
    return { ...reply, hit: false }
  }
  const answer: Edge['ask'] = async (request) => {
    const [path = '/', query] = request.url.split('?')
    const behavior = behaviors.find(({ matches }) => matches(path))
    if (!behavior?.methods.includes(request.method)) return { ...empty(403), hit: false }
    const object = path === '/' && root !== '' ? `/${root}` : path
    const url = query === undefined || !behavior.forwards ? object : `${object}?${query}`
    if (behavior.caches) return cached(path, behavior, { ...request, url })
    return { ...(await fromOrigin(behavior, { ...request, url }, ask)), hit: false }
  }
  const forget: Edge['forget'] = (paths) => {
    for (const key of [...cache.keys()]) {
      const gone = paths.some((path) =>
        path.endsWith('*') ? key.startsWith(path.slice(0, -1)) : key === path,
      )
      if (gone) cache.delete(key)
    }
  }
  return { ask: answer, forget }
}

const empty = (status: number): WireReply => ({ status, headers: {}, body: new Uint8Array() })

function fromOrigin(
  behavior: Behavior,
  request: Viewed,
  ask: (request: WireRequest) => Promise<WireAnswer>,
): Promise<WireReply> {
  const { source } = behavior
  return source.is === 'bucket'
    ? fromBucket(source, request.url, ask)
    : fromServer(source, behavior, request)
}

async function fromBucket(
  { account, region, bucket, path: below }: BucketOrigin,
  url: string,
  ask: (request: WireRequest) => Promise<WireAnswer>,
): Promise<WireReply> {
  const scope = `${account}/20261122/${region}/s3/aws4_request`
  const path = url.split('?')[0] ?? '/'
  const answer = await ask({
    method: 'GET',
    // A plus in a path is a plus for S3 and for browsers, and must not be read as a space on the way.
    url: `/${bucket}${below}${path.replaceAll('+', '%2B')}`,
    headers: {
      host: 'sandbox.invalid',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: new Uint8Array(),
  })
  if ('reset' in answer) return empty(502)
  return answer
}

/** Headers that belong to one connection (RFC 9110, 7.6.1). */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te'])

/** Passes a request on, as it is if the behavior says so; an origin that cannot be reached is 502, as at CloudFront. */
function fromServer(
  { host, port, path }: ServerOrigin,
  { forwards, keepsHost }: Behavior,
  { method, url, headers, body }: Viewed,
): Promise<WireReply> {
  const passed = Object.entries(headers).filter(
    ([name]) => forwards && !ofConnection.has(name) && (keepsHost || name !== 'host'),
  )
  return new Promise((resolve) => {
    const to = { host, port, method, path: `${path}${url}` }
    const asked = httpRequest({ ...to, headers: Object.fromEntries(passed) }, (answer) => {
      whole(answer).then(resolve, () => resolve(empty(502)))
    })
    asked.on('error', () => resolve(empty(502)))
    asked.end(body)
  })
}

async function bytesOf(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const textHeaders = ({ headers }: IncomingMessage) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  )

async function whole(answer: IncomingMessage): Promise<WireReply> {
  const body = await bytesOf(answer)
  return { status: answer.statusCode ?? 502, headers: textHeaders(answer), body }
}

function lifetime({ status, headers }: WireReply): number {
  if (status >= 400) return ttl.error
  const control = headers['cache-control'] ?? ''
  if (/no-(cache|store)|private/.test(control)) return ttl.least
  const age = /s-maxage=(\d+)/.exec(control)?.[1] ?? /max-age=(\d+)/.exec(control)?.[1]
  return Math.min(ttl.most, Math.max(ttl.least, age === undefined ? ttl.standard : Number(age)))
}

/** Serves an edge on a free loopback port. */
export async function serveEdge(
  at: Edge,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const { url = '/', method = 'GET' } = request
    bytesOf(request)
      .then((body) => at.ask({ method, url, headers: textHeaders(request), body }))
      .then(({ status, headers, body, hit }) => {
        const kept = Object.entries(headers).filter(([name]) => !ofConnection.has(name))
        const cache = status >= 400 ? 'Error' : hit ? 'Hit' : 'Miss'
        response.writeHead(status, {
          ...Object.fromEntries(kept),
          'x-cache': `${cache} from cloudfront`,
        })
        response.end(method === 'HEAD' ? undefined : body)
      })
      .catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port, close }
}
