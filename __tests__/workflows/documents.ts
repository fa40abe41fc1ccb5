import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { type Sample, storeBucket } from '../../packages/sandbox/sample/index.ts'
import { suiteRoot } from '../support/act.ts'

/** A document of the store as anybody reads it: JSON without a type. */
// biome-ignore lint/suspicious/noExplicitAny: what the product's schemas say is what is tested here.
export type Document = any

const schema = (name: string) =>
  z.fromJSONSchema(
    JSON.parse(readFileSync(join(suiteRoot(), `schemas/${name}.schema.json`), 'utf8')),
  )

const published: Readonly<Record<string, z.ZodType>> = {
  'restore-point': schema('restore-point'),
  record: schema('record'),
}

async function textOf(s3: S3Client, Bucket: string, Key: string, VersionId?: string) {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }),
  )
  return String(await Body?.transformToString())
}

/** Every version of every document in the store, by a plain S3 client: key and text, newest first for each key. */
export async function allVersions(company: Pick<Sample, 'clients' | 'account' | 'region'>) {
  const { s3 } = company.clients
  const Bucket = storeBucket(company)
  const {
    Versions = [],
    DeleteMarkers = [],
    IsTruncated,
  } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  if (IsTruncated) throw new Error('more versions than one page')
  const texts = await Promise.all(
    Versions.map(async ({ Key = '', VersionId, IsLatest }) => ({
      key: Key,
      latest: IsLatest === true,
      text: await textOf(s3, Bucket, Key, VersionId),
    })),
  )
  return { texts, deleted: DeleteMarkers.map(({ Key }) => Key) }
}

/** What is in the store now, by key without `production/` and `.json`. Checks points and records against the published schemas. */
export async function documentsOf(
  company: Pick<Sample, 'clients' | 'account' | 'region'>,
): Promise<Readonly<Record<string, Document>>> {
  const { texts } = await allVersions(company)
  const documents = texts
    .filter(({ key, latest }) => latest && key.endsWith('.json'))
    .map(({ key, text }) => [key, JSON.parse(text)] as const)
  for (const [key, document] of documents) {
    const checked = published[document.kind]?.safeParse(document)
    if (checked?.success === false) throw new Error(`${key}: ${z.prettifyError(checked.error)}`)
  }
  return Object.fromEntries(
    documents.map(([key, document]) => [
      key.replace(/^production\//, '').replace(/\.json$/, ''),
      document,
    ]),
  )
}
