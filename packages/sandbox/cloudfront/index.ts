import type { DistributionConfig } from '@aws-sdk/client-cloudfront'
import * as z from 'zod'
import { awsId } from '../gateway/credentials.ts'
import type { WireAnswer, WireReply, WireRequest } from '../gateway/wire.ts'
import { AwsError, type Caller, type Ground, type Service } from '../service.ts'
import { planOf, planOfBucket } from './config.ts'
import { type BucketOrigin, type Edge, edge, type Plan, serveEdge, type Viewed } from './edge.ts'

type Origin = Omit<BucketOrigin, 'is'>

/** What an invalidation is on the wire. */
interface Batch {
  readonly Paths: { readonly Quantity: number; readonly Items?: readonly string[] }
  readonly CallerReference: string
}

interface Invalidation {
  readonly Id: string
  Status: 'InProgress' | 'Completed'
  readonly CreateTime: Date
  readonly InvalidationBatch: Batch
}

interface Distribution {
  readonly id: string
  readonly account: string
  readonly edge: Edge
  /** Host and port of its edge. */
  readonly domain: string
  /** Undefined for one that was not made by AWS's API. */
  readonly config: DistributionConfig | undefined
  readonly etag: string
  readonly created: Date
  readonly invalidations: Invalidation[]
}

/** CloudFront as far as a restore needs it. */
export interface CloudFrontService extends Service {
  /** Makes a distribution before a bucket, with one edge that listens. Answers its id and address. */
  distribute(
    origin: Partial<Origin> & Pick<Origin, 'bucket'>,
    id?: string,
  ): Promise<{ readonly id: string; readonly url: string }>
  /** What a viewer of a distribution gets, without a socket between. Throws for one that is not there. */
  view(id: string, request: Viewed): Promise<WireReply>
}

/** Simulated milliseconds until every edge has forgotten: a minute, as it mostly is. */
const spread = 60_000
/** Simulated milliseconds until a new distribution is deployed everywhere. */
const deployment = 180_000
/** Paths in progress for one distribution (CloudFront quotas). */
const most = { exact: 3000, wildcard: 15 }

/**
 * CloudFront: CreateDistribution with origins (buckets, and servers over HTTP) and cache behaviors, GetDistribution,
 * GetDistributionConfig; CreateInvalidation (the same caller reference and paths answer the earlier one), GetInvalidation,
 * ListInvalidations, with InProgress and Completed; until then the edge serves what it has. Its admin call `distributions`:
 * PUT `{"bucket": "site"}` makes one and answers `{"id", "url"}`, GET lists them.
 */
