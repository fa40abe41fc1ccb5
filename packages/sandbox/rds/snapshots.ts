import type {
  CopyDBSnapshotMessage,
  CreateDBSnapshotMessage,
  DescribeDBSnapshotsMessage,
  Tag,
} from '@aws-sdk/client-rds'
import {
  snapshotExists,
  snapshotNotFound,
  snapshotQuotaExceeded,
  wrongInstanceState,
  wrongSnapshotState,
} from './errors.ts'
import { instanceNamed } from './instances.ts'
import { arnOf, nameIn, newName } from './names.ts'
import { type Filters, filtered, page } from './pages.ts'
import { snapshotShape } from './shapes.ts'
import { newTags } from './tags.ts'
import {
  after,
  type Instance,
  isAlive,
  type Knobs,
  now,
  type Place,
  SECONDS,
  type Snapshot,
  tell,
  underway,
} from './world.ts'

/** The snapshot of a name or ARN. Throws DBSnapshotNotFound. */
export function snapshotNamed(place: Place, value: string): Snapshot {
  const name = nameIn(place, 'snapshot', value)
  const found = name === undefined ? undefined : place.snapshots.get(name)
  if (!found) throw snapshotNotFound(value)
  return found
}

/** How many manual snapshots there are, of any status. */
export const manualSnapshots = ({ snapshots }: Place) =>
  [...snapshots.values()].filter(({ type }) => type === 'manual').length

/** Checks the name of a new manual snapshot and that there may be one more. Throws AWS's errors. */
export function newSnapshotName(place: Place, parameter: string, value: string): string {
  const name = newName(parameter, value, 255)
  if (place.snapshots.has(name)) throw snapshotExists(name)
  const max = place.knobs.manualSnapshots
  if (manualSnapshots(place) >= max) throw snapshotQuotaExceeded(max)
  return name
}

let copies = 0

/** A snapshot in its first moment, known to the place from now on. */
export function addSnapshot(
  place: Place,
  instance: Instance,
  given: Pick<Snapshot, 'identifier' | 'type' | 'tags'>,
): Snapshot {
  const snapshot: Snapshot = {
    ...given,
    instance: instance.identifier,
    resourceId: instance.resourceId,
    instanceCreateTime: instance.createTime,
    settings: structuredClone(instance.settings),
    instanceTags: instance.tags,
    copy: `${instance.resourceId}-${++copies}`,
    status: 'creating',
    progress: 0,
    databaseTime: undefined,
    copiedAt: undefined,
    createTime: undefined,
    originalCreateTime: undefined,
  }
  place.snapshots.set(snapshot.identifier, snapshot)
  return snapshot
}

/**
 * Copies the data now. The copy is of a moment between its beginning and its end; the database time is the beginning, so
 * that nothing from before it is missing.
 */
export async function copyData(place: Place, instance: Instance, snapshot: Snapshot) {
  const began = now(place)
  await place.world.data.snapshot(instance.resourceId, snapshot.copy)
  snapshot.databaseTime = began
  snapshot.copiedAt = now(place)
}

/** Ends a snapshot once its copy is there: `available`, or `failed` when the copying failed. */
export async function finish(place: Place, snapshot: Snapshot, copying: Promise<void>) {
  try {
    await copying
    Object.assign(snapshot, { status: 'available', progress: 100 })
    snapshot.createTime = now(place)
    snapshot.originalCreateTime ??= snapshot.createTime
  } catch (error) {
    snapshot.status = 'failed'
    place.world.ground.log(`rds: snapshot ${snapshot.identifier} failed: ${error}`)
  }
}

function tellOf(place: Place, { identifier, status }: Snapshot) {
  const source = {
    type: 'db-snapshot',
    identifier,
    arn: arnOf(place, 'snapshot', identifier),
  } as const
  const message =
    status === 'creating'
      ? 'Creating manual snapshot'
      : status === 'available'
        ? 'Manual snapshot created'
        : 'Manual snapshot failed'
  tell(place, source, [message, status === 'failed' ? 'notification' : 'creation'])
}

