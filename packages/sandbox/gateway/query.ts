import type { NormalizedSchema } from '@smithy/core/schema'
import { AwsError } from '../service.ts'
import type { Model, OperationModel } from './model.ts'
import { convert, type Fields, type Leaf, membersOf, ShapeError, sameLeaf } from './shape.ts'
import { textOf, textReply, type WireReply } from './wire.ts'

/** awsQuery: form parameters in (`Tags.Tag.1.Key=…`), XML out. */

interface Node {
  value?: string
  readonly children: Map<string, Node>
}

function treeOf(parameters: URLSearchParams): Node {
  const root: Node = { children: new Map() }
  for (const [key, value] of parameters) {
    if (key === 'Action' || key === 'Version' || key.startsWith('X-Amz-')) continue
    let node = root
    for (const part of key.split('.')) {
      const next: Node = node.children.get(part) ?? { children: new Map() }
      node.children.set(part, next)
      node = next
    }
    node.value = value
  }
  return root
}

function indexed(node: Node, path: string): Node[] {
  const entries = [...node.children].map(([key, child]) => ({ index: Number(key), key, child }))
  const odd = entries.find((entry) => !/^[1-9]\d*$/.test(entry.key))
  if (odd) throw new ShapeError('unknown', `${path}.${odd.key}`, `${path}.${odd.key}: not an index`)
  return entries.sort((a, b) => a.index - b.index).map((entry) => entry.child)
}

function plainList(schema: NormalizedSchema, node: Node, path: string): unknown[] {
  if (node.children.size === 0) return []
  const item = schema.getValueSchema()
  const name = item.getMergedTraits().xmlName ?? 'member'
  const holder = schema.getMergedTraits().xmlFlattened
    ? node
    : (node.children.get(String(name)) ?? node.children.get('member'))
  if (!holder) throw new ShapeError('type', path, `${path}: expected a list of ${name}`)
  return indexed(holder, path).map((child, index) => plain(item, child, `${path}.${index}`))
}

function plainMap(schema: NormalizedSchema, node: Node, path: string): Fields {
  const keyName = String(schema.getKeySchema().getMergedTraits().xmlName ?? 'key')
  const valueName = String(schema.getValueSchema().getMergedTraits().xmlName ?? 'value')
  const flat = schema.getMergedTraits().xmlFlattened
  const holder = flat ? node : (node.children.get('entry') ?? { children: new Map() })
  const entries = indexed(holder, path).map((entry) => {
    const value = entry.children.get(valueName) ?? { value: '', children: new Map() }
    return [entry.children.get(keyName)?.value ?? '', plain(schema.getValueSchema(), value, path)]
  })
  return Object.fromEntries(entries)
}

function plainStructure(schema: NormalizedSchema, node: Node, path: string): Fields {
  const byWireName = new Map(
    [...membersOf(schema)].map(([name, member]) => [
      String(member.getMergedTraits().xmlName ?? name),
      { name, member },
    ]),
  )
  const fields: Fields = {}
  for (const [key, child] of node.children) {
    const known = byWireName.get(key)
    const at = path ? `${path}.${key}` : key
    if (!known) throw new ShapeError('unknown', at, `${at}: not a member of ${schema.getName()}`)
    fields[known.name] = plain(known.member, child, at)
  }
  return fields
}

/** The tree of form parameters as plain data by the schema's member names; leaves stay text. */
function plain(schema: NormalizedSchema, node: Node, path: string): unknown {
  if (schema.isStructSchema()) return plainStructure(schema, node, path)
  if (schema.isListSchema()) return plainList(schema, node, path)
  if (schema.isMapSchema()) return plainMap(schema, node, path)
  return node.value ?? node.children
}

/** Text of the wire as a leaf of its schema. */
export const readLeaf: Leaf = (schema, value) => {
  if (typeof value !== 'string') return undefined
  if (schema.isStringSchema()) return value
  if (schema.isBooleanSchema()) {
    return value === 'true' ? true : value === 'false' ? false : undefined
  }
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(value, 'base64'))
  if (schema.isTimestampSchema()) {
    const date = new Date(value)
    return Number.isNaN(date.getTime()) ? undefined : date
  }
  return sameLeaf(schema, value === '' ? Number.NaN : Number(value))
}

