import type { z } from 'zod'
import { CallError, InputError } from '#core'
import {
  type EnvironmentState,
  environmentSchema,
  type Pin,
  type Point,
  pinSchema,
  pointSchema,
  type Record,
  recordSchema,
} from './documents.ts'
import { beforeId, deploymentOf, isPointId, keys } from './ids.ts'
import type { Objects } from './objects.ts'

/** The documents of one environment. */
export interface Store {
  readonly objects: Objects
  readonly environment: string
  readonly account: string
  readonly region: string
}

/** A document with the tag that its next version must replace. */
export interface Versioned<T> {
  readonly value: T
  readonly etag: string
}

/**
 * Opens the store of one environment. Throws `InputError` when the bucket keeps no versions: a lost update could then
 * not be undone; `CallError` when it is missing or unreadable. A named store is never treated as none.
 */
export async function openStore(
  objects: Objects,
  where: { readonly environment: string; readonly account: string; readonly region: string },
): Promise<Store> {
  const versioning = await objects.versioning()
  if (versioning !== 'Enabled') {
    throw new InputError([
      `store: bucket versioning of ${objects.location} is ${versioning ?? 'off'}: enable it, then run again`,
    ])
  }
  return { objects, ...where }
}

/** Reads a document and checks its form, version, environment, account and region. Throws `CallError` when one differs. */
export async function readDocument<T>(
  store: Store,
  key: string,
  schema: z.ZodType<T>,
): Promise<Versioned<T> | undefined> {
  const stored = await store.objects.get(key)
  if (stored === undefined) return undefined
  const parsed = schema.safeParse(parseJson(stored.text))
  if (!parsed.success) {
    const first = parsed.error.issues[0]
    throw malformed(store, key, `${first?.path.join('.') ?? ''}: ${first?.message ?? 'not JSON'}`)
  }
  const { environment, account, region } = parsed.data as {
    environment: string
    account: string
    region: string
  }
  if (environment !== store.environment || account !== store.account || region !== store.region) {
    throw malformed(
      store,
      key,
      `it belongs to ${environment} in ${account} ${region}, not to ${store.environment} in ${store.account} ${store.region}`,
    )
  }
  return { value: parsed.data, etag: stored.etag }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function malformed(store: Store, key: string, why: string): CallError {
  return new CallError(
    {
      action: 's3:GetObject',
      on: `${store.objects.location}/${key}`,
      code: 'MalformedDocument',
      next: 'look at the object and its earlier versions; restore the last good version, then run again',
    },
    why,
  )
}

/** Writes a document that must not be there yet; false when one is. */
export function createDocument(store: Store, key: string, document: object): Promise<boolean> {
  return store.objects.create(key, serialize(document))
}

/**
 * Changes a document by compare-and-swap, again and again until nobody came between. `change` returns undefined to
 * leave it alone; `first` is the document to start from when there is none.
 */
export async function changeDocument<T extends object>(
  store: Store,
  key: string,
  document: { readonly schema: z.ZodType<T>; readonly first?: T },
  change: (current: T) => T | undefined,
): Promise<Versioned<T>> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const current = await readDocument(store, key, document.schema)
    const from = current?.value ?? document.first
    if (from === undefined) throw malformed(store, key, 'it is not there')
    const next = change(from)
    if (next === undefined && current) return current
    const text = serialize(next ?? from)
    const written = current
      ? await store.objects.replace(key, text, current.etag)
      : await store.objects.create(key, text)
    if (written) return { value: next ?? from, etag: '' }
  }
  throw malformed(store, key, 'it was changed by others twenty times in a row')
}

export const serialize = (document: object) => `${JSON.stringify(document, null, 2)}\n`

/** The envelope of a new document of this store. */
export function envelope(store: Store) {
  const { environment, account, region } = store
  return { version: 1 as const, environment, account, region }
}

export async function readPoint(store: Store, id: string): Promise<Point | undefined> {
  return (await readDocument(store, keys.document(id), pointSchema))?.value
}

export async function changePoint(
  store: Store,
  id: string,
  change: (point: Point) => Point | undefined,
): Promise<Point> {
  return (await changeDocument(store, keys.document(id), { schema: pointSchema }, change)).value
}

export async function readRecord(store: Store, id: string): Promise<Record | undefined> {
  return (await readDocument(store, keys.document(id), recordSchema))?.value
}

export async function changeRecord(
  store: Store,
  id: string,
  change: (record: Record) => Record | undefined,
): Promise<Record> {
  return (await changeDocument(store, keys.document(id), { schema: recordSchema }, change)).value
}

export async function readPin(store: Store, sha: string): Promise<Pin | undefined> {
  return (await readDocument(store, keys.pin(store.environment, sha), pinSchema))?.value
}

/** The environment's few facts; empty ones when nothing was ever written. */
export async function readEnvironment(store: Store): Promise<EnvironmentState> {
  const found = await readDocument(store, keys.environment(store.environment), environmentSchema)
  return found?.value ?? newEnvironment(store)
}

export async function changeEnvironment(
  store: Store,
  change: (state: EnvironmentState) => EnvironmentState | undefined,
): Promise<EnvironmentState> {
  const document = { schema: environmentSchema, first: newEnvironment(store) }
  return (await changeDocument(store, keys.environment(store.environment), document, change)).value
}

const newEnvironment = (store: Store): EnvironmentState => ({
  kind: 'environment',
  ...envelope(store),
})

/**
 * The last verified point of the environment; none when its deployment was rolled back since, because until another is
 * verified the environment still names it.
 */
export async function readVerified(store: Store): Promise<Point | undefined> {
  const { verified } = await readEnvironment(store)
  if (verified === undefined) return undefined
  const before = await readPoint(store, beforeId(deploymentOf(verified)))
  return before?.deployment?.state === 'rolled-back' ? undefined : readPoint(store, verified)
}

/** The ids of all points of the environment, newest run last. */
export async function listPoints(store: Store): Promise<readonly string[]> {
  const found = await store.objects.list(`${store.environment}/`)
  return found.map((key) => key.replace(/\.json$/, '')).filter(isPointId)
}
