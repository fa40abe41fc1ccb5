import {
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type AwsConfig, call, codeOf } from '#aws'

/** A document as it lies in the bucket, with the tag that a conditional write compares. */
export interface Stored {
  readonly text: string
  readonly etag: string
}

/** The bucket, reduced to what the store needs. */
export interface Objects {
  readonly location: string
  get(key: string): Promise<Stored | undefined>
  /** Writes only when nothing is there; false when something else is. */
  create(key: string, text: string): Promise<boolean>
  /** Writes only over the version with this tag; false when it changed. */
  replace(key: string, text: string, etag: string): Promise<boolean>
  /** Keys below a prefix, in the order of S3 (UTF-8). */
  list(prefix: string): Promise<readonly string[]>
  /** `Enabled`, `Suspended` or undefined. */
  versioning(): Promise<string | undefined>
  /** The server's clock at its last answer, milliseconds. */
  serverTime(): number
}

/** Parses `s3://bucket/prefix`. */
export function parseLocation(location: string): {
  readonly bucket: string
  readonly prefix: string
} {
  const [bucket = '', ...rest] = location.replace(/^s3:\/\//, '').split('/')
  const prefix = rest.filter((part) => part !== '').join('/')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

/** Opens the bucket. The only place that makes an S3 client for the store, which may lie in another region than the environment. */
export function connect(config: AwsConfig, location: string): Objects {
  return objects(new S3Client({ ...config, followRegionRedirects: true }), location)
}

/** The store's view of a bucket through a given client. */
export function objects(client: S3Client, location: string): Objects {
  const { bucket, prefix } = parseLocation(location)
  let serverTime = 0
  keepServerTime(client, (time) => {
    serverTime = time
  })

  const get: Objects['get'] = async (key) => {
    try {
      const found = await call(
        client,
        new GetObjectCommand({ Bucket: bucket, Key: prefix + key }),
        `${location}/${key}`,
      )
      return { text: (await found.Body?.transformToString()) ?? '', etag: found.ETag ?? '' }
    } catch (thrown) {
      if (codeOf(thrown) === 'NoSuchKey') return undefined
      throw thrown
    }
  }

  /**
   * A conditional write whose answer was lost is sent again by the SDK and then fails its own condition: what lies
   * there decides.
   */
  const put = async (
    key: string,
    text: string,
    condition: { IfMatch?: string; IfNoneMatch?: string },
  ) => {
    try {
      await call(
        client,
        new PutObjectCommand({
          Bucket: bucket,
          Key: prefix + key,
          Body: text,
          ContentType: 'application/json',
          ...condition,
        }),
        `${location}/${key}`,
      )
      return true
    } catch (thrown) {
      const lost = /PreconditionFailed|ConditionalRequestConflict|NoSuchKey/.test(codeOf(thrown))
      if (!lost) throw thrown
      return (await get(key))?.text === text
    }
  }

  return {
    location,
    get,
    create: (key, text) => put(key, text, { IfNoneMatch: '*' }),
    replace: (key, text, etag) => put(key, text, { IfMatch: etag }),
    list: (below) => listKeys(client, { bucket, prefix, below, location }),
    versioning: async () =>
      (await call(client, new GetBucketVersioningCommand({ Bucket: bucket }), location)).Status,
    serverTime: () => serverTime,
  }
}

async function listKeys(
  client: S3Client,
  where: { bucket: string; prefix: string; below: string; location: string },
): Promise<readonly string[]> {
  const found: string[] = []
  let token: string | undefined
  do {
    const page = await call(
      client,
      new ListObjectsV2Command({
        Bucket: where.bucket,
        Prefix: where.prefix + where.below,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
      where.location,
    )
    found.push(...(page.Contents ?? []).map((item) => (item.Key ?? '').slice(where.prefix.length)))
    token = page.NextContinuationToken
  } while (token !== undefined)
  return found
}

/** Leases are judged by the server's clock, which every answer carries in its Date header. */
function keepServerTime(client: S3Client, keep: (time: number) => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      const { headers } = (answer.response ?? {}) as { headers?: { [name: string]: string } }
      const time = Date.parse(headers?.date ?? '')
      if (!Number.isNaN(time)) keep(time)
      return answer
    },
    { step: 'deserialize', name: 'keepServerTime', priority: 'low' },
  )
}
