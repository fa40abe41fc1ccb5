import { CopyObjectCommand, DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { call, codeOf } from '#aws'
import { CallError } from '#core'
import type { SiteClients } from './client.ts'
import { copySource } from './keys.ts'
import { headOf, isSame } from './look.ts'
import type { Copy, Hide } from './plan.ts'
import type { Site } from './state.ts'

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
    return (await call(clients.s3, command, key)).VersionId
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
