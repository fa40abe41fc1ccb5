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

interface Shelf {
  readonly versions: ReadonlyMap<string, readonly Kept[]>
  /** Puts a version before the others of its key. */
  add(key: string, given: Pick<Kept, 'marker' | 'body' | 'headers'>): Kept
  /** What is served by a key's name alone. */
  current(key: string): Kept | undefined
  version(key: string, versionId: string | null): Kept | undefined
}

/** Versions on a page of a listing. S3 may answer fewer than it was asked for, and then there are pages in a small bucket too. */
const onPage = 4

const nothing = new Uint8Array()
const xml = (status: number, text: string) => textReply(status, 'application/xml', text)
const failure = (status: number, code: string) =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
const bare = (status: number, headers: WireReply['headers'] = {}): WireReply => ({
  ...{ status, headers, body: nothing },
})
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** An empty bucket. What nobody asks it here it refuses. */
export function versionedBucket(clock: VirtualClock): VersionedBucket {
  const shelf = emptyShelf(clock)
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
        return list(shelf, context)
      case 'HeadObject':
      case 'GetObject':
        return read(shelf, context, key)
      case 'PutObject':
        return objection(shelf, context, key) ?? put(shelf, context, key)
      case 'CopyObject':
        return copy(shelf, context, key)
      case 'DeleteObject':
        return hide(shelf, context, key)
      default:
        return failure(501, 'NotImplemented')
    }
  }
  return { forward, versions: shelf.versions }
}

function emptyShelf(clock: VirtualClock): Shelf {
  const versions = new Map<string, readonly Kept[]>()
  let made = 0
  return {
    versions,
    add: (key, { marker, body, headers }) => {
      made += 1
      const versionId = `v${String(made).padStart(6, '0')}`
      // S3 keeps whole seconds.
      const modified = Math.floor(clock.now() / 1000) * 1000
      const etag = marker ? '' : `"${createHash('md5').update(body).digest('hex')}"`
      const version = { versionId, marker, modified, body, etag, headers }
      versions.set(key, [version, ...(versions.get(key) ?? [])])
      return version
    },
    current: (key) =>
      versions
        .get(key)
        ?.slice(0, 1)
        .find(({ marker }) => !marker),
    version: (key, asked) => versions.get(key)?.find(({ versionId }) => versionId === asked),
  }
}

/** What the conditions of a request have against it. */
function objection(shelf: Shelf, { request }: Context, key: string): WireReply | undefined {
  const { 'if-match': match, 'if-none-match': none } = request.headers
  const current = shelf.current(key)
  if (none === '*' && current) return failure(412, 'PreconditionFailed')
  if (match === undefined || match === current?.etag) return undefined
  return current ? failure(412, 'PreconditionFailed') : failure(404, 'NoSuchKey')
}

function read(shelf: Shelf, { url, request }: Context, key: string): WireReply {
  const asked = url.searchParams.get('versionId')
  const found = asked === null ? shelf.current(key) : shelf.version(key, asked)
  const headOnly = request.method === 'HEAD'
  if (!found) return headOnly ? bare(404) : failure(404, asked ? 'NoSuchVersion' : 'NoSuchKey')
  if (found.marker) return bare(405, { 'x-amz-delete-marker': 'true' })
  const headers = {
    ...found.headers,
    etag: found.etag,
    'content-length': String(found.body.length),
    'last-modified': new Date(found.modified).toUTCString(),
    'x-amz-version-id': found.versionId,
  }
  return { status: 200, headers, body: headOnly ? nothing : found.body }
}

const own = /^(content-type|cache-control|content-encoding|x-amz-meta-.*)$/

function put(shelf: Shelf, { request }: Context, key: string): WireReply {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => own.test(name)),
  )
  const { etag, versionId } = shelf.add(key, { marker: false, body: request.body, headers })
  return bare(200, { etag, 'x-amz-version-id': versionId })
}

/** The source is a path, percent-encoded, with a version. */
function copy(shelf: Shelf, context: Context, key: string): WireReply {
  const given = context.request.headers['x-amz-copy-source'] ?? ''
  const { pathname, searchParams } = new URL(given.replace(/^\/?/, '/'), 'http://s3.invalid')
  const from = decodeURIComponent(pathname.split('/').slice(2).join('/'))
  const found = shelf.version(from, searchParams.get('versionId'))
  if (!found) return failure(404, 'NoSuchVersion')
  if (found.marker) return failure(400, 'InvalidRequest')
  const wrong = objection(shelf, context, key)
  if (wrong) return wrong
  const { etag, versionId } = shelf.add(key, found)
  const answer = xml(200, `<CopyObjectResult><ETag>${escaped(etag)}</ETag></CopyObjectResult>`)
  return { ...answer, headers: { ...answer.headers, 'x-amz-version-id': versionId } }
}

/** A delete marker; to remove a version is denied to everybody. */
function hide(shelf: Shelf, context: Context, key: string): WireReply {
  if (context.url.searchParams.has('versionId')) return failure(403, 'AccessDenied')
  const wrong = objection(shelf, context, key)
  if (wrong) return wrong
  const { versionId } = shelf.add(key, { marker: true, body: nothing, headers: {} })
  return bare(204, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId })
}

interface Row {
  readonly key: string
  readonly version: Kept
  readonly latest: boolean
}

const rowsOf = ({ versions }: Shelf, prefix: string): readonly Row[] =>
  [...versions]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap(([key, all]) => all.map((version, index) => ({ key, version, latest: index === 0 })))

function list(shelf: Shelf, { url: { searchParams: query } }: Context): WireReply {
  const rows = rowsOf(shelf, query.get('prefix') ?? '')
  const [marker, version] = [query.get('key-marker'), query.get('version-id-marker')]
  const isLast = (one: Row) =>
    one.key === marker && (version === null || one.version.versionId === version)
  const from = marker === null ? 0 : rows.findLastIndex(isLast) + 1
  const page = rows.slice(from, from + Math.min(onPage, Number(query.get('max-keys') ?? 1000)))
  const last = page.at(-1)
  const more = last !== undefined && from + page.length < rows.length
  const markers = more
    ? `<NextKeyMarker>${escaped(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.version.versionId}</NextVersionIdMarker>`
    : ''
  const text = `<IsTruncated>${more}</IsTruncated>${markers}${page.map(textOf).join('')}`
  return xml(200, `<ListVersionsResult>${text}</ListVersionsResult>`)
}

function textOf({ key, version, latest }: Row): string {
  const { versionId, modified, marker, etag, body } = version
  const shared = `<Key>${escaped(key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${new Date(modified).toISOString()}</LastModified>`
  return marker
    ? `<DeleteMarker>${shared}</DeleteMarker>`
    : `<Version>${shared}<ETag>${escaped(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Version>`
}
