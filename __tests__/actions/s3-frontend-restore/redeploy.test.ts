import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'

/** The bundle as the runner starts it, against the sandbox: what reaches S3 is in its log of calls. */
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

type Files = Readonly<Record<string, string | Buffer>>
const builds = mkdtempSync(join(tmpdir(), 'builds-'))
afterAll(() => rmSync(builds, { recursive: true, force: true }))

function build(name: string, files: Files): string {
  const root = join(builds, name)
  mkdirSync(root, { recursive: true })
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), content)
  }
  return root
}

const good: Files = {
  'index.html': '<!doctype html>good',
  '404.html': 'gone',
  'about/index.html': 'about',
  'assets/app-1a2b3c4d.js': 'app one',
  'assets/shared-aaaa1111.js': 'shared',
  'a b+ü%.html': 'hard',
  'logo.png': 'logo one',
  'sw.js': 'worker one',
}
const bad: Files = {
  'index.html': '<!doctype html>evil',
  'about/index.html': 'about',
  'assets/app-9f8e7d6c.js': 'app two',
  'assets/shared-aaaa1111.js': 'shared',
  'logo.png': 'logo two, larger',
  'sw.js': 'worker two',
  'new.html': 'a page that was not there',
}

/** A bucket with the bad release, its distribution, and a run of the bundle with a build. */
async function scene(Bucket: string, versioned = true) {
  await s3.send(new CreateBucketCommand({ Bucket }))
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' as const }
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  }
  const { id, url } = await sandbox.cloudfront.distribute({ bucket: Bucket })
  const put = (Key: string, Body: string | Buffer, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
  for (const [key, body] of Object.entries(bad)) {
    const ContentType = 'text/javascript'
    const CacheControl = 'public, max-age=31536000, immutable'
    await put(key, body, key.startsWith('assets/') ? { ContentType, CacheControl } : {})
  }
  const run = (folder: string, inputs: Record<string, string> = {}) =>
    runBundle('s3-frontend-restore', {
      inputs: {
        mode: 'redeploy',
        bucket: Bucket,
        distribution: id,
        build: folder,
        'poll-interval': '50ms',
        ...inputs,
      },
      env: { ...sandbox.env, GITHUB_RUN_ID: inputs.run ?? '7' },
    })
  const serves = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    const bodies = Contents.map(async ({ Key = '' }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      return [Key, await Body?.transformToString()] as const
    })
    return Object.fromEntries(await Promise.all(bodies))
  }
  const head = (Key: string) => s3.send(new HeadObjectCommand({ Bucket, Key }))
  const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket, Key }))
  return { url, put, run, serves, head, remove }
}

const lastCall = () => sandbox.calls.list().at(-1)?.n ?? 0
const changesSince = (after: number) =>
  sandbox.calls
    .list({ mutating: true, after })
    .map(({ operation, subject }) => `${operation} ${subject.Key ?? ''}`.trim())

