import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { S3Client } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { changeSite, type History, planSite, type SiteClients, settings, type Target } from '#site'
import { histories } from '../../../packages/site/list.ts'
import { readManifest, takeManifest } from '../../../packages/site/manifest.ts'
import { fakeClock, testRun } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

const objects = 20_000
const generations = 5
const site = { bucket: 'acme-site', prefix: '', distribution: undefined }
const keyOf = (n: number) => `pages/${String(n).padStart(6, '0')}/a-page-with-a-longer-name.html`

/**
 * A bucket that makes its pages as they are asked for and keeps none: 20,000 keys with five versions each. Of every tenth
 * key the newest version came behind `upTo`.
 */
function endless(upTo: number): SiteClients {
  const total = objects * generations
  const version = (index: number) => {
    const [n, age] = [Math.floor(index / generations), index % generations]
    const fresh = age === 0 && n % 10 === 0
    return {
      Key: keyOf(n),
      VersionId: `version-${n}-${generations - age}-with-an-id-as-long-as-those-of-s3`,
      IsLatest: age === 0,
      LastModified: new Date((upTo + (fresh ? 10 : -10 * (age + 1))) * 1000),
      ETag: `"${String(index).padStart(32, '0')}"`,
      Size: 1000 + age,
      StorageClass: 'STANDARD',
    }
  }
  const send = async ({
    constructor: { name },
    input,
  }: {
    constructor: { name: string }
    input: never
  }) => {
    const { KeyMarker, VersionIdMarker, MaxKeys } = input as Record<string, string> & {
      MaxKeys: number
    }
    if (name === 'GetBucketOwnershipControlsCommand') {
      return { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }
    }
    if (name === 'HeadObjectCommand') return { ETag: '"x"', ContentLength: 1001 }
    const [, n = '', generation = ''] = /^version-(\d+)-(\d+)/.exec(VersionIdMarker ?? '') ?? []
    const start = KeyMarker ? Number(n) * generations + (generations - Number(generation)) + 1 : 0
    const count = Math.min(MaxKeys, total - start)
    const Versions = Array.from({ length: count }, (_, offset) => version(start + offset))
    const last = Versions.at(-1)
    const IsTruncated = start + count < total
    return { IsTruncated, Versions, NextKeyMarker: last?.Key, NextVersionIdMarker: last?.VersionId }
  }
  return { s3: { send } as unknown as S3Client, cloudfront: undefined as never }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Megabytes of the heap that are in use and cannot be freed. */
function heap(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

test('20,000 objects with five versions each are captured and planned in bounded memory', async () => {
  const second = 1_790_000_000
  const clients = endless(second)
  const store = await testStore()
  const taken = await takeManifest(clients, site, store)
  expect(taken.state.manifest.objects).toBe(objects)
  await store.objects.create(taken.state.manifest.key, taken.text)
  const manifest = await readManifest(store, taken.state.manifest.sha256, site)
  expect(manifest.objects).toHaveLength(objects)

  const before = heap()
  let most = 0
  const run = testRun()
  let beats = 0
  const journal = {
    ...run.journal,
    beat: async () => {
      if (++beats % 5000 === 0) most = Math.max(most, heap() - before)
    },
  }
  const target: Target = { by: 'time', since: second, why: '' }
  const wanted = { site, target, created: 'keep', begun: undefined } as const
  const plan = await planSite({ ...run, journal }, clients, wanted)
  expect([plan.plan.is, plan.unchanged]).toEqual(['operations', objects - objects / 10])
  expect(plan.plan.is === 'operations' && plan.plan.operations.length).toBe(objects / 10)
  expect(most).toBeLessThan(40)
}, 60_000)

/**
 * A bucket of 20,000 keys with three versions each, of which the newest came behind `upTo`. Its listings are XML that the
 * SDK's own parser reads, because what a parser keeps alive counts; copies are remembered by their number.
 */
function overwritten(upTo: number, watch: () => void) {
  const versions = 3
  const copied = new Uint8Array(objects)
  const xml = (n: number, age: number) => {
    const modified = new Date((upTo + (age === 0 ? 10 : -10 * age)) * 1000).toISOString()
    return `<Version><Key>${keyOf(n)}</Key><VersionId>version-${n}-${age}-with-an-id-as-long-as-those-of-s3</VersionId><IsLatest>${age === 0 && copied[n] === 0}</IsLatest><LastModified>${modified}</LastModified><ETag>&quot;${String(n * versions + age).padStart(32, '0')}&quot;</ETag><Size>${1000 + age}</Size><StorageClass>STANDARD</StorageClass></Version>`
  }
  const fresh = (n: number) =>
    copied[n] === 0
      ? ''
      : xml(n, 0)
          .replace(/-0-with/, '-new-with')
          .replace('<IsLatest>false', '<IsLatest>true')
  const page = (after: string | undefined) => {
    const first = after === undefined ? 0 : Number(/(\d{6})/.exec(after)?.[1]) + 1
    const last = Math.min(objects, first + 250)
    let text = ''
    for (let n = first; n < last; n++) text += `${fresh(n)}${xml(n, 0)}${xml(n, 1)}${xml(n, 2)}`
    const next = `<NextKeyMarker>${keyOf(last - 1)}</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker>`
    return `<?xml version="1.0"?><ListVersionsResult><IsTruncated>${last < objects}</IsTruncated>${next}${text}</ListVersionsResult>`
  }
  const real = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: {
      handle: async ({ query }: { query: Record<string, string> }) => ({
        response: {
          statusCode: 200,
          headers: {},
          body: Readable.from([page(query['key-marker'])]),
        },
      }),
    } as never,
  })
  let calls = 0
  const send = async (command: { constructor: { name: string }; input: { Key?: string } }) => {
    const { name } = command.constructor
    if (name === 'ListObjectVersionsCommand') {
      watch()
      return real.send(command as never)
    }
    if (++calls % 8000 === 0) watch()
    const n = Number(/(\d{6})/.exec(command.input.Key ?? '')?.[1])
    switch (name) {
      case 'GetBucketVersioningCommand':
        return { Status: 'Enabled' }
      case 'GetBucketOwnershipControlsCommand':
        return { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }
      case 'CopyObjectCommand':
        copied[n] = 1
        return { VersionId: `version-${n}-new-with-an-id-as-long-as-those-of-s3` }
      default:
        return { ETag: '"x"', ContentLength: 1001, ContentType: 'text/html' }
    }
  }
  const clients: SiteClients = {
    s3: { send } as unknown as S3Client,
    cloudfront: undefined as never,
  }
  return { clients, restored: () => copied.reduce((sum, one) => sum + one, 0) }
}

