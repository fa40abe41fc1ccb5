import { cbor } from '@smithy/core/cbor'
import { AwsError } from '../service.ts'
import { writeJsonError } from './json.ts'
import type { Model } from './model.ts'
import { writeQueryError } from './query.ts'
import type { Protocol } from './route.ts'
import { textReply, type WireReply } from './wire.ts'

/** The errors that any AWS service may answer before its own code runs. */
export type CommonProblem =
  | 'throttle'
  | 'error500'
  | 'denied'
  | 'expired'
  | 'unknown-key'
  | 'unsigned'
  | 'unknown-operation'
  | 'not-simulated'
  | 'sandbox-bug'

type CodeAndStatus = readonly [string, number]

interface Codes {
  readonly json: CodeAndStatus
  readonly query: CodeAndStatus
  readonly xml: CodeAndStatus
}

/** Codes by protocol, from AWS's "Common errors" pages and S3's list of error responses. */
const CODES: Readonly<Record<CommonProblem, Codes>> = {
  throttle: {
    json: ['ThrottlingException', 400],
    query: ['Throttling', 400],
    xml: ['SlowDown', 503],
  },
  error500: {
    json: ['InternalFailure', 500],
    query: ['InternalFailure', 500],
    xml: ['InternalError', 500],
  },
  denied: {
    json: ['AccessDeniedException', 400],
    query: ['AccessDenied', 403],
    xml: ['AccessDenied', 403],
  },
  expired: {
    json: ['ExpiredTokenException', 400],
    query: ['ExpiredToken', 403],
    xml: ['ExpiredToken', 400],
  },
  'unknown-key': {
    json: ['UnrecognizedClientException', 400],
    query: ['InvalidClientTokenId', 403],
    xml: ['InvalidAccessKeyId', 403],
  },
  unsigned: {
    json: ['MissingAuthenticationTokenException', 400],
    query: ['MissingAuthenticationToken', 403],
    xml: ['AccessDenied', 403],
  },
  'unknown-operation': {
    json: ['UnknownOperationException', 400],
    query: ['InvalidAction', 400],
    xml: ['MethodNotAllowed', 405],
  },
  'not-simulated': {
    json: ['NotImplemented', 501],
    query: ['NotImplemented', 501],
    xml: ['NotImplemented', 501],
  },
  'sandbox-bug': {
    json: ['InternalFailure', 500],
    query: ['InternalFailure', 500],
    xml: ['InternalError', 500],
  },
}

/** The error that AWS answers for a common problem in a protocol. */
export function commonError(problem: CommonProblem, protocol: Protocol, message: string): AwsError {
  const codes = CODES[problem]
  const [code, status] =
    protocol === 'query' ? codes.query : protocol === 'xml' ? codes.xml : codes.json
  return new AwsError(code, message, status)
}

function writeXmlError(error: AwsError, requestId: string): WireReply {
  const text = error.message.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`)
  const inner = `<Code>${error.code}</Code><Message>${text}</Message><RequestId>${requestId}</RequestId>`
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner}</Error>`
  return textReply(error.status, 'application/xml', body)
}

function writeCborError(error: AwsError): WireReply {
  const body = cbor.serialize({ __type: error.code, message: error.message })
  const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  return {
    status: error.status,
    headers: { ...headers, 'content-length': String(body.length) },
    body,
  }
}

/** An error as the client's protocol writes it. */
export function writeError(
  call: { protocol: Protocol; model: Model | undefined; requestId: string },
  error: AwsError,
): WireReply {
  switch (call.protocol) {
    case 'json':
    case 'rest-json':
      return writeJsonError(call.model, error)
    case 'query':
      return writeQueryError(call.model, error, call.requestId)
    case 'xml':
      // S3 has no model here, and an error form of its own.
      if (call.model) return writeQueryError(call.model, error, call.requestId)
      return writeXmlError(error, call.requestId)
    case 'cbor':
      return writeCborError(error)
  }
}

/** Codes that are not in a service's model but that every service of AWS may answer. */
const COMMON_CODES = new Set([
  ...Object.values(CODES).flatMap((codes) => Object.values(codes).map(([code]) => code as string)),
  'ValidationException',
  'ValidationError',
  'SerializationException',
  'MalformedInput',
  'MissingParameter',
  'InvalidParameterValue',
  'InvalidParameterCombination',
  'MalformedQueryString',
  'ServiceUnavailable',
  'OptInRequired',
])

/** True if AWS could answer this code for the service: modelled, or common to all services. */
export function isKnownCode(model: Model, code: string): boolean {
  return model.errors.has(code) || COMMON_CODES.has(code)
}
