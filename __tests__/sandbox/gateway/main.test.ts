import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { realClock } from '../../../packages/sandbox/index.ts'
import { awsJson } from './clients.ts'

const MAIN = fileURLToPath(new URL('../../../packages/sandbox/main.ts', import.meta.url))
const wall = realClock()

/** Starts the command in a folder and reads the environment that it prints. */
async function startMain(folder: string) {
  const child = spawn(process.execPath, ['--conditions=source', MAIN, '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, env: await printedEnvironment(child) }
}

async function printedEnvironment(child: ChildProcessByStdio<null, Readable, null>) {
  let out = ''
  for await (const chunk of child.stdout) {
    out += String(chunk)
    if (out.includes('unset ')) break
  }
  const exports = out.matchAll(/^export (\w+)='(.*)'$/gm)
  return Object.fromEntries([...exports].map(([, name, value]) => [name, value]))
}

/** The processes that were told of the folder, by command line or environment. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const state = /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        const about = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`))
        return state !== 'Z' && about.some((text) => text.includes(folder))
      } catch {
        return false
      }
    })
}

async function noneLeft(folder: string): Promise<string[]> {
  for (let attempt = 0; attempt < 50 && processesOf(folder).length > 0; attempt++) {
    await wall.sleep(100)
  }
  return processesOf(folder)
}

test.each([['SIGTERM', 0, null] as const, ['SIGKILL', null, 'SIGKILL'] as const])(
  'npm run sandbox prints what a client needs, and leaves no process after %s',
  async (signal, code, by) => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-main-'))
    try {
      const { child, env } = await startMain(folder)
      const identity = await awsJson(env, 'sts', 'get-caller-identity')
      expect(identity.Account).toBe('123456789012')
      await awsJson(env, 's3api', 'list-buckets')
      expect(processesOf(folder).length).toBeGreaterThanOrEqual(2)
      const exit = once(child, 'exit')
      child.kill(signal)
      expect(await exit).toEqual([code, by])
      expect(await noneLeft(folder)).toEqual([])
      expect(existsSync(join(folder, 'ministack', 'ministack.log'))).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  40_000,
)
