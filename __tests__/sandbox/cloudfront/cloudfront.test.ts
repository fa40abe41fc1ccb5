import {
  CloudFrontClient,
  CreateInvalidationCommand,
  GetInvalidationCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { cloudfrontService } from '../../../packages/sandbox/cloudfront/index.ts'
import { keyring } from '../../../packages/sandbox/gateway/credentials.ts'
import {
  createGateway,
  inProcessHandler,
  type VirtualClock,
  virtualClock,
  type WireRequest,
} from '../../../packages/sandbox/index.ts'
import { failure } from '../gateway/clients.ts'

const account = '123456789012'
let clock: VirtualClock
let service: ReturnType<typeof cloudfrontService>
let client: CloudFrontClient
let at: { id: string; url: string }
let page = 'one'
const asked: string[] = []

/** A bucket with one page whose text changes; everything else is not there. */
const origin = async ({ url }: WireRequest) => {
  asked.push(url)
  const found = url === '/site/index.html' || url === '/site/a%2Bb.html'
  const headers = { 'content-type': 'text/html' }
  return { status: found ? 200 : 404, headers, body: new TextEncoder().encode(page) }
}

beforeAll(async () => {
  clock = virtualClock()
  service = cloudfrontService({ clock, folder: '', log: () => undefined }, origin)
  const gateway = createGateway({ clock, keys: keyring(clock), services: [service] })
  client = new CloudFrontClient({
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: account, secretAccessKey: 'x' },
    requestHandler: inProcessHandler(gateway),
    maxAttempts: 1,
  })
  at = await service.distribute({ bucket: 'site' })
})
afterAll(async () => {
  client.destroy()
  await service.close?.()
})

const load = async (path = '/') => (await fetch(`${at.url}${path}`)).text()
const invalidate = (reference: string, paths: readonly string[], id = at.id) =>
  client.send(
    new CreateInvalidationCommand({
      DistributionId: id,
      InvalidationBatch: {
        CallerReference: reference,
        Paths: { Quantity: paths.length, Items: [...paths] },
      },
    }),
  )
const status = async (Id = '') =>
  (await client.send(new GetInvalidationCommand({ DistributionId: at.id, Id }))).Invalidation
    ?.Status

describe('an edge', () => {
  test('serves what it has until an invalidation is completed', async () => {
    page = 'one'
    expect(await load()).toBe('one')
    page = 'two'
    expect(await load()).toBe('one')
    const { Invalidation, Location } = await invalidate('first', ['/', '/index.html'])
    expect(Location).toContain(`/distribution/${at.id}/invalidation/${Invalidation?.Id}`)
    expect([await status(Invalidation?.Id), await load()]).toEqual(['InProgress', 'one'])
    await clock.advance(61_000)
    expect([await status(Invalidation?.Id), await load()]).toEqual(['Completed', 'two'])
  })

  test('forgets by wildcard, and keeps other paths', async () => {
    page = 'one'
    await load('/a+b.html')
    expect(asked.at(-1)).toBe('/site/a%2Bb.html')
    await invalidate('kept', ['/other/*'])
    await clock.advance(61_000)
    page = 'two'
    expect(await load('/a+b.html')).toBe('one')
    await invalidate('all', ['/*'])
    await clock.advance(61_000)
    expect(await load('/a+b.html')).toBe('two')
  })

  test('keeps an error for ten seconds', async () => {
    const before = asked.length
    expect((await fetch(`${at.url}/no`)).status).toBe(404)
    expect((await fetch(`${at.url}/no`)).status).toBe(404)
    expect(asked.length).toBe(before + 1)
    await clock.advance(11_000)
    await fetch(`${at.url}/no`)
    expect(asked.length).toBe(before + 2)
  })
})

describe('an invalidation', () => {
  test('is the earlier one for the same reference and paths', async () => {
    const first = await invalidate('same', ['/a', '/b'])
    const again = await invalidate('same', ['/b', '/a'])
    expect(again.Invalidation?.Id).toBe(first.Invalidation?.Id)
    expect((await failure(invalidate('same', ['/c']))).name).toBe('InvalidationBatchAlreadyExists')
  })

  test.each([
    ['no path', [], 'InconsistentQuantities'],
    ['a path without a slash', ['index.html'], 'InvalidArgument'],
    ['a path that is not encoded', ['/a b'], 'InvalidArgument'],
  ])('with %s is refused', async (_what, paths, code) => {
    expect((await failure(invalidate(`bad ${code} ${paths}`, paths))).name).toBe(code)
  })

  test('of many wildcards at once has a limit', async () => {
    await clock.advance(61_000)
    const fifteen = Array.from({ length: 15 }, (_, n) => `/${n}/*`)
    await invalidate('wild', fifteen)
    expect((await failure(invalidate('more', ['/x/*']))).name).toBe(
      'TooManyInvalidationsInProgress',
    )
    await clock.advance(61_000)
    expect((await invalidate('more', ['/x/*'])).Invalidation?.Status).toBe('InProgress')
  })

  test('of a distribution that is not there is an error', async () => {
    expect((await failure(invalidate('x', ['/'], 'E404'))).name).toBe('NoSuchDistribution')
  })

  test('is listed', async () => {
    const listed = await client.send(
      new ListInvalidationsCommand({ DistributionId: at.id, MaxItems: 1 }),
    )
    expect(listed.InvalidationList).toMatchObject({ Quantity: 1, IsTruncated: true })
  })
})
