import { execFile } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
} from '@aws-sdk/client-rds'
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../packages/sandbox/index.ts'
import {
  databaseInstance,
  eventually,
  flagsParameter,
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
const commandsOf = (text: string) =>
  [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, one]) => String(one))
const [byCli = '', bySuite = ''] = page.split('## The suite without GitHub')
const commands = commandsOf(byCli)

let sandbox: Sandbox
let sample: Sample
let good: Outside
let printed: string
let env: Record<string, string>

beforeAll(async () => {
  // Faster than the CLI starts: its waiters look every 15 or 30 seconds.
  sandbox = await startSandbox({ scale: 1000 })
  const account = '777777777777'
  const place = { account, region: 'us-east-1' }
  const folder = join(root, 'shop')
  sample = await installSample(sandbox, { ...place, release: 1, folder, everything: true })
  env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account, PATH: withTools(String(process.env.PATH)) }
  good = await lookFromOutside(sample)
  await shipBadRelease()
  printed = await followThePage(commands)
}, 240_000)

afterAll(async () => {
  sample?.clients.close()
  await sandbox?.close()
  rmSync(root, { recursive: true, force: true })
}, 60_000)

/** Programs that the page calls by name: the AWS CLI, the company's migration tool, Node. */
function withTools(path: string): string {
  const folder = join(root, 'bin')
  mkdirSync(folder)
  const cli = join(suiteRoot(), '.tools/python/bin/aws')
  const dbmate = join(sample.repository.folder, 'node_modules/dbmate/dist/cli.js')
  const programs = {
    // Version 1 of the CLI ignores AWS_ENDPOINT_URL for RDS.
    aws: `${cli} --endpoint-url "$AWS_ENDPOINT_URL"`,
    dbmate: `${process.execPath} ${dbmate}`,
  }
  for (const [name, command] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${command} "$@"\n`)
    chmodSync(join(folder, name), 0o755)
  }
  // No script: a shell passes no variable on whose name has a hyphen.
  symlinkSync(process.execPath, join(folder, 'node'))
  return `${folder}:${path}`
}

/** Runs scripts of the company's repository as it is checked out. */
async function runScripts(scripts: readonly string[], GITHUB_SHA: string): Promise<void> {
  for (const script of scripts)
    await run(process.execPath, [join('scripts', script)], {
      cwd: sample.repository.folder,
      env: { ...env, GITHUB_SHA },
    })
}

/**
 * A migration that nobody wants, a snapshot, then release 4 without any guard, a key that nobody's token is signed with, and
 * flags that no query understands.
 */
async function shipBadRelease(): Promise<void> {
  const { rds, secrets, ssm } = sample.clients
  await runScripts(['migrate'], await sample.repository.release(10))
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
  const wrong = { Name: flagsParameter, Value: '{"pageSize":"many"}', Overwrite: true }
  await ssm.send(new PutParameterCommand(wrong))
  await runScripts(['migrate', 'deploy'], await sample.repository.release(4, [10]))
  await eventually('release 4 broken', async () => {
    const { doors } = await lookFromOutside(sample)
    return doors.every(({ status, release }) => status === 503 && release === '4') || undefined
  })
}

/** The page's example names of the front end are those of one company; every installed one has its own. */
const ownNames = (text: string) =>
  text
    .replaceAll('acme-frontend', String(sample.front?.bucket))
    .replaceAll('E1A2B3C4D5E6F7', String(sample.front?.distribution))

/** Runs blocks of the page in one shell, as somebody does who pastes them one after the other in a checkout of the release. */
async function followThePage(
  blocks: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const script = join(root, 'page.sh')
  writeFileSync(script, ['set -eu', ...blocks.map(ownNames)].join('\n'))
  const cwd = sample.repository.folder
  const { stdout } = await run('sh', [script], { cwd, env: { ...env, ...more } }).catch((error) => {
    throw new Error(`the page ended early:\n${error.stdout}${error.stderr}`)
  })
  return stdout
}

test('the page says everything as commands', () => {
  expect(commands.length).toBeGreaterThan(8)
  expect(printed).toMatch(/^api-gateway\t\S+acme-api-gateway:2\t2\t2$/m)
  expect(printed).toContain('task-definition/acme-api-gateway:1')
  expect(printed).toContain('restoring pre-migration-20261122-031500')
})

test('everything is back: code, database, front end, secret and parameter', async () => {
  const { doors, services, database, site, configuration } = await lookFromOutside(sample)
  expect(site).toEqual(good.site)
  expect(configuration?.[flagsParameter]?.mark).toBe(good.configuration?.[flagsParameter]?.mark)
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
  expect(printed).not.toContain('pageSize')
  expect(printed).not.toContain(sample.tokenKey)
})

test('one migration went down, and the ledger was the witness', () => {
  expect(printed).toContain('[X] 20260910000000_priorities.sql')
  expect(printed).toContain('[ ] 20260910000000_priorities.sql')
  expect(printed).toContain('[X] 20260901000000_base.sql')
})

test('the suite itself does the same from a laptop, with nothing of GitHub', async () => {
  await runScripts(['deploy'], await sample.repository.release(3))
  await eventually('release 3 broken', async () => {
    const { doors } = await lookFromOutside(sample)
    return doors.every(({ status, release }) => status >= 500 && release === '3') || undefined
  })
  const [names = ''] = commands
  const blocks = [names, ...commandsOf(bySuite)]
  const planned = await followThePage(blocks, { SUITE: suiteRoot() })
  expect(planned).toContain('planned')
  expect((await lookFromOutside(sample)).doors[0]?.release).toBe('3')
  const done = await followThePage(blocks, { SUITE: suiteRoot(), DRY_RUN: 'false' })
  expect(done).toContain('name=outcome::done')
  const { doors, services } = await lookFromOutside(sample)
  expect(doors).toEqual(good.doors)
  expect(services.map(({ digests }) => digests)).toEqual(
    good.services.map(({ digests }) => digests),
  )
}, 120_000)