function inputError(error: ShapeError, model: Model): AwsError {
  switch (error.problem) {
    case 'missing':
      if (model.service === 'sts') {
        const member = error.path.charAt(0).toLowerCase() + error.path.slice(1)
        return new AwsError(
          'ValidationError',
          `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
        )
      }
      return new AwsError(
        'MissingParameter',
        `The request must contain the parameter ${error.path}.`,
      )
    case 'unknown':
      return new AwsError('ValidationError', `Unexpected parameter: ${error.message}`)
    case 'type':
      return new AwsError('MalformedInput', error.message)
  }
}

/** The parameters of a query call: the form body, or the URL's query for a GET. */
export function queryParameters(url: URL, body: Uint8Array): URLSearchParams {
  return body.length > 0 ? new URLSearchParams(textOf(body)) : url.searchParams
}

/** The input of an awsQuery call. Throws AwsError `MissingParameter`, `ValidationError` or `MalformedInput`. */
export function readQuery(
  model: Model,
  operation: OperationModel,
  parameters: URLSearchParams,
): Fields {
  try {
    const raw = operation.input.isUnitSchema() ? {} : plain(operation.input, treeOf(parameters), '')
    const input = convert(operation.input, raw, { leaf: readLeaf, path: '', nulls: 'absent' })
    return (input ?? {}) as Fields
  } catch (error) {
    if (error instanceof ShapeError) throw inputError(error, model)
    throw error
  }
}

/** A leaf as the wire has it. */
export const writeLeaf: Leaf = (schema, value) => {
  if (schema.isTimestampSchema()) return value instanceof Date ? value.toISOString() : undefined
  if (schema.isBlobSchema()) {
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined
  }
  return sameLeaf(schema, value)
}

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (char) => `&#${char.charCodeAt(0)};`)
}

function element(name: string, schema: NormalizedSchema, value: unknown): string {
  const traits = schema.getMergedTraits()
  if (schema.isListSchema()) {
    const item = schema.getValueSchema()
    const items = value as unknown[]
    if (traits.xmlFlattened) return items.map((one) => element(name, item, one)).join('')
    const itemName = String(item.getMergedTraits().xmlName ?? 'member')
    return wrapped(name, items.map((one) => element(itemName, item, one)).join(''))
  }
  if (schema.isMapSchema()) {
    const keyName = String(schema.getKeySchema().getMergedTraits().xmlName ?? 'key')
    const valueSchema = schema.getValueSchema()
    const valueName = String(valueSchema.getMergedTraits().xmlName ?? 'value')
    const entries = Object.entries(value as Fields).map(
      ([key, one]) => wrapped(keyName, escaped(key)) + element(valueName, valueSchema, one),
    )
    if (traits.xmlFlattened) return entries.map((entry) => wrapped(name, entry)).join('')
    return wrapped(name, entries.map((entry) => wrapped('entry', entry)).join(''))
  }
  if (schema.isStructSchema()) return wrapped(name, structure(schema, value as Fields))
  return wrapped(name, escaped(String(value)))
}

/** The members of a structure as XML. */
export function structure(schema: NormalizedSchema, value: Fields): string {
  return [...membersOf(schema)]
    .filter(([name]) => value[name] !== undefined)
    .map(([name, member]) =>
      element(String(member.getMergedTraits().xmlName ?? name), member, value[name]),
    )
    .join('')
}

function wrapped(name: string, inner: string): string {
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`
}

/** A whole XML document. */
export function document(root: string, namespace: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner}</${root}>\n`
}

/** The answer of an awsQuery call. Throws `ShapeError` if our own service returned what AWS never would. */
export function writeQuery(
  call: { model: Model; operation: OperationModel; requestId: string },
  output: unknown,
): WireReply {
  const { model, operation, requestId } = call
  const checked = convert(operation.output, output ?? {}, {
    leaf: writeLeaf,
    path: '',
    nulls: 'wrong',
  })
  const result =
    checked === undefined
      ? ''
      : wrapped(`${operation.name}Result`, structure(operation.output, checked as Fields))
  const metadata = wrapped('ResponseMetadata', wrapped('RequestId', requestId))
  const body = document(`${operation.name}Response`, model.namespace, result + metadata)
  return textReply(200, 'text/xml', body)
}

/** An error answer: `<ErrorResponse><Error><Type/><Code/><Message/>`, the code as on AWS's wire. */
export function writeQueryError(
  model: Model | undefined,
  error: AwsError,
  requestId: string,
): WireReply {
  const known = model?.errors.get(error.code)
  const status = known?.status ?? error.status
  const inner =
    wrapped('Type', status >= 500 ? 'Receiver' : 'Sender') +
    wrapped('Code', escaped(known?.code ?? error.code)) +
    wrapped('Message', escaped(error.message))
  const body = wrapped('Error', inner) + wrapped('RequestId', requestId)
  return textReply(
    status,
    'text/xml',
    document('ErrorResponse', model?.namespace ?? 'https://sandbox.invalid/', body),
  )
}
