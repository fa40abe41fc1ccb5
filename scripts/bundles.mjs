// Executes every bundle as the runner would, but without inputs: each must start, find its inputs missing, say so in
// our words and fail. A module that is missing or a bundle that dies at start shows here, and not in ncc.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionNames } from './actions.ts'
import { root } from './install.mjs'

/** Runs dist/<name>/index.js with an empty runner environment; returns how it ended and what it printed. */
export function execute(name) {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  const runner = {
    GITHUB_OUTPUT: 'output',
    GITHUB_STEP_SUMMARY: 'summary',
    GITHUB_STATE: 'state',
    GITHUB_ENV: 'env',
  }
  const env = { PATH: process.env.PATH, RUNNER_TEMP: folder, HOME: folder }
  for (const [variable, file] of Object.entries(runner)) {
    env[variable] = join(folder, file)
    writeFileSync(env[variable], '')
  }
  const script = join(root, 'dist', name, 'index.js')
  const ended = spawnSync(process.execPath, [script], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 20_000,
  })
  rmSync(folder, { recursive: true })
  return { status: ended.status, printed: `${ended.stdout}${ended.stderr}` }
}

/** What is wrong with how a bundle ended; undefined when nothing is. */
export function complaint({ status, printed }) {
  if (/MODULE_NOT_FOUND|Cannot find (module|package)|^ {4}at /m.test(printed))
    return 'died at start'
  if (status !== 1) return `exit code ${status}, expected 1`
  if (!/^::error.*timeout: expected/m.test(printed))
    return 'did not name the missing inputs in an error'
  return undefined
}

function check() {
  const bad = actionNames().filter((name) => {
    const ended = execute(name)
    const wrong = complaint(ended)
    console.log(wrong ? `not ok  ${name}: ${wrong}\n${ended.printed}` : `ok  ${name}`)
    return wrong !== undefined
  })
  return bad.length === 0
}

if (import.meta.main) process.exit(check() ? 0 : 1)
