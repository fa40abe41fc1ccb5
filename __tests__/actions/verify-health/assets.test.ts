import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { systemClock } from '#core'
import { type Answer, type Ask, baseline, fetchOnce } from '#health'
import { testRun } from '../../support/run.ts'
import { act, evidenceOf, noPorts, settingsOf } from './stage.ts'

/** What a bucket with a single-page application behind it answers. */
type Site = Readonly<Record<string, readonly [type: string, body: string] | number>>

const index = `<!doctype html><title>Acme</title><base href="/">
<link rel="stylesheet" href="/assets/app-1.css"><link rel="icon" href="/favicon.ico">
<script type="module" src="/assets/app-1.js?v=tok-5up3rs3cr3t"></script>
<script src="https://analytics.example/t.js"></script>`

const good: Site = {
  '/': ['text/html', index],
  '/assets/app-1.css': ['text/css', 'a {}'],
  '/assets/app-1.js': ['text/javascript', 'import{a}from"./vendor-1.js";a()'],
  '/assets/vendor-1.js': ['text/javascript', 'export const a = 1'],
  '/favicon.ico': ['image/x-icon', 'x'],
}

function respond(site: Site, url: string): Answer {
  const { pathname } = new URL(url)
  const found = site[pathname] ?? 404
  const [status, [type, body]] = typeof found === 'number' ? [found, ['', 'x']] : [200, found]
  const headers = { 'content-type': type ?? '' }
  return {
    is: 'answer',
    status,
    headers,
    body: '',
    bytes: Buffer.from(body ?? ''),
    truncated: false,
  }
}

/** Ports of a site that is what it is told to be since the first request, in milliseconds. */
function served(at: (elapsed: number) => Site) {
  const run = testRun()
  const begun = run.clock.now()
  const asked: Ask[] = []
  const fetchOnce = async (ask: Ask) => {
    asked.push(ask)
    return respond(at(run.clock.now() - begun), ask.url)
  }
  return { run, asked, ports: { ...noPorts, fetchOnce } }
}

const check = '- { assets: "https://www.acme.example/", name: site }'

function verify(at: (elapsed: number) => Site, more: { readonly [name: string]: string } = {}) {
  const { run, ports, asked } = served(at)
  const settings = settingsOf({ checks: check, watch: '5m', ...more })
  return { run, asked, result: act(run, ports, { settings, store: undefined }) }
}

const without = (path: string, instead: Site[string]): Site => ({ ...good, [path]: instead })

