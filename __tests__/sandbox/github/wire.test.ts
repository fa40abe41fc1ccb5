import { describe, expect, test } from '@jest/globals'
import { links } from '../../../packages/sandbox/github/page.ts'
import type { Fault } from '../../../packages/sandbox/index.ts'
import { clientOf, hub, refused, SHOP } from './hub.ts'

/** A hub under one fault. */
function under(fault: Fault) {
  const world = hub()
  world.github.faults.add(fault)
  return world
}

const titles = async ({ client, at }: ReturnType<typeof hub>) =>
  (await client.rest.issues.listForRepo(at)).data.map(({ title }) => title)

describe('pages', () => {
  const url = new URL('https://api.github.com/repos/a/b/issues?state=all&page=2')
  const page = (n: number) => `<https://api.github.com/repos/a/b/issues?state=all&page=${n}>`
  const rows: [number, number, string | undefined][] = [
    [1, 1, undefined],
    [1, 0, undefined],
    [1, 3, `${page(2)}; rel="next", ${page(3)}; rel="last"`],
    [
      2,
      3,
      `${page(1)}; rel="prev", ${page(3)}; rel="next", ${page(3)}; rel="last", ${page(1)}; rel="first"`,
    ],
    [3, 3, `${page(2)}; rel="prev", ${page(1)}; rel="first"`],
  ]
  test.each(rows)('page %i of %i links to %s', (at, last, header) => {
    expect(links(url, at, last)).toBe(header)
  })

  test('are walked by octokit to the end', async () => {
    const { client, at } = hub()
    for (let n = 1; n <= 35; n += 1) await client.rest.issues.create({ ...at, title: `issue ${n}` })
    expect((await client.rest.issues.listForRepo(at)).data).toHaveLength(30)
    const all = await client.paginate(client.rest.issues.listForRepo, { ...at, per_page: 10 })
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 35 }, (_, n) => 35 - n))
  })

  test('are walked where a list lies in an object', async () => {
    const { client, shop, at } = hub()
    const path = '.github/workflows/ci.yml'
    shop.workflow({ path, jobs: [{ name: 'test' }] })
    for (let n = 0; n < 7; n += 1) shop.run(path)
    const query = { ...at, per_page: 3 }
    expect(await client.paginate(client.rest.actions.listWorkflowRunsForRepo, query)).toHaveLength(
      7,
    )
  })

  test('hold a hundred at most', async () => {
    const { client, shop, at } = hub()
    for (let n = 0; n < 120; n += 1) shop.commit()
    const { data } = await client.rest.repos.listCommits({ ...at, per_page: 500 })
    expect(data).toHaveLength(100)
  })
})

describe('an ETag', () => {
  test('answers 304 until something changed, which costs nothing of the limit', async () => {
    const { client, at } = hub()
    const get = (etag?: string) =>
      client.rest.issues.listForRepo({
        ...at,
        ...(etag !== undefined && { headers: { 'if-none-match': etag } }),
      })
    const { etag } = (await get()).headers
    const same = await refused(get(etag))
    expect([same.status, same.headers['x-ratelimit-used']]).toEqual([304, '1'])
    await client.rest.issues.create({ ...at, title: 'new' })
    const changed = await get(etag)
    expect([changed.status, changed.headers.etag === etag]).toEqual([200, false])
    expect(changed.headers['x-ratelimit-used']).toBe('3')
  })
})

describe('the rate limit', () => {
  test('counts down in the headers, refuses at nothing, and begins anew after an hour', async () => {
    const { github, client, clock, at } = hub()
    github.limit(3)
    const left = []
    for (let n = 0; n < 3; n += 1) {
      const { headers } = await client.rest.repos.get(at)
      left.push(headers['x-ratelimit-remaining'])
    }
    expect(left).toEqual(['2', '1', '0'])
    const { status, message, headers } = await refused(client.rest.repos.get(at))
    expect([status, message]).toEqual([403, expect.stringContaining('API rate limit exceeded')])
    expect(headers['x-ratelimit-remaining']).toBe('0')
    expect(headers['retry-after']).toBeUndefined()
    const reset = Number(headers['x-ratelimit-reset']) * 1000
    expect((await client.rest.rateLimit.get()).data.rate).toMatchObject({ limit: 3, remaining: 0 })
    await clock.advance(reset - clock.now() + 1000)
    expect((await client.rest.repos.get(at)).headers['x-ratelimit-remaining']).toBe('2')
  })

  test('is one for all tokens of a repository', async () => {
    const { octokit, at } = hub()
    await octokit().rest.repos.get(at)
    expect((await octokit().rest.repos.get(at)).headers['x-ratelimit-used']).toBe('2')
  })
})

