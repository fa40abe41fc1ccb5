import type { NormalizedSchema } from '@smithy/core/schema'
import { AwsError } from '../service.ts'
import type { Model, OperationModel } from './model.ts'
import { document, readLeaf, structure, writeLeaf } from './query.ts'
import { convert, type Fields, membersOf, ShapeError } from './shape.ts'
import { textOf, textReply, type WireReply } from './wire.ts'

/** restXml: the operation and some of its input in method and path, the rest as XML. */

/** The operation that a method and a path mean, with the parts of the path that it names. */
export function restOperation(
  model: Model,
  method: string,
  pathname: string,
): { readonly operation: OperationModel; readonly labels: Fields } | undefined {
  for (const operation of model.operations.values()) {
    const [verb, template = ''] = operation.http ?? []
    if (verb !== method) continue
    const labels = labelsOf(template.split('?')[0] ?? '', pathname)
    if (labels) return { operation, labels }
  }
  return undefined
}

function labelsOf(template: string, pathname: string): Fields | undefined {
  const [wanted, given] = [template.split('/'), pathname.replace(/\/$/, '').split('/')]
  if (wanted.length !== given.length) return undefined
  const labels: Fields = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    const name = /^\{(\w+)\+?\}$/.exec(part)?.[1]
    if (name !== undefined && value !== '') labels[name] = decodeURIComponent(value)
    else if (part !== value) return undefined
  }
  return labels
}

interface Element {
  readonly name: string
  readonly children: Element[]
  text: string
}

/** Reads a document of elements and text; attributes, comments and processing instructions mean nothing here. */
function parseXml(text: string): Element {
  const root: Element = { name: '', children: [], text: '' }
  const open = [root]
  for (const [, tag, content] of text.replace(/<[?!][^>]*>/g, '').matchAll(/<([^>]+)>|([^<]+)/g)) {
    const top = open.at(-1) ?? root
    if (content !== undefined) top.text += unescaped(content)
    else if (tag?.startsWith('/')) open.pop()
    else {
      const element: Element = { name: tag?.split(/[\s/]/)[0] ?? '', children: [], text: '' }
      top.children.push(element)
      if (!tag?.endsWith('/')) open.push(element)
    }
  }
  return root
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
}
const unescaped = (text: string) =>
  text.replace(/&(#x?)?(\w+);/g, (whole, number, name) => {
    if (number === undefined) return entities[name] ?? whole
    return String.fromCodePoint(Number.parseInt(name, number === '#x' ? 16 : 10))
  })

/** An element as plain data by the schema's member names; leaves stay text. */
function plain(schema: NormalizedSchema, element: Element): unknown {
  if (schema.isListSchema()) {
    return element.children.map((child) => plain(schema.getValueSchema(), child))
  }
  if (!schema.isStructSchema()) return element.text
  const fields: Fields = {}
  for (const [name, member] of membersOf(schema)) {
    const wire = String(member.getMergedTraits().xmlName ?? name)
    const child = element.children.find((one) => one.name === wire)
    if (child) fields[name] = plain(member, child)
  }
  return fields
}

/** The input of a restXml call. Throws AwsError `MalformedInput` or `MissingBody`. */
export function readRest(
  operation: OperationModel,
  labels: Fields,
  request: { readonly url: URL; readonly body: Uint8Array },
): Fields {
  const raw: Fields = { ...labels }
  for (const [name, member] of membersOf(operation.input)) {
    const { httpQuery, httpPayload } = member.getMergedTraits()
    if (httpQuery) raw[name] = request.url.searchParams.get(String(httpQuery)) ?? undefined
    if (!httpPayload) continue
    const [root] = parseXml(textOf(request.body)).children
    if (!root) throw new AwsError('MissingBody', 'This operation requires a body.')
    raw[name] = plain(member, root)
  }
  try {
    return convert(operation.input, raw, { leaf: readLeaf, path: '', nulls: 'absent' }) as Fields
  } catch (error) {
    if (error instanceof ShapeError) throw new AwsError('MalformedInput', error.message)
    throw error
  }
}

/** The answer of a restXml call. Throws `ShapeError` if our own service returned what AWS never would. */
export function writeRest(model: Model, operation: OperationModel, output: unknown): WireReply {
  const checked = convert(operation.output, output ?? {}, {
    leaf: writeLeaf,
    path: '',
    nulls: 'wrong',
  }) as Fields
  const headers: Record<string, string> = {}
  let body = ''
  for (const [name, member] of membersOf(operation.output)) {
    const { httpHeader, httpPayload } = member.getMergedTraits()
    const value = checked[name]
    if (value === undefined) continue
    if (httpHeader) headers[String(httpHeader).toLowerCase()] = String(value)
    if (httpPayload) {
      const root = String(
        member.getMergedTraits().xmlName ?? member.getName(true)?.split('#').at(-1),
      )
      body = document(root, model.namespace, structure(member, value as Fields))
    }
  }
  const reply = textReply(operation.http?.[2] ?? 200, 'text/xml', body)
  return { ...reply, headers: { ...reply.headers, ...headers } }
}