describe('the check assets is', () => {
  test('healthy when every file is there, imports included, and says what it left out', async () => {
    const { result, asked } = verify(() => good)
    expect((await result).outputs).toMatchObject({ verdict: 'healthy' })
    const [first] = evidenceOf(await result).evidence.checks[0].samples
    expect(first.value).toBe('4 of 4 files, 1 of other origins not looked at')
    expect(asked[0]?.headers).toMatchObject({ 'cache-control': 'no-cache' })
    expect(asked.map(({ url }) => new URL(url).host)).not.toContain('analytics.example')
  })

  test.each<[what: string, site: Site, why: string]>([
    [
      'a chunk is answered by the page',
      without('/assets/app-1.js', ['text/html', index]),
      '/assets/app-1.js: it is answered as text/html',
    ],
    [
      'an imported chunk is',
      without('/assets/vendor-1.js', ['text/html', index]),
      '/assets/vendor-1.js: it is answered as text/html',
    ],
    ['a chunk is missing', without('/assets/app-1.js', 404), '/assets/app-1.js: status 404'],
    ['S3 says so with 403', without('/assets/app-1.css', 403), '/assets/app-1.css: status 403'],
    [
      'a file is empty',
      without('/assets/app-1.css', ['text/css', '']),
      '/assets/app-1.css: it is empty',
    ],
  ])(
    'unhealthy when %s, once changes had time to spread and it was seen again',
    async (_, site, why) => {
      const { result } = verify(() => site)
      const { outputs } = await result
      expect(outputs).toMatchObject({ verdict: 'unhealthy', 'failed-checks': 'site' })
      expect(outputs?.reason).toContain(why)
      expect(outputs?.reason).not.toContain('tok-5up3rs3cr3t')
      const after = Number(outputs?.['detected-after-seconds'])
      expect(after).toBeGreaterThanOrEqual(100)
      expect(after).toBeLessThanOrEqual(130)
    },
  )

  test('healthy when a file is late for a minute', async () => {
    const { result } = verify((ms) => (ms < 60_000 ? without('/assets/app-1.js', 404) : good))
    expect((await result).outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('unhealthy at once when a file vanishes later', async () => {
    const { result } = verify((ms) => (ms < 150_000 ? good : without('/assets/app-1.js', 404)))
    const { outputs } = await result
    expect(outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(Number(outputs?.['detected-after-seconds'])).toBeLessThanOrEqual(185)
  })

  test('not unhealthy for one look that was wrong', async () => {
    const { result } = verify((ms) => (ms === 150_000 ? without('/assets/app-1.js', 404) : good))
    expect((await result).outputs).toMatchObject({ verdict: 'healthy' })
  })

  test.each<[what: string, page: string | number, why: string]>([
    ['a page without files', '<p>maintenance</p>', 'refers to no files'],
    [
      'a page whose files are elsewhere',
      '<script src="https://cdn.example/a.js"></script>',
      "name the team's own under origins",
    ],
    ['a firewall', 403, 'the runner seems blocked'],
  ])('in doubt before %s', async (_, page, why) => {
    const { result } = verify(() => ({
      '/': typeof page === 'number' ? page : ['text/html', page],
    }))
    const { outputs } = await result
    expect(outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(outputs?.reason).toContain(why)
  })

  test('unhealthy when the page itself fails', async () => {
    const { result } = verify(() => ({ '/': 500 }))
    expect((await result).outputs).toMatchObject({ verdict: 'unhealthy' })
  })

  test('asked of other origins that are named', async () => {
    const named =
      '- { assets: "https://www.acme.example/", origins: ["https://analytics.example"] }'
    const { result } = verify(() => ({ ...good, '/t.js': 404 }), { checks: named })
    expect((await result).outputs?.reason).toContain('analytics.example/t.js: status 404')
  })

  test('judged before a deployment without time for spreading', async () => {
    const { run, ports } = served(() => without('/assets/app-1.js', 404))
    const found = await baseline(run, ports, settingsOf({ checks: check }).plan)
    expect(found).toMatchObject({ verdict: 'unhealthy' })
    expect(found.why).toContain('/assets/app-1.js: status 404')
  })
})

describe('over real sockets', () => {
  let server: Server
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  /** A site that answers every path that it does not know with its page, and keeps its files compressed, as S3 does. */
  async function open(site: Site): Promise<string> {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      const { pathname } = new URL(request.url ?? '', 'http://x')
      const [type, body] = (site[pathname] ?? site['/']) as readonly [string, string]
      response.setHeader('content-type', type)
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(body))
    }
    server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  async function watchSite(site: Site) {
    const url = await open(site)
    const run = testRun({ clock: systemClock, pollInterval: 200, timeout: 20_000 })
    const settings = settingsOf({
      checks: JSON.stringify([{ assets: url, name: 'site' }]),
      watch: '3s',
      'poll-interval': '200ms',
      timeout: '20s',
    })
    return act(run, { ...noPorts, fetchOnce }, { settings, store: undefined })
  }

  test('a whole site is healthy', async () => {
    expect((await watchSite(good)).outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('a chunk that the page answers for is not', async () => {
    const { '/assets/vendor-1.js': gone, ...rest } = good
    const result = await watchSite(rest)
    expect(gone).toBeDefined()
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toBe('site: /assets/vendor-1.js: it is answered as text/html')
  })

  test('a body is read no further than its limit', async () => {
    const url = await open({ '/': ['text/html', 'x'.repeat(1_000)] })
    const ask = { url, method: 'GET', headers: {}, timeout: 2_000, limit: 10 }
    const answer = await fetchOnce(ask)
    expect(answer).toMatchObject({ is: 'answer', truncated: true, body: '' })
    expect(answer.is === 'answer' && answer.bytes).toHaveLength(10)
  })
})
