import type { Run } from '#core'
import { beforeId, type Point, type Record, readPoint, readRecord, type Store } from '#store'
import type { RdsClients } from './client.ts'
import { type ConnectionSecret, readConnection } from './connection.ts'
import { chooseInstance, isAt } from './find.ts'
import { rollbackName, snapshotName } from './names.ts'
import { observeInstances, observeSnapshot, observeSnapshotsOf } from './observe.ts'
import type { RestoreSettings } from './settings.ts'
import { type Instance, isBroken, type Snapshot, tagNames } from './state.ts'

/** What mode restore needs beside the run. */
export interface RestoreJob {
  readonly clients: RdsClients
  readonly store: Store | undefined
  readonly settings: RestoreSettings
  /** Reads the versions in the ledger of a database; undefined when no migrations are named. */
  readonly applied: AppliedReader | undefined
}

/** The versions in the ledger of migrations; the kind migrations has one, which the action's wiring passes on. */
export type AppliedReader = (
  database: ReturnType<RdsClients['database']>,
) => Promise<readonly string[]>

/** What the store says about this rollback; both undefined without a store. */
export interface Written {
  readonly record: Record | undefined
  /** The restore point from before the deployment that is undone. */
  readonly point: Point | undefined
}

/** Reads the record and the restore point that it undoes. */
export async function readWritten(job: RestoreJob): Promise<Written> {
  const { store, settings } = job
  if (!store || settings.record === undefined) return { record: undefined, point: undefined }
  const record = await readRecord(store, settings.record)
  return { record, point: record && (await readPoint(store, beforeId(record.undone))) }
}

/** Everything a restore acts on, found again by tag, journal and secret: the same at the first run and at each repeat. */
export interface Scene {
  /** The tag value by which what this rollback makes is known. */
  readonly owner: string
  readonly snapshot: Snapshot
  /** The instance that served when the rollback began, whose settings are carried over. */
  readonly source: Instance
  /** What this rollback restored already. */
  readonly restored: Instance | undefined
  readonly secret: ConnectionSecret
  /** The identifier that the safety snapshot has or will get. */
  readonly safety: string
  /** The identifier that the restored instance has or will get. */
  readonly target: string
  /** Identifiers that belong to others. */
  readonly taken: ReadonlySet<string>
}

/** A scene, or why the restore may not begin. */
export type Found =
  | { readonly is: 'scene'; readonly scene: Scene }
  | { readonly is: 'refused'; readonly why: string }

/** Looks at everything once. Read-only; throws `CallError`. */
export async function findScene(run: Run, job: RestoreJob, written: Written): Promise<Found> {
  const wanted = wantedSnapshot(job, written)
  if ('why' in wanted) return refuse(wanted.why)
  const snapshot = await observeSnapshot(job.clients.rds, wanted.id)
  if (snapshot?.status !== 'available') {
    return refuse(`the snapshot ${wanted.id} is ${snapshot?.status ?? 'not there'}`)
  }
  if (wanted.resourceId !== undefined && wanted.resourceId !== snapshot.resourceId) {
    return refuse(
      `the snapshot ${wanted.id} is of ${snapshot.resourceId}, not of ${wanted.resourceId}`,
    )
  }
  const secret = await readConnection(run, job.clients.secrets, job.settings.connection)
  const instances = await observeInstances(job.clients.rds)
  const owner = job.settings.record ?? `run/${run.identity.runId}`
  // One that came to nothing is left alone: the restore begins again under another name.
  const restored = instances.find(
    ({ tags, status }) => tags[tagNames.record] === owner && !isBroken(status),
  )
  const source = findSource(instances, { restored, secret, snapshot })
  if (typeof source === 'string') return refuse(source)
  const names = await chooseNames(run, job, { owner, source, restored, instances })
  return { is: 'scene', scene: { owner, snapshot, source, restored, secret, ...names } }
}

const refuse = (why: string): Found => ({ is: 'refused', why })

function wantedSnapshot(
  { settings }: RestoreJob,
  { record, point }: Written,
): { readonly id: string; readonly resourceId?: string } | { readonly why: string } {
  if (settings.record === undefined) return { id: settings.snapshot ?? '' }
  const snapshot = point?.deployment?.snapshot
  if (snapshot?.status === 'available') return { id: snapshot.id, resourceId: snapshot.resourceId }
  const undone = record?.undone ?? settings.record
  return {
    why: `the deployment ${undone} took no snapshot that is available (${snapshot?.status ?? 'none'})`,
  }
}

/** The source: written on what was restored already; at first the instance to which the connection leads. */
function findSource(
  instances: readonly Instance[],
  known: {
    readonly restored: Instance | undefined
    readonly secret: ConnectionSecret
    readonly snapshot: Snapshot
  },
): Instance | string {
  const { restored, secret, snapshot } = known
  if (restored) {
    const id = restored.tags[tagNames.instance]
    const source = instances.find((instance) => instance.id === id)
    return source ?? `${restored.id} was restored, but the database ${id} that it replaces is gone`
  }
  const current = chooseInstance(instances, secret.connection)
  if (typeof current === 'string') return `${secret.secret}: ${current}`
  const same = [current.resourceId, current.tags[tagNames.resource]].includes(snapshot.resourceId)
  if (same) return current
  return `the connection leads to ${current.id} (${current.resourceId}), and the snapshot ${snapshot.id} is of another database (${snapshot.resourceId})`
}

/** Names that were written down or exist come first, so that a repeat makes nothing twice. */
async function chooseNames(
  run: Run,
  job: RestoreJob,
  known: {
    readonly owner: string
    readonly source: Instance
    readonly restored: Instance | undefined
    readonly instances: readonly Instance[]
  },
): Promise<Pick<Scene, 'safety' | 'target' | 'taken'>> {
  const { owner, source, restored, instances } = known
  const taken = new Set(instances.filter((one) => one !== restored).map(({ id }) => id))
  const now = run.clock.now()
  const noted = notedIn(run)
  const intended = noted.target !== undefined && !taken.has(noted.target) ? noted.target : undefined
  const tagged = noted.safety === undefined ? await findSafety(job, { owner, source }) : undefined
  return {
    safety: noted.safety ?? tagged ?? snapshotName('pre-rollback', now),
    target: restored?.id ?? intended ?? rollbackName(source.id, taken, now),
    taken,
  }
}

async function findSafety(job: RestoreJob, { owner, source }: { owner: string; source: Instance }) {
  const all = await observeSnapshotsOf(job.clients.rds, source.id)
  const own = all.find(
    ({ id, tags }) => tags[tagNames.record] === owner && id.startsWith('pre-rollback-'),
  )
  return own?.id
}

/** The newest names that this rollback wrote into its journal. */
function notedIn(run: Run): {
  readonly safety: string | undefined
  readonly target: string | undefined
} {
  const own = run.journal.entries().filter(({ component }) => component === 'rds')
  const last = (operation: string) => own.findLast((entry) => entry.operation === operation)
  const detail = last('create-snapshot')?.detail as { readonly snapshot?: string } | undefined
  return { safety: detail?.snapshot, target: last('restore-instance')?.on }
}

/** Tells whether the connection leads to an instance now. */
export const leadsTo = (secret: ConnectionSecret, instance: Instance): boolean =>
  isAt(instance, secret.connection)
