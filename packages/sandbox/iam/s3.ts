import type { Question } from './policy.ts'

/** One S3 request as far as its permission goes. */
export interface S3Request {
  readonly operation: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** S3's operations whose permission has another name (Service Authorization Reference, Amazon S3). */
const RENAMED: Readonly<Record<string, string>> = {
  ListBuckets: 'ListAllMyBuckets',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  HeadBucket: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  HeadObject: 'GetObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  DeleteObjects: 'DeleteObject',
}

/** Those that are other ones as soon as the request names a version. */
const OF_VERSIONS = /^(Get|Delete|Put)Object(Acl|Tagging)?$/

const versioned = (action: string, version: string | null) =>
  version !== null && OF_VERSIONS.test(action) ? action.replace('Object', 'ObjectVersion') : action

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const arnOf = (path: string) => `arn:aws:s3:::${path}`

/** The bucket of a request, as an ARN. */
export const bucketOf = (url: URL): string => arnOf(url.pathname.split('/')[1] ?? '')

/** What S3 asks for one request: the object or the bucket, and of a copy also its source. */
export function s3Questions(
  { operation, url, headers }: S3Request,
  context: Question['context'],
): readonly Question[] {
  const action = versioned(RENAMED[operation] ?? operation, url.searchParams.get('versionId'))
  const path = decoded(url.pathname.slice(1)).replace(/\/$/, '')
  const several = operation === 'DeleteObjects'
  const resource = path === '' ? '*' : arnOf(several ? `${path}/*` : path)
  const source = headers['x-amz-copy-source']
  return [
    { action: `s3:${action}`, resource, context },
    ...(source === undefined ? [] : [sourceQuestion(source, context)]),
    ...beside(headers).map((one) => ({ action: `s3:${one}`, resource, context })),
  ]
}

/** `/bucket/key?versionId=…`, the leading slash optional. */
function sourceQuestion(source: string, context: Question['context']): Question {
  const [path = '', query = ''] = source.split('?')
  const version = new URLSearchParams(query).get('versionId')
  const resource = arnOf(decoded(path).replace(/^\//, ''))
  return { action: `s3:${versioned('GetObject', version)}`, resource, context }
}

/** What a write asks for beside itself, by its headers. */
function beside(headers: S3Request['headers']): readonly string[] {
  const acl = Object.keys(headers).some((name) => /^x-amz-(acl|grant-)/.test(name))
  return [
    ...(headers['x-amz-tagging'] ? ['PutObjectTagging'] : []),
    ...(acl ? ['PutObjectAcl'] : []),
  ]
}
