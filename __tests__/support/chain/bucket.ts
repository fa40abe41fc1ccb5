import { createHash } from 'node:crypto'
import {
  type Context,
  type Forward,
  textReply,
  type WireReply,
} from '../../../packages/sandbox/gateway/index.ts'

/** S3 in memory, as far as the store uses it: versioned buckets, objects, conditions, lists. */
export interface MemoryBucket {
  readonly forward: Forward
  /** `bucket/key` and its text. */
  readonly content: ReadonlyMap<string, string>
}

const xml = (status: number, text: string) => textReply(status, 'application/xml', text)
const failure = (status: number, code: string) =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
const etagOf = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`
const withEtag = (reply: WireReply, text: string): WireReply => ({
  ...reply,
  headers: { ...reply.headers, etag: etagOf(text) },
})

/** A bucket store behind the gateway. Every bucket exists and keeps versions. */
export function memoryBucket(): MemoryBucket {
  const content = new Map<string, string>()
  const list = ({ url }: Context) => {
    const bucket = `${url.pathname.split('/')[1]}/`
    const prefix = bucket + (url.searchParams.get('prefix') ?? '')
    const keys = [...content.keys()].filter((key) => key.startsWith(prefix)).sort()
    const rows = keys.map((key) => `<Contents><Key>${key.slice(bucket.length)}</Key></Contents>`)
    return xml(
      200,
      `<ListBucketResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListBucketResult>`,
    )
  }
  const put = ({ request }: Context, key: string) => {
    const current = content.get(key)
    const { 'if-match': match, 'if-none-match': none } = request.headers
    if (none === '*' && current !== undefined) return failure(412, 'PreconditionFailed')
    if (match !== undefined && current === undefined) return failure(404, 'NoSuchKey')
    if (match !== undefined && current !== undefined && match !== etagOf(current))
      return failure(412, 'PreconditionFailed')
    const text = new TextDecoder().decode(request.body)
    content.set(key, text)
    return withEtag(xml(200, ''), text)
  }
  const forward: Forward = async (context) => {
    const key = decodeURIComponent(context.url.pathname.slice(1))
    switch (context.route.operation) {
      case 'GetBucketVersioning':
        return xml(
          200,
          '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
        )
      case 'ListObjectsV2':
        return list(context)
      case 'PutObject':
        return put(context, key)
      case 'GetObject': {
        const found = content.get(key)
        if (found === undefined) return failure(404, 'NoSuchKey')
        return withEtag(textReply(200, 'application/json', found), found)
      }
      default:
        return failure(501, 'NotImplemented')
    }
  }
  return { forward, content }
}
