import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { type Clock, realClock } from '../clock.ts'
import { portSource } from './ports.ts'
import type { Exit, Running, Runtime, StartRequest } from './runtime.ts'
import { startWatchdog, type Watchdog } from './watchdog.ts'

// Real milliseconds: programs do not run faster because the cloud around them does.
const LISTEN_PATIENCE = 8000
const LISTEN_POLL = 25
const QUIET_START = 300
const SHORTEST_GRACE = 1000

const real = realClock()

/** Runs images as processes of this machine, each in its own process group; they die with this process. */
export function localRuntime(clock: Clock): Runtime {
  const alive = new Map<number, ChildProcess>()
  const freePort = portSource()
  let watchdog: Watchdog | undefined

  const killAll = () => {
    for (const group of alive.keys()) signalGroup(group, 'SIGKILL')
  }
  const start = async (request: StartRequest): Promise<Running> => {
    watchdog ??= startWatchdog()
    const child = await launch(request)
    const pid = child.pid ?? 0
    alive.set(pid, child)
    watchdog.watch(pid)
    const exited = exitOf(child).then((exit) => {
      signalGroup(pid, 'SIGKILL')
      alive.delete(pid)
      watchdog?.forget(pid)
      return exit
    })
    return {
      pid,
      exited,
      settled: settled(request, exited),
      stop: (graceMs) => stop({ pid, exited, clock, graceMs }),
    }
  }

  return {
    port: freePort,
    start,
    close: async () => {
      const ends = [...alive.values()].map((child) => exitOf(child))
      killAll()
      await Promise.all(ends)
      watchdog?.close()
      watchdog = undefined
    },
  }
}

function launch(request: StartRequest): Promise<ChildProcess> {
  const [program, ...parameters] = request.command
  if (!program) throw new Error('no command specified')
  mkdirSync(dirname(request.logFile), { recursive: true })
  const log = openSync(request.logFile, 'a')
  const child = spawn(program, parameters, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...inherited(), ...request.image.environment, ...request.environment },
    ...(request.image.directory ? { cwd: request.image.directory } : {}),
  })
  closeSync(log)
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child))
    child.once('error', reject)
  })
}

/** Only what a program needs to be found: a container does not see its host's environment. */
function inherited(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8' }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

async function settled(request: StartRequest, exited: Promise<Exit>): Promise<void> {
  let ended = false
  const end = exited.then(() => {
    ended = true
  })
  const port = request.port
  if (port === undefined) return Promise.race([real.sleep(QUIET_START), end])
  const deadline = real.now() + LISTEN_PATIENCE
  while (!ended && real.now() < deadline && !(await accepts(port))) {
    await Promise.race([real.sleep(LISTEN_POLL), end])
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

interface Ending {
  readonly pid: number
  readonly exited: Promise<Exit>
  readonly clock: Clock
  readonly graceMs: number
}

async function stop(ending: Ending): Promise<void> {
  signalGroup(ending.pid, 'SIGTERM')
  let patience = 2
  const lapse = () => {
    patience -= 1
    if (patience === 0) signalGroup(ending.pid, 'SIGKILL')
  }
  const timers = [ending.clock.after(ending.graceMs, lapse), real.after(SHORTEST_GRACE, lapse)]
  await ending.exited
  for (const timer of timers) timer.cancel()
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  if (group <= 0) return
  try {
    process.kill(-group, signal)
  } catch {
    // The group has already ended.
  }
}
