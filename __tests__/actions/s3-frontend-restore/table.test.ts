import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'

/** The decision table, row by row, by the bundle over HTTP: what was sent is read from the sandbox's log of calls. */
let sandbox: Sandbox
let s3: S3Client
beforeAll(async () => {
  sandbox = await startSandbox({ scale: 60 })
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  s3 = new S3Client({ endpoint: sandbox.url, region: 'us-east-1', credentials })
}, 40_000)
afterAll(async () => {
  s3.destroy()
  await sandbox.close()
})

async function bucket(Bucket: string) {
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const { id } = await sandbox.cloudfront.distribute({ bucket: Bucket })
  const put = (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html', ...more }))
  const remove = (Key: string, VersionId?: string) =>
    s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
  const run = (to: string) =>
    runBundle('s3-frontend-restore', {
      inputs: { bucket: Bucket, distribution: id, to, 'poll-interval': '50ms' },
      env: { ...sandbox.env },
    })
  return { Bucket, put, remove, run }
}

const text = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`

/** Waits for the beginning of a second; everything that is done in the next half of it has one time for S3. */
async function freshSecond(): Promise<number> {
  await wait(1005 - (Date.now() % 1000))
  return Date.now()
}

const lastCall = () => sandbox.calls.list().at(-1)?.n ?? 0
const writesSince = (after: number) =>
  sandbox.calls
    .list({ service: 's3', mutating: true, after })
    .map(({ operation, subject }) => `${operation} ${subject.Key}`)
    .sort()

type At = Awaited<ReturnType<typeof bucket>>
interface Row {
  readonly key: string
  /** What was done up to the time that is asked for, and since. */
  readonly before: (at: At, key: string) => Promise<unknown>
  readonly since: (at: At, key: string) => Promise<unknown>
  readonly sends: 'CopyObject' | 'DeleteObject' | 'nothing'
}

const nothing = async () => {}
const good = (at: At, key: string) => at.put(key, `good ${key}`)
const bad = (at: At, key: string) => at.put(key, `worse ${key}`)
const deleted = (at: At, key: string) => at.remove(key)
const hidden = async (at: At, key: string) => {
  await at.put(key, 'x')
  await at.remove(key)
}
const twice = async (at: At, key: string) => {
  await at.remove(key)
  await at.remove(key)
}
const cached = (value: string) => (at: At, key: string) =>
  at.put(key, 'same bytes', { CacheControl: value })

const rows: readonly Row[] = [
  { key: 'marker-marker.html', before: hidden, since: nothing, sends: 'nothing' },
  { key: 'absent-marker.html', before: nothing, since: hidden, sends: 'nothing' },
  { key: 'absent-object.html', before: nothing, since: bad, sends: 'DeleteObject' },
  { key: 'marker-object.html', before: hidden, since: bad, sends: 'DeleteObject' },
  { key: 'assets/new-1a2b3c4d.js', before: nothing, since: bad, sends: 'nothing' },
  { key: 'new.png', before: nothing, since: bad, sends: 'nothing' },
  { key: 'version-same.html', before: good, since: nothing, sends: 'nothing' },
  { key: 'version-again.html', before: good, since: good, sends: 'nothing' },
  { key: 'version-marker.html', before: good, since: deleted, sends: 'CopyObject' },
  { key: 'version-markers.html', before: good, since: twice, sends: 'CopyObject' },
  { key: 'version-other.html', before: good, since: bad, sends: 'CopyObject' },
  {
    key: 'headers-alone.html',
    before: cached('no-cache'),
    since: cached('max-age=31536000'),
    sends: 'CopyObject',
  },
  { key: 'a b+ü%&.html', before: good, since: bad, sends: 'CopyObject' },
]

describe('each row of the table', () => {
  test('is sent what it says and nothing else, and a second run writes nothing and invalidates nothing anew', async () => {
    const at = await bucket('rows')
    for (const { key, before } of rows) await before(at, key)
    await wait(1100)
    const to = text(Date.now())
    await wait(1100)
    for (const { key, since } of rows) await since(at, key)
    const start = lastCall()
    const ended = await at.run(to)
    expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done', 'objects-left': '0' } })
    const expected = rows
      .filter(({ sends }) => sends !== 'nothing')
      .map(({ key, sends }) => `${sends} ${key}`)
    expect(writesSince(start)).toEqual(expected.sort())
    const head = new HeadObjectCommand({ Bucket: at.Bucket, Key: 'headers-alone.html' })
    expect(await s3.send(head)).toMatchObject({ CacheControl: 'no-cache' })

    const second = lastCall()
    const again = await at.run(to)
    expect(again).toMatchObject({ code: 0, outputs: { 'objects-restored': '0' } })
    expect(writesSince(second)).toEqual([])
    expect(again.outputs.invalidations).toBe(ended.outputs.invalidations)
  }, 60_000)
})

describe('a tie', () => {
  test('before the time is resolved by the order of that key alone', async () => {
    const at = await bucket('tied')
    await freshSecond()
    for (const key of ['ends-there.html', 'ends-hidden.html']) {
      await at.put(key, 'first')
      await at.remove(key)
      if (key === 'ends-there.html') await at.put(key, 'third')
    }
    await wait(2000)
    const to = text(Date.now())
    await wait(1100)
    await at.put('ends-there.html', 'bad')
    await at.put('ends-hidden.html', 'bad')
    const start = lastCall()
    expect(await at.run(to)).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    expect(writesSince(start)).toEqual([
      'CopyObject ends-there.html',
      'DeleteObject ends-hidden.html',
    ])
    const head = new HeadObjectCommand({ Bucket: at.Bucket, Key: 'ends-there.html' })
    expect(await s3.send(head)).toMatchObject({ ContentLength: 'third'.length })
  }, 60_000)

  test('in the very second of the time is refused with the key, and nothing is written', async () => {
    const at = await bucket('straddled')
    const moment = await freshSecond()
    await at.put('index.html', 'one of two')
    await at.put('index.html', 'two of two')
    await wait(1100)
    await at.put('index.html', 'bad')
    const start = lastCall()
    const ended = await at.run(text(moment))
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
    expect(ended.log).toContain('index.html: it changed 2 times within that very second')
    expect(writesSince(start)).toEqual([])
  }, 60_000)
})

test('a version that was deleted for ever is not seen by a time, which is why points have manifests', async () => {
  const at = await bucket('purged')
  const { VersionId } = await at.put('index.html', 'good')
  await at.put('about.html', 'good')
  await wait(1100)
  const to = text(Date.now())
  await wait(1100)
  await at.put('index.html', 'bad')
  await at.put('about.html', 'bad')
  await at.remove('index.html', VersionId)
  const ended = await at.run(to)
  // No listing tells that the page was there: a time takes it for created since, and hides it.
  expect(ended).toMatchObject({ outputs: { 'objects-restored': '1', 'objects-hidden': '1' } })
  const list = new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: 'index.html' })
  expect((await s3.send(list)).Versions).toHaveLength(1)
}, 60_000)
