import { createHash } from 'node:crypto'
import {
  type Context,
  type Forward,
  textReply,
  type WireReply,
} from '../../../packages/sandbox/gateway/index.ts'
import type { VirtualClock } from '../../../packages/sandbox/index.ts'

/** One version of a key, or a delete marker. */
export interface Kept {
  readonly versionId: string
  readonly marker: boolean
  readonly modified: number
  readonly body: Uint8Array
  readonly etag: string
  /** Content-Type, Cache-Control and the like. */
  readonly headers: Readonly<Record<string, string>>
}

/** A bucket that keeps every version, as far as a front end and its restore use S3. */
export interface VersionedBucket {
  readonly forward: Forward
  /** The versions of each key, newest first. */
  readonly versions: ReadonlyMap<string, readonly Kept[]>
}

/** Versions on a page of a listing. S3 may answer fewer than it was asked for, and then there are pages in a small bucket too. */
const onPage = 4

const xml = (status: number, text: string) => textReply(status, 'application/xml', text)
const failure = (status: number, code: string) =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
const bare = (status: number, headers: WireReply['headers'] = {}): WireReply => ({
  ...{ status, headers, body: new Uint8Array() },
})
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const kept = /^(content-type|cache-control|content-encoding|x-amz-meta-.*)$/

/** An empty bucket. What it is not asked by the product it refuses. */
export function versionedBucket(clock: VirtualClock): VersionedBucket {
  const versions = new Map<string, readonly Kept[]>()
  let made = 0
  const add = (key: string, given: Pick<Kept, 'marker' | 'body' | 'headers'>): Kept => {
    made += 1
    const versionId = `v${String(made).padStart(6, '0')}`
    // S3 keeps whole seconds.
    const modified = Math.floor(clock.now() / 1000) * 1000
    const etag = given.marker ? '' : `"${createHash('md5').update(given.body).digest('hex')}"`
    const version = { ...given, versionId, modified, etag }
    versions.set(key, [version, ...(versions.get(key) ?? [])])
    return version
  }
  const currentOf = (key: string) => {
    const [newest] = versions.get(key) ?? []
    return newest?.marker ? undefined : newest
  }
  const objection = ({ request }: Context, key: string): WireReply | undefined => {
    const { 'if-match': match, 'if-none-match': none } = request.headers
    const current = currentOf(key)
    if (none === '*' && current) return failure(412, 'PreconditionFailed')
    if (match !== undefined && !current) return failure(404, 'NoSuchKey')
    return match !== undefined && match !== current?.etag
      ? failure(412, 'PreconditionFailed')
      : undefined
  }
  const read = ({ url, request }: Context, key: string): WireReply => {
    const asked = url.searchParams.get('versionId')
    const found =
      asked === null
        ? currentOf(key)
        : versions.get(key)?.find(({ versionId }) => versionId === asked)
    if (request.method === 'HEAD' && !found) return bare(404)
    if (!found) return failure(404, asked === null ? 'NoSuchKey' : 'NoSuchVersion')
    if (found.marker) return bare(405, { 'x-amz-delete-marker': 'true' })
    const headers = {
      ...found.headers,
      etag: found.etag,
      'content-length': String(found.body.length),
      'last-modified': new Date(found.modified).toUTCString(),
      'x-amz-version-id': found.versionId,
    }
    const body = request.method === 'HEAD' ? new Uint8Array() : found.body
    return { status: 200, headers, body }
  }
  const put = (context: Context, key: string): WireReply => {
    const { headers, body } = context.request
    const wrong = objection(context, key)
    if (wrong) return wrong
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)))
    const { etag, versionId } = add(key, { marker: false, body, headers: own })
    return bare(200, { etag, 'x-amz-version-id': versionId })
  }
  const copy = (context: Context, key: string): WireReply => {
    const source = new URL(
      (context.request.headers['x-amz-copy-source'] ?? '').replace(/^\/?/, '/'),
      'http://s3',
    )
    const [, , ...path] = source.pathname.split('/')
    const from = decodeURIComponent(path.join('/'))
    const wanted = source.searchParams.get('versionId')
    const found = versions.get(from)?.find(({ versionId }) => versionId === wanted)
    if (!found) return failure(404, 'NoSuchVersion')
    if (found.marker) return failure(400, 'InvalidRequest')
    const wrong = objection(context, key)
    if (wrong) return wrong
    const { etag, versionId } = add(key, found)
    const answer = xml(200, `<CopyObjectResult><ETag>${escaped(etag)}</ETag></CopyObjectResult>`)
    return { ...answer, headers: { ...answer.headers, 'x-amz-version-id': versionId } }
  }
  const hide = (context: Context, key: string): WireReply => {
    if (context.url.searchParams.has('versionId')) return failure(403, 'AccessDenied')
    const wrong = objection(context, key)
    if (wrong) return wrong
    const { versionId } = add(key, { marker: true, body: new Uint8Array(), headers: {} })
    return bare(204, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId })
  }
  const list = ({ url }: Context): WireReply => {
    const { searchParams: query } = url
    const prefix = query.get('prefix') ?? ''
    const size = Math.min(onPage, Number(query.get('max-keys') ?? 1000))
    const all = [...versions]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap(([key, list]) =>
        list.map((version, index) => ({ key, version, latest: index === 0 })),
      )
    const marker = query.get('key-marker')
    const version = query.get('version-id-marker')
    const before = (one: (typeof all)[number]) =>
      one.key === marker && (version === null || one.version.versionId === version)
    const from = marker === null ? 0 : all.findLastIndex(before) + 1
    const page = all.slice(from, from + size)
    const last = page.at(-1)
    const more = last !== undefined && from + size < all.length
    return xml(
      200,
      `<ListVersionsResult><IsTruncated>${more}</IsTruncated>${
        more
          ? `<NextKeyMarker>${escaped(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.version.versionId}</NextVersionIdMarker>`
          : ''
      }${page.map(rowOf).join('')}</ListVersionsResult>`,
    )
  }
  const forward: Forward = async (context) => {
    const key = decodeURIComponent(context.url.pathname.split('/').slice(2).join('/'))
    switch (context.route.operation) {
      case 'GetBucketVersioning':
        return xml(
          200,
          '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
        )
      case 'GetBucketLifecycleConfiguration':
        return failure(404, 'NoSuchLifecycleConfiguration')
      case 'GetBucketOwnershipControls':
        return xml(
          200,
          '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
        )
      case 'ListObjectVersions':
        return list(context)
      case 'HeadObject':
      case 'GetObject':
        return read(context, key)
      case 'PutObject':
        return put(context, key)
      case 'CopyObject':
        return copy(context, key)
      case 'DeleteObject':
        return hide(context, key)
      default:
        return failure(501, 'NotImplemented')
    }
  }
  return { forward, versions }
}

function rowOf({
  key,
  version,
  latest,
}: {
  readonly key: string
  readonly version: Kept
  readonly latest: boolean
}): string {
  const { versionId, modified, marker, etag, body } = version
  const shared = `<Key>${escaped(key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${new Date(modified).toISOString()}</LastModified>`
  return marker
    ? `<DeleteMarker>${shared}</DeleteMarker>`
    : `<Version>${shared}<ETag>${escaped(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Version>`
}
