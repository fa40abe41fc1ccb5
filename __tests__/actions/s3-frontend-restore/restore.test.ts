import { describe, expect, test } from '@jest/globals'
import { good, type Scene, scene } from './scene.ts'

/** A captured release, and a bad one over it. */
async function broken(): Promise<Scene> {
  const at = await scene()
  await at.takePoint()
  at.deployBad()
  return at
}
const restored = { ...good, 'assets/app-9f8e7d6c.js': 'app two' }

describe('a bad release', () => {
  test('goes back to the restore point, and keeps the chunks that open pages ask for', async () => {
    const at = await broken()
    const result = await at.run()
    expect(result).toMatchObject({
      outcome: 'done',
      outputs: { 'objects-restored': '6', 'objects-hidden': '1', 'objects-left': '0' },
    })
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('goes back in the order in which nobody misses a file', async () => {
    const at = await broken()
    await at.run()
    const place = (call: string) => at.bucket.calls.indexOf(call)
    const order = [
      'CopyObject assets/app-1a2b3c4d.js',
      'CopyObject logo.png',
      'CopyObject index.html',
      'CreateInvalidationCommand',
      'CopyObject sw.js',
      'DeleteObject new.html',
    ].map(place)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order.every((one) => one >= 0)).toBe(true)
    expect(at.bucket.invalidations.map(({ paths }) => paths)).toEqual([
      ['/', '/404.html', '/a%20b+%C3%BC%25.html', '/index.html', '/logo.png'],
      ['/new.html', '/sw.js'],
    ])
  })

  test('is looked at only by a dry run', async () => {
    const at = await broken()
    const before = at.bucket.serves()
    const result = await at.run({ dryRun: true })
    expect(result).toMatchObject({ outcome: 'planned', outputs: { 'objects-left': '7' } })
    expect([at.bucket.serves(), at.bucket.writes, at.entries]).toEqual([before, [], []])
  })

  test('that is restored is left alone by a second run', async () => {
    const at = await broken()
    await at.run()
    const writes = at.bucket.writes.length
    const second = await at.run()
    expect(second.outputs).toMatchObject({ 'objects-restored': '0', 'objects-left': '0' })
    expect(['done', 'unchanged']).toContain(second.outcome)
    expect([at.bucket.writes.length, at.bucket.invalidations.length]).toEqual([writes, 2])
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('may keep its pages', async () => {
    const at = await broken()
    await at.run({ created: 'keep' })
    expect(at.bucket.serves()).toMatchObject({ 'new.html': 'a page that was not there' })
  })

  test('warns of a service worker', async () => {
    const at = await broken()
    expect(JSON.stringify((await at.run()).sections)).toContain(
      'the service worker changes (sw.js)',
    )
  })
})

test('2,000 changed objects are 2,000 copies, and a second run writes nothing', async () => {
  const at = await scene()
  at.bucket.pageSize = 1000
  const names = Array.from({ length: 2000 }, (_, n) => `pages/${n}.html`)
  for (const name of names) at.bucket.put(name, `good ${name}`)
  await at.takePoint()
  for (const name of names) at.bucket.put(name, `evil ${name}`)
  at.clock.advance(5_000)
  expect(await at.run()).toMatchObject({
    outcome: 'done',
    outputs: { 'objects-restored': '2000', 'objects-left': '0' },
  })
  expect(at.bucket.writes).toHaveLength(2000)
  expect(at.bucket.invalidations.map(({ paths }) => paths)).toEqual([['/*']])
  expect(JSON.stringify(at.entries).length).toBeLessThan(5_000)
  await at.run()
  expect(at.bucket.writes).toHaveLength(2000)
}, 60_000)

describe('a time as destination', () => {
  test('needs no manifest', async () => {
    const at = await scene()
    at.clock.advance(5_000)
    const time = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
    at.clock.advance(5_000)
    at.deployBad()
    expect(await at.run({ to: time, withoutStore: true })).toMatchObject({ outcome: 'done' })
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('is resolved in a tie by the order that S3 tells of one key alone', async () => {
    const at = await scene()
    at.bucket.put('tied.html', 'first')
    at.bucket.remove('tied.html')
    at.bucket.put('tied.html', 'third')
    at.clock.advance(5_000)
    const time = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
    at.clock.advance(5_000)
    at.bucket.put('tied.html', 'bad')
    at.clock.advance(5_000)
    expect(await at.run({ to: time })).toMatchObject({ outcome: 'done' })
    expect(at.bucket.serves()).toMatchObject({ 'tied.html': 'third' })
  })

  test('within a second that saw two versions is refused, and nothing is written', async () => {
    const at = await scene()
    at.clock.advance(5_000)
    at.bucket.put('index.html', 'one of two')
    at.bucket.put('index.html', 'two of two')
    const time = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
    at.clock.advance(5_000)
    at.bucket.put('index.html', 'bad')
    at.clock.advance(5_000)
    expect(await at.run({ to: time })).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('index.html: it changed 2 times within that very second'),
    })
    expect(at.bucket.writes).toEqual([])
  })

  const expiring = {
    ID: 'tidy',
    Status: 'Enabled',
    NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  }
  test.each([
    ['behind what a lifecycle rule has deleted is refused', 8, expiring, 'refused'],
    ['within what a lifecycle rule keeps is not', 6, expiring, 'done'],
    ['is not refused for a rule that is off', 8, { ...expiring, Status: 'Disabled' }, 'done'],
    ['is refused for a rule of some of its keys', 8, { ...expiring, Prefix: 'logs/' }, 'refused'],
  ] as const)('%s', async (_what, days, rule, outcome) => {
    const at = await scene()
    at.clock.advance(5_000)
    const time = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
    at.clock.advance(days * 86_400_000)
    at.deployBad()
    at.bucket.rules = [rule]
    const ended = await at.run({ to: time })
    expect(ended.outcome).toBe(outcome)
    if (outcome !== 'refused') return
    expect(ended.headline).toContain('rule tidy of bucket acme-site deletes versions 7 days after')
    expect(at.bucket.writes).toEqual([])
    const kept = await at.run({ to: time, created: 'keep' })
    expect(kept).toMatchObject({ outcome: 'done', outputs: { 'objects-hidden': '0' } })
  })

  test('that lies ahead is refused', async () => {
    const at = await scene()
    expect(await at.run({ to: '2099-01-01T00:00:00Z' })).toMatchObject({ outcome: 'refused' })
  })

  test('before a window of suspended versioning is refused', async () => {
    const at = await scene()
    at.clock.advance(5_000)
    const time = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
    at.clock.advance(5_000)
    at.bucket.put('index.html', 'written while suspended', { versionId: 'null' })
    at.clock.advance(5_000)
    expect(await at.run({ to: time })).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('suspended'),
    })
  })
})

describe('what a copy would lose', () => {
  test('is sent again: redirect, storage class, encryption; and a change of headers alone is one', async () => {
    const at = await scene()
    const headers = {
      CacheControl: 'no-cache',
      WebsiteRedirectLocation: '/elsewhere',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key-1',
      BucketKeyEnabled: true,
      Metadata: { commit: 'abc' },
    }
    at.bucket.put('old.html', 'same', { headers, storageClass: 'STANDARD_IA' })
    await at.takePoint()
    at.bucket.put('old.html', 'same', { headers: { CacheControl: 'max-age=31536000' } })
    at.clock.advance(5_000)
    expect(await at.run()).toMatchObject({ outcome: 'done' })
    expect(at.bucket.current('old.html')).toMatchObject({ headers, storageClass: 'STANDARD_IA' })
  })

  test('an upload without any change is not copied', async () => {
    const at = await scene()
    await at.takePoint()
    for (const [key, body] of Object.entries(good)) at.bucket.put(key, body)
    at.clock.advance(5_000)
    await at.run()
    expect(at.bucket.writes).toEqual([])
  })

  test('access lists are sent again where the bucket has them', async () => {
    const at = await scene()
    at.bucket.ownership = 'ObjectWriter'
    const acl = {
      Owner: { ID: 'me' },
      Grants: [
        { Grantee: { ID: 'me' }, Permission: 'FULL_CONTROL' },
        { Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' },
      ],
    }
    at.bucket.put('index.html', 'public', { headers: { acl } })
    await at.takePoint()
    at.bucket.put('index.html', 'bad page')
    at.clock.advance(5_000)
    await at.run()
    expect(at.bucket.current('index.html')?.headers).toMatchObject({
      GrantFullControl: 'id="me"',
      GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
    })
  })

  test('the ETag of an object that was uploaded in parts; it is not copied twice', async () => {
    const at = await scene()
    at.bucket.put('video.mp4', 'large', { etag: 'abc-2', headers: { ContentType: 'video/mp4' } })
    await at.takePoint()
    at.bucket.put('video.mp4', 'other')
    at.clock.advance(5_000)
    await at.run()
    at.clock.advance(5_000)
    const writes = at.bucket.writes.length
    const second = await at.run()
    expect([second.outputs?.['objects-left'], at.bucket.writes.length]).toEqual(['0', writes])
  })
})

describe('refused before the first write', () => {
  test.each<readonly [string, (at: Scene) => void, string]>([
    [
      'versioning is suspended',
      (at) => {
        at.bucket.versioning = 'Suspended'
      },
      'versioning of bucket acme-site is Suspended',
    ],
    [
      'an old version is gone',
      (at) => at.bucket.expire('index.html', at.bucket.versions('index.html')[0]?.versionId ?? ''),
      'not there any more',
    ],
    [
      'every version of a key is gone',
      (at) => {
        for (const { versionId } of at.bucket.versions('404.html'))
          at.bucket.expire('404.html', versionId)
      },
      '404.html: no version of it is there any more',
    ],
  ])('%s', async (_what, change, why) => {
    const at = await broken()
    change(at)
    expect(await at.run()).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining(why),
    })
    expect(at.bucket.writes).toEqual([])
  })

  test('an old version is archived', async () => {
    const at = await scene()
    at.bucket.put('index.html', 'cold', { storageClass: 'GLACIER' })
    await at.takePoint()
    at.deployBad()
    expect(await at.run()).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining('is archived (GLACIER)'),
    })
    expect(at.bucket.writes).toEqual([])
  })

  test('the manifest was changed', async () => {
    const at = await broken()
    const key = [...(await at.store.objects.list('production/sites/'))][0] ?? ''
    const stored = await at.store.objects.get(key)
    await at.store.objects.replace(key, `${stored?.text} `, stored?.etag ?? '')
    await expect(at.run()).rejects.toMatchObject({ code: 'MalformedDocument' })
  })
})

