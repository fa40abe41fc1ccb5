/** Sub-resources of an object or bucket that make an operation of their own, with the name's ending. */
const SUBRESOURCES: readonly [string, string][] = [
  ['versioning', 'Versioning'],
  ['tagging', 'Tagging'],
  ['policy', 'Policy'],
  ['acl', 'Acl'],
  ['lifecycle', 'LifecycleConfiguration'],
  ['encryption', 'Encryption'],
  ['location', 'Location'],
  ['object-lock', 'ObjectLockConfiguration'],
  ['retention', 'Retention'],
  ['legal-hold', 'LegalHold'],
  ['publicAccessBlock', 'PublicAccessBlock'],
  ['ownershipControls', 'OwnershipControls'],
  ['notification', 'NotificationConfiguration'],
  ['cors', 'Cors'],
  ['website', 'Website'],
  ['attributes', 'Attributes'],
]

const VERBS: Readonly<Record<string, string>> = {
  GET: 'Get',
  PUT: 'Put',
  DELETE: 'Delete',
  HEAD: 'Head',
  POST: 'Post',
}

/** One S3 request by its parts, as far as they decide which operation it is. */
export interface S3Call {
  readonly method: string
  readonly url: URL
  readonly copySource: boolean
}

function multipartOperation({ method, url, copySource }: S3Call): string | undefined {
  const query = url.searchParams
  if (query.has('uploads')) {
    return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads'
  }
  if (!query.has('uploadId')) return undefined
  switch (method) {
    case 'PUT':
      return copySource ? 'UploadPartCopy' : 'UploadPart'
    case 'POST':
      return 'CompleteMultipartUpload'
    case 'DELETE':
      return 'AbortMultipartUpload'
    default:
      return 'ListParts'
  }
}

function bucketOperation({ method, url }: S3Call): string {
  const query = url.searchParams
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects'
  if (method !== 'GET') return method === 'PUT' ? 'CreateBucket' : `${VERBS[method]}Bucket`
  if (query.has('versions')) return 'ListObjectVersions'
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects'
}

/** The name of the S3 operation that a path-style REST request calls. */
export function s3Operation(call: S3Call): string {
  const { method, url, copySource } = call
  const [, bucket = '', ...rest] = url.pathname.split('/')
  const key = rest.join('/')
  if (bucket === '') return 'ListBuckets'
  const multipart = multipartOperation(call)
  if (multipart) return multipart
  const part = SUBRESOURCES.find(([name]) => url.searchParams.has(name))
  if (part) return `${VERBS[method] ?? method}${key === '' ? 'Bucket' : 'Object'}${part[1]}`
  if (key === '') return bucketOperation(call)
  if (method === 'PUT' && copySource) return 'CopyObject'
  return `${VERBS[method] ?? method}Object`
}
