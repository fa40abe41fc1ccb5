import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { OperationId } from './permissions.ts'
import { GitHubProblem, unprocessable } from './problems.ts'

type Schema = Readonly<Record<string, unknown>>

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
  readonly 'x-multi-segment'?: boolean
}

interface Content {
  readonly content?: { readonly 'application/json'?: { readonly schema: Schema } }
}

/** One operation of GitHub's published description. */
export interface Described {
  readonly operationId: OperationId
  readonly method: string
  readonly path: string
  /** Its page in GitHub's reference. */
  readonly docs: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: Content & { readonly required?: boolean }
  readonly responses: Readonly<Record<string, Content>>
}

interface Document {
  readonly operations: readonly (Omit<Described, 'parameters'> & {
    readonly parameters: readonly (Parameter | { readonly $ref: string })[]
  })[]
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Where the description is wrong: GitHub sends null here. Schema and member. */
const NULL_TOO: readonly (readonly [string, string])[] = [['issue-search-result-item', 'body']]

function read(): Document {
  const file = new URL('./openapi.json', import.meta.url)
  const document: Document = JSON.parse(readFileSync(file, 'utf8'))
  for (const [name, member] of NULL_TOO) {
    const schema = document.components.schemas?.[name] as { properties: Record<string, object> }
    schema.properties[member] = { ...schema.properties[member], nullable: true }
  }
  return document
}

/** OpenAPI 3.0 says `nullable`, JSON Schema says type null; an enum with nullable takes null too. */
function nullable(schema: Schema): Schema {
  const { nullable: _, ...rest } = schema
  const { enum: values } = rest
  const open = Array.isArray(values) ? { ...rest, enum: [...new Set([...values, null])] } : rest
  return { anyOf: [open, { type: 'null' }] }
}

const COMPOSED = ['allOf', 'anyOf', 'oneOf']

/**
 * A schema as JSON Schema has it. What it does not name is an error, so that a misspelt member of an answer is found:
 * GitHub's schemas leave objects open. Members of compositions stay as they are.
 */
function closed(value: unknown, composed = false): unknown {
  if (Array.isArray(value)) return value.map((item) => closed(item, composed))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    if (name === 'enum') return [name, inner]
    if (name === 'properties')
      return [name, Object.fromEntries(Object.entries(inner).map(([n, s]) => [n, closed(s)]))]
    return [name, closed(inner, COMPOSED.includes(name))]
  })
  const schema: Schema = Object.fromEntries(entries)
  const open =
    composed || schema.properties === undefined || schema.additionalProperties !== undefined
  const whole = open ? schema : { ...schema, additionalProperties: false }
  return whole.nullable === true ? nullable(whole) : whole
}

const FORMATS = {
  // Where nothing was given GitHub sends an empty text, whatever the description says.
  uri: (text: string) => text === '' || URL.canParse(text),
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  email: /^[^\s@]+@[^\s@]+$/,
  int64: true,
} as const

function validators({ components }: Document) {
  const make = (coerceTypes: boolean) => {
    const ajv = new Ajv({
      strict: false,
      coerceTypes,
      useDefaults: coerceTypes,
      allErrors: true,
      formats: FORMATS,
      logger: false,
    })
    return ajv.addSchema({ $id: 'github', components: closed(components) })
  }
  const [bodies, texts] = [make(false), make(true)]
  const compiled = new Map<string, ValidateFunction>()
  /** Compiles a schema of an operation at its first use. References lead into the shared components. */
  return (key: string, schema: Schema, kind: 'body' | 'text' = 'body'): ValidateFunction => {
    const known = compiled.get(key)
    if (known) return known
    const absolute = JSON.parse(
      JSON.stringify(closed(schema)).replaceAll('"$ref":"#/', '"$ref":"github#/'),
    )
    const made = (kind === 'body' ? bodies : texts).compile(absolute)
    compiled.set(key, made)
    return made
  }
}

/** What GitHub says of a body that does not fit: one sentence for each mistake, without the value itself. */
function complaint(error: ErrorObject): string {
  const where = error.instancePath.split('/').slice(1).join('/')
  switch (error.keyword) {
    case 'required':
      return `"${error.params.missingProperty}" wasn't supplied.`
    case 'additionalProperties':
      return `"${error.params.additionalProperty}" is not a permitted key.`
    case 'enum':
      return `For 'properties/${where}', the value is not a member of ${JSON.stringify(error.params.allowedValues)}.`
    case 'type':
      return `For 'properties/${where}', the value is not of type ${error.params.type}.`
    default:
      return `For 'properties/${where}', the value ${error.message ?? 'does not fit'}.`
  }
}

