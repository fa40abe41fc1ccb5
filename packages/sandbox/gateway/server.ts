import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Gateway } from './gateway.ts'
import type { WireRequest } from './wire.ts'

/** Whatever answers requests. */
type Answering = Pick<Gateway, 'handle'>

/** A gateway that listens. */
export interface Listener {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

async function read(message: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const headers = Object.entries(message.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  const { remotePort: clientPort, localPort: serverPort } = message.socket
  const known = clientPort !== undefined && serverPort !== undefined
  return {
    method: message.method ?? 'GET',
    url: message.url ?? '/',
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks),
    ...(known && { connection: { clientPort, serverPort } }),
  }
}

async function serve(gateway: Answering, message: IncomingMessage, response: ServerResponse) {
  const request = await read(message)
  const answer = await gateway.handle(request)
  if ('reset' in answer) {
    message.socket.resetAndDestroy()
    return
  }
  response.writeHead(answer.status, answer.headers)
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server.address() as AddressInfo))
  })
}

/** Listens on 127.0.0.1; port 0 takes a free one. */
export async function listenOn(gateway: Answering, port = 0): Promise<Listener> {
  const server = createServer((message, response) => {
    serve(gateway, message, response).catch(() => message.socket.destroy())
  })
  // SDK clients keep connections open: ending idle ones early would look like a fault to them.
  server.keepAliveTimeout = 600_000
  const address = await listen(server, port)
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
