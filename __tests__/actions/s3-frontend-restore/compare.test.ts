import { describe, expect, test } from '@jest/globals'
import { CallError } from '#core'
import { captureSite, compareSite } from '#site'
import { readPoint } from '#store'
import { testRun } from '../../support/run.ts'
import { type Scene, scene } from './scene.ts'

const config = { bucket: 'acme-site', distribution: 'E123' }
const compare = async (at: Scene, more: Partial<typeof config> = {}) => {
  const point = await readPoint(at.store, 'production/4711/before')
  if (!point) throw new Error('no point')
  const ports = { clients: at.bucket.clients, store: at.store, config: { ...config, ...more } }
  return compareSite(testRun({ clock: at.clock, dryRun: true }), ports, point)
}
const captured = async () => {
  const at = await scene()
  await at.takePoint()
  return at
}

describe('a site compared with a restore point', () => {
  test('is the same before anything was deployed, and after a restore', async () => {
    const at = await captured()
    expect(await compare(at)).toEqual({ is: 'same' })
    at.deployBad()
    await at.run()
    expect(await compare(at)).toEqual({ is: 'same' })
  })

  test('differs by what a restore would do, and nothing is written', async () => {
    const at = await captured()
    at.deployBad()
    const stored = at.store.objects.writes.length
    expect(await compare(at)).toEqual({
      is: 'differs',
      objects: 7,
      documents: 5,
      why: '6 objects to put back, 1 to hide',
    })
    expect([at.bucket.writes, at.bucket.invalidations]).toEqual([[], []])
    expect(at.store.objects.writes).toHaveLength(stored)
    const dry = await at.run({ dryRun: true })
    expect(dry.outputs).toMatchObject({ 'objects-left': '7' })
  })

  test.each<readonly [string, (at: Scene) => unknown, Partial<typeof config>, string]>([
    [
      'versioning was suspended since',
      (at) => {
        at.bucket.versioning = 'Suspended'
      },
      {},
      'versioning of bucket acme-site is Suspended',
    ],
    ['the point is of another bucket', () => {}, { bucket: 'other-site' }, 'is of s3://acme-site/'],
    [
      'a version is gone',
      (at) => at.bucket.expire('index.html', at.bucket.versions('index.html')[0]?.versionId ?? ''),
      {},
      'index.html: its version',
    ],
    [
      'the manifest is gone',
      (at) =>
        at.store.objects.content.delete(
          [...at.store.objects.content.keys()].find((key) => key.includes('/sites/')) ?? '',
        ),
      {},
      'it is not there',
    ],
  ])('is refused when %s', async (_what, change, more, why) => {
    const at = await captured()
    at.deployBad()
    change(at)
    expect(await compare(at, more)).toEqual({ is: 'refused', why: expect.stringContaining(why) })
    expect(at.bucket.writes).toEqual([])
  })

  test('throws what says nothing of the site: a missing permission', async () => {
    const at = await captured()
    at.bucket.fault = (name) => {
      if (name === 'ListObjectVersions')
        throw Object.assign(new Error('no'), { name: 'AccessDenied' })
    }
    await expect(compare(at)).rejects.toBeInstanceOf(CallError)
  })
})

describe('a capture', () => {
  const capture = async (at: Scene, dryRun = false) =>
    captureSite(at.bucket.clients, config, at.store)(testRun({ clock: at.clock, dryRun }))

  test.each<readonly [string, (at: Scene) => void, readonly string[]]>([
    ['nothing of a good bucket', () => {}, []],
    [
      'a bucket without versions',
      (at) => {
        at.bucket.versioning = 'off'
      },
      ['versioning of bucket acme-site is off', 'put-bucket-versioning --bucket acme-site'],
    ],
    [
      'suspended versioning',
      (at) => {
        at.bucket.versioning = 'Suspended'
      },
      ['versioning of bucket acme-site is Suspended', 'Status=Enabled'],
    ],
    [
      'a distribution that is not there',
      (at) => {
        at.bucket.fault = (name) => {
          if (name === 'ListInvalidations') {
            throw Object.assign(new Error('gone'), { name: 'NoSuchDistribution' })
          }
        }
      },
      ['E123', 'NoSuchDistribution'],
    ],
    [
      'a distribution that this role may not ask',
      (at) => {
        at.bucket.fault = (name) => {
          if (name === 'ListInvalidations') {
            throw Object.assign(new Error('no'), { name: 'AccessDenied' })
          }
        }
      },
      ['E123', 'grant cloudfront:ListInvalidations'],
    ],
  ])('names %s', async (_what, change, words) => {
    const at = await scene()
    change(at)
    const { problems } = await capture(at)
    expect(problems).toHaveLength(words.length > 0 ? 1 : 0)
    for (const word of words) expect(problems[0]).toContain(word)
  })

  test('in a dry run writes no manifest', async () => {
    const at = await scene()
    await capture(at, true)
    expect(at.store.objects.writes).toEqual([])
    await capture(at)
    expect(at.store.objects.writes).toHaveLength(1)
  })

  test('of 20,000 objects asks nothing of a single object: it lists them, a thousand at a time', async () => {
    const at = await scene()
    at.bucket.pageSize = 1000
    for (let n = 0; n < 20_000; n++) at.bucket.put(`pages/${n}.html`, 'x')
    at.bucket.calls.length = 0
    await capture(at)
    const kinds = new Set(at.bucket.calls.map((call) => call.split(' ')[0]))
    expect([...kinds].sort()).toEqual([
      'GetBucketLifecycleConfiguration',
      'GetBucketVersioning',
      'ListInvalidationsCommand',
      'ListObjectVersions',
    ])
    expect(at.bucket.calls.length).toBeLessThan(30)
  }, 30_000)
})