describe('the build of the good commit', () => {
  test('is served again: only what differs is uploaded, with its headers, in the order in which nobody misses a file', async () => {
    const at = await scene('redeployed')
    const folder = build('good', good)
    const before = lastCall()
    const planned = await at.run(folder, { 'dry-run': 'true' })
    expect(planned).toMatchObject({ code: 0, outputs: { outcome: 'planned', 'objects-left': '8' } })
    expect(planned.summary).toContain('new.html')
    expect(changesSince(before)).toEqual([])

    const ended = await at.run(folder, { url: at.url })
    expect(ended).toMatchObject({
      code: 0,
      outputs: { outcome: 'done', 'objects-restored': '7', 'objects-hidden': '1' },
    })
    const { 'assets/app-9f8e7d6c.js': kept } = bad
    expect(await at.serves()).toEqual({ ...good, 'assets/app-9f8e7d6c.js': kept })
    const changes = changesSince(before)
    const order = [
      'PutObject assets/app-1a2b3c4d.js',
      'PutObject logo.png',
      'PutObject index.html',
      'CreateInvalidation',
      'PutObject sw.js',
      'DeleteObject new.html',
    ].map((change) => changes.indexOf(change))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order.every((one) => one >= 0)).toBe(true)
    expect(await at.head('index.html')).toMatchObject({
      ContentType: 'text/html; charset=utf-8',
      CacheControl: 'no-cache',
    })
    expect(await at.head('assets/app-1a2b3c4d.js')).toMatchObject({
      ContentType: 'text/javascript; charset=utf-8',
      CacheControl: 'public, max-age=31536000, immutable',
    })

    const after = lastCall()
    const again = await at.run(folder, { url: at.url })
    expect(again).toMatchObject({ code: 0, outputs: { 'objects-restored': '0' } })
    expect(changesSince(after).filter((change) => change !== 'CreateInvalidation')).toEqual([])
    expect(again.outputs.invalidations).toBe(ended.outputs.invalidations)

    // The next bad release differs in one page alone.
    await at.put('index.html', 'evil again')
    const third = lastCall()
    expect(await at.run(folder)).toMatchObject({ outputs: { 'objects-restored': '1' } })
    expect(changesSince(third).filter((change) => change.startsWith('Put'))).toEqual([
      'PutObject index.html',
    ])
  }, 90_000)

  test('gets the headers of the input, and a header alone is a difference', async () => {
    const at = await scene('headed')
    const folder = build('headed', { 'index.html': 'page', 'app.js': 'x', CNAME: 'acme.example' })
    const rules = 'file: public, max-age=300\nindex.html: max-age=5'
    await at.run(folder, { 'cache-control': rules, created: 'keep' })
    expect(await at.head('app.js')).toMatchObject({ CacheControl: 'public, max-age=300' })
    expect(await at.head('index.html')).toMatchObject({ CacheControl: 'max-age=5' })
    expect(await at.head('CNAME')).toMatchObject({ ContentType: 'text/plain; charset=utf-8' })
    expect(await at.serves()).toHaveProperty(['new.html'])
    const after = lastCall()
    await at.run(folder, { created: 'keep' })
    expect(
      changesSince(after)
        .filter((change) => change.startsWith('Put'))
        .sort(),
    ).toEqual(['PutObject app.js', 'PutObject index.html'])
  }, 60_000)

  test('is what a bucket without versions goes back by, and nothing there is deleted', async () => {
    const at = await scene('plain', false)
    const folder = build('good', good)
    const ended = await at.run(folder)
    expect(ended).toMatchObject({
      code: 0,
      outputs: { outcome: 'done', 'objects-restored': '7', 'objects-hidden': '0' },
    })
    expect(ended.log).toContain('pages that the build does not have stay')
    expect(await at.serves()).toEqual({ ...bad, ...good })
    const after = lastCall()
    expect(await at.run(folder)).toMatchObject({ code: 0, outputs: { 'objects-restored': '0' } })
    expect(changesSince(after).filter((change) => change !== 'CreateInvalidation')).toEqual([])

    // There and back again: each change gets an invalidation of its own, although the content came before.
    await at.put('index.html', 'evil again')
    const one = await at.run(folder, { run: '8' })
    expect(one.outputs.invalidations).not.toBe(ended.outputs.invalidations)
  }, 90_000)

  test('with a large file is uploaded in pieces, with a checksum that a later look reads', async () => {
    const at = await scene('large')
    const video = Buffer.alloc(3 * 1024 ** 2, 'frame')
    const folder = build('large', { 'index.html': 'page', 'video.mp4': video })
    expect(await at.run(folder)).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    expect(await at.head('video.mp4')).toMatchObject({
      ContentLength: video.length,
      ContentType: 'video/mp4',
    })
    const after = lastCall()
    await at.run(folder)
    expect(changesSince(after).filter((change) => change.startsWith('Put'))).toEqual([])
  }, 60_000)

  test('is finished by the next run when throttling, resets and a lost answer got in its way', async () => {
    const at = await scene('stormy')
    const folder = build('good', good)
    sandbox.faults.add({ effect: 'throttle', operation: 'PutObject', from: 1, to: 4 })
    sandbox.faults.add({ effect: 'applied-answer-lost', operation: 'PutObject', nth: 5 })
    sandbox.faults.add({ effect: 'reset', operation: 'PutObject', nth: 7 })
    const ended = await at.run(folder).finally(() => sandbox.faults.clear())
    expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done', 'objects-left': '0' } })
    expect(await at.serves()).toMatchObject(good)
  }, 90_000)
})

describe('refused before the first write', () => {
  test.each<readonly [string, Files, Record<string, string>, string]>([
    ['an empty folder', {}, {}, 'is empty'],
    ['a folder that is not there', {}, { build: '/nowhere' }, 'cannot be read: ENOENT'],
    ['a build without index.html', { 'app.js': 'x' }, {}, 'has no index.html'],
    ['a checkout', { 'index.html': 'x', '.git/config': 'x' }, {}, 'belongs to a checkout'],
  ])(
    '%s',
    async (what, files, inputs, why) => {
      const name = `refused-${what.replaceAll(/\W/g, '-')}`
      const at = await scene(name)
      const after = lastCall()
      const ended = await at.run(build(name, files), inputs)
      expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
      expect(ended.log).toContain(why)
      expect(changesSince(after)).toEqual([])
    },
    30_000,
  )

  test('a link out of the build', async () => {
    const at = await scene('linked')
    const folder = build('linked', { 'index.html': 'x' })
    symlinkSync('/etc/hostname', join(folder, 'host.txt'))
    const ended = await at.run(folder)
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
    expect(ended.log).toContain('host.txt cannot be uploaded: it is a link out of the build')
  }, 30_000)

  test('but a build without index.html goes when that is meant', async () => {
    const at = await scene('part')
    const folder = build('part', { 'widget.js': 'x' })
    const inputs = { 'without-index': 'true', created: 'keep' }
    expect(await at.run(folder, inputs)).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
  }, 30_000)
})
