import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from '#core'
import type { ActionEnd, Given, RunOf } from '../chain/job.ts'

/** Where bundles run: which `dist`, in which working tree, with which variables. */
export interface Runner {
  readonly dist: string
  readonly tree: string
  readonly env: Readonly<Record<string, string>>
  readonly run: RunOf
  /** Given each process, so that a test can send it signals. */
  readonly onStart?: (child: ChildProcess) => void
}

/** How a bundle's process ended; without an end it was killed. */
export type BundleEnd = ActionEnd | 'killed'

const files = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE', 'GITHUB_ENV']

/** Runs `dist/<action>/index.js` as the runner does, in a process of its own. */
export async function runBundle(
  runner: Runner,
  step: { readonly action: string; readonly given: Given; readonly say: (line: string) => void },
): Promise<BundleEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'))
  try {
    const env = environmentOf(runner, step.given, folder)
    const script = join(runner.dist, step.action, 'index.js')
    const ended = await exitOf(script, { cwd: runner.tree, env, onStart: runner.onStart }, step.say)
    if (ended.signal !== null) return 'killed'
    const outputs = outputsOf(readFileSync(join(folder, 'GITHUB_OUTPUT'), 'utf8'))
    if (outputs.outcome === undefined) throw new Error(`${step.action} set no outcome`)
    return { outcome: outputs.outcome as Outcome, outputs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function environmentOf({ env, run }: Runner, given: Given, folder: string): Given {
  for (const name of files) writeFileSync(join(folder, name), '')
  const inputs = Object.entries(given).map(([name, value]) => [
    `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
    value,
  ])
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    RUNNER_TEMP: folder,
    GITHUB_ACTIONS: 'true',
    // Debug logging is on: nobody may turn it on and find a secret in the log.
    ACTIONS_STEP_DEBUG: 'true',
    RUNNER_DEBUG: '1',
    GITHUB_REPOSITORY: 'acme/shop',
    GITHUB_ACTOR: 'ada',
    GITHUB_RUN_ID: run.runId,
    GITHUB_RUN_ATTEMPT: String(run.attempt),
    GITHUB_SHA: run.sha,
    ...Object.fromEntries(files.map((name) => [name, join(folder, name)])),
    ...env,
    ...Object.fromEntries(inputs),
  }
}

function exitOf(
  script: string,
  {
    onStart,
    ...options
  }: { readonly cwd: string; readonly env: Given; readonly onStart: Runner['onStart'] },
  say: (line: string) => void,
): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onStart?.(child)
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line !== '') say(line)
      })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
}

/** Reads the runner's file of outputs: `name<<delimiter`, the value, the delimiter. */
function outputsOf(text: string): Given {
  const found = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n?\2$/gm)
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]))
}
