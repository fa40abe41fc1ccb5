import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CloudFrontClient,
  CreateDistributionCommand,
  type DistributionConfig,
  GetDistributionCommand,
  GetDistributionConfigCommand,
} from '@aws-sdk/client-cloudfront'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { policies } from '../../../packages/sandbox/cloudfront/config.ts'
import { pathPattern } from '../../../packages/sandbox/cloudfront/edge.ts'
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

/** One distribution with two origins: a bucket, and below /api/ a server that says what reached it. */
let clock: VirtualClock
let service: ReturnType<typeof cloudfrontService>
let client: CloudFrontClient
let server: Server
let made: { id: string; url: string }

const bucket = async ({ url }: WireRequest) => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: new TextEncoder().encode(url),
})

const configOf = (port: number, change: object = {}): DistributionConfig => ({
  CallerReference: 'site',
  Comment: '',
  Enabled: true,
  DefaultRootObject: 'index.html',
  Origins: {
    Quantity: 2,
    Items: [
      {
        Id: 'pages',
        DomainName: 'site.s3.eu-central-1.amazonaws.com',
        S3OriginConfig: { OriginAccessIdentity: '' },
      },
      {
        Id: 'api',
        DomainName: '127.0.0.1',
        OriginPath: '/v1',
        CustomOriginConfig: {
          HTTPPort: port,
          HTTPSPort: 443,
          OriginProtocolPolicy: 'http-only',
        },
      },
    ],
  },
  DefaultCacheBehavior: {
    TargetOriginId: 'pages',
    ViewerProtocolPolicy: 'allow-all',
    CachePolicyId: policies.optimized,
  },
  CacheBehaviors: {
    Quantity: 1,
    Items: [
      {
        PathPattern: '/api/*',
        TargetOriginId: 'api',
        ViewerProtocolPolicy: 'allow-all',
        CachePolicyId: policies.disabled,
        OriginRequestPolicyId: policies.allViewerExceptHost,
        AllowedMethods: { Quantity: 3, Items: ['GET', 'HEAD', 'POST'] },
      },
    ],
  },
  ...change,
})

const create = (config: DistributionConfig) =>
  client.send(new CreateDistributionCommand({ DistributionConfig: config }))

