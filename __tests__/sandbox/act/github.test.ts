import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runWorkflow } from '../../support/act.ts'

jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'act-github-'))
const WORKFLOW = '.github/workflows/tell.yml'
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false, github: true })
  mkdirSync(join(folder, '.github/workflows'), { recursive: true })
  writeFileSync(
    join(folder, WORKFLOW),
    `on: push
jobs:
  tell:
    runs-on: ubuntu-latest
    steps:
      - id: tell
        env: { TOKEN: "\${{ github.token }}", BODY: '{"title": "told by run \${{ github.run_id }}"}' }
        run: |
          node -e 'fetch(process.env.GITHUB_API_URL + "/repos/" + process.env.GITHUB_REPOSITORY + "/issues", {
            method: "POST", headers: { authorization: "token " + process.env.TOKEN }, body: process.env.BODY,
          }).then((answer) => console.log("answered " + answer.status + " token in environment: " + ("GITHUB_TOKEN" in process.env)))'
`,
  )
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
  git('init', '--quiet', '--initial-branch=main')
  git('add', '-A')
  git('commit', '--quiet', '--message', 'Begin')
})
afterAll(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a workflow under act talks to the stand-in with the token of its job', async () => {
  const run = await runWorkflow({
    repository: folder,
    workflow: WORKFLOW,
    event: 'push',
    suite: { repository: 'acme/none', commit: '0'.repeat(40), folder, changes: {} },
    env: sandbox.env,
    runId: '12345678',
  })
  expect(run.output).toContain('answered 201 token in environment: false')
  const { GITHUB_API_URL, GITHUB_TOKEN } = sandbox.env
  const answer = await fetch(`${GITHUB_API_URL}/repos/acme/shop/issues`, {
    headers: { authorization: `token ${GITHUB_TOKEN}` },
  })
  expect(await answer.json()).toMatchObject([{ title: 'told by run 12345678' }])
})
