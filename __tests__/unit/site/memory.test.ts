import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { S3Client } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { planSite, type SiteClients, type Target } from '#site'
import { readManifest, takeManifest } from '../../../packages/site/manifest.ts'
import { testRun } from '../../support/run.ts'
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