function showProgress(place: Place, snapshot: Snapshot) {
  for (const percent of [25, 50, 75]) {
    after(place, (SECONDS.snapshot * percent) / 100, () => {
      if (snapshot.status === 'creating') snapshot.progress = percent
    })
  }
}

/**
 * Takes a manual snapshot in the background. The data is copied some seconds after the call, as on AWS: what is
 * written right after the call may or may not be in it. A single-AZ instance shows `backing-up` meanwhile.
 */
export function takeManual(
  place: Place,
  instance: Instance,
  snapshot: Snapshot,
  fate: Knobs['nextSnapshot'] = 'works',
): void {
  const isShown = !instance.settings.MultiAZ && instance.status === 'available'
  tellOf(place, snapshot)
  showProgress(place, snapshot)
  let copying: Promise<void> = Promise.resolve()
  after(place, SECONDS.snapshotBegins, () => {
    if (isShown && instance.status === 'available') instance.status = 'backing-up'
    copying = underway(
      fate === 'fails' ? Promise.reject('as asked') : copyData(place, instance, snapshot),
    )
  })
  after(place, SECONDS.snapshot, async () => {
    if (fate === 'hangs') return
    await finish(place, snapshot, copying)
    tellOf(place, snapshot)
    if (isShown && instance.status === 'backing-up') instance.status = 'available'
  })
}

/** Tags of a new snapshot: the given ones, and the instance's where it copies them. */
function snapshotTags(instance: Instance, given: readonly Tag[] | undefined): readonly Tag[] {
  const inherited = instance.settings.CopyTagsToSnapshot ? instance.tags : []
  const own = newTags(given) ?? []
  return [...inherited.filter(({ Key }) => own.every((tag) => tag.Key !== Key)), ...own]
}

/** Adds the record of a manual snapshot, for `takeManual` to fill. */
export function addManual(
  place: Place,
  instance: Instance,
  { identifier, tags }: { identifier: string; tags?: readonly Tag[] | undefined },
): Snapshot {
  return addSnapshot(place, instance, {
    identifier,
    type: 'manual',
    tags: snapshotTags(instance, tags),
  })
}

/** CreateDBSnapshot. Throws DBInstanceNotFound, InvalidDBInstanceState, DBSnapshotAlreadyExists, SnapshotQuotaExceeded. */
export function createSnapshot(place: Place, input: CreateDBSnapshotMessage) {
  const { DBInstanceIdentifier = '', DBSnapshotIdentifier = '', Tags } = input
  const instance = instanceNamed(place, DBInstanceIdentifier)
  const identifier = newSnapshotName(place, 'DBSnapshotIdentifier', DBSnapshotIdentifier)
  if (!['available', 'storage-optimization'].includes(instance.status)) {
    throw wrongInstanceState(
      `Cannot create a snapshot because the database instance ${instance.identifier} is not currently in the available state.`,
    )
  }
  const snapshot = addManual(place, instance, { identifier, tags: Tags })
  takeManual(place, instance, snapshot, place.knobs.nextSnapshot)
  place.knobs.nextSnapshot = 'works'
  return { DBSnapshot: snapshotShape(place, snapshot) }
}

const FILTERS: Filters<Snapshot> = {
  'db-instance-id': ({ instance }) => [instance],
  'db-snapshot-id': ({ identifier }) => [identifier],
  'dbi-resource-id': ({ resourceId }) => [resourceId],
  'snapshot-type': ({ type }) => [type],
  engine: ({ settings }) => [settings.Engine],
}

