// Child processes and when they say something. Asynchronous throughout: the sandbox answers from this process.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Milliseconds since the epoch, with fractions: comparable with the gateway's log. */
export const wallClock = () => performance.timeOrigin + performance.now()

/** How a program ran. Times are milliseconds since the epoch. */
export interface Ran {
  readonly code: number | null
  readonly printed: string
  readonly began: number
  readonly ended: number
  /** When it had first printed the text that was listened for. */
  readonly heard: number | undefined
}

/** What to run; only the given environment and `PATH` reach it. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** A text to listen for. */
  readonly listenFor?: string
}

/** Runs a program to its end. Rejects when it cannot be started. */
export function runProgram({ command, args, env, cwd, listenFor }: Program): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const began = wallClock()
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    let heard: number | undefined
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        if (heard === undefined && listenFor && printed.includes(listenFor)) heard = wallClock()
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, printed, began, ended: wallClock(), heard }))
  })
}

/** Runs a bundle as the runner does: its inputs in the environment, files for what it hands back, a folder of its own. */
export async function runBundle(
  script: string,
  inputs: Readonly<Record<string, string>>,
  more: Pick<Program, 'env' | 'listenFor'> = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-step-'))
  const files = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE', 'GITHUB_ENV']
  const env: Record<string, string> = { ...more.env, RUNNER_TEMP: folder, HOME: folder }
  for (const name of files) {
    env[name] = join(folder, name)
    writeFileSync(join(folder, name), '')
  }
  for (const [name, value] of Object.entries(inputs))
    env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value
  try {
    return await runProgram({
      ...more,
      command: process.execPath,
      args: [script],
      env,
      cwd: folder,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
