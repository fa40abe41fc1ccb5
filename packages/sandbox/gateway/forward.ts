import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { conditionalCopies } from './conditional-copy.ts'
import type { Context, Forward } from './dispatch.ts'
import { commonError } from './errors.ts'
import type { WireReply } from './wire.ts'

/** Headers that belong to one connection, not to the message. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The request's headers with the account as its access key: ministack keeps accounts apart by that. */
function headersFor({ request, caller, route }: Context, port: number): Record<string, string> {
  const kept = Object.entries(request.headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && name !== 'x-amz-security-token',
  )
  const headers = Object.fromEntries(kept)
  if (headers.authorization && route.accessKeyId) {
    headers.authorization = headers.authorization.replace(
      `Credential=${route.accessKeyId}/`,
      `Credential=${caller.account}/`,
    )
  }
  headers['content-length'] = String(request.body.length)
  return { ...headers, host: `127.0.0.1:${port}` }
}

/** The path with the access key of a presigned URL replaced as well; otherwise the client's own bytes. */
function pathFor({ request, url, caller, route }: Context): string {
  if (!url.search || request.headers.authorization || !route.accessKeyId) return request.url
  return request.url
    .replace(`X-Amz-Credential=${route.accessKeyId}`, `X-Amz-Credential=${caller.account}`)
    .replace(`AWSAccessKeyId=${route.accessKeyId}`, `AWSAccessKeyId=${caller.account}`)
    .replace(/&x-amz-security-token=[^&]*/i, '')
}

async function replyOf(message: IncomingMessage): Promise<WireReply> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (HOP_BY_HOP.has(name) || value === undefined) continue
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const bodyless = message.statusCode === 204 || message.statusCode === 304
  // A HEAD answer names the length of a body that it does not carry.
  if (!bodyless && body.length > 0) headers['content-length'] = String(body.length)
  return { status: message.statusCode ?? 502, headers, body }
}

/**
 * S3's condition that ministack accepts without checking it. Refusing is better than a write that should have failed.
 * PutObject, DeleteObject, GetObject and HeadObject are right there (tested); CopyObject's are checked before it gets here.
 */
function refuseUnchecked({ request, route }: Context): void {
  if (route.service !== 's3') return
  const { 'if-none-match': noneMatch } = request.headers
  const unchecked = route.operation === 'PutObject' && noneMatch !== undefined && noneMatch !== '*'
  if (!unchecked) return
  const message = `The sandbox's S3 does not check this condition of ${route.operation}`
  throw commonError('not-simulated', 'xml', message)
}

/** Sends calls on to a process on a loopback port, as the account that they were made for. */
export function forwardTo(port: number): { forward: Forward; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const forward: Forward = async (context) => {
    refuseUnchecked(context)
    return await new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        agent,
        host: '127.0.0.1',
        port,
        method: context.request.method,
        path: pathFor(context),
        headers: headersFor(context, port),
      })
      outgoing.on('error', reject)
      outgoing.on('response', (message) => replyOf(message).then(resolve, reject))
      outgoing.end(context.request.body)
    })
  }
  return { forward: conditionalCopies(forward), close: () => agent.destroy() }
}
