import {
  GetBucketOwnershipControlsCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { call, codeOf } from '#aws'
import type { SiteClients } from './client.ts'
import type { Site } from './state.ts'

/** What a version has beside its bytes: what a copy loses, and what tells two versions apart. */
export interface Head {
  /** Everything that a browser gets to see, as one text. */
  readonly headers: string
  readonly contentType: string
  readonly cacheControl: string
  readonly contentEncoding: string | undefined
  readonly etag: string
  readonly size: number
  /** `CRC64NVME=…` and the like, only of the whole object. */
  readonly checksums: readonly string[]
  /** True when its bytes cannot be read now. */
  readonly archived: boolean
  /** What CopyObject forgets and has to be told again. */
  readonly again: Again
}

/** Inputs of CopyObject. */
export interface Again {
  readonly WebsiteRedirectLocation?: string
  readonly StorageClass?: 'STANDARD'
  readonly ServerSideEncryption?: 'AES256'
  readonly SSEKMSKeyId?: string
  readonly BucketKeyEnabled?: boolean
}

/** Reads what one version has beside its bytes. Throws `CallError` also when it is not there. */
export async function headOf(
  clients: SiteClients,
  { bucket }: Pick<Site, 'bucket'>,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<Head> {
  const command = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    VersionId: versionId,
    ChecksumMode: 'ENABLED',
  })
  return mapHead(await call(clients.s3, command, key))
}

function mapHead(head: HeadObjectCommandOutput): Head {
  const metadata = Object.entries(head.Metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    headers: JSON.stringify([
      head.ContentType,
      head.CacheControl,
      head.ContentEncoding,
      head.ContentLanguage,
      head.ContentDisposition,
      head.ExpiresString,
      head.WebsiteRedirectLocation,
      head.TagCount ?? 0,
      metadata,
    ]),
    contentType: head.ContentType ?? '',
    cacheControl: head.CacheControl ?? '',
    // The SDK's own chunking of a signed stream, which some clients leave behind, is no encoding of the content.
    contentEncoding: head.ContentEncoding?.replace(/(^|,)\s*aws-chunked/, '') || undefined,
    etag: (head.ETag ?? '').replaceAll('"', ''),
    size: head.ContentLength ?? 0,
    checksums: checksumsOf(head),
    archived: isArchived(head),
    again: againOf(head),
  }
}

function checksumsOf(head: HeadObjectCommandOutput): readonly string[] {
  if (head.ChecksumType === 'COMPOSITE') return []
  const { ChecksumCRC64NVME: crc64, ChecksumSHA256: sha256, ChecksumCRC32: crc32 } = head
  return Object.entries({
    crc64,
    sha256,
    crc32,
    crc32c: head.ChecksumCRC32C,
    sha1: head.ChecksumSHA1,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
}

/** Glacier's classes until a temporary copy is there, and the archive tiers of Intelligent-Tiering. */
function isArchived(head: HeadObjectCommandOutput): boolean {
  const restored = /ongoing-request="false"/.test(head.Restore ?? '')
  const archive = /^(GLACIER|DEEP_ARCHIVE)$/.test(String(head.StorageClass ?? ''))
  return (archive || head.ArchiveStatus !== undefined) && !restored
}

/** A copy takes the storage class STANDARD and the bucket's encryption unless it is told otherwise; redirects are dropped. */
function againOf(head: HeadObjectCommandOutput): Again {
  const { WebsiteRedirectLocation, StorageClass, ServerSideEncryption, SSEKMSKeyId } = head
  return {
    ...(WebsiteRedirectLocation === undefined ? {} : { WebsiteRedirectLocation }),
    ...(StorageClass === undefined ? {} : { StorageClass: StorageClass as 'STANDARD' }),
    ...(ServerSideEncryption === undefined
      ? {}
      : { ServerSideEncryption: ServerSideEncryption as 'AES256' }),
    ...(SSEKMSKeyId === undefined ? {} : { SSEKMSKeyId }),
    ...(head.BucketKeyEnabled ? { BucketKeyEnabled: true } : {}),
  }
}

/** Tells whether two versions serve the same: headers, and bytes by ETag or by a checksum that both have. */
export function isSame(one: Head, other: Head): boolean {
  if (one.headers !== other.headers || one.size !== other.size) return false
  return one.etag === other.etag || one.checksums.some((sum) => other.checksums.includes(sum))
}

/** `Enabled`, `Suspended` or `off`. */
export async function versioningOf(clients: SiteClients, { bucket }: Pick<Site, 'bucket'>) {
  const command = new GetBucketVersioningCommand({ Bucket: bucket })
  return (await call(clients.s3, command, bucket)).Status ?? 'off'
}

/** Why the old versions of a bucket cannot be relied on; undefined when they can. */
export const unversioned = (bucket: string, status: string) =>
  status === 'Enabled'
    ? undefined
    : `versioning of bucket ${bucket} is ${status}: what is overwritten or deleted there is gone`

/** Tells whether objects of the bucket have access lists of their own, which a copy would lose. */
export async function hasAcls(clients: SiteClients, { bucket }: Pick<Site, 'bucket'>) {
  try {
    const command = new GetBucketOwnershipControlsCommand({ Bucket: bucket })
    const { OwnershipControls } = await call(clients.s3, command, bucket)
    return OwnershipControls?.Rules?.[0]?.ObjectOwnership !== 'BucketOwnerEnforced'
  } catch (thrown) {
    // Buckets older than April 2023 may have none: then objects have access lists.
    if (codeOf(thrown) === 'OwnershipControlsNotFoundError') return true
    throw thrown
  }
}

/** The grants of a version as the inputs of CopyObject, which would otherwise make it private. */
export async function grantsOf(
  clients: SiteClients,
  { bucket }: Pick<Site, 'bucket'>,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<Readonly<Record<string, string>>> {
  const command = new GetObjectAclCommand({ Bucket: bucket, Key: key, VersionId: versionId })
  const { Grants = [], Owner } = await call(clients.s3, command, key)
  const own = Grants.length === 1 && Grants[0]?.Grantee?.ID === Owner?.ID
  if (own || Grants.length === 0) return {}
  const found = new Map<string, string[]>()
  for (const { Grantee, Permission } of Grants) {
    const who = Grantee?.URI ? `uri="${Grantee.URI}"` : `id="${Grantee?.ID ?? ''}"`
    const input = inputOf[Permission ?? ''] ?? 'GrantRead'
    found.set(input, [...(found.get(input) ?? []), who])
  }
  return Object.fromEntries([...found].map(([input, who]) => [input, who.join(', ')]))
}

const inputOf: Readonly<Record<string, string>> = {
  FULL_CONTROL: 'GrantFullControl',
  READ: 'GrantRead',
  READ_ACP: 'GrantReadACP',
  WRITE_ACP: 'GrantWriteACP',
}
