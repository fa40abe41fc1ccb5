import { call } from '#aws'

/**
 * The SDK drops members that its model does not know, when it reads and when it sends (measured: client-ecs 3.1162). What
 * is read and sent back by an SDK older than one of its fields would lose that field without a word. So what AWS answered
 * is compared with what the SDK would send.
 */

type Client = Parameters<typeof call>[0]
type Command<Output> = Parameters<typeof call<Output>>[1] & {
  readonly middlewareStack: { add(middleware: never, options: never): void }
}

/** Sends a command; answers with what the SDK reads and with what AWS wrote. Both stay in memory. */
export async function answerOf<Output>(
  client: Client,
  command: Command<Output>,
  on: string,
): Promise<{ readonly answer: Output; readonly raw: unknown }> {
  let raw: unknown
  const keep =
    (next: (args: unknown) => Promise<{ response: { body: unknown } }>) =>
    async (args: unknown) => {
      const result = await next(args)
      const bytes = await bytesOf(result.response.body)
      result.response.body = bytes
      raw = parsed(new TextDecoder().decode(bytes))
      return result
    }
  // Low: nearer to the wire than the SDK's own reading.
  const options = { step: 'deserialize', priority: 'low', name: 'keepAnswer' }
  command.middlewareStack.add(keep as never, options as never)
  const answer = await call<Output>(client, command, on)
  return { answer, raw }
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return Buffer.concat(chunks)
}

/** Not every answer is JSON: that of a proxy in between is the SDK's to complain of. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the SDK would send for a command; nothing is sent. */
export async function wireOf<Output>(
  client: Client,
  command: Command<Output>,
  on: string,
): Promise<unknown> {
  let body: unknown
  const keep = () => async (args: { readonly request: { readonly body?: unknown } }) => {
    const { body: sent } = args.request
    body = parsed(sent instanceof Uint8Array ? new TextDecoder().decode(sent) : String(sent))
    return { response: {}, output: { $metadata: {} } }
  }
  const options = { step: 'serialize', priority: 'low', name: 'keepRequest' }
  command.middlewareStack.add(keep as never, options as never)
  await call(client, command, on)
  return body
}

/** The members, by path, that `wanted` has and `sent` lacks or has otherwise. Values are never in it. */
export function lost(wanted: unknown, sent: unknown, path = ''): readonly string[] {
  if (wanted === null || wanted === undefined) return []
  if (Array.isArray(wanted)) {
    const others = Array.isArray(sent) ? sent : []
    return wanted.flatMap((one, index) => lost(one, others[index], `${path}[${index}]`))
  }
  if (typeof wanted === 'object') {
    if (typeof sent !== 'object' || sent === null) return [path]
    const others = sent as Readonly<Record<string, unknown>>
    return Object.entries(wanted).flatMap(([name, value]) =>
      lost(value, others[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return wanted === sent ? [] : [path]
}
