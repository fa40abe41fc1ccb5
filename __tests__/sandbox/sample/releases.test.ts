import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import {
  eventually,
  installSample,
  lookFromOutside,
  type Outside,
  type ReleaseNumber,
  type Sample,
  startTraffic,
} from '../../../packages/sandbox/sample/index.ts'

/** The releases do what the stories say of them, without any of our actions. */
const run = promisify(execFile)
const place = { account: '111122223333', region: 'us-east-1' }
const folder = mkdtempSync(join(tmpdir(), 'sample-test-'))
let sandbox: Sandbox
let sample: Sample

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 120, account: place.account })
  sample = await installSample(sandbox, { ...place, release: 1, folder: join(folder, 'shop') })
}, 60_000)

afterAll(async () => {
  sample?.clients.close()
  await sandbox?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function script(name: 'migrate' | 'deploy', commit: string): Promise<void> {
  const env = { PATH: process.env.PATH, ...sandbox.env, GITHUB_SHA: commit }
  await run(process.execPath, [join('scripts', name)], { cwd: sample.repository.folder, env })
}

async function ship(release: ReleaseNumber, on: readonly ReleaseNumber[] = []): Promise<string> {
  const commit = await sample.repository.release(release, on)
  await script('migrate', commit)
  await script('deploy', commit)
  return commit
}

const seen = (what: string, holds: (outside: Outside) => boolean) =>
  eventually(what, async () => {
    const outside = await lookFromOutside(sample)
    return holds(outside) ? outside : undefined
  })

const everyDoor = (status: number, release: string) => (outside: Outside) =>
  outside.doors.every((door) => door.status === status && door.release === release)

test('release 1 serves two doors and two workers, and its seeded rows are there', async () => {
  const { doors, services, database } = await lookFromOutside(sample)
  const commit = sample.repository.commitOf(1)
  expect(doors).toEqual(doors.map(() => ({ status: 200, release: '1', commit })))
  expect(services.map(({ name, desired, running }) => [name, desired, running])).toEqual([
    ['api-gateway', 2, 2],
    ['event-processor', 1, 1],
    ['action-workers', 1, 1],
  ])
  expect(database).toMatchObject({ instance: 'acme-production', applied: ['20260901000000'] })
  expect(database.triggers).toBe(100)
})

test('customers are served, and what was acknowledged is in the database', async () => {
  const traffic = startTraffic(sample.url, { tokenKey: sample.tokenKey, rate: 50 })
  await eventually('some writes', async () => traffic.seen().acknowledged.length > 9 || undefined)
  const { failed, acknowledged } = await traffic.stop()
  const { database } = await lookFromOutside(sample)
  expect(failed).toBe(0)
  expect(acknowledged.filter(({ ref }) => !database.refs.has(ref))).toEqual([])
})

test('a customer without a signed token is turned away', async () => {
  const response = await fetch(`${sample.url}/triggers`, {
    headers: { authorization: 'Bearer a.b.c' },
  })
  expect(response.status).toBe(401)
})

test('release 2 serves after its additive migration', async () => {
  await ship(2)
  const { database } = await seen('release 2', everyDoor(200, '2'))
  expect(database.applied).toEqual(['20260901000000', '20260902000000'])
}, 60_000)

test('release 6 cannot start, and the release before it goes on serving', async () => {
  await ship(6, [2])
  await eventually('a failed start', async () => {
    const tasks = await (await fetch(`${sandbox.url}/_sandbox/tasks`)).json()
    const stopped = JSON.stringify(tasks).includes('Essential container in task exited')
    return stopped || undefined
  })
  const { doors } = await lookFromOutside(sample)
  expect(doors.every((door) => door.status === 200 && door.release === '2')).toBe(true)
}, 60_000)

test('release 3 takes the traffic and answers 500', async () => {
  await ship(3, [2])
  await seen('release 3', everyDoor(500, '3'))
}, 60_000)

test('release 10 answers 500 too, and adds a column that the release before it does not mind', async () => {
  await ship(10, [2])
  await seen('release 10', everyDoor(500, '10'))
  await ship(2, [10])
  await seen('release 2 again', everyDoor(200, '2'))
}, 60_000)

test('release 4 breaks the queries of every version', async () => {
  const commit = await sample.repository.release(4, [2, 10])
  await script('migrate', commit)
  await seen('release 2 broken by the schema', everyDoor(503, '2'))
  await script('deploy', commit)
  await seen('release 4 broken too', everyDoor(503, '4'))
}, 60_000)
