import { createHash } from 'node:crypto'
import { type CloudFrontClient, TooManyInvalidationsInProgress } from '@aws-sdk/client-cloudfront'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '#core'
import type { SiteClients } from '#site'

/** One version or marker, newest last. */
interface Stored {
  readonly versionId: string
  readonly marker: boolean
  readonly modified: number
  readonly body: string
  readonly etag: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly storageClass: string
}

interface Command {
  readonly constructor: { readonly name: string }
  // biome-ignore lint/suspicious/noExplicitAny: each operation reads its own input.
  readonly input: any
}

/** What a failed call of S3 throws. */
const failure = (name: string, message = name) => Object.assign(new Error(message), { name })

/**
 * A versioned bucket with the rules of S3 that a restore meets: pages in true order whose two lists the SDK splits, whole
 * seconds, copies that forget what S3 forgets, conditions. Mutating calls are counted and can be faulted.
 */
export interface FakeBucket {
  readonly clients: SiteClients
  readonly calls: string[]
  /** Mutating calls only: `CopyObject key`. */
  readonly writes: string[]
  readonly invalidations: { reference: string; paths: readonly string[]; looks: number }[]
  versioning: string
  ownership: string
  /** Lifecycle rules, as S3 answers them; none by default. */
  rules: readonly object[]
  /** At most so many versions a page, whatever is asked for. */
  pageSize: number
  /** Looks until an invalidation is completed; never when infinite. */
  looks: number
  tooMany: number
  /** Called before each call with its name and key; may throw or wait. */
  fault: ((name: string, key: string) => unknown) | undefined
  /** Called after each mutating call. */
  after: ((name: string, key: string) => unknown) | undefined
  put(key: string, body: string, more?: Partial<Stored> & { headers?: object }): string
  remove(key: string): string
  expire(key: string, versionId: string): void
  /** What is served: body by key. */
  serves(): Readonly<Record<string, string>>
  current(key: string): Stored | undefined
  versions(key: string): readonly Stored[]
}

