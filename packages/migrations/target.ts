import type { Run } from '#core'
import {
  beforeId,
  deploymentId,
  deploymentsSince,
  findDestination,
  type LedgerState,
  type PendingMigration,
  type Point,
  type Record,
  readPoint,
  readRecord,
  type Store,
} from '#store'
import type { BackSettings } from './revert-settings.ts'

/** Where a revert goes: the ledger to reach, and what is known of the migrations applied since. */
export interface Target {
  readonly is: 'target'
  /** Undefined where a reviewed file alone says what goes: then no schema can be compared. */
  readonly destination: LedgerState | undefined
  /** Judged files by version: those of the undone deployment, and of the destination for what was applied in between. */
  readonly known: ReadonlyMap<string, PendingMigration>
  readonly record: Record | undefined
  readonly why: string
}

/** There is nowhere to go, or nothing to do there. */
interface NoTarget {
  readonly is: 'none' | 'unchanged'
  readonly why: string
  readonly next: readonly string[]
}

const none = (why: string, ...next: readonly string[]): NoTarget => ({ is: 'none', why, next })

/** Finds the ledger to go back to: the record's destination, or the one that `to` names. */
export async function findTarget(
  run: Run,
  settings: BackSettings,
  store: Store | undefined,
): Promise<Target | NoTarget> {
  if (store === undefined) return withoutStore(settings)
  if (settings.record !== undefined) return ofRecord(store, settings.record)
  const own = deploymentId(store.environment, run.identity.runId)
  const found = await findDestination(store, settings.to, own)
  if (found.is === 'none') return none(found.why, 'name a restore point in to:')
  const before = await readPoint(store, beforeId(own))
  return targetOf(found.point, before ? [before] : [], { why: found.why })
}

function withoutStore({ to, reviewed }: BackSettings): Target | NoTarget {
  if (reviewed !== undefined) {
    const why = `${reviewed} says what is reverted; no store is named, so the schema is not compared`
    return { is: 'target', destination: undefined, known: new Map(), record: undefined, why }
  }
  return none(
    `to: ${to} is a restore point, and no store is named`,
    'give the input environment with store or a configuration file, or a reviewed file',
  )
}

async function ofRecord(store: Store, id: string): Promise<Target | NoTarget> {
  const record = await readRecord(store, id)
  if (!record) return none(`there is no record ${id}`, 'give the id of an open record')
  if (record.profile === 'A') {
    const why = `the rollback ${id} leaves the schema as it is (profile A)`
    return { is: 'unchanged', why, next: [] }
  }
  if (record.profile === 'C') {
    const why = `the rollback ${id} takes schema and data from the snapshot (profile C)`
    return { is: 'unchanged', why, next: [] }
  }
  const point = await readPoint(store, record.to)
  if (!point) {
    return none(
      `the destination of ${id}, ${record.to}, is not in the store`,
      'look at the versions of that object in the bucket',
    )
  }
  const why = `${record.to} is the destination of ${id}`
  const before = await readPoint(store, beforeId(record.undone))
  // An older destination may have several deployments behind it, each with the files of its own migrations.
  const between = point.id === before?.id ? [] : await deploymentsSince(store, point)
  return targetOf(point, [...between.toReversed(), ...(before ? [before] : [])], { why, record })
}

function targetOf(
  point: Point,
  /** Points with judged files, oldest first: the newest judgement of a version counts. */
  others: readonly Point[],
  { why, record }: { readonly why: string; readonly record?: Record },
): Target | NoTarget {
  const destination = point.components.migrations
  if (!destination) {
    return none(
      `${point.id} has no ledger: it was taken before migrations were configured`,
      'name another restore point in to:, or undo the migrations by hand; the next restore point will have the ledger',
    )
  }
  const ledgers = [destination, ...others.map(({ components }) => components.migrations)]
  const files = ledgers.flatMap((one) => one?.pending ?? [])
  const known = new Map(files.map((file) => [file.version, file]))
  return { is: 'target', destination, known, record, why }
}
