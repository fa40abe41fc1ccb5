import { lookup } from 'node:dns'
import { type IncomingMessage, request as plain, type RequestOptions } from 'node:http'
import { request as secure } from 'node:https'
import type { LookupFunction } from 'node:net'

/** One request. `timeout` in milliseconds is for the whole of it: name, connection, TLS, answer and body. */
export interface Ask {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: number
  /** Bytes of the body that are read at most, and given as they came; without it `bodyLimit`, as text only. */
  readonly limit?: number
}

/** What came back, or why nothing did. Header names are in lower case. */
export type Answer =
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      /** Only where a `limit` was given. */
      readonly bytes?: Uint8Array
      /** The body was longer than the limit and its rest was not read. */
      readonly truncated: boolean
    }
  | { readonly is: 'failed'; readonly code: string; readonly message: string }

/** Asks once and never throws; tests inject their own. */
export type FetchOnce = (ask: Ask) => Promise<Answer>

/** Bytes of a body that are read at most. */
export const bodyLimit = 65_536

/** GitHub's hosted runners have no IPv6 (actions/runner-images#668): IPv4 addresses are tried first. */
const ipv4First: LookupFunction = (host, options, done) =>
  lookup(host, { ...options, order: 'ipv4first' }, done)

/**
 * Asks on a fresh connection that is closed afterwards, because a kept one would pin one backend; the name is resolved
 * each time, redirects are not followed, certificates are always checked.
 */
export const fetchOnce: FetchOnce = (ask) =>
  new Promise((resolve) => {
    const failed = (thrown: unknown) => resolve(failure(thrown))
    try {
      const url = new URL(ask.url)
      const send = url.protocol === 'https:' ? secure : plain
      const sent = send(url, optionsOf(ask), (answer) => {
        read(answer, ask.limit).then(resolve, failed)
      })
      sent.on('error', failed)
      sent.end()
    } catch (thrown) {
      failed(thrown)
    }
  })

function optionsOf(ask: Ask): RequestOptions {
  return {
    method: ask.method,
    headers: { 'user-agent': 'rollback-actions/verify-health', accept: '*/*', ...ask.headers },
    agent: false,
    lookup: ipv4First,
    signal: AbortSignal.timeout(ask.timeout),
  }
}

async function read(answer: IncomingMessage, limit: number | undefined): Promise<Answer> {
  const most = limit ?? bodyLimit
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > most) break
  }
  answer.destroy()
  const bytes = Buffer.concat(chunks).subarray(0, most)
  return {
    is: 'answer',
    status: answer.statusCode ?? 0,
    headers: flat(answer.headers),
    ...(limit === undefined ? { body: bytes.toString('utf8') } : { body: '', bytes }),
    truncated: size > most,
  }
}

function flat(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

/** An abort by our own signal carries the reason `TimeoutError` as its cause. */
function failure(thrown: unknown): Answer {
  const { name, code, message, cause } = thrown as {
    name?: string
    code?: string
    message?: string
    cause?: { name?: string }
  }
  const late = cause?.name === 'TimeoutError' || name === 'TimeoutError'
  return {
    is: 'failed',
    code: late ? 'TIMEOUT' : (code ?? name ?? 'UNKNOWN'),
    message: message ?? String(thrown),
  }
}