export function fakeBucket(clock: Clock, bucket = 'acme-site'): FakeBucket {
  const keys = new Map<string, Stored[]>()
  let counter = 0
  const add = (key: string, stored: Omit<Stored, 'versionId' | 'modified'> & Partial<Stored>) => {
    counter += 1
    const versionId = stored.versionId ?? `v${counter}`
    const modified = stored.modified ?? Math.floor(clock.now() / 1000) * 1000
    const kept = (keys.get(key) ?? []).filter((one) => one.versionId !== versionId)
    keys.set(key, [...kept, { ...stored, versionId, modified }])
    return versionId
  }
  const current = (key: string) => {
    const last = keys.get(key)?.at(-1)
    return last === undefined || last.marker ? undefined : last
  }
  const version = (key: string, id: string | undefined) => {
    const found = id === undefined ? current(key) : keys.get(key)?.find((v) => v.versionId === id)
    if (found === undefined) throw failure(id === undefined ? 'NotFound' : 'NoSuchVersion')
    return found
  }
  const check = (key: string, { IfMatch, IfNoneMatch }: Command['input']) => {
    const now = current(key)
    if (IfNoneMatch === '*' && now) throw failure('PreconditionFailed')
    if (IfMatch === undefined) return
    if (!now) throw failure('NoSuchKey')
    if (IfMatch !== `"${now.etag}"`) throw failure('PreconditionFailed')
  }
  const operations: Readonly<Record<string, (input: Command['input']) => unknown>> = {
    GetBucketVersioning: () => ({
      Status: fake.versioning === 'off' ? undefined : fake.versioning,
    }),
    GetBucketOwnershipControls: () => ({
      OwnershipControls: { Rules: [{ ObjectOwnership: fake.ownership }] },
    }),
    GetBucketLifecycleConfiguration: () => {
      if (fake.rules.length === 0) throw failure('NoSuchLifecycleConfiguration')
      return { Rules: fake.rules }
    },
    ListObjectVersions: (input) => page(keys, input, fake.pageSize),
    HeadObject: ({ Key, VersionId }) => head(version(Key, VersionId)),
    GetObjectAcl: ({ Key, VersionId }) =>
      version(Key, VersionId).headers.acl ?? { Owner: { ID: 'o' }, Grants: [] },
    PutObject: ({ Key, Body, IfMatch, IfNoneMatch, Bucket: _, ContentLength: __, ...headers }) => {
      check(Key, { IfMatch, IfNoneMatch })
      const body = Buffer.from(Body).toString()
      const etag = createHash('md5').update(body).digest('hex')
      return { VersionId: fake.put(Key, body, { headers }), ETag: `"${etag}"` }
    },
    CopyObject: (input) => copy({ keys, add, check }, bucket, input),
    DeleteObject: ({ Key, VersionId, ...rest }) => {
      if (VersionId !== undefined) throw new Error('a version was deleted for ever')
      check(Key, rest)
      return { VersionId: fake.remove(Key), DeleteMarker: true }
    },
  }
  const send = async (command: Command) => {
    const name = command.constructor.name.replace(/Command$/, '')
    const key = String(command.input.Key ?? '')
    fake.calls.push(`${name} ${key}`)
    await fake.fault?.(name, key)
    const operation = operations[name]
    if (!operation) throw new Error(`the fake has no ${name}`)
    const answer = operation(command.input)
    if (/^(Copy|Delete|Put)/.test(name)) {
      fake.writes.push(`${name} ${key}`)
      await fake.after?.(name, key)
    }
    return answer
  }
  const fake: FakeBucket = {
    clients: {
      s3: { send } as unknown as S3Client,
      cloudfront: edge(() => fake) as unknown as CloudFrontClient,
    },
    calls: [],
    writes: [],
    invalidations: [],
    versioning: 'Enabled',
    ownership: 'BucketOwnerEnforced',
    rules: [],
    pageSize: 2,
    looks: 2,
    tooMany: 0,
    fault: undefined,
    after: undefined,
    put: (key, body, more = {}) =>
      add(key, {
        marker: false,
        body,
        etag: createHash('md5').update(body).digest('hex'),
        storageClass: 'STANDARD',
        ...more,
        headers: { ContentType: 'text/html', ...more.headers },
      }),
    remove: (key) => add(key, { marker: true, body: '', etag: '', storageClass: '', headers: {} }),
    expire: (key, id) =>
      void keys.set(
        key,
        (keys.get(key) ?? []).filter((one) => one.versionId !== id),
      ),
    serves: () =>
      Object.fromEntries(
        [...keys.keys()].sort().flatMap((key) => {
          const now = current(key)
          return now ? [[key, now.body]] : []
        }),
      ),
    current,
    versions: (key) => keys.get(key) ?? [],
  }
  return fake
}

