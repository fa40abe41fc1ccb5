import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CreateDistributionCommand,
  type DistributionConfig,
  type Method,
} from '@aws-sdk/client-cloudfront'
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { policies } from '../cloudfront/config.ts'
import type { Clients } from './clients.ts'
import { type Place, siteBucket } from './names.ts'

const run = promisify(execFile)

/** Where the company's front end lives. */
export interface FrontEnd {
  readonly bucket: string
  /** The id of the distribution before it. */
  readonly distribution: string
  /** Where visitors reach it, and below `/api/` the API. */
  readonly url: string
}

const behavior = { ViewerProtocolPolicy: 'allow-all' } as const
const everyMethod: Method[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE']

/** A distribution of two origins: pages are kept by the edges, and of what the API answers nothing is. */
function distributionConfig(bucketDomain: string, balancer: URL): DistributionConfig {
  const pages = {
    Id: 'pages',
    DomainName: bucketDomain,
    S3OriginConfig: { OriginAccessIdentity: '' },
  }
  const api = {
    Id: 'api',
    DomainName: balancer.hostname,
    CustomOriginConfig: {
      HTTPPort: Number(balancer.port),
      HTTPSPort: 443,
      OriginProtocolPolicy: 'http-only' as const,
    },
  }
  const apiBehavior = {
    ...behavior,
    PathPattern: '/api/*',
    TargetOriginId: api.Id,
    CachePolicyId: policies.disabled,
    OriginRequestPolicyId: policies.allViewerExceptHost,
    AllowedMethods: { Quantity: everyMethod.length, Items: everyMethod },
  }
  return {
    CallerReference: 'acme',
    Comment: 'acme front end and API',
    Enabled: true,
    DefaultRootObject: 'index.html',
    Origins: { Quantity: 2, Items: [pages, api] },
    DefaultCacheBehavior: {
      ...behavior,
      TargetOriginId: pages.Id,
      CachePolicyId: policies.optimized,
    },
    CacheBehaviors: { Quantity: 1, Items: [apiBehavior] },
  }
}

/** Makes a versioned bucket and a distribution before it, which passes `/api/` on to the load balancer. */
export async function createFrontEnd(
  { s3, cloudfront }: Clients,
  place: Place,
  balancer: string,
): Promise<FrontEnd> {
  const Bucket = siteBucket(place)
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const domain = `${Bucket}.s3.${place.region}.amazonaws.com`
  const DistributionConfig = distributionConfig(domain, new URL(balancer))
  const { Distribution } = await cloudfront.send(
    new CreateDistributionCommand({ DistributionConfig }),
  )
  const url = `http://${Distribution?.DomainName}`
  return { bucket: Bucket, distribution: String(Distribution?.Id), url }
}

/** Publishes the front end in a repository with the company's own script. Throws what the script said. */
export async function publish(
  folder: string,
  commit: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const env = { PATH: process.env.PATH, ...environment, GITHUB_SHA: commit }
  await run(process.execPath, [join('scripts', 'publish')], { cwd: folder, env })
}
