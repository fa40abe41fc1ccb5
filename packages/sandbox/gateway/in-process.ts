import { Readable } from 'node:stream'
import type { Gateway } from './gateway.ts'

/** The parts of an SDK request that a transport needs. */
interface SdkRequest {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

function queryString(query: SdkRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) => {
    const values = value === null ? [''] : typeof value === 'string' ? [value] : value
    return values.map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`)
  })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array()
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (body instanceof Uint8Array) return body
  const chunks: Buffer[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** What a client sees when the connection breaks, shaped as node's own error so that the SDK retries it. */
function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

/**
 * A `requestHandler` for SDK clients that calls the gateway directly: no sockets, so that a virtual clock suffices.
 * `{ requestHandler: inProcessHandler(gateway), endpoint: 'http://sandbox.invalid' }`.
 */
export function inProcessHandler(gateway: Gateway) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest) {
      const answer = await gateway.handle({
        method: request.method,
        url: request.path + queryString(request.query),
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: await bytesOf(request.body),
      })
      if ('reset' in answer) throw connectionReset()
      const { status: statusCode, headers, body } = answer
      return { response: { statusCode, headers: { ...headers }, body: Readable.from([body]) } }
    },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  }
}
