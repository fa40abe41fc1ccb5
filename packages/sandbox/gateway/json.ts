import { AwsError } from '../service.ts'
import type { Model, OperationModel } from './model.ts'
import { convert, type Fields, type Leaf, ShapeError, sameLeaf } from './shape.ts'
import { textOf, textReply, type WireReply } from './wire.ts'

/** awsJson 1.1: a JSON object both ways, epoch seconds for times, base64 for blobs. */

const CONTENT_TYPE = 'application/x-amz-json-1.1'

const readLeaf: Leaf = (schema, value) => {
  if (schema.isTimestampSchema()) {
    return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1000) : undefined
  }
  if (schema.isBlobSchema()) {
    return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
  }
  return sameLeaf(schema, value)
}

const writeLeaf: Leaf = (schema, value) => {
  if (schema.isTimestampSchema()) {
    return value instanceof Date ? value.getTime() / 1000 : undefined
  }
  if (schema.isBlobSchema()) {
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined
  }
  return sameLeaf(schema, value)
}

/** Coral writes member names with a lower-case first letter in its validation messages. */
function lowerFirst(path: string): string {
  return path.charAt(0).toLowerCase() + path.slice(1)
}

function inputError(error: ShapeError): AwsError {
  switch (error.problem) {
    case 'missing':
      return new AwsError(
        'ValidationException',
        `1 validation error detected: Value null at '${lowerFirst(error.path)}' failed to satisfy constraint: Member must not be null`,
      )
    case 'unknown':
      return new AwsError('ValidationException', `Unexpected member: ${error.message}`)
    case 'type':
      return new AwsError('SerializationException', error.message)
  }
}

/** The input of an awsJson call. Throws AwsError `SerializationException` or `ValidationException`. */
export function readJson(operation: OperationModel, body: Uint8Array): Fields {
  let parsed: unknown
  try {
    parsed = body.length === 0 ? {} : JSON.parse(textOf(body))
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON')
  }
  try {
    const input = convert(operation.input, parsed, { leaf: readLeaf, path: '', nulls: 'absent' })
    return (input ?? {}) as Fields
  } catch (error) {
    if (error instanceof ShapeError) throw inputError(error)
    throw error
  }
}

/** The answer of an awsJson call. Throws `ShapeError` if our own service returned what AWS never would. */
export function writeJson(operation: OperationModel, output: unknown): WireReply {
  const body = convert(operation.output, output ?? {}, {
    leaf: writeLeaf,
    path: '',
    nulls: 'wrong',
  })
  return textReply(200, CONTENT_TYPE, body === undefined ? '' : JSON.stringify(body))
}

/** An error answer: `__type` in the body, and the same in `x-amzn-errortype`. */
export function writeJsonError(model: Model | undefined, error: AwsError): WireReply {
  const known = model?.errors.get(error.code)
  const member = known?.messageMember ?? 'message'
  const reply = textReply(
    known?.status ?? error.status,
    CONTENT_TYPE,
    JSON.stringify({ __type: known?.shape ?? error.code, [member]: error.message }),
  )
  return { ...reply, headers: { ...reply.headers, 'x-amzn-errortype': known?.shape ?? error.code } }
}
