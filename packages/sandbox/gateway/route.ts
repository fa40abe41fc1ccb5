import { modelOf } from './model.ts'
import { mutates } from './mutates.ts'
import { queryParameters } from './query.ts'
import { restOperation } from './rest-xml.ts'
import { s3Operation } from './s3-operation.ts'
import type { WireRequest } from './wire.ts'

/** How the answer, and above all an error, is written for this client. */
export type Protocol = 'json' | 'query' | 'xml' | 'rest-json' | 'cbor'

/** Where a request goes: taken from the signature's scope and the operation that it names. */
export interface Route {
  readonly service: string
  readonly region: string
  /** Undefined for an unsigned request. */
  readonly accessKeyId: string | undefined
  readonly sessionToken: string | undefined
  readonly operation: string
  readonly protocol: Protocol
  readonly mutating: boolean
}

interface Scope {
  readonly accessKeyId?: string
  readonly region?: string
  readonly service?: string
}

const XML_SERVICES = new Set(['s3', 'cloudfront', 'route53'])

/** The services of unsigned query calls, by API version. */
const VERSIONS: Readonly<Record<string, string>> = {
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
  '2014-10-31': 'rds',
  '2015-12-01': 'elasticloadbalancing',
}

/**
 * The credential scope `AKID/date/region/service/aws4_request` of a header or a presigned URL. S3 links in the older
 * form, which boto3 still makes in us-east-1, only name the access key.
 */
export function scopeOf(request: WireRequest, url: URL): Scope {
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1]
  const credential = header ?? url.searchParams.get('X-Amz-Credential')
  const old = url.searchParams.get('AWSAccessKeyId')
  if (!credential) return old ? { accessKeyId: old, service: 's3' } : {}
  const [accessKeyId = '', , region = '', service = ''] = credential.split('/')
  return { accessKeyId, region, service }
}

function isForm(request: WireRequest): boolean {
  return (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
}

interface Named {
  readonly protocol: Protocol
  readonly operation: string
  readonly service?: string | undefined
}

function named(request: WireRequest, url: URL): Named | undefined {
  const target = request.headers['x-amz-target']
  if (target) {
    const [prefix = '', operation = ''] = target.split('.').slice(-2)
    const service = prefix === 'AmazonEC2ContainerServiceV20141113' ? 'ecs' : prefix.toLowerCase()
    return { protocol: 'json', operation, service }
  }
  const cbor = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(url.pathname)
  if (cbor) return { protocol: 'cbor', operation: cbor[2] ?? '', service: cbor[1]?.toLowerCase() }
  const form = isForm(request) ? queryParameters(url, request.body) : url.searchParams
  const action = form.get('Action')
  if (!action) return undefined
  return { protocol: 'query', operation: action, service: VERSIONS[form.get('Version') ?? ''] }
}

function rest(request: WireRequest, url: URL, service: string): Named {
  if (service === 's3') {
    const copySource = request.headers['x-amz-copy-source'] !== undefined
    const operation = s3Operation({ method: request.method, url, copySource })
    return { protocol: 'xml', operation }
  }
  const protocol = XML_SERVICES.has(service) ? 'xml' : 'rest-json'
  const model = modelOf(service)
  if (model?.protocol === 'rest-xml') {
    const found = restOperation(model, request.method, url.pathname)
    if (found) return { protocol, operation: found.operation.name }
  }
  return { protocol, operation: `${request.method} ${url.pathname}` }
}

/** Reads service, region, access key and operation of a request; an unsigned request without a name is S3's. */
export function routeOf(request: WireRequest, url: URL): Route {
  const scope = scopeOf(request, url)
  const call = scope.service === 's3' ? undefined : named(request, url)
  const service = scope.service ?? call?.service ?? 's3'
  const { protocol, operation } = call ?? rest(request, url, service)
  return {
    service,
    region: scope.region || 'us-east-1',
    accessKeyId: scope.accessKeyId,
    sessionToken:
      request.headers['x-amz-security-token'] ??
      url.searchParams.get('X-Amz-Security-Token') ??
      url.searchParams.get('x-amz-security-token') ??
      undefined,
    operation,
    protocol,
    mutating: mutates(service, operation, request.method),
  }
}
