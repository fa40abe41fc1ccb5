import { execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { realClock } from '../clock.ts'
import { eventOf, type History, historian, type RunEvent } from './log.ts'
import { rewriteForAct } from './rewrite.ts'
import { type SuiteCopy, suiteRoot } from './suite.ts'
import { killTree } from './tree.ts'

/** A run of a workflow of the caller's repository. */
export interface RunOptions {
  /** The caller's git repository; the run gets a clone of its own. */
  readonly repository: string
  /** The commit to run at; HEAD by default. */
  readonly commit?: string
  /** The workflow's path in the repository, e.g. `.github/workflows/deploy.yml`. */
  readonly workflow: string
  readonly suite: SuiteCopy
  readonly event?: 'push' | 'workflow_dispatch'
  /** Inputs of a dispatched workflow. */
  readonly inputs?: Readonly<Record<string, string>>
  /** The environment of the jobs: the sandbox's. */
  readonly env?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  /** `owner/name` of the caller. */
  readonly caller?: string
  readonly actor?: string
  /** Digits; one of its own by default. A re-run has the run id of the first attempt. */
  readonly runId?: string
  readonly attempt?: number
  /** Changes files of the clone before act sees them, e.g. for a re-run of one job. */
  readonly prepare?: (folder: string) => void
  readonly onEvent?: (event: RunEvent, run: Running) => void
}

/** A run that goes on. */
export interface Running {
  readonly runId: string
  readonly attempt: number
  /** Kills everything of the run, as if its machine had gone; `done` resolves then. */
  kill(): void
  readonly done: Promise<RunResult>
}

/** A run that ended. */
export interface RunResult extends History {
  /** Green: every job passed. */
  readonly ok: boolean
  readonly killed: boolean
  readonly runId: string
  readonly attempt: number
  /** Everything that act wrote, as it wrote it: nothing is left out or masked. */
  readonly output: string
  /** Real milliseconds. */
  readonly took: number
}

const clock = realClock()

/** A clone of the caller's repository at one commit of main, with the packages that its scripts use. */
function clone(options: RunOptions, folder: string): void {
  const { repository, commit, prepare } = options
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const git = (...args: string[]) => execFileSync('git', args, { env, stdio: 'pipe' })
  git('clone', '--quiet', '--local', repository, folder)
  if (commit) git('-C', folder, 'reset', '--quiet', '--hard', commit)
  const packages = join(repository, 'node_modules')
  if (existsSync(packages)) symlinkSync(realpathSync(packages), join(folder, 'node_modules'))
  prepare?.(folder)
}

/** The workflow file as act reads it, outside the clone's tree so that the commit stays the commit. */
function workflowFor(options: RunOptions, home: string, folder: string): string {
  const file = join(home, 'workflow', options.workflow.slice(options.workflow.lastIndexOf('/') + 1))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, rewriteForAct(readFileSync(join(folder, options.workflow), 'utf8')).text)
  return file
}

interface Start {
  readonly options: RunOptions
  readonly home: string
  readonly runId: string
  readonly attempt: number
}

const pairs = (flag: string, values: Readonly<Record<string, string>> = {}) =>
  Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`])

function argumentsOf({ options, runId, attempt }: Start, workflow: string): readonly string[] {
  const { suite, event = 'workflow_dispatch', inputs, secrets } = options
  // A runner hands the token to expressions only, never to the environment.
  const { GITHUB_TOKEN = 'ghs_sandboxTokenOfTheJob', ...env } = options.env ?? {}
  const github = {
    GITHUB_RUN_ID: runId,
    GITHUB_RUN_ATTEMPT: String(attempt),
    GITHUB_REPOSITORY: options.caller ?? 'acme/shop',
  }
  return [
    event,
    ...['--workflows', workflow],
    ...['--platform', 'ubuntu-latest=-self-hosted'],
    ...['--local-repository', `${suite.repository}@${suite.commit}=${suite.folder}`],
    ...['--action-offline-mode', '--no-cache-server', '--json', '--use-gitignore=false'],
    // What an action masks must be seen if it leaks all the same.
    '--insecure-secrets',
    ...['--actor', options.actor ?? 'pat'],
    ...pairs('--env', { ...env, ...github }),
    ...pairs('--input', inputs),
    ...pairs('--secret', { GITHUB_TOKEN }),
    // By name: the values come from act's own environment, so they may have several lines.
    ...Object.keys(secrets ?? {}).flatMap((name) => ['--secret', name]),
  ]
}

/** Nothing of our own environment: a job must not find what its runner would not have. */
function environmentOf({ options, home }: Start): Record<string, string> {
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin']
  const own = { HOME: home, XDG_CACHE_HOME: join(home, '.cache'), TMPDIR: join(home, 'tmp') }
  mkdirSync(own.TMPDIR)
  return { PATH: path.join(':'), LANG: 'C.UTF-8', ...own, ...options.secrets }
}

/** Starts a run under act in host mode: the real workflow files and the real bundles, on this machine. */
export function startRun(options: RunOptions): Running {
  const { runId = String(randomInt(10_000_000, 99_999_999)), attempt = 1 } = options
  const home = mkdtempSync(join(tmpdir(), 'act-'))
  const begun = clock.now()
  const start = { options, home, runId, attempt }
  const folder = join(home, 'repository')
  clone(options, folder)
  const workflow = workflowFor(options, home, folder)
  const act = join(suiteRoot(), '.tools/python/bin/act')
  const child = spawn(act, argumentsOf(start, workflow), {
    cwd: folder,
    env: environmentOf(start),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { add, history } = historian()
  const lines: string[] = []
  let killed = false
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null) return
    killed = true
    killTree(child.pid)
  }
  process.once('exit', kill)
  const hear = (line: string) => {
    lines.push(line)
    const event = eventOf(line, clock.now())
    if (!event) return
    add(event)
    options.onEvent?.(event, running)
  }
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', hear)
  const done = new Promise<RunResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      process.removeListener('exit', kill)
      rmSync(home, { recursive: true, force: true })
      const took = clock.now() - begun
      const output = lines.join('\n')
      resolve({ ...history(), ok: code === 0, killed, runId, attempt, output, took })
    })
  })
  const running: Running = { runId, attempt, kill, done }
  return running
}

/** Runs a workflow to its end. */
export async function runWorkflow(options: RunOptions): Promise<RunResult> {
  return await startRun(options).done
}