let times = 0
beforeAll(async () => {
  server = createServer(async (request, response) => {
    times += 1
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    const said = { method, url, times, text: Buffer.concat(chunks).toString() }
    response.writeHead(201, { 'content-type': 'application/json', 'x-release': '7' })
    response.end(JSON.stringify({ ...said, token: headers.authorization, host: headers.host }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  clock = virtualClock()
  service = cloudfrontService({ clock, folder: '', log: () => undefined }, bucket)
  const gateway = createGateway({ clock, keys: keyring(clock), services: [service] })
  client = new CloudFrontClient({
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
    requestHandler: inProcessHandler(gateway),
    maxAttempts: 1,
  })
  const { Distribution } = await create(configOf((server.address() as AddressInfo).port))
  made = { id: String(Distribution?.Id), url: `http://${Distribution?.DomainName}` }
})
afterAll(async () => {
  client.destroy()
  await service.close?.()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('a distribution with two origins', () => {
  test('takes the root object and everything else from the bucket', async () => {
    expect(await (await fetch(made.url)).text()).toBe('/site/index.html')
    expect(await (await fetch(`${made.url}/apix/a`)).text()).toBe('/site/apix/a')
  })

  test('passes what matches to the server with method, query, headers and body, and keeps nothing of it', async () => {
    const ask = async () => {
      const answer = await fetch(`${made.url}/api/triggers?page=2`, {
        method: 'POST',
        headers: { authorization: 'Bearer x' },
        body: 'a trigger',
      })
      const { status, headers } = answer
      return { status, headers, said: (await answer.json()) as Record<string, unknown> }
    }
    const first = await ask()
    const second = await ask()
    expect([first.status, first.headers.get('x-release')]).toEqual([201, '7'])
    expect(first.headers.get('x-cache')).toBe('Miss from cloudfront')
    expect(first.said).toMatchObject({
      method: 'POST',
      url: '/v1/api/triggers?page=2',
      text: 'a trigger',
      token: 'Bearer x',
    })
    expect(first.said.host).not.toBe(new URL(made.url).host)
    expect(Number(second.said.times)).toBe(Number(first.said.times) + 1)
  })

  test('refuses a method that its behavior does not allow', async () => {
    expect((await fetch(made.url, { method: 'POST' })).status).toBe(403)
    expect((await fetch(`${made.url}/api/x`, { method: 'DELETE' })).status).toBe(403)
  })

  test('answers 502 for an origin that nobody listens on', async () => {
    const closed = await new Promise<number>((resolve) => {
      const one = createServer().listen(0, '127.0.0.1', () => {
        const { port } = one.address() as AddressInfo
        one.close(() => resolve(port))
      })
    })
    const { Distribution } = await create(configOf(closed, { CallerReference: 'closed' }))
    expect((await fetch(`http://${Distribution?.DomainName}/api/x`)).status).toBe(502)
  })

  test('is described as it was made, and is deployed after a while', async () => {
    const seen = await client.send(new GetDistributionCommand({ Id: made.id }))
    const port = (server.address() as AddressInfo).port
    expect(seen.Distribution).toMatchObject({ Id: made.id, Status: 'InProgress' })
    expect(seen.Distribution?.DistributionConfig).toEqual(configOf(port))
    const { ETag } = await client.send(new GetDistributionConfigCommand({ Id: made.id }))
    expect(ETag).toBe(seen.ETag)
    await clock.advance(181_000)
    const later = await client.send(new GetDistributionCommand({ Id: made.id }))
    expect(later.Distribution?.Status).toBe('Deployed')
  })

  test('is the earlier one for the same caller reference, and an error for another configuration', async () => {
    const { port } = server.address() as AddressInfo
    expect((await create(configOf(port))).Distribution?.Id).toBe(made.id)
    const other = create(configOf(port, { Comment: 'other' }))
    expect((await failure(other)).name).toBe('DistributionAlreadyExists')
  })

  const behavior = configOf(1).DefaultCacheBehavior as object
  test.each<[string, object, string]>([
    [
      'an origin that is not there',
      { DefaultCacheBehavior: { ...behavior, TargetOriginId: 'no' } },
      'NoSuchOrigin',
    ],
    [
      'a cache policy that is not there',
      { DefaultCacheBehavior: { ...behavior, CachePolicyId: 'no' } },
      'NoSuchCachePolicy',
    ],
    [
      'a request policy that is not there',
      { DefaultCacheBehavior: { ...behavior, OriginRequestPolicyId: 'no' } },
      'NoSuchOriginRequestPolicy',
    ],
    [
      'error pages',
      {
        CustomErrorResponses: {
          Quantity: 1,
          Items: [{ ErrorCode: 404, ResponsePagePath: '/index.html', ResponseCode: '200' }],
        },
      },
      'NotImplemented',
    ],
    [
      'HTTPS for viewers',
      { DefaultCacheBehavior: { ...behavior, ViewerProtocolPolicy: 'https-only' } },
      'NotImplemented',
    ],
    ['a firewall', { WebACLId: 'acl' }, 'NotImplemented'],
    ['Enabled false', { Enabled: false }, 'NotImplemented'],
  ])('with %s is refused', async (_what, change, code) => {
    const config = configOf(1, { CallerReference: code, ...change })
    expect((await failure(create(config))).name).toBe(code)
  })
})

test.each([
  ['/api/*', '/api/a/b', true],
  ['api/*', '/api/a', true],
  ['/api/*', '/api', false],
  ['/api/*', '/API/a', false],
  ['*.js', '/assets/app.js', true],
  ['*.js', '/assets/appXjs', false],
  ['/a?.js', '/ab.js', true],
  ['/a?.js', '/a.js', false],
])('the path pattern %s on %s: %s', (pattern, path, holds) => {
  expect(pathPattern(pattern)(path)).toBe(holds)
})
