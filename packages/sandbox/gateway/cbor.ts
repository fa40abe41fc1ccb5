import { cbor, dateToTag } from '@smithy/core/cbor'
import { AwsError } from '../service.ts'
import type { OperationModel } from './model.ts'
import { convert, type Fields, type Leaf, ShapeError, sameLeaf } from './shape.ts'
import type { WireReply } from './wire.ts'

/** Smithy RPC v2 CBOR, in which boto3 and the AWS CLI speak to CloudWatch: an object both ways, tag 1 for times. */

/** Tag 1 is a time; a plain number is one too, because some writers leave the tag out. */
const readLeaf: Leaf = (schema, value) => {
  if (schema.isTimestampSchema()) {
    const seconds =
      typeof value === 'object' && value !== null && 'value' in value ? value.value : value
    return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined
  }
  if (schema.isBlobSchema()) return value instanceof Uint8Array ? value : undefined
  if (typeof value === 'bigint') return sameLeaf(schema, Number(value))
  return sameLeaf(schema, value)
}

const writeLeaf: Leaf = (schema, value) => {
  if (schema.isTimestampSchema()) return value instanceof Date ? dateToTag(value) : undefined
  if (schema.isBlobSchema()) return value instanceof Uint8Array ? value : undefined
  return sameLeaf(schema, value)
}

/** The input of a call in CBOR. Throws AwsError `SerializationException` or `ValidationException`. */
export function readCbor(operation: OperationModel, body: Uint8Array): Fields {
  let parsed: unknown
  try {
    parsed = body.length === 0 ? {} : cbor.deserialize(body)
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid CBOR')
  }
  try {
    const input = convert(operation.input, parsed, { leaf: readLeaf, path: '', nulls: 'absent' })
    return (input ?? {}) as Fields
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    const code = error.problem === 'type' ? 'SerializationException' : 'ValidationException'
    throw new AwsError(code, error.message)
  }
}

/** The answer of a call in CBOR. Throws `ShapeError` if our own service returned what AWS never would. */
export function writeCbor(operation: OperationModel, output: unknown): WireReply {
  const found = convert(operation.output, output ?? {}, {
    leaf: writeLeaf,
    path: '',
    nulls: 'wrong',
  })
  const body = cbor.serialize(found ?? {})
  const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  return { status: 200, headers: { ...headers, 'content-length': String(body.length) }, body }
}