export function cloudfrontService(
  { clock }: Ground,
  ask: (request: WireRequest) => Promise<WireAnswer>,
  serve: typeof serveEdge = serveEdge,
): CloudFrontService {
  const distributions = new Map<string, Distribution>()
  const closers: (() => Promise<void>)[] = []

  const distribute: CloudFrontService['distribute'] = async (given, id = awsId('E')) => {
    const origin = { account: '123456789012', region: 'us-east-1', path: '', ...given }
    const { domain } = await open(id, { account: origin.account, plan: planOfBucket(origin) })
    return { id, url: `http://${domain}` }
  }

  const open = async (
    id: string,
    given: { readonly account: string; readonly plan: Plan; readonly config?: DistributionConfig },
  ): Promise<Distribution> => {
    const at = edge(clock, given.plan, ask)
    const { port, close } = await serve(at)
    closers.push(close)
    const distribution = {
      id,
      account: given.account,
      edge: at,
      domain: `127.0.0.1:${port}`,
      config: given.config,
      etag: awsId('E'),
      created: new Date(clock.now()),
      invalidations: [],
    }
    distributions.set(id, distribution)
    return distribution
  }

  const createDistribution = async (
    { DistributionConfig: config }: { readonly DistributionConfig: DistributionConfig },
    { account }: Caller,
  ) => {
    const { CallerReference } = config
    const earlier = [...distributions.values()].find(
      (one) => one.account === account && one.config?.CallerReference === CallerReference,
    )
    if (earlier && JSON.stringify(earlier.config) !== JSON.stringify(config)) {
      throw new AwsError(
        'DistributionAlreadyExists',
        'The caller reference that you are using to create a distribution is associated with another distribution.',
        409,
      )
    }
    const plan = planOf(config, account)
    const made = earlier ?? (await open(awsId('E'), { account, plan, config }))
    const Location = `https://cloudfront.amazonaws.com/2020-05-31/distribution/${made.id}`
    return { Location, ...described(made) }
  }

  const described = (one: Distribution) => ({
    ETag: one.etag,
    Distribution: {
      Id: one.id,
      ARN: `arn:aws:cloudfront::${one.account}:distribution/${one.id}`,
      Status: clock.now() < one.created.getTime() + deployment ? 'InProgress' : 'Deployed',
      LastModifiedTime: one.created,
      InProgressInvalidationBatches: one.invalidations.filter((is) => is.Status === 'InProgress')
        .length,
      DomainName: one.domain,
      DistributionConfig: configOf(one),
    },
  })

  const find = (id: string, caller: Caller): Distribution => {
    const found = distributions.get(id)
    if (found && found.account === caller.account) return found
    throw new AwsError('NoSuchDistribution', 'The specified distribution does not exist.', 404)
  }

  const create = (
    input: { readonly DistributionId: string; readonly InvalidationBatch: Batch },
    caller: Caller,
  ) => {
    const distribution = find(input.DistributionId, caller)
    const earlier = checked(distribution, input.InvalidationBatch)
    const invalidation = earlier ?? begin(distribution, input.InvalidationBatch)
    const Location = `https://cloudfront.amazonaws.com/2020-05-31/distribution/${distribution.id}/invalidation/${invalidation.Id}`
    return { Location, Invalidation: invalidation }
  }

  const begin = (distribution: Distribution, batch: Batch): Invalidation => {
    const invalidation: Invalidation = {
      Id: awsId('I'),
      Status: 'InProgress',
      CreateTime: new Date(clock.now()),
      InvalidationBatch: batch,
    }
    distribution.invalidations.unshift(invalidation)
    clock.after(spread, () => {
      distribution.edge.forget(batch.Paths.Items ?? [])
      invalidation.Status = 'Completed'
    })
    return invalidation
  }

  const get = (input: { DistributionId: string; Id: string }, caller: Caller) => {
    const { invalidations } = find(input.DistributionId, caller)
    const found = invalidations.find((one) => one.Id === input.Id)
    if (found) return { Invalidation: found }
    throw new AwsError('NoSuchInvalidation', 'The specified invalidation does not exist.', 404)
  }

  const list = (input: { DistributionId: string; MaxItems?: number }, caller: Caller) => {
    const { invalidations } = find(input.DistributionId, caller)
    const MaxItems = input.MaxItems ?? 100
    const Items = invalidations
      .slice(0, MaxItems)
      .map(({ Id, Status, CreateTime }) => ({ Id, Status, CreateTime }))
    const IsTruncated = invalidations.length > MaxItems
    return {
      InvalidationList: { Marker: '', MaxItems, IsTruncated, Quantity: Items.length, Items },
    }
  }

  return {
    name: 'cloudfront',
    operations: {
      CreateDistribution: createDistribution,
      GetDistribution: ({ Id }: { Id: string }, caller) => described(find(Id, caller)),
      GetDistributionConfig: ({ Id }: { Id: string }, caller) => {
        const found = find(Id, caller)
        return { ETag: found.etag, DistributionConfig: configOf(found) }
      },
      CreateInvalidation: create,
      GetInvalidation: get,
      ListInvalidations: list,
    },
    distribute,
    view: async (id, request) => {
      const found = distributions.get(id)
      if (!found) throw new Error(`No distribution ${id}`)
      return found.edge.ask(request)
    },
    admin: {
      distributions: async (body, _url, method) => {
        if (method === 'PUT') {
          const { id, ...origin } = distributionCall.parse(body)
          return distribute(withoutUndefined(origin), id)
        }
        return [...distributions.values()].map(({ id, account, domain }) => ({
          id,
          account,
          url: `http://${domain}`,
        }))
      },
    },
    close: async () => {
      for (const close of closers.splice(0)) await close()
    },
  }
}

/** Throws for a distribution that was made by the sandbox's own call and has no configuration to show. */
function configOf({ id, config }: Distribution): DistributionConfig {
  if (config) return config
  throw new AwsError(
    'NotImplemented',
    `Distribution ${id} was not made by CreateDistribution.`,
    501,
  )
}

const distributionCall = z.strictObject({
  id: z.string().optional(),
  bucket: z.string(),
  account: z.string().optional(),
  region: z.string().optional(),
  path: z.string().optional(),
})

const withoutUndefined = ({ bucket, ...rest }: { bucket: string } & object) => ({
  ...(Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  ) as Partial<Origin>),
  bucket,
})

/** The earlier invalidation of the same caller reference, if there is one. Throws what CloudFront refuses a batch with. */
function checked({ invalidations }: Distribution, batch: Batch): Invalidation | undefined {
  const paths = batch.Paths.Items ?? []
  if (batch.Paths.Quantity !== paths.length || paths.length === 0) {
    throw new AwsError(
      'InconsistentQuantities',
      'The value of Quantity and the size of Items do not match.',
    )
  }
  if (paths.some((path) => !path.startsWith('/') || !/^[\x21-\x7e]+$/.test(path))) {
    throw new AwsError(
      'InvalidArgument',
      'Your request contains one or more invalid invalidation paths.',
    )
  }
  const earlier = invalidations.find(
    (one) => one.InvalidationBatch.CallerReference === batch.CallerReference,
  )
  if (earlier) {
    const same = [...(earlier.InvalidationBatch.Paths.Items ?? [])].sort().join('\n')
    if (same === [...paths].sort().join('\n')) return earlier
    throw new AwsError(
      'InvalidationBatchAlreadyExists',
      'An invalidation with this caller reference and other paths exists already.',
      409,
    )
  }
  const open = invalidations
    .filter((one) => one.Status === 'InProgress')
    .flatMap((one) => one.InvalidationBatch.Paths.Items ?? [])
  const wild = (list: readonly string[]) => list.filter((path) => path.endsWith('*')).length
  if (
    open.length + paths.length > most.exact ||
    (wild(paths) > 0 && wild(open) + wild(paths) > most.wildcard)
  ) {
    throw new AwsError(
      'TooManyInvalidationsInProgress',
      'Your request would exceed the maximum number of invalidations in progress.',
    )
  }
  return undefined
}
