import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Run, until } from '#core'

/** A program to run without a shell. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** Its whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
}

/** How a program ended; `timeout` means that it was still running at the deadline and was ended. */
export type Exit =
  | { readonly is: 'exited'; readonly code: number }
  | { readonly is: 'signal'; readonly signal: string }
  | { readonly is: 'timeout' }
  | { readonly is: 'not-started'; readonly why: string }

/** Milliseconds between two looks at a running program. */
const lookEvery = 200

/**
 * Runs a program in a process group of its own until it exits or the run's deadline passes; each line of its output
 * goes to `onLine`. The lease is renewed meanwhile. The group is ended with this process.
 */
export async function runProgram(
  run: Run,
  program: Program,
  onLine: (line: string) => void,
): Promise<Exit> {
  let ended: Exit | undefined
  const child = spawn(program.command, [...program.args], {
    env: { ...program.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const endGroup = () => {
    if (child.pid !== undefined && ended === undefined) process.kill(-child.pid, 'SIGTERM')
  }
  process.once('exit', endGroup)
  const lines = [child.stdout, child.stderr].map((stream) => readLines(stream, onLine))
  child.once('error', (error) => {
    ended = { is: 'not-started', why: error.message }
  })
  child.once('close', (code, signal) => {
    ended ??= signal === null ? { is: 'exited', code: code ?? 1 } : { is: 'signal', signal }
  })
  try {
    const waited = await until<Exit>(run, {
      what: program.command,
      every: lookEvery,
      look: async () =>
        ended ? { is: 'found', value: ended } : { is: 'waiting', seen: 'running' },
    })
    if (waited.is === 'found') await Promise.all(lines)
    return waited.is === 'found' ? waited.value : { is: 'timeout' }
  } finally {
    endGroup()
    process.removeListener('exit', endGroup)
  }
}

async function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line)
}
