import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DEFAULT_HEALTH_CHECK,
  httpProbe,
  judge,
  matches,
  REGISTERED,
  type TargetHealth,
} from '../../../packages/sandbox/balancer/healthCheck.ts'
import { startListener } from '../../../packages/sandbox/balancer/listener.ts'
import { targetGroup } from '../../../packages/sandbox/balancer/targetGroup.ts'
import { virtualClock } from '../../../packages/sandbox/clock.ts'
import type { Probe } from '../../../packages/sandbox/processes/runtime.ts'

const CHECK = { ...DEFAULT_HEALTH_CHECK, healthyThreshold: 3, unhealthyThreshold: 2 }
const ok: Probe = { kind: 'answer', status: 200 }
const bad: Probe = { kind: 'answer', status: 503 }

/** The states after each probe: `+` passes, `-` fails. */
function course(text: string): string {
  let health: TargetHealth = REGISTERED
  return [...text]
    .map((sign) => {
      health = judge(CHECK, health, sign === '+' ? ok : bad)
      return health.state[0]
    })
    .join('')
}

describe('the health of a target', () => {
  test.each([
    ['is good after the first pass of a new target', '+', 'h'],
    ['is bad after enough failures in a row', '--', 'iu'],
    ['forgets a single failure', '+-+-+--', 'hhhhhhu'],
    ['recovers after enough passes in a row', '--++-+++', 'iuuuuuuh'],
  ])('%s', (_, probes, states) => {
    expect(course(probes)).toBe(states)
  })

  test.each([
    ['200', 200, true],
    ['200', 204, false],
    ['200,301', 301, true],
    ['200-299', 204, true],
    ['200-299', 302, false],
  ])('matcher %s of %i is %s', (matcher, status, expected) => {
    expect(matches(matcher, status)).toBe(expected)
  })

  test('is asked over HTTP', async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/health' ? 200 : 404).end()
    })
    const port = await listen(server)
    const path = '/health'
    expect(await httpProbe(port, { ...CHECK, path })).toEqual({ kind: 'answer', status: 200 })
    expect(await httpProbe(port, CHECK)).toEqual({ kind: 'answer', status: 404 })
    await close(server)
    expect(await httpProbe(port, CHECK)).toMatchObject({ kind: 'refused' })
  })

  test('of a program that does not answer is a timeout', async () => {
    const server = createServer(() => undefined)
    const port = await listen(server)
    expect(await httpProbe(port, { ...CHECK, timeoutMs: 50 })).toEqual({ kind: 'timeout' })
    await close(server)
  })
})

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

describe('a load balancer', () => {
  const clock = virtualClock()
  const servers: Server[] = []
  const answers: Record<string, Probe> = {}
  let group: ReturnType<typeof targetGroup>
  let balancer: Awaited<ReturnType<typeof startListener>>

  async function add(id: string, probe: Probe = ok) {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/broken' ? 500 : 200).end(id)
    })
    servers.push(server)
    answers[id] = probe
    const port = await listen(server)
    group.register({ id, port, probe: async () => answers[id] ?? bad })
    await clock.advance(0)
  }
  async function get(path = '/') {
    const answer = await fetch(`${balancer.url}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  const served = async (times: number) => {
    const texts: string[] = []
    for (let count = 0; count < times; count++) texts.push((await get()).text)
    return texts.sort().join(' ')
  }

  beforeEach(async () => {
    group = targetGroup(clock, { name: 'web', arn: 'arn', deregistrationDelayMs: 10_000 })
    balancer = await startListener(group)
  })
  afterEach(async () => {
    await balancer.close()
    group.close()
    await Promise.all(servers.splice(0).map(close))
  })

  test('answers 503 without targets and counts what it answers', async () => {
    expect((await get()).status).toBe(503)
    await add('a')
    await get()
    await get('/broken')
    expect(balancer.traffic()).toEqual({ requests: 3, serverErrors: 2, ownErrors: 1 })
  })

  test('takes turns among healthy targets', async () => {
    await add('a')
    await add('b')
    await add('sick', bad)
    expect(await served(4)).toBe('a a b b')
  })

  test('asks everybody when nobody is healthy', async () => {
    await add('a', bad)
    await add('b', bad)
    await clock.advance(60_000)
    expect(group.health('a')?.state).toBe('unhealthy')
    expect(await served(4)).toBe('a a b b')
  })

  test('sends nothing new to a draining target and forgets it after the delay', async () => {
    await add('a')
    await add('b')
    let gone = false
    void group.deregister('a').then(() => {
      gone = true
    })
    expect(group.health('a')?.state).toBe('draining')
    expect(await served(3)).toBe('b b b')
    await clock.advance(9000)
    expect(gone).toBe(false)
    await clock.advance(1000)
    expect([gone, group.health('a')]).toEqual([true, undefined])
  })

  test('answers 502 for a target that is not there any more', async () => {
    await add('a')
    await Promise.all(servers.splice(0).map(close))
    expect((await get()).status).toBe(502)
  })
})