function refuse(errors: readonly ErrorObject[]): GitHubProblem {
  const plain = errors.filter(
    ({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'),
  )
  const told = [...new Set(plain.map(complaint))]
  return unprocessable(`Invalid request.\n\n${told.join('\n')}`)
}

/** The pattern of a described path; a git ref may have slashes in it. */
function patternOf({ path, parameters }: Described): RegExp {
  const source = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const many = parameters.some((one) => one.name === name && one['x-multi-segment'])
    return `(?<${name}>${many ? '.+' : '[^/]+'})`
  })
  return new RegExp(`^${source}$`)
}

/** Answers of any operation that the description does not repeat everywhere. */
const EVERYWHERE = new Set([400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504])

/** GitHub's published description, at work. */
export interface Description {
  readonly operations: readonly Described[]
  /** The operation of a path and its parameters, or undefined if it is not simulated. */
  find(
    method: string,
    path: string,
  ): { operation: Described; path: Record<string, string> } | undefined
  /** The query as the description types it, defaults filled in. Throws 422. */
  query(operation: Described, query: URLSearchParams): Record<string, unknown>
  /** Throws 422 for a body that the description does not allow. */
  checkBody(operation: Described, body: unknown): void
  /** Throws an Error when GitHub could not have answered that. */
  checkAnswer(operation: Described, status: number, body: unknown): void
}

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new GitHubProblem(400, 'Bad Request')
  }
}

/** The query parameters that the description has wrong, and that are therefore not checked by it. */
const MISDESCRIBED = new Set(['created'])

function querySchema(operation: Described): Schema {
  const own = operation.parameters.filter(
    (one) => one.in === 'query' && !MISDESCRIBED.has(one.name),
  )
  return {
    type: 'object',
    properties: Object.fromEntries(own.map((one) => [one.name, one.schema])),
    required: own.filter((one) => one.required).map((one) => one.name),
    additionalProperties: true,
  }
}

/** Reads the excerpt of GitHub's OpenAPI description that lies beside this file. */
export function githubDescription(): Description {
  const document = read()
  const validator = validators(document)
  const resolved = (one: Parameter | { readonly $ref: string }): Parameter =>
    '$ref' in one
      ? (document.components.parameters?.[one.$ref.split('/').at(-1) ?? ''] as Parameter)
      : one
  const operations = document.operations.map(
    (one): Described => ({ ...one, parameters: one.parameters.map(resolved) }),
  )
  // A fixed path comes before one with a parameter in the same place.
  const routes = operations
    .map((operation) => ({ operation, pattern: patternOf(operation) }))
    .sort((a, b) => b.operation.path.length - a.operation.path.length)

  const answerSchema = (operation: Described, status: number): Schema | undefined => {
    const response = operation.responses[String(status)] as
      | (Content & { $ref?: string })
      | undefined
    if (response === undefined && !EVERYWHERE.has(status))
      throw new Error(`${operation.operationId} has no answer ${status}`)
    if (status >= 400) return undefined
    return response?.content?.['application/json']?.schema
  }

  return {
    operations,
    find(method, path) {
      for (const { operation, pattern } of routes) {
        const found = operation.method === method.toLowerCase() ? pattern.exec(path) : null
        if (!found) continue
        const entries = Object.entries(found.groups ?? {})
        return { operation, path: Object.fromEntries(entries.map(([n, v]) => [n, decoded(v)])) }
      }
      return undefined
    },
    query(operation, query) {
      const given: Record<string, unknown> = Object.fromEntries(query)
      const check = validator(`${operation.operationId} query`, querySchema(operation), 'text')
      if (!check(given)) throw refuse(check.errors ?? [])
      return given
    },
    checkBody(operation, body) {
      const schema = operation.requestBody?.content?.['application/json']?.schema
      if (schema === undefined) return
      if (body === undefined) {
        if (operation.requestBody?.required) throw refuse([])
        return
      }
      const check = validator(`${operation.operationId} body`, schema)
      if (!check(body)) throw refuse(check.errors ?? [])
    },
    checkAnswer(operation, status, body) {
      const schema = answerSchema(operation, status)
      const named = status >= 400 ? errorSchema(body) : schema
      if (named === undefined) {
        if (status < 400 && body !== undefined)
          throw new Error(`${operation.operationId} ${status} has no body`)
        return
      }
      const key = status >= 400 ? JSON.stringify(named) : `${operation.operationId} ${status}`
      const check = validator(key, named)
      if (!check(body)) {
        const told = (check.errors ?? []).slice(0, 12)
        const lines = told.map(
          (one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`,
        )
        throw new Error(`${operation.operationId} ${status}: ${lines.join('; ')}`)
      }
    },
  }
}

/** Which of GitHub's error bodies one is. */
function errorSchema(body: unknown): Schema | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { errors } = body as { errors?: unknown[] }
  if (errors === undefined) return { $ref: '#/components/schemas/basic-error' }
  const name = errors.every((one) => typeof one === 'string')
    ? 'validation-error-simple'
    : 'validation-error'
  return { $ref: `#/components/schemas/${name}` }
}
