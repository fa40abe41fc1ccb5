import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createSocketServer } from 'node:net'
import { systemClock } from '#core'
import { type Answer, fetchOnce } from '#health'
import { testRun } from '../../support/run.ts'
import { act, evidenceOf, noPorts, settingsOf, sha } from './stage.ts'

const servers: { close(): void; closeAllConnections?(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

/** A real server on the loopback. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** Watches a real page for a second and a half, five times a second. */
async function watchPage(url: string, more: object = {}) {
  const run = testRun({ clock: systemClock, pollInterval: 200, timeout: 10_000 })
  const check = { http: `${url}/health`, name: 'page', version: { json: '.commit' }, timeout: '1s' }
  const settings = settingsOf({
    checks: JSON.stringify([{ ...check, ...more }]),
    watch: '1500ms',
    'poll-interval': '200ms',
    timeout: '10s',
  })
  const ports = { ...noPorts, fetchOnce }
  return act(run, ports, { settings, store: undefined })
}

const good = (_: IncomingMessage, response: ServerResponse) => {
  response.end(JSON.stringify({ commit: sha }))
}

describe('over real sockets', () => {
  test('a good page is healthy, and each look is a connection of its own', async () => {
    let connections = 0
    const { url, server } = await serve(good)
    server.on('connection', () => {
      connections += 1
    })
    const result = await watchPage(url)
    expect(result.outputs?.verdict).toBe('healthy')
    const { evidence } = evidenceOf(result)
    expect(connections).toBe(evidence.checks[0].samples.length)
    expect(connections).toBeGreaterThanOrEqual(5)
  })

  test('a page that breaks is unhealthy before the window ends', async () => {
    let asked = 0
    const { url } = await serve((request, response) => {
      asked += 1
      response.statusCode = asked > 2 ? 500 : 200
      good(request, response)
    })
    const result = await watchPage(url)
    expect(result.outputs?.verdict).toBe('unhealthy')
    expect(asked).toBe(5)
  })

  test('nobody listens', async () => {
    const { url, server } = await serve(good)
    server.close()
    const result = await watchPage(url)
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('ECONNREFUSED')
  })

  test('a login page behind a redirect is not health', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/login') return good(request, response)
      response.writeHead(302, { location: '/login' }).end()
    })
    const result = await watchPage(url)
    expect(result.outputs?.reason).toBe(
      'page: 3 bad samples in a row: status 302 to /login (redirects are not followed)',
    )
  })

  test('a service that is slow at first is healthy', async () => {
    const began = systemClock.now()
    const { url } = await serve((request, response) => {
      response.statusCode = systemClock.now() - began < 300 ? 503 : 200
      good(request, response)
    })
    expect((await watchPage(url)).outputs?.verdict).toBe('healthy')
  })

  test('what a service echoes of its secrets is in no file, line or mask-free text', async () => {
    const token = 'tok-5up3rs3cr3t'
    const { url } = await serve((request, response) => {
      response.end(JSON.stringify({ commit: `${request.headers.authorization} ${request.url}` }))
    })
    const result = await watchPage(url.replace('//', '//ada:p4ssw0rd@'), {
      http: `${url.replace('//', '//ada:p4ssw0rd@')}/health?key=queryqueryquery`,
      headers: { Authorization: `Bearer ${token}` },
    })
    const everything = JSON.stringify(result) + evidenceOf(result).text
    for (const secret of [token, 'p4ssw0rd', 'queryqueryquery', `Bearer ${token}`]) {
      expect(everything).not.toContain(secret)
    }
    expect(everything).toContain('***')
  })
})

describe('one request', () => {
  const ask = (url: string, timeout = 500) =>
    fetchOnce({ url, method: 'GET', headers: {}, timeout })

  test('reads 64 KiB of a body and no more', async () => {
    const { url } = await serve((_, response) => {
      response.end('x'.repeat(1_000_000))
    })
    const answer = (await ask(url)) as Extract<Answer, { is: 'answer' }>
    expect([answer.body.length, answer.truncated]).toEqual([65_536, true])
  })

  test('of a body that drips is given up in time', async () => {
    const { url } = await serve((_, response) => {
      response.write('{')
      const drip = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(drip))
    })
    expect(await ask(url, 200)).toMatchObject({ is: 'failed', code: 'TIMEOUT' })
  })

  test('of a server that never answers is given up in time', async () => {
    const { url } = await serve(() => undefined)
    expect(await ask(url, 100)).toMatchObject({ is: 'failed', code: 'TIMEOUT' })
  })

  test.each([
    ['nonsense', 'HTTP/9 nonsense\r\n\r\n'],
    ['a body shorter than it says', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort'],
    ['a line that never ends', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['nothing', ''],
  ])('answered with %s fails, and throws nothing', async (_, text) => {
    const url = await raw((socket) => socket.end(text))
    expect(await ask(url)).toMatchObject({ is: 'failed' })
  })

  test('by name tries IPv4 first', async () => {
    const { url } = await serve(good)
    expect(await ask(url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 200 })
  })

  test('of a name that does not exist says so', async () => {
    expect(await ask('http://no-such-name.invalid/', 4_000)).toMatchObject({
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN|TIMEOUT)$/),
    })
  })

  test('over TLS without TLS on the other side fails', async () => {
    const { url } = await serve(good)
    expect(await ask(url.replace('http:', 'https:'))).toMatchObject({ is: 'failed' })
  })
})

/** A server that speaks no HTTP of its own. */
async function raw(talk: (socket: Socket) => void): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => talk(socket))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
