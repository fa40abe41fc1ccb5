import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type RunResult, rerunJobs, runWorkflow, type SuiteCopy } from '../../support/act.ts'

/** A tiny suite and a tiny caller, to know what of GitHub act really plays. */
const root = mkdtempSync(join(tmpdir(), 'act-test-'))
const repository = 'acme/tiny'
const commit = 'c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff'
const suite: SuiteCopy = { repository, commit, folder: join(root, 'suite'), changes: {} }
const caller = join(root, 'caller')

const echo = `import { appendFileSync } from 'node:fs'
const { INPUT_SAY, INPUT_FAIL, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT, GITHUB_REPOSITORY, GITHUB_SHA } = process.env
console.log('saying', INPUT_SAY, process.env.PLANTED)
appendFileSync(process.env.GITHUB_OUTPUT, 'said=' + INPUT_SAY + '\\n')
appendFileSync(process.env.GITHUB_OUTPUT, 'run=' + [GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT, GITHUB_REPOSITORY, GITHUB_SHA].join(' ') + '\\n')
appendFileSync(process.env.GITHUB_STEP_SUMMARY, '## ' + INPUT_SAY + '\\n')
if (INPUT_FAIL === 'true') process.exitCode = 1
`

const files = {
  'suite/actions/echo/action.yml': `name: echo
inputs: { say: { default: '' }, fail: { default: 'false' } }
runs: { using: node24, main: ../../dist/echo/index.mjs }
`,
  'suite/dist/echo/index.mjs': echo,
  'suite/.github/workflows/undo.yml': `on:
  workflow_call:
    inputs: { verdict: { type: string } }
jobs:
  undo:
    runs-on: ubuntu-latest
    steps:
      - id: heard
        uses: ${repository}/actions/echo@${commit}
        with: { say: 'heard \${{ inputs.verdict }}' }
      - id: never
        if: \${{ inputs.verdict == 'healthy' }}
        uses: ${repository}/actions/echo@${commit}
`,
  'caller/.github/workflows/deploy.yml': `on: push
concurrency:
  group: deploy
  queue: max
jobs:
  deploy:
    runs-on: ubuntu-latest
    outputs: { verdict: "\${{ steps.health.outputs.said }}" }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - run: ./script
      - id: health
        uses: ${repository}/actions/echo@${commit}
        with: { say: unhealthy, fail: 'true' }
  undo:
    needs: deploy
    if: \${{ always() }}
    uses: ${repository}/.github/workflows/undo.yml@${commit}
    with: { verdict: "\${{ needs.deploy.outputs.verdict }}" }
`,
  'caller/.github/workflows/slow.yml': `on: push
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - run: node -e "setInterval(() => { console.log('tick'); require('fs').writeFileSync(process.env.BEAT, '' + Date.now()) }, 50)"
`,
  'caller/script': '#!/bin/sh\necho the script ran\n',
}

const git = (...args: string[]) =>
  execFileSync('git', ['-C', caller, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    encoding: 'utf8',
  }).trim()
const options = {
  repository: caller,
  workflow: '.github/workflows/deploy.yml',
  suite,
  event: 'push' as const,
}
let first: RunResult

beforeAll(async () => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text, { mode: 0o755 })
  }
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message=one')
  first = await runWorkflow({ ...options, env: { PLANTED: 'here' }, runId: '4711' })
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

const step = (run: RunResult, id: string) => run.steps.find((one) => one.id === id)

test('a failed job makes the run red, and the job with always() still runs in its called workflow', () => {
  expect(first.ok).toBe(false)
  expect(first.jobs).toEqual({ deploy: 'failure', undo: 'success' })
  expect(step(first, 'health')?.outcome).toBe('failure')
  expect(step(first, 'heard')).toMatchObject({
    outcome: 'success',
    outputs: { said: 'heard unhealthy' },
    summary: '## heard unhealthy\n',
  })
  expect(step(first, 'never')).toBeUndefined()
})

test('a job knows its run, attempt, repository and commit, and the environment that was passed', () => {
  const commitNow = git('rev-parse', 'HEAD')
  expect(step(first, 'health')?.outputs.run).toBe(`4711 1 acme/shop ${commitNow}`)
  expect(first.log).toContain('saying unhealthy here')
  expect(first.log).toContain('the script ran')
})

test('a re-run of one job has the same run id, the next attempt, and what the other jobs said', async () => {
  const again = await runWorkflow(rerunJobs(options, first, ['undo']))
  expect(again.jobs).toEqual({ deploy: 'failure', undo: 'success' })
  expect(step(again, 'health')).toBeUndefined()
  expect(step(again, 'heard')?.outputs.said).toBe('heard unhealthy')
  expect(step(again, 'heard')?.outputs.run).toContain('4711 2 acme/shop')
})

test('a killed run leaves no process behind', async () => {
  const beat = join(root, 'beat')
  const run = await runWorkflow({
    ...options,
    workflow: '.github/workflows/slow.yml',
    env: { BEAT: beat },
    onEvent: (event, running) => {
      if (event.is === 'line' && event.text === 'tick' && existsSync(beat)) running.kill()
    },
  })
  expect(run).toMatchObject({ ok: false, killed: true, jobs: {} })
  rmSync(beat)
  await new Promise((wake) => setTimeout(wake, 300))
  expect(existsSync(beat)).toBe(false)
})
