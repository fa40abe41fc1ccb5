import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../clock.ts'
import type { WireAnswer, WireReply, WireRequest } from '../gateway/wire.ts'

/** Where a distribution gets its objects. */
export interface Origin {
  readonly account: string
  readonly region: string
  readonly bucket: string
  /** Empty, or as CloudFront's origin path with a slash before and none behind: `/app`. */
  readonly path: string
}

/** What an edge keeps of one path. */
interface Kept {
  readonly reply: WireReply
  /** A moment of the sandbox's clock. */
  readonly until: number
}

/** One edge: a cache by path before a bucket. */
export interface Edge {
  get(path: string, method?: string): Promise<WireReply & { readonly hit: boolean }>
  /** Forgets what paths match: exact, or everything that begins with what stands before a final `*`. */
  forget(paths: readonly string[]): void
}

/** Seconds: the managed policy CachingOptimized, and CloudFront's error caching minimum TTL. */
const ttl = { least: 1, standard: 86_400, most: 31_536_000, error: 10 }

export function edge(
  clock: Clock,
  origin: Origin,
  ask: (request: WireRequest) => Promise<WireAnswer>,
): Edge {
  const cache = new Map<string, Kept>()
  const get: Edge['get'] = async (asked, method = 'GET') => {
    const path = asked.split('?')[0] ?? '/'
    const kept = cache.get(path)
    if (kept && kept.until > clock.now()) return { ...kept.reply, hit: true }
    const reply = await fromOrigin(origin, ask, path === '/' ? '/index.html' : path)
    cache.set(path, { reply, until: clock.ahead(lifetime(reply) * 1000) })
    return { ...reply, hit: false, ...(method === 'HEAD' ? { body: new Uint8Array() } : {}) }
  }
  const forget: Edge['forget'] = (paths) => {
    for (const key of [...cache.keys()]) {
      const gone = paths.some((path) =>
        path.endsWith('*') ? key.startsWith(path.slice(0, -1)) : key === path,
      )
      if (gone) cache.delete(key)
    }
  }
  return { get, forget }
}

async function fromOrigin(
  { account, region, bucket, path: below }: Origin,
  ask: (request: WireRequest) => Promise<WireAnswer>,
  path: string,
): Promise<WireReply> {
  const scope = `${account}/20261122/${region}/s3/aws4_request`
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
  if ('reset' in answer) return { status: 502, headers: {}, body: new Uint8Array() }
  return answer
}

function lifetime({ status, headers }: WireReply): number {
  if (status >= 400) return ttl.error
  const control = headers['cache-control'] ?? ''
  if (/no-(cache|store)|private/.test(control)) return ttl.least
  const age = /s-maxage=(\d+)/.exec(control)?.[1] ?? /max-age=(\d+)/.exec(control)?.[1]
  return Math.min(ttl.most, Math.max(ttl.least, age === undefined ? ttl.standard : Number(age)))
}

/** Serves an edge on a free loopback port. */
export async function serveEdge(at: Edge): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    at.get(request.url ?? '/', request.method)
      .then(({ status, headers, body, hit }) => {
        const { connection: _, 'transfer-encoding': __, ...rest } = headers
        const cache = hit ? 'Hit from cloudfront' : 'Miss from cloudfront'
        response.writeHead(status, { ...rest, 'x-cache': cache })
        response.end(request.method === 'HEAD' ? undefined : body)
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
  return { url: `http://127.0.0.1:${port}`, close }
}
