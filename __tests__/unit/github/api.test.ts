import { expect, test } from '@jest/globals'
import { CallError } from '#core'
import { connect, type GitHub, isMissing, lifeOf } from '#github'
import { memoryGitHub, type Permissions, virtualClock } from '../../../packages/sandbox/index.ts'

/** The client of the product against the stand-in of GitHub's API, without a socket. */
function place(permissions: Permissions = { actions: 'read', contents: 'read' }) {
  const clock = virtualClock()
  const github = memoryGitHub({ clock })
  const repository = github.repository('acme/shop')
  const token = github.token('acme/shop', permissions)
  const client = connect({
    ...{ token, repository: 'acme/shop', url: github.url },
    fetch: github.fetch,
  })
  return { clock, github, repository, client, token }
}

const readRepository = (client: GitHub) =>
  client.ask('GET /repos/{owner}/{repo}', 'the repository', {})

async function failure(asked: Promise<unknown>): Promise<CallError> {
  const thrown = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof CallError) return thrown
  throw new Error(`expected a CallError, got ${String(thrown)}`)
}

test('it asks for its own repository', async () => {
  const { client } = place()
  expect(await readRepository(client)).toMatchObject({ full_name: 'acme/shop' })
})

test('a permission that the job lacks is named as the workflow file spells it', async () => {
  const { client } = place({ contents: 'read' })
  const issue = { title: 'x' }
  const refused = await failure(client.ask('POST /repos/{owner}/{repo}/issues', 'the issue', issue))
  expect(refused).toMatchObject({
    code: '403',
    next: 'grant the job permissions: issues: write',
    action: 'github:POST /repos/{owner}/{repo}/issues',
  })
})

test('a token that ended is told as one', async () => {
  const { client, github, token } = place()
  github.endToken(token)
  expect(await failure(readRepository(client))).toMatchObject({ code: '401' })
})

test('what is not there is told from what failed', async () => {
  const { client } = place()
  const run = client.ask('GET /repos/{owner}/{repo}/actions/runs/{run_id}', 'run 1', { run_id: 1 })
  expect(isMissing(await failure(run))).toBe(true)
  expect(isMissing(new Error('404'))).toBe(false)
})

test('one failure in between is repeated, and a GitHub that is down is no riddle', async () => {
  let failing = 1
  const { github, token } = place()
  const broken: typeof fetch = async (input, init) => {
    failing -= 1
    if (failing >= 0) throw new TypeError('fetch failed')
    return github.fetch(input, init)
  }
  const options = { token, repository: 'acme/shop', url: github.url }
  const client = connect({ ...options, fetch: broken })
  expect(await readRepository(client)).toMatchObject({ full_name: 'acme/shop' })
  failing = 100
  expect(await failure(readRepository(client))).toMatchObject({ code: 'NoAnswer' })
})

test('a run is alive until it is completed, and one that GitHub does not know is doubt', async () => {
  const { client, clock, repository } = place()
  repository.commit()
  repository.workflow({ path: '.github/workflows/deploy.yml', jobs: [{ name: 'deploy' }] })
  const run = String(repository.run('.github/workflows/deploy.yml'))
  expect(await lifeOf(client, { run, attempt: 1 })).toMatchObject({ is: 'alive' })
  await clock.advance(600_000)
  expect(await lifeOf(client, { run, attempt: 1 })).toEqual({ is: 'ended', conclusion: 'success' })
  expect(await lifeOf(client, { run: '99', attempt: 1 })).toMatchObject({ is: 'unknown' })
  expect(await lifeOf(client, { run: 'local', attempt: 1 })).toMatchObject({ is: 'unknown' })
})
