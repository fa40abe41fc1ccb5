import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { call, codeOf } from '#aws'
import { CallError } from '#core'
import { digestOf, isFile } from './build.ts'
import type { SiteClients } from './client.ts'
import { copySource } from './keys.ts'
import { headOf, isSame } from './look.ts'
import type { Copy, Hide, Upload } from './plan.ts'
import { identityOf, type Site } from './state.ts'

/** What S3 answers when the object is not any more what the plan saw. */
const moved = /^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey|412|409)$/

/**
 * Makes an old version the current one by copying it onto its own key, only while the current one is what the plan saw
 * (If-Match compares content, so an upload in between that changed headers alone is overwritten). Answers the new version's
 * id. A lost answer leads to a look: what serves the same as the old version is done.
 */
export async function copyBack(clients: SiteClients, site: Site, copy: Copy): Promise<string> {
  const { bucket: Bucket } = site
  const { key: Key, versionId, now } = copy
  const seen = now === undefined || now.marker ? undefined : now.etag
  const command = new CopyObjectCommand({
    Bucket,
    Key,
    CopySource: copySource(Bucket, Key, versionId),
    MetadataDirective: 'COPY',
    TaggingDirective: 'COPY',
    ...copy.again,
    ...copy.grants,
    ...(seen === undefined ? { IfNoneMatch: '*' } : { IfMatch: `"${seen}"` }),
  })
  try {
    return (await call(clients.s3, command, Key)).VersionId ?? ''
  } catch (thrown) {
    if (!moved.test(codeOf(thrown))) throw thrown
    const current = await currentOf(clients, site, Key)
    if (current !== undefined) {
      const [old, is] = await Promise.all([
        headOf(clients, site, copy),
        headOf(clients, site, { key: Key, versionId: current }),
      ])
      if (isSame(old, is)) return current
    }
    throw changed(thrown, Key)
  }
}

/** Up to here a file is read whole, so that the SDK itself can send it again; larger ones go in pieces. */
const whole = 1024 ** 2

/**
 * Puts a file where it belongs, only while the object there is what the plan saw. Its checksum goes with it, so that S3 refuses
 * a file that was changed meanwhile, and a later look can tell it whatever its ETag is.
 */
export async function uploadFile(
  clients: SiteClients,
  site: Site,
  upload: Upload,
): Promise<string> {
  const { key: Key, file, now, grants } = upload
  const digest = await digestOf(file)
  const stream = file.size > whole ? createReadStream(file.path) : undefined
  const command = new PutObjectCommand({
    Bucket: site.bucket,
    Key,
    Body: stream ?? (await readFile(file.path)),
    ContentLength: file.size,
    ContentType: file.contentType,
    CacheControl: file.cacheControl,
    ...(file.contentEncoding ? { ContentEncoding: file.contentEncoding } : {}),
    ChecksumSHA256: digest.sha256,
    ...grants,
    ...(now === undefined || now.marker ? { IfNoneMatch: '*' } : { IfMatch: `"${now.etag}"` }),
  })
  try {
    const { VersionId = 'null', ETag = '' } = await call(clients.s3, command, Key)
    return identityOf({ versionId: VersionId, etag: ETag.replaceAll('"', '') })
  } catch (thrown) {
    if (!moved.test(codeOf(thrown))) throw thrown
    const versionId = await currentOf(clients, site, Key)
    if (versionId !== undefined) {
      const head = await headOf(clients, site, { key: Key, versionId })
      if (isFile(head, file, digest)) return identityOf({ versionId, etag: head.etag })
    }
    throw changed(thrown, Key)
  } finally {
    stream?.destroy()
  }
}

/** Hides an object with a delete marker, only while it is what the plan saw. Its versions stay (P2). */
export async function hideObject(clients: SiteClients, site: Site, hide: Hide): Promise<string> {
  const { bucket: Bucket } = site
  const { key: Key, now } = hide
  const command = new DeleteObjectCommand({ Bucket, Key, IfMatch: `"${now.etag}"` })
  try {
    return (await call(clients.s3, command, Key)).VersionId ?? ''
  } catch (thrown) {
    if (!moved.test(codeOf(thrown))) throw thrown
    if ((await currentOf(clients, site, Key)) === undefined) return ''
    throw changed(thrown, Key)
  }
}

async function currentOf(
  clients: SiteClients,
  { bucket }: Site,
  key: string,
): Promise<string | undefined> {
  try {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key })
    return (await call(clients.s3, command, key)).VersionId ?? 'null'
  } catch (thrown) {
    if (/NotFound|NoSuchKey|^404$/.test(codeOf(thrown))) return undefined
    throw thrown
  }
}

const changed = (cause: unknown, key: string) =>
  new CallError(
    {
      action: 's3:PutObject',
      on: key,
      code: 'PreconditionFailed',
      next: 'look who writes to the site at this moment, end that, then run again',
    },
    'somebody changed it while the site was being restored; it is left as they made it',
    cause,
  )
