import { describe, expect, test } from '@jest/globals'
import { githubDescription } from '../../../packages/sandbox/github/description.ts'
import { ACCEPTED, permits } from '../../../packages/sandbox/github/permissions.ts'
import { clientOf, hub, refused, SHOP } from './hub.ts'

const ofRepository = githubDescription().operations.filter(({ path }) => path.includes('{owner}'))

/** The path of an operation with something in every place. */
const pathOf = (path: string) => path.replace('{owner}/{repo}', SHOP).replace(/\{\w+\}/g, '1')

const ask = (
  world: ReturnType<typeof hub>,
  token: string | undefined,
  method: string,
  url: string,
) =>
  world.github.fetch(`http://github.test${url}`, {
    method: method.toUpperCase(),
    ...(token !== undefined && { headers: { authorization: `token ${token}` } }),
  })

describe('a private repository', () => {
  test.each(
    ofRepository.map(({ operationId, method, path }) => [operationId, method, path] as const),
  )('%s needs its permission', async (id, method, path) => {
    const world = hub()
    const url = pathOf(path)
    const bare = await ask(world, world.github.token(SHOP), method, url)
    if (ACCEPTED[id] === 'metadata=read') expect(bare.status).toBe(200)
    else {
      expect(bare.status).toBe(403)
      expect(bare.headers.get('x-accepted-github-permissions')).toBe(ACCEPTED[id])
      expect(await bare.json()).toEqual({
        message: 'Resource not accessible by integration',
        documentation_url: expect.stringContaining('https://docs.github.com/rest/'),
        status: '403',
      })
    }
    const stranger = world.github.token('acme/other', { actions: 'write', contents: 'write' })
    expect((await ask(world, stranger, method, url)).status).toBe(404)
    expect((await ask(world, undefined, method, url)).status).toBe(404)
  })

  test('reading is not writing, and writing is also reading', async () => {
    const { octokit, at } = hub()
    const [reader, writer] = [octokit({ issues: 'read' }), octokit({ issues: 'write' })]
    const refusal = await refused(reader.rest.issues.create({ ...at, title: 'x' }))
    expect([refusal.status, refusal.headers['x-accepted-github-permissions']]).toEqual([
      403,
      'issues=write',
    ])
    await writer.rest.issues.create({ ...at, title: 'x' })
    expect((await reader.rest.issues.listForRepo(at)).data).toHaveLength(1)
    expect((await writer.rest.issues.listForRepo(at)).data).toHaveLength(1)
  })
})

describe('a public repository', () => {
  test('is read by anybody and written by its own tokens', async () => {
    const world = hub()
    world.github.repository('acme/open', { private: false })
    const url = '/repos/acme/open/issues'
    expect((await ask(world, undefined, 'get', url)).status).toBe(200)
    expect((await ask(world, undefined, 'post', url)).status).toBe(401)
    const other = world.github.token(SHOP, { issues: 'write' })
    expect((await ask(world, other, 'get', url)).status).toBe(200)
    expect((await ask(world, other, 'post', url)).status).toBe(403)
  })
})

describe('tokens', () => {
  test.each(['nonsense', 'ghs_unknown'])('%s is a bad credential', async (token) => {
    const answer = await ask(hub(), token, 'get', `/repos/${SHOP}`)
    expect([answer.status, await answer.json()]).toEqual([
      401,
      expect.objectContaining({ message: 'Bad credentials', status: '401' }),
    ])
  })

  test('end with their job, and by time', async () => {
    const world = hub()
    const { clock, github } = world
    const [job, short] = [github.token(SHOP), github.token(SHOP, {}, { seconds: 60 })]
    const status = async (token: string) =>
      (await ask(world, token, 'get', `/repos/${SHOP}`)).status
    expect([await status(job), await status(short)]).toEqual([200, 200])
    github.endToken(job)
    await clock.advance(61_000)
    expect([await status(job), await status(short)]).toEqual([401, 401])
  })

  test('never stand in the log of calls', async () => {
    const { github, at } = hub()
    const token = github.token(SHOP, { issues: 'write' })
    await clientOf(github, token).rest.issues.create({ ...at, title: 'x' })
    const [call] = github.calls.list()
    expect(call).toMatchObject({ account: SHOP, operation: 'issues/create', mutating: true })
    expect(JSON.stringify(github.calls.list())).not.toContain(token)
  })

  const rows: [string, Record<string, 'read' | 'write'>, boolean][] = [
    ['issues=write; pull_requests=write', { 'pull-requests': 'write' }, true],
    ['issues=write; pull_requests=write', { issues: 'read' }, false],
    ['contents=read, actions=read', { contents: 'read' }, false],
    ['contents=read, actions=read', { contents: 'write', actions: 'read' }, true],
    ['metadata=read', {}, true],
    ['', {}, true],
  ]
  test.each(rows)('what accepts "%s" takes %j: %s', (accepted, permissions, answer) => {
    expect(permits(permissions, accepted)).toBe(answer)
  })
})
