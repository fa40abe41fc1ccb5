import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realClock } from '../clock.ts'

/** The process behind us that answers for S3, SSM and everything that we do not simulate. */
export interface Ministack {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts ministack so that it dies with us, even when we are killed (Linux: parent-death signal), and without the
 * command line's own signal handling.
 */
const LAUNCH = `
import ctypes, runpy, sys
try:
    ctypes.CDLL(None).prctl(1, 9)
except AttributeError:
    pass
sys.argv = ['ministack']
runpy.run_module('ministack', run_name='__main__')
`

/** The project's Python with the pinned tools. Throws if it is not installed. */
export function projectPython(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const python = join(folder, '.tools', 'python', 'bin', 'python')
    if (existsSync(python)) return python
    if (dirname(folder) === folder) break
    folder = dirname(folder)
  }
  throw new Error(
    'The sandbox needs ministack: python3 -m venv .tools/python && .tools/python/bin/pip install -r requirements.txt',
  )
}

/** A real process takes real time, whatever the scale of the simulated cloud. */
const wall = realClock()

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** True once ministack answers its health page. */
function healthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/_ministack/health' })
    request.setTimeout(1000, () => request.destroy())
    request.on('error', () => resolve(false))
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.end()
  })
}

function environment(port: number, folder: string): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env
  return {
    PATH,
    HOME,
    LANG,
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    S3_DATA_DIR: join(folder, 's3'),
    STATE_DIR: join(folder, 'state'),
    // A real Docker engine on the developer's machine must never be used.
    DOCKER_HOST: `unix://${join(folder, 'no-docker.sock')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const hard = wall.after(3000, () => void child.kill('SIGKILL'))
  await once(child, 'exit')
  hard.cancel()
}

async function ready(child: ChildProcess, port: number, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null) break
    if (await healthy(port)) return
    await wall.sleep(100)
  }
  await ended(child)
  throw new Error(`ministack did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
}

/** Starts ministack on a free loopback port, with its data in the given folder. Throws if it does not come up in 30 s. */
export async function startMinistack(sandboxFolder: string): Promise<Ministack> {
  const folder = join(sandboxFolder, 'ministack')
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const logFile = join(folder, 'ministack.log')
  const log = createWriteStream(logFile)
  await once(log, 'open')
  const child = spawn(projectPython(), ['-c', LAUNCH], {
    cwd: folder,
    env: environment(port, folder),
    stdio: ['ignore', log, log],
  })
  await ready(child, port, logFile)
  return { port, close: () => ended(child).finally(() => log.end()) }
}
