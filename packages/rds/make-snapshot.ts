import { CreateDBSnapshotCommand } from '@aws-sdk/client-rds'
import { call, codeOf, isPassing } from '#aws'
import { messageOf, type Run, tolerant, until } from '#core'
import type { RdsClients } from './client.ts'
import { observeInstance, observeSnapshot } from './observe.ts'
import {
  asTags,
  type Instance,
  isBroken,
  isLostSnapshot,
  type Snapshot,
  type Tags,
  takesChanges,
} from './state.ts'

/** A snapshot that has to be there in the end: exactly one, whatever happens to calls and runs on the way. */
export interface WantedSnapshot {
  readonly id: string
  readonly source: Instance
  readonly tags: Tags
  /** The tag that proves that a snapshot of this name is ours. */
  readonly mark: string
  /** Milliseconds: the snapshot's data may not be older. */
  readonly since: number
}

/** How it ended. `taken`: somebody else's snapshot has the name. */
export type Made =
  | { readonly is: 'available'; readonly snapshot: Snapshot }
  | { readonly is: 'failed' | 'inconclusive'; readonly why: string }
  | { readonly is: 'taken' }

/**
 * Makes a snapshot, or finds the one that an earlier attempt made, waits until it is available and verifies it. The caller has
 * written the intent down before.
 */
export async function ensureSnapshot(
  run: Run,
  clients: RdsClients,
  wanted: WantedSnapshot,
): Promise<Made> {
  let found = await observeSnapshot(clients.rds, wanted.id)
  if (!found) {
    const begun = await create(run, clients, wanted)
    if (begun) return begun
    found = await observeSnapshot(clients.rds, wanted.id)
  }
  if (found && !isOurs(found, wanted)) return { is: 'taken' }
  const ended = await waitFor(run, clients, wanted)
  if (ended.is === 'timeout') {
    return { is: 'inconclusive', why: `time ran out; snapshot ${wanted.id} was last ${ended.seen}` }
  }
  const wrong = snapshotFaults(ended.value, wanted)
  if (wrong.length > 0) return { is: 'failed', why: wrong.join('; ') }
  return { is: 'available', snapshot: ended.value }
}

const isOurs = ({ tags, resourceId }: Snapshot, { mark, tags: own, source }: WantedSnapshot) =>
  asTags({ [mark]: own[mark] ?? '' })[0]?.Value === tags[mark] && resourceId === source.resourceId

async function create(
  run: Run,
  clients: RdsClients,
  wanted: WantedSnapshot,
): Promise<Made | undefined> {
  const { id, source, tags } = wanted
  const ready = await untilSnapshottable(run, clients, source)
  if (ready) return ready
  try {
    await call(
      clients.rds,
      new CreateDBSnapshotCommand({
        DBSnapshotIdentifier: id,
        DBInstanceIdentifier: source.id,
        Tags: asTags(tags),
      }),
      `${id} of ${source.id}`,
    )
    return undefined
  } catch (thrown) {
    const code = codeOf(thrown)
    if (/^DBSnapshotAlreadyExists/.test(code)) return undefined
    if (/^SnapshotQuotaExceeded|^InvalidDBInstanceState/.test(code)) {
      return { is: 'failed', why: messageOf(thrown) }
    }
    throw thrown
  }
}

/** Waits out what passes by itself: a backup, a modification. */
async function untilSnapshottable(
  run: Run,
  clients: RdsClients,
  source: Instance,
): Promise<Made | undefined> {
  const ready = await until<Made | undefined>(run, {
    what: `database ${source.id}`,
    look: tolerant(async () => {
      const status = (await observeInstance(clients.rds, source.id))?.status ?? 'gone'
      if (takesChanges(status)) return { is: 'found', value: undefined }
      if (status !== 'gone' && !isBroken(status)) return { is: 'waiting', seen: status }
      const why = `the database ${source.id} is ${status}: no snapshot of it can be taken`
      return { is: 'found', value: { is: 'failed', why } }
    }, isPassing),
  })
  if (ready.is === 'found') return ready.value
  return {
    is: 'inconclusive',
    why: `time ran out; the database ${source.id} was last ${ready.seen}`,
  }
}

/** A new snapshot may be missing from the first answers: RDS is eventually consistent. Milliseconds. */
const grace = 120_000

function waitFor(run: Run, { rds }: RdsClients, { id }: WantedSnapshot) {
  const started = run.clock.now()
  return until<Snapshot>(run, {
    what: `snapshot ${id}`,
    look: tolerant(async () => {
      const snapshot = await observeSnapshot(rds, id)
      if (!snapshot) {
        if (run.clock.now() - started < grace) return { is: 'waiting', seen: 'not there yet' }
        return { is: 'found', value: lost(id) }
      }
      const ended = snapshot.status === 'available' || isLostSnapshot(snapshot.status)
      if (ended) return { is: 'found', value: snapshot }
      return { is: 'waiting', seen: `${snapshot.status}, ${snapshot.percent} %` }
    }, isPassing),
  })
}

const lost = (id: string): Snapshot => ({
  id,
  instance: '',
  resourceId: '',
  status: 'deleted',
  percent: 0,
  engine: '',
  engineVersion: '',
  allocatedStorage: 0,
  encrypted: false,
  kmsKey: undefined,
  takenAt: undefined,
  tags: {},
})

/** The clock of the runner and the one of RDS may differ by so much, milliseconds. */
const skew = 120_000

/** What is wrong with a snapshot that ended: nothing when it can bring this database back. Pure. */
export function snapshotFaults(
  snapshot: Snapshot,
  { source, since }: Pick<WantedSnapshot, 'source' | 'since'>,
): readonly string[] {
  const { id, status, percent } = snapshot
  if (status !== 'available') return [`snapshot ${id} is ${status}`]
  const differs = (what: string, is: unknown, should: unknown) =>
    is === should ? [] : [`snapshot ${id} has another ${what} than ${source.id}`]
  return [
    ...(percent === 100 ? [] : [`snapshot ${id} is at ${percent} %`]),
    ...differs('resource id', snapshot.resourceId, source.resourceId),
    ...differs('engine', snapshot.engine, source.engine),
    ...differs('engine version', snapshot.engineVersion, source.engineVersion),
    ...differs('size', snapshot.allocatedStorage, source.allocatedStorage),
    ...differs('encryption', snapshot.encrypted, source.encrypted),
    ...differs('key', snapshot.kmsKey, source.kmsKey),
    ...(snapshot.takenAt !== undefined && snapshot.takenAt >= since - skew
      ? []
      : [`snapshot ${id} is older than this step`]),
  ]
}
