import type { NormalizedSchema } from '@smithy/core/schema'

/** Plain data on its way in or out. */
export type Fields = Record<string, unknown>

/** A value that does not fit its published shape. `path` is like `services.2.name`. */
export class ShapeError extends Error {
  readonly path: string
  readonly problem: 'unknown' | 'type' | 'missing'
  constructor(problem: 'unknown' | 'type' | 'missing', path: string, message: string) {
    super(message)
    this.name = 'ShapeError'
    this.problem = problem
    this.path = path
  }
}

/** True for a plain object, which is what structures and maps are made of. */
export function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}

/** The members of a structure by name; empty for an operation without input or output. */
export function membersOf(schema: NormalizedSchema): Map<string, NormalizedSchema> {
  return schema.isStructSchema() ? new Map(schema.structIterator()) : new Map()
}

/** The required members of a structure: the schema lists them first and says how many they are. */
export function requiredOf(schema: NormalizedSchema): readonly string[] {
  if (!schema.isStructSchema()) return []
  const [, , , , names, , count] = schema.getSchema() as unknown as [
    number,
    string,
    string,
    unknown,
    string[],
    unknown[],
    number?,
  ]
  return names.slice(0, count ?? 0)
}

/** What a schema wants, in AWS's words. */
export function wantedType(schema: NormalizedSchema): string {
  if (schema.isStructSchema()) return 'structure'
  if (schema.isListSchema()) return 'list'
  if (schema.isMapSchema()) return 'map'
  if (schema.isTimestampSchema()) return 'timestamp'
  if (schema.isBlobSchema()) return 'blob'
  if (schema.isBooleanSchema()) return 'boolean'
  if (schema.isNumericSchema() || schema.isBigIntegerSchema()) return 'number'
  if (schema.isStringSchema()) return 'string'
  return 'document'
}

function mismatch(schema: NormalizedSchema, path: string, value: unknown): ShapeError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
  return new ShapeError(
    'type',
    path,
    `${path || 'input'}: expected ${wantedType(schema)}, got ${found}`,
  )
}

/** How leaves are turned into another form; gets a value of unknown type, returns undefined if it does not fit. */
export type Leaf = (schema: NormalizedSchema, value: unknown) => unknown

function convertStructure(schema: NormalizedSchema, value: Fields, walk: Walk): Fields {
  const members = membersOf(schema)
  const result: Fields = {}
  for (const [name, member] of Object.entries(value)) {
    const path = walk.path ? `${walk.path}.${name}` : name
    if (member === undefined || (member === null && walk.nulls === 'absent')) continue
    const known = members.get(name)
    if (!known)
      throw new ShapeError('unknown', path, `${path}: not a member of ${schema.getName()}`)
    result[name] = convert(known, member, { ...walk, path })
  }
  const missing = requiredOf(schema).find((name) => result[name] === undefined)
  if (missing) {
    const path = walk.path ? `${walk.path}.${missing}` : missing
    throw new ShapeError(
      'missing',
      path,
      `${path}: required member of ${schema.getName()} is missing`,
    )
  }
  return result
}

interface Walk {
  readonly leaf: Leaf
  readonly path: string
  readonly nulls: 'absent' | 'wrong'
}

/**
 * Walks plain data along its schema and converts each leaf; strict in names, types and required members.
 * Throws `ShapeError` at the first thing that does not fit.
 */
export function convert(schema: NormalizedSchema, value: unknown, walk: Walk): unknown {
  const at = (key: string | number) => ({ ...walk, path: `${walk.path}.${key}` })
  if (schema.isUnitSchema()) return undefined
  if (schema.isStructSchema()) {
    if (!isFields(value)) throw mismatch(schema, walk.path, value)
    return convertStructure(schema, value, walk)
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw mismatch(schema, walk.path, value)
    return value.map((item, index) => convert(schema.getValueSchema(), item, at(index)))
  }
  if (schema.isMapSchema()) {
    if (!isFields(value)) throw mismatch(schema, walk.path, value)
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(
      entries.map(([key, item]) => [key, convert(schema.getValueSchema(), item, at(key))]),
    )
  }
  if (schema.isDocumentSchema()) return value
  const leaf = walk.leaf(schema, value)
  if (leaf === undefined) throw mismatch(schema, walk.path, value)
  return leaf
}

/** Checks a scalar that has the same form on both sides: string, number, boolean. */
export function sameLeaf(schema: NormalizedSchema, value: unknown): unknown {
  if (schema.isStringSchema()) return typeof value === 'string' ? value : undefined
  if (schema.isBooleanSchema()) return typeof value === 'boolean' ? value : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
