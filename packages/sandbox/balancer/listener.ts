import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Target } from './targetGroup.ts'

/** Requests that went through a load balancer. */
export interface Traffic {
  readonly requests: number
  /** Answers 500 to 599, whoever gave them. */
  readonly serverErrors: number
  /** Answers that the load balancer gave itself: 502, 503 and 504. */
  readonly ownErrors: number
}

/** A listening load balancer in front of one target group. */
export interface Listener {
  readonly url: string
  traffic(): Traffic
  close(): Promise<void>
}

// Real milliseconds, AWS's idle timeout.
const IDLE_TIMEOUT = 60_000

/** Who chooses the target of the next request: a target group, or a rule over several. */
export interface Chooser {
  pick(): Target | undefined
}

/** Listens on 127.0.0.1 (any free port unless one is given) and passes each request to the next target. */
export async function startListener(chooser: Chooser, port = 0): Promise<Listener> {
  const count = { requests: 0, serverErrors: 0, ownErrors: 0 }
  const server = createServer((incoming, outgoing) => {
    count.requests += 1
    outgoing.once('finish', () => {
      if (outgoing.statusCode >= 500) count.serverErrors += 1
    })
    const refuse = (status: number) => {
      count.ownErrors += 1
      answer(outgoing, status)
    }
    const target = chooser.pick()
    if (target) pass({ incoming, outgoing, target, refuse })
    else refuse(503)
  })
  await listen(server, port)
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    traffic: () => ({ ...count }),
    close: () => closeServer(server),
  }
}

interface Passage {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly target: Target
  readonly refuse: (status: number) => void
}

function pass({ incoming, outgoing, target, refuse }: Passage): void {
  const headers = {
    ...incoming.headers,
    'x-forwarded-for': incoming.socket.remoteAddress ?? '',
    'x-forwarded-proto': 'http',
    // One connection per request: a reused one may be closed by a stopping target at the very moment of use.
    connection: 'close',
  }
  const { method, url: path } = incoming
  const upstream = request({
    host: '127.0.0.1',
    port: target.port,
    method,
    path,
    headers,
    agent: false,
    timeout: IDLE_TIMEOUT,
  })
  let timedOut = false
  upstream.once('timeout', () => {
    timedOut = true
    upstream.destroy()
  })
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy()
    else refuse(timedOut ? 504 : 502)
  })
  upstream.once('response', (response) => {
    const { connection: _, ...rest } = response.headers
    outgoing.writeHead(response.statusCode ?? 502, rest)
    response.on('error', () => outgoing.destroy())
    response.pipe(outgoing)
  })
  outgoing.once('close', () => upstream.destroy())
  incoming.on('error', () => upstream.destroy())
  incoming.pipe(upstream)
}

const TITLES: Readonly<Record<number, string>> = {
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
}

function answer(outgoing: ServerResponse, status: number): void {
  if (outgoing.headersSent) return void outgoing.destroy()
  outgoing.writeHead(status, { server: 'awselb/2.0', 'content-type': 'text/html' })
  outgoing.end(`<html><head><title>${TITLES[status] ?? status}</title></head></html>\n`)
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