function page(
  keys: ReadonlyMap<string, readonly Stored[]>,
  { Prefix = '', MaxKeys, KeyMarker, VersionIdMarker }: Command['input'],
  most: number,
) {
  const all = [...keys.keys()]
    .filter((key) => key.startsWith(Prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((key) => {
      const list = (keys.get(key) ?? []).toReversed()
      return list.map((one, index) => ({ ...one, Key: key, IsLatest: index === 0 }))
    })
  const at = all.findIndex((one) => one.Key === KeyMarker && one.versionId === VersionIdMarker)
  const size = Math.min(MaxKeys ?? 1000, most)
  const shown = all.slice(at + 1, at + 1 + size)
  const last = shown.at(-1)
  const more = at + 1 + size < all.length
  const plain = (one: (typeof shown)[number]) => ({
    Key: one.Key,
    VersionId: one.versionId,
    IsLatest: one.IsLatest,
    LastModified: new Date(one.modified),
    ...(one.marker
      ? {}
      : { ETag: `"${one.etag}"`, Size: one.body.length, StorageClass: one.storageClass }),
  })
  return {
    IsTruncated: more,
    ...(more ? { NextKeyMarker: last?.Key, NextVersionIdMarker: last?.versionId } : {}),
    Versions: shown.filter((one) => !one.marker).map(plain),
    DeleteMarkers: shown.filter((one) => one.marker).map(plain),
  }
}

const head = (one: Stored) => ({
  ETag: `"${one.etag}"`,
  ContentLength: one.body.length,
  VersionId: one.versionId,
  ...(one.storageClass === 'STANDARD' ? {} : { StorageClass: one.storageClass }),
  ...one.headers,
})

/** Headers that a copy keeps by itself; everything else is forgotten unless it is sent again. */
const kept =
  /^(Content(Type|Encoding|Language|Disposition)|CacheControl|ExpiresString|Metadata|TagCount)$/
const again =
  /^(WebsiteRedirectLocation|ServerSideEncryption|SSEKMSKeyId|BucketKeyEnabled|Grant.*)$/

function copy(
  {
    keys,
    add,
    check,
  }: {
    keys: ReadonlyMap<string, readonly Stored[]>
    add: (key: string, stored: Omit<Stored, 'versionId' | 'modified'>) => string
    check: (key: string, input: Command['input']) => void
  },
  bucket: string,
  input: Command['input'],
) {
  const source = /^([^/]+)\/([^?]+)\?versionId=(.+)$/.exec(input.CopySource)
  if (!source || /[^\x21-\x7e]|\+/.test(input.CopySource)) throw failure('InvalidArgument')
  const [, from, path = '', id = ''] = source
  const key = decodeURIComponent(path)
  const old = keys.get(key)?.find((one) => one.versionId === decodeURIComponent(id) && !one.marker)
  if (from !== bucket || !old) throw failure('NoSuchVersion', `${from}/${key} ${id}`)
  if (old.storageClass === 'GLACIER') throw failure('InvalidObjectState')
  check(input.Key, input)
  const pick = (object: object, pattern: RegExp) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => pattern.test(name)))
  const etag = old.etag.replace(/-\d+$/, '') === old.etag ? old.etag : `${old.etag.split('-')[0]}x`
  const VersionId = add(input.Key, {
    marker: false,
    body: old.body,
    etag,
    storageClass: input.StorageClass ?? 'STANDARD',
    headers: { ...pick(old.headers, kept), ...pick(input, again) },
  })
  return { VersionId, CopySourceVersionId: old.versionId }
}

/** A distribution whose invalidations are completed after some looks; the same reference with other paths is refused. */
function edge(fake: () => FakeBucket) {
  return {
    send: async ({ constructor: { name }, input }: Command) => {
      const bucket = fake()
      bucket.calls.push(name)
      await bucket.fault?.(name.replace(/Command$/, ''), '')
      if (name === 'GetInvalidationCommand') {
        const found = bucket.invalidations[Number(input.Id.slice(1))]
        if (!found) throw failure('NoSuchInvalidation')
        found.looks += 1
        return {
          Invalidation: {
            Id: input.Id,
            Status: found.looks > bucket.looks ? 'Completed' : 'InProgress',
          },
        }
      }
      if (name === 'ListInvalidationsCommand') return {}
      if (bucket.tooMany-- > 0) {
        throw new TooManyInvalidationsInProgress({ $metadata: {}, message: 'too many' })
      }
      const { CallerReference: reference, Paths } = input.InvalidationBatch
      const before = bucket.invalidations.findIndex((one) => one.reference === reference)
      if (before >= 0) {
        const same =
          JSON.stringify(bucket.invalidations[before]?.paths) === JSON.stringify(Paths.Items)
        if (!same) throw failure('InvalidationBatchAlreadyExists')
        return { Invalidation: { Id: `I${before}` } }
      }
      bucket.invalidations.push({ reference, paths: Paths.Items, looks: 0 })
      await bucket.after?.('CreateInvalidation', '')
      return { Invalidation: { Id: `I${bucket.invalidations.length - 1}` } }
    },
  }
}
