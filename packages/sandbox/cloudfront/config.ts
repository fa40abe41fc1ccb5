import type { DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront'
import { AwsError } from '../service.ts'
import { type Behavior, type BucketOrigin, type Plan, pathPattern, type Source } from './edge.ts'

/** The managed policies that the sandbox knows (CloudFront guide, "Use managed cache policies", "… origin request policies"). */
export const policies = {
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
  allViewer: '216adef6-5c7f-47e4-b989-5492eafa07d3',
  allViewerExceptHost: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
}

const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `The sandbox does not simulate ${what}.`, 501)

/** Lists that would change what an edge answers, and do nothing here. */
const refused = ['Aliases', 'OriginGroups', 'CustomErrorResponses'] as const
const refusedOfBehaviors = ['LambdaFunctionAssociations', 'FunctionAssociations'] as const

/** What of a distribution would be ignored; undefined when nothing would. */
function ignoredOf(config: DistributionConfig): string | undefined {
  if (config.Enabled !== true) return 'a distribution that is not enabled'
  if (config.WebACLId) return 'WebACLId'
  const geography = config.Restrictions?.GeoRestriction?.RestrictionType ?? 'none'
  if (geography !== 'none') return 'GeoRestriction'
  return refused.find((name) => (config[name]?.Quantity ?? 0) > 0)
}

/** The same of a cache behavior. */
function ignoredOfBehavior(given: DefaultCacheBehavior): string | undefined {
  if (given.ViewerProtocolPolicy !== 'allow-all') return 'HTTPS between viewers and an edge'
  if (given.TrustedSigners?.Enabled || given.TrustedKeyGroups?.Enabled) return 'signed URLs'
  if (given.ResponseHeadersPolicyId) return 'ResponseHeadersPolicyId'
  if (!given.CachePolicyId) return 'a cache behavior without CachePolicyId (ForwardedValues)'
  return refusedOfBehaviors.find((name) => (given[name]?.Quantity ?? 0) > 0)
}

/** What the sandbox does with a DistributionConfig. Throws AwsError for what AWS refuses, and for what is not simulated. */
export function planOf(config: DistributionConfig, account: string): Plan {
  const ignored = ignoredOf(config)
  if (ignored !== undefined) throw notSimulated(ignored)
  const sources = new Map(
    (config.Origins?.Items ?? []).map((origin) => [origin.Id, sourceOf(origin, account)] as const),
  )
  const behavior = (given: DefaultCacheBehavior): Omit<Behavior, 'matches'> => {
    const source = sources.get(given.TargetOriginId)
    if (source) return behaviorOf(given, source)
    throw new AwsError('NoSuchOrigin', 'One or more of your origins do not exist.', 404)
  }
  return {
    root: config.DefaultRootObject ?? '',
    behaviors: [
      ...(config.CacheBehaviors?.Items ?? []).map((given) => ({
        ...behavior(given),
        matches: pathPattern(given.PathPattern ?? ''),
      })),
      { ...behavior(config.DefaultCacheBehavior as DefaultCacheBehavior), matches: () => true },
    ],
  }
}

function sourceOf(origin: Origin, account: string): Source {
  const { DomainName = '', OriginPath: path = '', CustomOriginConfig: custom } = origin
  if ((origin.CustomHeaders?.Quantity ?? 0) > 0) throw notSimulated('CustomHeaders of an origin')
  const bucket = /^([a-z0-9.-]+)\.s3(?:\.([a-z0-9-]+))?\.amazonaws\.com$/.exec(DomainName)
  if (bucket) {
    const [, name = '', region = 'us-east-1'] = bucket
    return { is: 'bucket', account, region, bucket: name, path } satisfies BucketOrigin
  }
  if (!custom)
    throw new AwsError(
      'InvalidOrigin',
      `The specified origin server does not exist or is not valid: ${DomainName}`,
    )
  if (custom.OriginProtocolPolicy !== 'http-only') throw notSimulated('an origin over HTTPS')
  return { is: 'server', host: DomainName, port: custom.HTTPPort ?? 80, path }
}

function behaviorOf(given: DefaultCacheBehavior, source: Source): Omit<Behavior, 'matches'> {
  const ignored = ignoredOfBehavior(given)
  if (ignored !== undefined) throw notSimulated(ignored)
  const { CachePolicyId: cache, OriginRequestPolicyId: forwarded } = given
  if (cache !== policies.optimized && cache !== policies.disabled)
    throw new AwsError('NoSuchCachePolicy', 'The cache policy does not exist.', 404)
  const all = [policies.allViewer, policies.allViewerExceptHost]
  if (forwarded !== undefined && !all.includes(forwarded))
    throw new AwsError(
      'NoSuchOriginRequestPolicy',
      'The origin request policy does not exist.',
      404,
    )
  return {
    source,
    caches: cache === policies.optimized,
    forwards: forwarded !== undefined,
    keepsHost: forwarded === policies.allViewer,
    methods: given.AllowedMethods?.Items ?? ['GET', 'HEAD'],
  }
}

/** The plan of one bucket that everybody may read, with `index.html` as its root. */
export function planOfBucket(origin: Omit<BucketOrigin, 'is'>): Plan {
  const source: Source = { is: 'bucket', ...origin }
  const methods = ['GET', 'HEAD']
  const behavior = { source, caches: true, forwards: false, keepsHost: false, methods }
  return { root: 'index.html', behaviors: [{ ...behavior, matches: () => true }] }
}
