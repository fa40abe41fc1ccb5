import type { EcsClients } from '#ecs'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { clientsOf, type Scene, type Transport } from './scene.ts'

/** Clients of a scene to whose calls something happens on the way. */
type At = Pick<Scene, 'gateway'>

const isOf = (request: Parameters<Transport['handle']>[0], operation: string) =>
  (request.headers['x-amz-target'] ?? '').endsWith(`.${operation}`)

/** Clients that let something happen before the n-th call of an operation. */
export function meanwhile(
  at: At,
  operation: string,
  happen: () => Promise<unknown>,
  nth = 1,
): EcsClients {
  const inner = inProcessHandler(at.gateway)
  let calls = 0
  return clientsOf({
    handle: async (request) => {
      const is = isOf(request, operation)
      if (is) calls += 1
      if (is && calls === nth) await happen()
      return inner.handle(request)
    },
  })
}

/** Clients to which AWS answers an operation with more or other members than it does: a newer AWS than our SDK. */
// biome-ignore lint/suspicious/noExplicitAny: an answer may have members that no type knows.
export function newerAws(at: At, operation: string, change: (answer: any) => void): EcsClients {
  const inner = inProcessHandler(at.gateway)
  return clientsOf({
    handle: async (request) => {
      const { response } = await inner.handle(request)
      if (!isOf(request, operation)) return { response }
      const chunks: Buffer[] = []
      for await (const chunk of response.body) chunks.push(Buffer.from(chunk))
      const answer = JSON.parse(Buffer.concat(chunks).toString())
      change(answer)
      const body = new TextEncoder().encode(JSON.stringify(answer))
      return { response: { ...response, body: body as never } }
    },
  })
}
