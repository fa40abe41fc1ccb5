import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { systemClock } from '#core'
import { changeSite, connect, type SiteClients, settings } from '#site'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { testRun } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

/** The action's code against real HTTP: S3 is ministack, CloudFront the sandbox's, a minute takes two seconds. */
let sandbox: Sandbox
let clients: SiteClients

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 30 })
  const config = {
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: async () => ({ accessKeyId: '123456789012', secretAccessKey: 'x' }),
    maxAttempts: 8,
    retryMode: 'standard' as const,
    customUserAgent: 'test',
  }
  clients = connect(config)
}, 40_000)
afterAll(async () => {
  clients.s3.destroy()
  clients.cloudfront.destroy()
  await sandbox.close()
})

/** A versioned bucket with the verbs of a deployment. */
async function site(name: string, distribution?: string) {
  const Bucket = name
  await clients.s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const store = await testStore(systemClock)
  const put = (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
    clients.s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html', ...more }))
  const remove = (Key: string) => clients.s3.send(new DeleteObjectCommand({ Bucket, Key }))
  const run = (given: { mode?: 'capture'; to?: string; url?: string } = {}) =>
    changeSite(
      testRun({ clock: systemClock, pollInterval: 50, timeout: 120_000 }),
      { clients, store },
      settings(
        {
          mode: given.mode ?? 'restore',
          to: given.to ?? 'auto',
          created: 'hide-documents',
          url: given.url,
        },
        { site: { bucket: name, distribution } },
      ),
    )
  const capture = async () => (await run({ mode: 'capture' })).outputs?.manifest ?? ''
  const head = (Key: string) => clients.s3.send(new HeadObjectCommand({ Bucket, Key }))
  return { Bucket, put, remove, run, capture, head }
}

/** How many writes reached S3 since a call. */
const writesSince = (after: number) =>
  sandbox.calls.list({ service: 's3', mutating: true, after }).length
const lastCall = () => sandbox.calls.list().at(-1)?.n ?? 0

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < items.length) await work(items[next++] as T)
  }
  await Promise.all(Array.from({ length: 24 }, lane))
}

describe('against a bucket over HTTP', () => {
  test('a permission that is missing is named before anything is changed', async () => {
    const at = await site('denied')
    await at.put('index.html', 'good')
    const to = await at.capture()
    await at.put('index.html', 'bad')
    const after = lastCall()
    sandbox.faults.add({ effect: 'denied', service: 's3', operation: 'HeadObject' })
    const failing = at.run({ to }).finally(() => sandbox.faults.clear())
    await expect(failing).rejects.toMatchObject({
      action: 's3:GetObjectVersion',
      next: 'grant s3:GetObjectVersion to the role of this job',
    })
    expect(writesSince(after)).toBe(0)
  })

  test('hard names, a change of headers alone and a page of markers go back; a second run writes nothing', async () => {
    const at = await site('headers')
    const names = [
      'a b.html',
      'a+b.html',
      'ü/ä.html',
      '100%.html',
      'what?versionId=x.html',
      "it's(1)*!.html",
    ]
    for (const name of names) await at.put(name, `good ${name}`, { CacheControl: 'no-cache' })
    await at.put('same.html', 'same', {
      CacheControl: 'no-cache',
      Metadata: { commit: 'abc' },
      Tagging: 'team=web',
      WebsiteRedirectLocation: '/elsewhere',
    })
    await each(
      Array.from({ length: 1005 }, (_, n) => `deleted/${n}.html`),
      (key) => at.remove(key),
    )
    const to = await at.capture()
    for (const name of names) await at.put(name, `bad ${name}`)
    await at.put('same.html', 'same', { CacheControl: 'max-age=31536000' })
    await at.remove('a b.html')
    expect(await at.run({ to })).toMatchObject({
      outcome: 'done',
      outputs: { 'objects-restored': '7', 'objects-hidden': '0', 'objects-left': '0' },
    })
    for (const name of names)
      expect(await at.head(name)).toMatchObject({ CacheControl: 'no-cache' })
    expect(await at.head('same.html')).toMatchObject({
      CacheControl: 'no-cache',
      Metadata: { commit: 'abc' },
      WebsiteRedirectLocation: '/elsewhere',
    })
    const tags = new GetObjectTaggingCommand({ Bucket: at.Bucket, Key: 'same.html' })
    expect((await clients.s3.send(tags)).TagSet).toEqual([{ Key: 'team', Value: 'web' }])
    const after = lastCall()
    expect((await at.run({ to })).outputs).toMatchObject({ 'objects-restored': '0' })
    expect(writesSince(after)).toBe(0)
  }, 60_000)

  test('many changed objects, and a second run of no write', async () => {
    const at = await site('large')
    const names = Array.from({ length: 300 }, (_, n) => `pages/${String(n).padStart(4, '0')}.html`)
    await each(names, (name) => at.put(name, `good ${name}`))
    const to = await at.capture()
    await each(names, (name) => at.put(name, `bad ${name}`))
    const after = lastCall()
    expect(await at.run({ to })).toMatchObject({
      outcome: 'done',
      outputs: { 'objects-restored': '300', 'objects-left': '0' },
    })
    expect(writesSince(after)).toBe(300)
    const second = lastCall()
    await at.run({ to })
    expect(writesSince(second)).toBe(0)
  }, 120_000)
})

