import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { realClock } from '../clock.ts'
import { portSource } from '../processes/ports.ts'
import type { Installation } from './binaries.ts'
import type { Master } from './plane.ts'

const clock = realClock()
const freePort = portSource()

/** The address of every server. */
export const ADDRESS = '127.0.0.1'

/** A running PostgreSQL server. */
export interface Server {
  readonly port: number
  /** Ends the server: `clean` finishes transactions in progress by rolling back and syncs, `now` just stops. */
  stop(how: 'clean' | 'now'): Promise<void>
}

/** What to start: the data folder, the file for its log, a title for process lists, and settings. */
export interface Start {
  readonly folder: string
  readonly log: string
  readonly title: string
  /** The port to try first. */
  readonly port?: number | undefined
  readonly settings?: Readonly<Record<string, string>>
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** Whether the server has written into its pid file that it accepts connections. */
async function isReady(folder: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
}

async function launch(installed: Installation, what: Start, port: number): Promise<ChildProcess> {
  const settings = { cluster_name: what.title, ...what.settings }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { root, env, user } = installed.runtime
  const log = await open(what.log, 'w')
  const child = spawn(installed.postgres, ['-D', what.folder, '-p', String(port), ...flags], {
    cwd: root,
    env,
    ...user,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  child.on('error', () => {}) // Seen by the waiting below as a child that never gets ready.
  return child
}

async function stop(child: ChildProcess, how: 'clean' | 'now'): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(how === 'clean' ? 'SIGINT' : 'SIGQUIT')
  const impatient = clock.after(10_000, () => void child.kill('SIGQUIT'))
  await ended
  impatient.cancel()
}

async function untilReady(child: ChildProcess, what: Start): Promise<boolean> {
  const giveUp = clock.now() + 60_000
  while (child.pid !== undefined && !hasEnded(child) && clock.now() < giveUp) {
    if (await isReady(what.folder, child.pid)) return true
    await clock.sleep(10)
  }
  await stop(child, 'now')
  return false
}

/** Starts a server on `what.port`, or on another free port when that one is taken; throws the server's log when it does not start. */
export async function startServer(installed: Installation, what: Start): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const port = (attempt === 1 && what.port) || (await freePort())
    const child = await launch(installed, what, port)
    if (await untilReady(child, what)) return { port, stop: (how) => stop(child, how) }
    const log = await readFile(what.log, 'utf8')
    const isPortTaken = log.includes('could not bind')
    if (!isPortTaken || attempt === 5) throw new Error(`PostgreSQL does not start: ${log.trim()}`)
  }
}

/** Connects as `login`, lets `use` work and disconnects. */
export async function withClient<T>(
  port: number,
  login: Master,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host: ADDRESS, port, database: 'postgres', ...login })
  client.on('error', () => {}) // A lost connection also fails the query in progress, which is where it is seen.
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end().catch(() => {})
  }
}