describe('a fault', () => {
  const rows: [Fault, number, object][] = [
    [{ effect: 'throttle' }, 403, { 'retry-after': '60' }],
    [{ effect: 'throttle', status: 429, retryAfterSeconds: 5 }, 429, { 'retry-after': '5' }],
    [{ effect: 'error500' }, 500, {}],
    [{ effect: 'error500', status: 502 }, 502, {}],
    [{ effect: 'denied' }, 403, { 'x-accepted-github-permissions': 'issues=write' }],
    [{ effect: 'expired' }, 401, {}],
  ]
  test.each(rows)('%j answers %i and applies nothing', async (fault, status, headers) => {
    const world = under({ ...fault, operation: 'issues/create' })
    const call = world.client.rest.issues.create({ ...world.at, title: 'x' })
    expect(await refused(call)).toMatchObject({ status, headers })
    expect(await titles(world)).toEqual([])
  })

  test('throttle says in words that it is the secondary limit, with requests left', async () => {
    const world = under({ effect: 'throttle' })
    const { message, headers } = await refused(world.client.rest.repos.get(world.at))
    expect(message).toContain('You have exceeded a secondary rate limit')
    expect(headers['x-ratelimit-remaining']).toBe('999')
  })

  test('loses an answer after the call was applied', async () => {
    const world = under({ effect: 'applied-answer-lost', mutating: true, nth: 1 })
    const create = () => world.client.rest.issues.create({ ...world.at, title: 'x' })
    await expect(create()).rejects.toThrow('ECONNRESET')
    expect(await titles(world)).toEqual(['x'])
    await create()
    expect(await titles(world)).toEqual(['x', 'x'])
  })

  test('breaks a connection before the call is applied', async () => {
    const world = under({ effect: 'reset', mutating: true })
    const call = world.client.rest.issues.create({ ...world.at, title: 'x' })
    await expect(call).rejects.toThrow('ECONNRESET')
    expect(await titles(world)).toEqual([])
  })

  test('kills at the n-th mutating call, before or after it', async () => {
    for (const [when, left] of [
      ['before', ['one']],
      ['after', ['two', 'one']],
    ] as const) {
      let killed = 0
      const onKill = () => {
        killed += 1
      }
      const world = under({ effect: 'kill', when, nth: 2, onKill })
      await world.client.rest.issues.create({ ...world.at, title: 'one' })
      await refused(world.client.rest.issues.create({ ...world.at, title: 'two' }))
      expect([killed, await titles(world)]).toEqual([1, left])
    }
  })

  test('comes late', async () => {
    const world = under({ effect: 'slow', ms: 30_000, mutating: true })
    const began = world.clock.now()
    await world.client.rest.issues.create({ ...world.at, title: 'x' })
    expect(world.clock.now() - began).toBe(30_000)
  })

  test('is chosen by operation, repository and what is in the request', async () => {
    const world = under({ effect: 'error500', account: SHOP, match: 'poison' })
    await world.client.rest.issues.create({ ...world.at, title: 'x' })
    const call = world.client.rest.issues.create({ ...world.at, title: 'poison' })
    expect((await refused(call)).status).toBe(500)
    const [, bad] = world.github.calls.list()
    expect(bad).toMatchObject({ status: 500, fault: 'error500', error: 'Server Error' })
  })
})

describe('a request', () => {
  test('that is not JSON is a 400', async () => {
    const { github } = hub()
    const token = github.token(SHOP, { issues: 'write' })
    const answer = await github.fetch(`${github.url}/repos/${SHOP}/issues`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: '{"title":',
    })
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ message: 'Problems parsing JSON' }),
    ])
  })

  test('of a repository that is not there is a 404', async () => {
    const { github } = hub()
    const client = clientOf(github, github.token(SHOP))
    const call = client.rest.repos.get({ owner: 'acme', repo: 'gone' })
    expect((await refused(call)).status).toBe(404)
  })

  test('finds a repository whatever its case', async () => {
    const { client } = hub()
    const { data } = await client.rest.repos.get({ owner: 'Acme', repo: 'SHOP' })
    expect(data.full_name).toBe(SHOP)
  })
})