/** A visitor of a page and everything that it refers to, again and again. */
function visitor(url: string) {
  const missed: string[] = []
  const pages = new Set<string>()
  let visits = 0
  let on = true
  const visit = async () => {
    const page = await (await fetch(url)).text()
    pages.add(page.split(':')[0] ?? '')
    for (const chunk of page.match(/assets\/[\w.-]+/g) ?? []) {
      const { status } = await fetch(`${url}/${chunk}`)
      if (status !== 200) missed.push(`${chunk} ${status} of ${page}`)
    }
    visits += 1
  }
  const done = (async () => {
    while (on) await visit()
  })()
  const leave = async () => {
    on = false
    await done
  }
  return { missed, pages, visit, leave, visits: () => visits }
}

describe('behind an edge', () => {
  test('no visitor ever misses a chunk, and at the end everybody gets the good page', async () => {
    const { id, url } = await sandbox.cloudfront.distribute({ bucket: 'edge' })
    const at = await site('edge', id)
    const chunks = (release: string) =>
      Array.from({ length: 30 }, (_, n) => `assets/part${n}-${release}0000${100 + n}.js`)
    const page = (release: string) => `release ${release}: ${chunks(release).join(' ')}`
    const immutable = { CacheControl: 'public, max-age=31536000, immutable' }
    const cached = { CacheControl: 'max-age=3600' }
    for (const chunk of chunks('a')) await at.put(chunk, chunk, immutable)
    await at.put('index.html', page('a'), cached)
    const to = await at.capture()
    for (const chunk of chunks('b')) await at.put(chunk, chunk, immutable)
    await at.put('index.html', page('b'), cached)
    await each(chunks('a'), (chunk) => at.remove(chunk))
    await at.put('new.html', page('b'), cached)

    const guest = visitor(url)
    await guest.visit()
    expect([...guest.pages]).toEqual(['release b'])
    const result = await at.run({ to, url })
    await guest.visit()
    await guest.leave()
    expect(result).toMatchObject({ outcome: 'done', outputs: { 'objects-hidden': '1' } })
    expect(guest.missed).toEqual([])
    expect([...guest.pages]).toEqual(['release b', 'release a'])
    expect(guest.visits()).toBeGreaterThan(3)
    for (const chunk of chunks('b')) expect((await fetch(`${url}/${chunk}`)).status).toBe(200)
    expect((await fetch(`${url}/new.html`)).status).toBe(404)
    const listed = await clients.s3.send(new ListObjectsV2Command({ Bucket: 'edge' }))
    expect(listed.KeyCount).toBe(61)
  }, 60_000)

  test('a distribution that is not there is found before anything is changed', async () => {
    const at = await site('lonely', 'E404')
    await at.put('index.html', 'good')
    expect(await at.run({ mode: 'capture' })).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('NoSuchDistribution'),
    })
  })
})
