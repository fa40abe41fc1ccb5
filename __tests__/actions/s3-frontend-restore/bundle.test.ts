import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { awsConfig } from '#aws'
import {
  changeEnvironment,
  connect,
  openRecord,
  openStore,
  type Point,
  readRecord,
  type Store,
  takeLease,
} from '#store'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'
import { pointOf, put as putDocument } from '../../support/store.ts'

/** The bundle as the runner starts it. */
let sandbox: Sandbox
let s3: S3Client
let id: string
const Bucket = 'bundled'

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 60 })
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  s3 = new S3Client({ endpoint: sandbox.url, region: 'us-east-1', credentials })
  const VersioningConfiguration = { Status: 'Enabled' as const }
  for (const name of [Bucket, 'bundled-store']) {
    await s3.send(new CreateBucketCommand({ Bucket: name }))
    await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }))
  }
  id = (await sandbox.cloudfront.distribute({ bucket: Bucket })).id
}, 40_000)
afterAll(async () => {
  s3.destroy()
  await sandbox.close()
})

const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }))
const read = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()
const run = (inputs: Record<string, string>) =>
  runBundle('s3-frontend-restore', {
    inputs: { bucket: Bucket, distribution: id, 'poll-interval': '50ms', ...inputs },
    env: { ...sandbox.env },
  })

test('a time, without store and record', async () => {
  await put('index.html', 'good')
  await wait(1100)
  const to = `${new Date().toISOString().slice(0, 19)}Z`
  await wait(1100)
  await put('index.html', 'bad')
  const ended = await run({ to })
  expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done', 'objects-restored': '1' } })
  expect(ended.log).toContain('runs without lease and record')
  expect(await read('index.html')).toBe('good')
}, 60_000)

const environment = { environment: 'production', store: 's3://bundled-store' }

/** An open record whose destination is a point with this site. */
async function record(store: Store, point: Point): Promise<string> {
  await putDocument(store, point)
  await changeEnvironment(store, (state) => ({ ...state, verified: point.id }))
  const claim = { owner: 'rollback', deployment: 'production/8', run: '9', attempt: 1 } as const
  const taken = await takeLease(store, claim)
  if (taken.is !== 'held') throw new Error('the lease is taken')
  const at = '2026-11-22T03:00:00Z'
  const opened = await openRecord(store, taken.lease, {
    undone: 'production/8',
    from: 'b'.repeat(40),
    to: point.id,
    profile: 'A',
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

test('a restore point, under a record that keeps what is done', async () => {
  await put('index.html', 'good')
  const captured = await run({ mode: 'capture', ...environment })
  expect(captured).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
  const state = JSON.parse(captured.report).data
  await put('index.html', 'bad')
  await put('bad.html', 'bad')

  const config = { ...awsConfig('us-east-1', undefined, 'test'), endpoint: sandbox.url }
  const credentials = async () => ({ accessKeyId: '123456789012', secretAccessKey: 'x' })
  const store = await openStore(connect({ ...config, credentials }, environment.store), {
    environment: 'production',
    account: '123456789012',
    region: 'us-east-1',
  })
  const point = pointOf(store, 'production/7/after', { components: { site: state } })
  const name = await record(store, point)
  const refused = await run({ ...environment })
  expect(refused).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })

  const ended = await runBundle('s3-frontend-restore', {
    inputs: {
      bucket: Bucket,
      distribution: id,
      'poll-interval': '50ms',
      ...environment,
      record: name,
    },
    env: { ...sandbox.env, GITHUB_RUN_ID: '9', GITHUB_RUN_ATTEMPT: '1' },
  })
  expect(ended).toMatchObject({
    code: 0,
    outputs: { outcome: 'done', 'objects-restored': '1', 'objects-hidden': '1' },
  })
  expect(await read('index.html')).toBe('good')
  const written = await readRecord(store, name)
  expect(written?.journal.map(({ operation }) => operation)).toEqual([
    'copy-documents',
    'invalidate-documents',
    'hide-documents',
    'invalidate-hidden',
  ])
  expect(written?.parts['s3-frontend-restore restore']).toMatchObject({ outcome: 'done' })
}, 60_000)