/** Megabytes that a restore of 20,000 changed objects may hold at any moment, above what was there before. */
const bound = 30

/** Restores all of it; answers the most megabytes that were held. `naive` keeps every version of every key meanwhile. */
async function most(plan: 'ours' | 'naive'): Promise<number> {
  const second = 1_790_000_000
  const kept: History[] = []
  let [before, held, looks] = [0, 0, 0]
  const at = overwritten(second, () => {
    if (++looks % 12 === 0) held = Math.max(held, heap() - before)
  })
  before = heap()
  if (plan === 'naive') {
    const look = { bucket: 'acme-site', prefix: '' }
    for await (const history of histories(at.clients, look)) kept.push(history)
  }
  const to = new Date(second * 1000).toISOString().replace('.000', '')
  const site = { bucket: 'acme-site' }
  const chosen = settings({ mode: 'restore', to, created: 'keep' }, { site })
  const run = testRun({ clock: fakeClock((second + 1000) * 1000) })
  const result = await changeSite(run, { clients: at.clients, store: undefined }, chosen)
  expect(result).toMatchObject({ outcome: 'done', data: { right: objects } })
  expect(at.restored()).toBe(objects)
  expect(kept).toHaveLength(plan === 'naive' ? objects : 0)
  return held
}

test('20,000 changed objects with three versions each are restored in bounded memory', async () => {
  expect(await most('ours')).toBeLessThan(bound)
}, 120_000)

test('a restore that kept every version of every key would break that bound', async () => {
  expect(await most('naive')).toBeGreaterThan(bound)
}, 120_000)