describe('what goes wrong on the way', () => {
  test('an object that somebody changes at that moment is left as they made it', async () => {
    const at = await broken()
    at.bucket.fault = (name, key) => {
      if (name !== 'CopyObject' || key !== 'index.html') return
      at.bucket.fault = undefined
      at.bucket.put('index.html', 'the fix of somebody else')
    }
    const result = await at.run()
    expect(result).toMatchObject({ outcome: 'partial', outputs: { 'objects-left': '3' } })
    expect(at.bucket.serves()).toMatchObject({
      'index.html': 'the fix of somebody else',
      'new.html': 'a page that was not there',
    })
    expect(result.next?.join()).toContain('look who writes to the site')
  })

  test('an answer that is lost is no second copy', async () => {
    const at = await broken()
    let lost = false
    at.bucket.after = (name, key) => {
      if (lost || name !== 'CopyObject' || key !== 'index.html') return
      lost = true
      throw Object.assign(new Error('reset'), { name: 'TimeoutError' })
    }
    expect(await at.run()).toMatchObject({ outcome: 'done', outputs: { 'objects-left': '0' } })
    const copies = at.bucket.writes.filter((one) => one === 'CopyObject index.html')
    expect(copies).toHaveLength(1)
  })

  test('throttled objects are sent again, in smaller sweeps', async () => {
    const at = await broken()
    let calls = 0
    at.bucket.fault = (name) => {
      if (name === 'CopyObject' && ++calls % 3 !== 0) {
        throw Object.assign(new Error('Please reduce your request rate.'), { name: 'SlowDown' })
      }
    }
    expect(await at.run()).toMatchObject({ outcome: 'done' })
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('throttling that never ends leaves a partial restore, which a second run finishes', async () => {
    const at = await broken()
    at.bucket.fault = (name, key) => {
      if (name === 'CopyObject' && key === 'index.html') {
        throw Object.assign(new Error('Please reduce your request rate.'), { name: 'SlowDown' })
      }
    }
    const first = await at.run({ timeout: 60_000 })
    expect(first).toMatchObject({ outcome: 'partial', outputs: { 'objects-left': '3' } })
    expect(at.bucket.serves()).toMatchObject({
      'sw.js': 'worker two',
      'new.html': expect.any(String),
    })
    at.bucket.fault = undefined
    expect(await at.run()).toMatchObject({ outcome: 'done', outputs: { 'objects-left': '0' } })
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('a missing permission stops at once and is named', async () => {
    const at = await broken()
    at.bucket.fault = (name) => {
      if (name === 'CopyObject') throw Object.assign(new Error('denied'), { name: 'AccessDenied' })
    }
    const result = await at.run()
    expect(result).toMatchObject({ outcome: 'failed', outputs: { 'objects-left': '7' } })
    expect(result.next?.[0]).toBe('grant s3:PutObject to the role of this job')
  })

  test('too many invalidations are waited for', async () => {
    const at = await broken()
    at.bucket.tooMany = 3
    expect(await at.run()).toMatchObject({ outcome: 'done' })
    expect(at.bucket.invalidations).toHaveLength(2)
  })

  test('an invalidation that takes for ever is a warning', async () => {
    const at = await broken()
    at.bucket.looks = Number.POSITIVE_INFINITY
    const result = await at.run({ timeout: 3_600_000 })
    expect(result.outcome).toBe('done')
    expect(result.headline).toContain('the invalidation is still in progress')
    expect(JSON.stringify(result.sections)).toContain('CloudFront is not done with I0, I1')
  })

  test('a refused invalidation leaves worker and pages, and prints the command', async () => {
    const at = await broken()
    at.bucket.fault = (name) => {
      if (name === 'CreateInvalidation')
        throw Object.assign(new Error('denied'), { name: 'AccessDenied' })
    }
    const result = await at.run()
    expect(result.outcome).toBe('partial')
    expect(result.next?.join()).toContain('grant cloudfront:CreateInvalidation')
    expect(result.next?.join()).toContain('create-invalidation --distribution-id E123')
    expect(at.bucket.serves()).toMatchObject({ 'sw.js': 'worker two' })
  })

  test('what was changed after this record had begun is not rolled back', async () => {
    const at = await broken()
    await at.run()
    at.clock.advance(60_000)
    at.bucket.put('index.html', 'a fix, deployed by a person')
    at.clock.advance(5_000)
    expect(await at.run()).toMatchObject({ outcome: 'superseded' })
    expect(at.bucket.serves()).toMatchObject({ 'index.html': 'a fix, deployed by a person' })
  })
})

describe('the capture', () => {
  test('is small in the point, and the same for the same objects', async () => {
    const at = await scene()
    const first = await at.run({ mode: 'capture' })
    const second = await at.run({ mode: 'capture' })
    expect(first).toMatchObject({
      outcome: 'done',
      outputs: { manifest: expect.stringMatching(/^manifest:[0-9a-f]{64}$/) },
    })
    expect(second.outputs).toEqual(first.outputs)
    expect(await at.store.objects.list('production/sites/')).toHaveLength(1)
    at.clock.advance(5_000)
    at.deployBad()
    expect(await at.run({ to: first.outputs?.manifest ?? '' })).toMatchObject({ outcome: 'done' })
    expect(at.bucket.serves()).toEqual(restored)
  })

  test('refuses a bucket without versions', async () => {
    const at = await scene()
    at.bucket.versioning = 'off'
    expect(await at.run({ mode: 'capture' })).toMatchObject({ outcome: 'refused' })
  })
})
