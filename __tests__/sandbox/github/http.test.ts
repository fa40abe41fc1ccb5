import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { projectPython } from '../../../packages/sandbox/gateway/ministack.ts'
import { realClock, type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { clientOf } from './hub.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false, github: true, scale: 100 })
})
afterAll(async () => {
  const { url } = github()
  await sandbox.close()
  await expect(fetch(url)).rejects.toThrow()
})

function github() {
  if (!sandbox.github) throw new Error('GitHub was not asked for')
  return sandbox.github
}

/** A call as a script makes it, with what the job's environment says and nothing else. */
function call(method: string, path: string, body?: object) {
  const { GITHUB_API_URL, GITHUB_TOKEN } = sandbox.env
  return fetch(`${GITHUB_API_URL}${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${GITHUB_TOKEN}`,
      'x-github-api-version': '2022-11-28',
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

const admin = (method: string, path: string, body?: object) =>
  fetch(`${github().url}/_sandbox/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  })

describe('over a socket', () => {
  test('a script reaches it with the variables of its job', async () => {
    expect(sandbox.env.GITHUB_REPOSITORY).toBe('acme/shop')
    const made = await call('POST', '/repos/acme/shop/deployments', { ref: 'main' })
    expect(made.status).toBe(201)
    const { id, url, statuses_url } = (await made.json()) as Record<string, string>
    expect(url).toBe(`${github().url}/repos/acme/shop/deployments/${id}`)
    const path = String(statuses_url).replace(github().url, '')
    expect((await call('POST', path, { state: 'success' })).status).toBe(201)
    const statuses = (await (await call('GET', path)).json()) as { state: string }[]
    expect(statuses.map(({ state }) => state)).toEqual(['success'])
    const denied = await call('PUT', '/repos/acme/shop/environments/production', {})
    expect(denied.headers.get('x-accepted-github-permissions')).toBe('administration=write')
  })

  test('octokit walks its pages by the links that it gives', async () => {
    const { GITHUB_TOKEN = '' } = sandbox.env
    const client = clientOf({ url: github().url, fetch }, GITHUB_TOKEN)
    const at = { owner: 'acme', repo: 'shop' }
    for (let n = 0; n < 5; n += 1) await client.rest.issues.create({ ...at, title: `issue ${n}` })
    const all = await client.paginate(client.rest.issues.listForRepo, { ...at, per_page: 2 })
    expect(all).toHaveLength(5)
  })

  test('Python reads an error as GitHub writes it', async () => {
    const program = `
import json, os, urllib.request, urllib.error
request = urllib.request.Request(os.environ['GITHUB_API_URL'] + '/repos/acme/shop/actions/runs/1/cancel', method='POST',
  headers={'Authorization': 'token ' + os.environ['GITHUB_TOKEN']})
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, json.load(error), error.headers['X-RateLimit-Limit']]))
`
    const { stdout } = await promisify(execFile)(projectPython(), ['-c', program], {
      env: { ...sandbox.env },
    })
    expect(JSON.parse(stdout)).toEqual([
      404,
      {
        message: 'Not Found',
        documentation_url:
          'https://docs.github.com/rest/actions/workflow-runs#cancel-a-workflow-run',
        status: '404',
      },
      '1000',
    ])
  })

  test('runs go on by the clock of the sandbox, a hundred times faster', async () => {
    const shop = github().repository('acme/shop')
    shop.workflow({ path: '.github/workflows/deploy.yml', jobs: [{ name: 'deploy' }] })
    const id = shop.run('.github/workflows/deploy.yml')
    const began = realClock().now()
    const statusOf = async () =>
      (
        (await (await call('GET', `/repos/acme/shop/actions/runs/${id}`)).json()) as {
          status: string
        }
      ).status
    while ((await statusOf()) !== 'completed') await realClock().sleep(20)
    const took = realClock().now() - began
    expect(took).toBeGreaterThan(500)
  })

  test('a client that does not wait long enough sees nothing of an applied call', async () => {
    await admin('PUT', 'faults', { effect: 'slow', ms: 60_000, operation: 'issues/create' })
    const { GITHUB_API_URL, GITHUB_TOKEN } = sandbox.env
    const late = fetch(`${GITHUB_API_URL}/repos/acme/shop/issues`, {
      method: 'POST',
      headers: { authorization: `Bearer ${GITHUB_TOKEN}` },
      body: '{"title": "late"}',
      signal: AbortSignal.timeout(100),
    })
    await expect(late).rejects.toThrow('timeout')
    await realClock().sleep(1000)
    const list = (await (await call('GET', '/repos/acme/shop/issues')).json()) as {
      title: string
    }[]
    expect(list.map(({ title }) => title)).toContain('late')
    await admin('DELETE', 'faults')
  })

  test('faults and the log of calls are reached over HTTP', async () => {
    const rule = { effect: 'throttle', status: 429, retryAfterSeconds: 1, to: 1 }
    expect((await admin('PUT', 'faults', rule)).status).toBe(200)
    const refused = await call('GET', '/repos/acme/shop')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await call('GET', '/repos/acme/shop')).status).toBe(200)
    const log = await (await admin('GET', 'calls?operation=repos/get')).json()
    const { calls } = log as { calls: { status: number }[] }
    expect(calls.map(({ status }) => status)).toEqual([429, 200])
    await admin('PUT', 'limit', { requests: 0 })
    expect((await call('GET', '/repos/acme/shop')).status).toBe(403)
    await admin('PUT', 'limit', { requests: 1000 })
  })
})
