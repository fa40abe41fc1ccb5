import { inLanes } from '#core'
import type { Lease, Record } from './documents.ts'
import { recordSchema } from './documents.ts'
import { isRecordId, keys, recordId } from './ids.ts'
import {
  changeEnvironment,
  changeRecord,
  createDocument,
  envelope,
  readEnvironment,
  readRecord,
  type Store,
} from './store.ts'

const inParallel = inLanes(16)

/** What a new record starts with; everything else is filled as the rollback goes on. */
export type Draft = Pick<
  Record,
  | 'undone'
  | 'from'
  | 'to'
  | 'profile'
  | 'planId'
  | 'consent'
  | 'reason'
  | 'actor'
  | 'trigger'
  | 'repository'
  | 'openedAt'
  | 'runs'
  | 'only'
> &
  Partial<Pick<Record, 'moments' | 'impact'>>

export type Opened =
  | { readonly is: 'opened' | 'resumed'; readonly record: Record }
  | { readonly is: 'other'; readonly open: string }

/**
 * Opens the record of a rollback, or goes on with the one that is open for the same deployment. The environment's
 * pointer is written first, so that a kill in between leaves a name that the next run completes. `lease` proves that
 * the caller may.
 */
export async function openRecord(store: Store, lease: Lease, draft: Draft): Promise<Opened> {
  if (lease.owner !== 'rollback' || lease.deployment !== draft.undone) {
    throw new Error(`the lease is for ${lease.deployment}, not for the rollback of ${draft.undone}`)
  }
  const n = await nextNumber(store, draft.undone)
  const id = recordId(draft.undone, n)
  const left = await leftBehind(store)
  const state = await changeEnvironment(store, (current) =>
    current.open === undefined || current.open === left ? { ...current, open: id } : undefined,
  )
  if (state.open !== id) return { is: 'other', open: state.open ?? '' }
  const record: Record = recordSchema.parse({
    kind: 'record',
    ...envelope(store),
    id,
    ...draft,
    state: 'open',
    journal: [],
    parts: {},
  })
  if (await createDocument(store, keys.document(id), record)) return { is: 'opened', record }
  const resumed = await changeRecord(store, id, (current) => ({
    ...current,
    consent: draft.consent === 'given' ? 'given' : current.consent,
    runs: [...current.runs, ...draft.runs],
  }))
  return { is: 'resumed', record: resumed }
}

/**
 * The name of a closed record that the environment still calls open, because the run that closed it was killed in between;
 * undefined otherwise. Such a name stands for nothing: it refuses no deploy and no rollback.
 */
export async function leftBehind(store: Store): Promise<string | undefined> {
  const { open } = await readEnvironment(store)
  const record = open === undefined ? undefined : await readRecord(store, open)
  return record?.state === 'closed' ? record.id : undefined
}

/** The number of the open record of a deployment, or one more than the last closed one. */
async function nextNumber(store: Store, undone: string): Promise<number> {
  const found = await store.objects.list(`${undone}/rollback-`)
  const last = found.length
  if (last === 0) return 1
  const record = await readRecord(store, recordId(undone, last))
  return record?.state === 'closed' ? last + 1 : last
}

/** Closes a record, then frees the environment. A re-run finishes what a killed one began. */
export async function closeRecord(
  store: Store,
  id: string,
  end: Required<Pick<Record, 'outcome' | 'closedAt' | 'closedBy' | 'closedWhy'>>,
): Promise<Record> {
  const closed = await changeRecord(store, id, (current) =>
    current.state === 'closed' ? undefined : { ...current, ...end, state: 'closed' },
  )
  await freeEnvironment(store, id)
  return closed
}

/** Takes the name of a closed record out of the environment; another one stays. */
export async function freeEnvironment(store: Store, id: string): Promise<void> {
  await changeEnvironment(store, (state) => {
    if (state.open !== id) return undefined
    const { open: _closed, ...rest } = state
    return rest
  })
}

/** The ids of all records of the environment. */
export async function recordIds(store: Store): Promise<readonly string[]> {
  const found = await store.objects.list(`${store.environment}/`)
  return found.map((key) => key.replace(/\.json$/, '')).filter(isRecordId)
}

/** The records of an environment for as long as one plan is made: listed once, and each read once. */
export interface Records {
  readonly all: () => Promise<readonly Record[]>
  /** The newest by run and number, at most twenty: what they say of duration is recent. */
  readonly latest: () => Promise<readonly Record[]>
}

/** Reads records when they are first asked for. */
export function recordsOf(store: Store): Records {
  let listed: Promise<readonly string[]> | undefined
  const known = new Map<string, Promise<Record | undefined>>()
  const read = (id: string) => {
    const found = known.get(id) ?? readRecord(store, id)
    known.set(id, found)
    return found
  }
  const newest = async (most: number): Promise<readonly Record[]> => {
    listed ??= recordIds(store)
    const ids = (await listed)
      .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .slice(0, most)
    return (await inParallel(ids, read)).filter((record) => record !== undefined)
  }
  return { all: () => newest(Number.POSITIVE_INFINITY), latest: () => newest(20) }
}
