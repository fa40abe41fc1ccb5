import { CreateInvalidationCommand } from '@aws-sdk/client-cloudfront'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Answer } from '#health'
import type { SiteClients } from '#site'
import {
  type CloudFrontService,
  cloudfrontService,
} from '../../../packages/sandbox/cloudfront/index.ts'
import type { Context } from '../../../packages/sandbox/gateway/index.ts'
import { routeOf } from '../../../packages/sandbox/gateway/route.ts'
import type { VirtualClock } from '../../../packages/sandbox/index.ts'
import type { Release } from '../../../packages/sandbox/sample/releases.ts'
import { siteOf } from '../../../packages/sandbox/sample/site.ts'
import { type VersionedBucket, versionedBucket } from './versions.ts'

export const siteBucket = 'acme-frontend'
export const siteUrl = 'http://site.acme.test'
export const distribution = 'E1ACME2FRONT3'

/** The company's front end: a versioned bucket, and a distribution whose edge is asked without a socket. */
export interface FrontEnd {
  readonly bucket: VersionedBucket
  readonly cloudfront: CloudFrontService
  /** Whether a call is of the site's bucket. */
  owns(context: Context): boolean
  /** Makes the distribution. */
  open(): Promise<void>
  /** What a visitor gets. */
  visit(path: string, method?: string): Promise<Answer>
}

export function frontEnd(clock: VirtualClock): FrontEnd {
  const bucket = versionedBucket(clock)
  const silent = async () => ({ port: 0, close: async () => {} })
  // What an edge asks its origin meets none of the faults that a test makes for the calls of a machine.
  const cloudfront = cloudfrontService(
    { clock, folder: '', log: () => undefined },
    async (request) => {
      const url = new URL(request.url, 'http://sandbox.invalid')
      const caller = { account: '', region: '', accessKeyId: '', requestId: '' }
      return bucket.forward({ request, url, route: routeOf(request, url), caller })
    },
    silent,
  )
  return {
    bucket,
    cloudfront,
    owns: ({ route, url }) => route.service === 's3' && url.pathname.split('/')[1] === siteBucket,
    open: async () => {
      await cloudfront.distribute({ bucket: siteBucket }, distribution)
    },
    visit: async (url, method = 'GET') => {
      const asked = { method, url, headers: {}, body: new Uint8Array() }
      const { status, headers, body } = await cloudfront.view(distribution, asked)
      const text = new TextDecoder().decode(body)
      return { is: 'answer', status, headers, body: text, truncated: false }
    },
  }
}

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
}

/**
 * The sample's front end with two things more, so that every phase of a restore has something to do: a service worker, and a page
 * that only a release with a broken front end brings.
 */
const filesOf = (release: Release): Readonly<Record<string, string>> => ({
  ...siteOf(release),
  'sw.js': `// release ${release.number}\n`,
  ...(release.site && { 'offers.html': `<p>Front end of release ${release.number}: offers</p>` }),
})

/** What the shop's script `publish` does: assets, then documents, then the edges are told. */
export async function publish(
  { s3, cloudfront }: SiteClients,
  { bucket }: FrontEnd,
  { release, commit }: { readonly release: Release; readonly commit: string },
): Promise<void> {
  const files = Object.entries(filesOf(release))
  const isAsset = ([key]: readonly [string, string]) => key.startsWith('assets/')
  const documents = files.filter((one) => !isAsset(one))
  for (const [Key, text] of [...files.filter(isAsset), ...documents]) {
    const CacheControl = Key.startsWith('assets/')
      ? 'public, max-age=31536000, immutable'
      : 'no-cache'
    const Body = text.replaceAll('%COMMIT%', commit)
    const ContentType = types[Key.split('.').at(-1) ?? '']
    await s3.send(
      new PutObjectCommand({ Bucket: siteBucket, Key, Body, ContentType, CacheControl }),
    )
  }
  const Items = ['/', ...documents.map(([key]) => `/${key}`)]
  const Paths = { Quantity: Items.length, Items }
  const CallerReference = `${commit}-${bucket.versions.size}`
  const InvalidationBatch = { CallerReference, Paths }
  await cloudfront.send(
    new CreateInvalidationCommand({ DistributionId: distribution, InvalidationBatch }),
  )
}
