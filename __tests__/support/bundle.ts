import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')

/** How a bundle ended, and everything it wrote. */
export interface Ended {
  readonly code: number
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  /** The report file, empty when there is none. */
  readonly report: string
}

/** What a bundle is run with. */
export interface Job {
  /** Inputs over the defaults of action.yml, which the runner would fill in. */
  readonly inputs?: Readonly<Record<string, string>>
  /** Variables beside the runner's own. */
  readonly env?: Readonly<Record<string, string>>
  /** The checked-out repository; an empty folder by default. */
  readonly cwd?: string
  /** Given the process, so that a test can send it signals. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Runs dist/<name>/index.js as the runner would: defaults of action.yml, files for outputs and summary, nothing inherited. */
export async function runBundle(name: string, job: Job = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  const files = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  }
  for (const file of Object.values(files)) writeFileSync(file, '')
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    RUNNER_TEMP: folder,
    ...files,
    ...inputsOf(name, job),
    NODE_COMPILE_CACHE: join(root, '.build/compiled'),
    ...job.env,
  }
  const script = join(root, 'dist', name, 'index.js')
  const { code, log } = await execute(script, { env, cwd: job.cwd ?? folder }, job.onStart)
  const outputs = readOutputs(readFileSync(files.GITHUB_OUTPUT, 'utf8'))
  const summary = readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8')
  const report = outputs.report ? readFileSync(outputs.report, 'utf8') : ''
  rmSync(folder, { recursive: true, force: true })
  return { code, log, outputs, summary, report }
}

/** The default that is an expression is the job's token. */
const usualOf = (usual: unknown, token = '') =>
  usual === '${{ github.token }}' ? token : String(usual ?? '')

function inputsOf(name: string, { inputs = {}, env = {} }: Job): Record<string, string> {
  const file = parse(readFileSync(join(root, 'actions', name, 'action.yml'), 'utf8'))
  const defaults = Object.entries(file.inputs as Record<string, { default?: string }>).map(
    ([key, input]) => [key, usualOf(input.default, env.GITHUB_TOKEN)] as const,
  )
  const all = { ...Object.fromEntries(defaults), ...inputs }
  return Object.fromEntries(
    Object.entries(all).map(([key, value]) => [`INPUT_${key.toUpperCase()}`, value]),
  )
}

function execute(
  script: string,
  where: { readonly env: Record<string, string>; readonly cwd: string },
  onStart: Job['onStart'],
): Promise<{ code: number; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], { ...where, stdio: ['ignore', 'pipe', 'pipe'] })
    onStart?.(child)
    const parts: Buffer[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => parts.push(part))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 1, log: Buffer.concat(parts).toString() }),
    )
  })
}

/** Reads the heredoc form in which the toolkit writes outputs. */
function readOutputs(text: string): Record<string, string> {
  const found = text.matchAll(/^(\S+)<<(\S+)\n([\s\S]*?)\n\2$/gm)
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]))
}