/** DescribeDBSnapshots, in the order of their names. Throws DBSnapshotNotFound for a name that is not there. */
export function describeSnapshots(place: Place, input: DescribeDBSnapshotsMessage) {
  const { DBSnapshotIdentifier, DBInstanceIdentifier, SnapshotType, DbiResourceId } = input
  const named = DBSnapshotIdentifier ? [snapshotNamed(place, DBSnapshotIdentifier)] : undefined
  const ofInstance = DBInstanceIdentifier && nameIn(place, 'db', DBInstanceIdentifier)
  const matching = filtered(named ?? place.snapshots.values(), input.Filters, FILTERS).filter(
    (one) =>
      (!ofInstance || one.instance === ofInstance) &&
      (!SnapshotType || one.type === SnapshotType) &&
      (!DbiResourceId || one.resourceId === DbiResourceId),
  )
  const key = ({ identifier }: Snapshot) => identifier
  const sorted = matching.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const { items, Marker } = page(sorted, input, key)
  return { DBSnapshots: items.map((one) => snapshotShape(place, one)), Marker }
}

/** Removes a snapshot and, when no other has it, its data. */
export async function dropSnapshot(place: Place, snapshot: Snapshot): Promise<void> {
  place.snapshots.delete(snapshot.identifier)
  const isShared = [...place.snapshots.values()].some(({ copy }) => copy === snapshot.copy)
  if (!isShared) await place.world.data.forget(snapshot.copy)
}

/** DeleteDBSnapshot. Throws DBSnapshotNotFound, InvalidDBSnapshotState. */
export async function deleteSnapshot(place: Place, input: { DBSnapshotIdentifier: string }) {
  const snapshot = snapshotNamed(place, input.DBSnapshotIdentifier)
  if (snapshot.type === 'automated') {
    throw wrongSnapshotState('Automated snapshots cannot be deleted with DeleteDBSnapshot.')
  }
  if (!['available', 'failed'].includes(snapshot.status)) {
    throw wrongSnapshotState(
      `Cannot delete the snapshot because it is not currently in the available or failed state.`,
    )
  }
  await dropSnapshot(place, snapshot)
  return { DBSnapshot: { ...snapshotShape(place, snapshot), Status: 'deleted' } }
}

/** CopyDBSnapshot within the account and region. Both snapshots share the data, which never changes. */
export function copySnapshot(place: Place, input: CopyDBSnapshotMessage) {
  const source = snapshotNamed(place, input.SourceDBSnapshotIdentifier ?? '')
  if (source.status !== 'available') {
    throw wrongSnapshotState('The source snapshot is not in the available state.')
  }
  const target = input.TargetDBSnapshotIdentifier ?? ''
  const copied: Snapshot = {
    ...source,
    identifier: newSnapshotName(place, 'TargetDBSnapshotIdentifier', target),
    type: 'manual',
    tags: newTags(input.Tags) ?? (input.CopyTags ? source.tags : []),
    settings: {
      ...source.settings,
      ...(input.KmsKeyId && { StorageEncrypted: true, KmsKeyId: input.KmsKeyId }),
    },
    source: arnOf(place, 'snapshot', source.identifier),
    status: 'creating',
    progress: 0,
    createTime: undefined,
  }
  place.snapshots.set(copied.identifier, copied)
  showProgress(place, copied)
  after(place, SECONDS.snapshot, () => finish(place, copied, Promise.resolve()))
  return { DBSnapshot: snapshotShape(place, copied) }
}

/** Takes the automated snapshot of a new instance, without which there is no recovery to a point in time. */
export function backUp(place: Place, instance: Instance): Promise<void> {
  const stamp = now(place).toISOString().slice(0, 16).replace('T', '-').replace(':', '-')
  const snapshot = addSnapshot(place, instance, {
    identifier: `rds:${instance.identifier}-${stamp}`,
    type: 'automated',
    tags: instance.settings.CopyTagsToSnapshot ? instance.tags : [],
  })
  const copying = underway(copyData(place, instance, snapshot))
  return finish(place, snapshot, copying).then(() => {
    if (snapshot.copiedAt && isAlive(place, instance)) {
      instance.latestRestorable = snapshot.copiedAt
    }
  })
}
