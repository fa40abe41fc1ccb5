import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { holdStill, type Run, until } from '#core'

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
/** Milliseconds that a program gets to end once it is told to; less when this process must end itself. */
const patience = { inTime: 5_000, atTheEnd: 800 }

/**
 * Runs a program in a process group of its own until it exits or the run's deadline passes; each line of its output
 * goes to `onLine`. The lease is renewed meanwhile. The group is ended with this process: told first, then killed, so that nothing
 * goes on changing things behind a run that was cancelled.
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
  const tell = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && ended === undefined) signalGroup(child.pid, signal)
  }
  const endAtOnce = () => {
    if (ended !== undefined) return
    tell('SIGTERM')
    holdStill(patience.atTheEnd)
    tell('SIGKILL')
  }
  process.once('exit', endAtOnce)
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
    tell('SIGTERM')
    for (let waited = 0; ended === undefined && waited < patience.inTime; waited += lookEvery)
      await run.clock.sleep(lookEvery)
    tell('SIGKILL')
    process.removeListener('exit', endAtOnce)
  }
}

/** A group that has ended meanwhile is told nothing. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'ESRCH') throw thrown
  }
}

async function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line)
}
