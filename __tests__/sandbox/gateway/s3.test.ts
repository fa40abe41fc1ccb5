import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { failure } from './clients.ts'

let sandbox: Sandbox
let s3: S3Client
const Bucket = 'conditions'

beforeAll(async () => {
  sandbox = await startSandbox()
  s3 = new S3Client({
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId: '200000000001', secretAccessKey: 'x' },
    maxAttempts: 1,
  })
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
}, 40_000)
afterAll(async () => {
  s3.destroy()
  await sandbox.close()
})

const put = (
  Key: string,
  Body: string,
  condition: { IfMatch?: string; IfNoneMatch?: string } = {},
) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }))

/** How twenty writes at once end: how many are through, and with which errors the others. */
async function race(write: (n: number) => Promise<unknown>) {
  const ends = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => write(n)))
  const lost = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.name] : []))
  return { won: 20 - lost.length, errors: [...new Set(lost)] }
}

describe('what the store relies on', () => {
  test('of many creations at once one wins', async () => {
    const ends = await race((n) => put('created', `${n}`, { IfNoneMatch: '*' }))
    expect(ends).toEqual({ won: 1, errors: ['PreconditionFailed'] })
  })

  test('of many updates at once one wins', async () => {
    const { ETag = '' } = await put('updated', 'first')
    const ends = await race((n) => put('updated', `${n}`, { IfMatch: ETag }))
    expect(ends).toEqual({ won: 1, errors: ['PreconditionFailed'] })
  })

  test('an update of nothing and of a deleted object fails, a creation over a marker is one', async () => {
    const { ETag = '' } = await put('gone', 'x')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    expect((await failure(put('never', 'y', { IfMatch: ETag }))).name).toBe('NoSuchKey')
    expect((await failure(put('gone', 'y', { IfMatch: ETag }))).name).toBe('NoSuchKey')
    expect((await put('gone', 'y', { IfNoneMatch: '*' })).VersionId).toEqual(expect.any(String))
  })

  test('a deletion can be conditional', async () => {
    const { ETag = '' } = await put('deleted', 'x')
    const remove = (IfMatch: string) =>
      s3.send(new DeleteObjectCommand({ Bucket, Key: 'deleted', IfMatch }))
    expect((await failure(remove('"other"'))).name).toBe('PreconditionFailed')
    expect((await remove(ETag)).DeleteMarker).toBe(true)
  })

  test('old versions stay readable, newest first, and the marker is listed', async () => {
    const versions = []
    for (const body of ['1', '2', '3']) versions.push((await put('history', body)).VersionId)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'history' }))
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'history' }))
    expect(listed.Versions?.map((one) => one.VersionId)).toEqual(versions.toReversed())
    expect(listed.DeleteMarkers?.map((one) => one.IsLatest)).toEqual([true])
    const first = await s3.send(
      new GetObjectCommand({ Bucket, Key: 'history', VersionId: versions[0] ?? '' }),
    )
    expect(await first.Body?.transformToString()).toBe('1')
  })

  test('a stream with trailing checksum arrives whole, headers and metadata with it', async () => {
    const parts = [Buffer.from('abc'), Buffer.from('d\u00e9f')]
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'streamed',
        Body: Readable.from(parts),
        ContentLength: Buffer.concat(parts).length,
        ContentType: 'text/plain',
        CacheControl: 'no-store',
        Metadata: { commit: 'abc' },
      }),
    )
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'streamed' }))
    expect(await got.Body?.transformToString()).toBe('abcd\u00e9f')
    expect([got.ContentType, got.CacheControl, got.Metadata]).toEqual([
      'text/plain',
      'no-store',
      { commit: 'abc' },
    ])
  })

  test('a HEAD names the length and carries no body', async () => {
    await put('head', '12345')
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'head' }))
    expect(head.ContentLength).toBe(5)
  })
})

describe('a copy with a condition on its destination', () => {
  const copy = (Key: string, condition: { IfMatch?: string; IfNoneMatch?: string }) =>
    s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...condition }))

  test('is made only while the condition holds', async () => {
    const { ETag = '' } = await put('source', 'x')
    expect((await failure(copy('copy', { IfMatch: ETag }))).name).toBe('NoSuchKey')
    await copy('copy', { IfNoneMatch: '*' })
    expect((await failure(copy('copy', { IfNoneMatch: '*' }))).name).toBe('PreconditionFailed')
    await copy('copy', { IfMatch: ETag })
    await put('copy', 'y')
    expect((await failure(copy('copy', { IfMatch: ETag }))).name).toBe('PreconditionFailed')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'copy' }))
    expect((await failure(copy('copy', { IfMatch: ETag }))).name).toBe('NoSuchKey')
    expect((await copy('copy', { IfNoneMatch: '*' })).VersionId).toEqual(expect.any(String))
  })

  test('of many at once one wins', async () => {
    await put('source', 'raced')
    const { ETag = '' } = await put('raced', 'before')
    const ends = await race(() => copy('raced', { IfMatch: ETag }))
    expect(ends).toEqual({ won: 1, errors: ['PreconditionFailed'] })
  })
})

describe('conditions that are not checked are refused', () => {
  test('a copy and a creation against an ETag', async () => {
    await put('source', 'x')
    const copy = s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'copy',
        CopySource: `${Bucket}/source`,
        IfNoneMatch: '"abc"',
      }),
    )
    expect((await failure(copy)).name).toBe('NotImplemented')
    expect((await failure(put('x', 'y', { IfNoneMatch: '"abc"' }))).name).toBe('NotImplemented')
  })
})
