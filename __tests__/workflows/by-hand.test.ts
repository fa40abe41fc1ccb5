import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
} from '@aws-sdk/client-rds'
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../packages/sandbox/index.ts'
import {
  databaseInstance,
  eventually,
  installSample,
  lookFromOutside,
  type Outside,
  type Sample,
  tokenSecret,
} from '../../packages/sandbox/sample/index.ts'
import { suiteRoot } from '../support/act.ts'

/** The page docs/by-hand.md, read and done as it stands, with nothing but a shell and the AWS CLI. */
const run = promisify(execFile)
const root = mkdtempSync(join(tmpdir(), 'by-hand-'))
const page = readFileSync(join(suiteRoot(), 'docs/by-hand.md'), 'utf8')
const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => String(text))

let sandbox: Sandbox
let sample: Sample
let good: Outside
let printed: string

beforeAll(async () => {
  // Faster than the CLI starts: its waiters look every 15 or 30 seconds.
  sandbox = await startSandbox({ scale: 1000 })
  const account = '777777777777'
  const place = { account, region: 'us-east-1' }
  sample = await installSample(sandbox, { ...place, release: 1, folder: join(root, 'shop') })
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account, PATH: String(process.env.PATH) }
  good = await lookFromOutside(sample)
  await shipBadRelease(env)
  printed = await followThePage(env)
}, 240_000)

afterAll(async () => {
  sample?.clients.close()
  await sandbox?.close()
  rmSync(root, { recursive: true, force: true })
}, 60_000)

/** A snapshot, then release 4 without any guard, and a key that nobody's token is signed with. */
async function shipBadRelease(env: Record<string, string>): Promise<void> {
  const { rds, secrets } = sample.clients
  const snapshot = {
    DBInstanceIdentifier: databaseInstance,
    DBSnapshotIdentifier: 'pre-migration-20261122-031500',
  }
  await rds.send(new CreateDBSnapshotCommand(snapshot))
  await eventually('the snapshot', async () => {
    const { DBSnapshots } = await rds.send(
      new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: snapshot.DBSnapshotIdentifier }),
    )
    return DBSnapshots?.[0]?.Status === 'available' || undefined
  })
  await secrets.send(new PutSecretValueCommand({ SecretId: tokenSecret, SecretString: 'wrong' }))
  const GITHUB_SHA = await sample.repository.release(4)
  for (const script of ['migrate', 'deploy'])
    await run(process.execPath, [join('scripts', script)], {
      cwd: sample.repository.folder,
      env: { ...env, GITHUB_SHA },
    })
  await eventually('release 4 broken', async () => {
    const { doors } = await lookFromOutside(sample)
    return doors.every(({ status, release }) => status === 503 && release === '4') || undefined
  })
}

/** Runs all blocks of the page in one shell, as somebody does who pastes them one after the other. */
async function followThePage(env: Record<string, string>): Promise<string> {
  const cli = join(suiteRoot(), '.tools/python/bin/aws')
  const shim = join(root, 'bin/aws')
  mkdirSync(dirname(shim))
  // Version 1 of the CLI ignores AWS_ENDPOINT_URL for RDS.
  writeFileSync(shim, `#!/bin/sh\nexec ${cli} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`)
  chmodSync(shim, 0o755)
  const script = join(root, 'page.sh')
  writeFileSync(script, ['set -eu', ...commands].join('\n'))
  const { stdout } = await run('sh', [script], {
    env: { ...env, PATH: `${dirname(shim)}:${env.PATH}` },
  })
  return stdout
}

test('the page says everything as commands', () => {
  expect(commands.length).toBeGreaterThan(8)
  expect(printed).toMatch(/^api-gateway\t\S+acme-api-gateway:2\t2\t2$/m)
  expect(printed).toContain('task-definition/acme-api-gateway:1')
  expect(printed).toContain('restoring pre-migration-20261122-031500')
})

test('everything is back: code, database and secret', async () => {
  const { doors, services, database } = await lookFromOutside(sample)
  expect(doors).toEqual(good.doors)
  expect(services.map(({ running, digests }) => [running, digests])).toEqual(
    good.services.map(({ running, digests }) => [running, digests]),
  )
  expect(database).toMatchObject({
    instance: 'acme-production-rollback',
    applied: good.database.applied,
    triggers: good.database.triggers,
  })
  const { SecretString } = await sample.clients.secrets.send(
    new GetSecretValueCommand({ SecretId: tokenSecret }),
  )
  expect(SecretString).toBe(sample.tokenKey)
})

test('the database that was there is kept, and no secret was printed', async () => {
  const { DBInstances = [] } = await sample.clients.rds.send(new DescribeDBInstancesCommand({}))
  expect(DBInstances.map((one) => one.DBInstanceIdentifier).toSorted()).toEqual([
    'acme-production',
    'acme-production-rollback',
  ])
  expect(
    sandbox.calls
      .list({ mutating: true })
      .filter(({ operation }) => /^(Delete|Deregister)/.test(operation)),
  ).toEqual([])
  expect(printed).not.toContain('postgres://')
  expect(printed).not.toContain(sample.tokenKey)
})
