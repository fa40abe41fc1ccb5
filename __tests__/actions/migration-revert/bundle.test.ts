import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { awsConfig } from '#aws'
import {
  changeEnvironment,
  changePoint,
  connect,
  openRecord,
  openStore,
  readRecord,
  type Store,
  takeLease,
} from '#store'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'
import { pointOf, put } from '../../support/store.ts'
import { canary, programOf, type Server, startServer, type Team, team } from './scene.ts'

/** The bundle as the runner starts it, with the team's dbmate and a real database. */
let sandbox: Sandbox
let server: Server
let store: Store
let one: Team
const pointId = 'production/8/before'
const named = { environment: 'production', store: 's3://migrations-store', tool: 'dbmate' }

beforeAll(async () => {
  ;[sandbox, server] = await Promise.all([startSandbox({ scale: 60 }), startServer()])
  one = await team(server, 'dbmate')
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  const client = { endpoint: sandbox.url, region: 'us-east-1', credentials }
  const [s3, secrets] = [new S3Client(client), new SecretsManagerClient(client)]
  const bucket = { Bucket: 'migrations-store' }
  await s3.send(new CreateBucketCommand(bucket))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await s3.send(new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration }))
  await secrets.send(new CreateSecretCommand({ Name: 'acme/url', SecretString: one.url }))
  const config = { ...awsConfig('us-east-1', undefined, 'test'), endpoint: sandbox.url }
  const login = { ...config, credentials: async () => credentials }
  const where = { environment: 'production', account: '123456789012', region: 'us-east-1' }
  store = await openStore(connect(login, named.store), where)
  for (const client of [s3, secrets]) client.destroy()
}, 90_000)
afterAll(async () => {
  await sandbox.close()
  await server.close()
}, 60_000)

/** What everything that was printed said, for the canary. */
const said: string[] = []

async function run(inputs: Record<string, string>, runId: string, cwd?: string) {
  const PATH = [dirname(programOf('dbmate') ?? ''), process.env.PATH ?? ''].join(delimiter)
  const ended = await runBundle('migration-revert', {
    inputs: { connection: 'secret:acme/url', 'poll-interval': '50ms', ...inputs },
    env: { ...sandbox.env, PATH, GITHUB_RUN_ID: runId, GITHUB_RUN_ATTEMPT: '1' },
    ...(cwd !== undefined && { cwd }),
  })
  said.push(JSON.stringify(ended))
  return ended
}

async function record(): Promise<string> {
  await changeEnvironment(store, (state) => ({ ...state, verified: pointId }))
  const claim = { owner: 'rollback', deployment: 'production/8', run: '9', attempt: 1 } as const
  const taken = await takeLease(store, claim)
  if (taken.is !== 'held') throw new Error('the lease is taken')
  const at = '2026-11-22T03:00:00Z'
  const opened = await openRecord(store, taken.lease, {
    undone: 'production/8',
    from: 'b'.repeat(40),
    to: pointId,
    profile: 'B',
    planId: 'p',
    consent: 'not-needed',
    reason: 'test',
    actor: 'ada',
    trigger: 'button',
    repository: 'acme/shop',
    openedAt: at,
    runs: [{ run: '9', attempt: 1, at, url: '' }],
  })
  return 'record' in opened ? opened.record.id : ''
}

test('captures in the deployment, and reverts from an empty checkout under a record', async () => {
  one.write({ version: '1', name: 'base', up: 'create table a (x int);', down: 'drop table a;' })
  await one.migrate()
  one.write({
    version: '2',
    name: 'rename',
    up: 'alter table a rename x to y;',
    down: 'alter table a rename y to x;',
  })
  const deployment = { state: 'captured' as const, history: [], journal: [] }
  await put(store, pointOf(store, pointId, { deployment }))
  const captured = await run({ ...named, path: one.folder }, '8')
  expect(captured).toMatchObject({ code: 0, outputs: { outcome: 'done', pending: '["2"]' } })
  expect(captured.summary).toContain('lossless')
  await one.migrate()
  await changePoint(store, pointId, (point) => ({
    ...point,
    deployment: { ...deployment, state: 'deploying' },
  }))

  const alone = await run({ ...named, mode: 'revert', to: pointId, 'dry-run': 'true' }, '9')
  expect(alone).toMatchObject({ code: 0, outputs: { outcome: 'planned', left: '["2"]' } })
  const name = await record()
  const ended = await run({ ...named, mode: 'revert', record: name }, '9')
  expect(ended).toMatchObject({
    code: 0,
    outputs: { outcome: 'done', reverted: '["2"]', left: '[]' },
  })
  expect(ended.log).toContain("the team's own dbmate")
  expect(await one.versions()).toEqual(['1'])
  const written = await readRecord(store, name)
  expect(written?.journal).toMatchObject([
    { component: 'migrations', operation: 'revert', on: '2', detail: { by: 'tool' } },
  ])
  expect(written?.parts['migration-revert revert']).toMatchObject({ outcome: 'done' })
}, 90_000)

test('a reviewed file without a store needs consent of its own', async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'checkout-'))
  mkdirSync(join(checkout, 'sql'))
  writeFileSync(join(checkout, 'sql/undo.sql'), '-- reverts: 1\ndrop table a;\n')
  const inputs = { mode: 'revert', tool: 'dbmate', reviewed: 'sql/undo.sql' }
  const asked = await run(inputs, '10', checkout)
  expect(asked).toMatchObject({ code: 1, outputs: { outcome: 'refused', left: '["1"]' } })
  const given = await run({ ...inputs, 'confirm-data-loss': 'true' }, '10', checkout)
  expect(given).toMatchObject({ code: 0, outputs: { outcome: 'done', reverted: '["1"]' } })
  expect(await one.tables()).toEqual([])
}, 60_000)

test('none of it shows the password in any form', () => {
  expect(said).toHaveLength(5)
  for (const text of said) {
    for (const form of [canary, encodeURIComponent(canary)]) expect(text).not.toContain(form)
  }
})
