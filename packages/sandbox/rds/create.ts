import type {
  CreateDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds'
import type { Endpoint } from '../postgres/index.ts'
import { AwsError } from '../service.ts'
import { checkMasterName, checkPassword } from './engine.ts'
import {
  instanceExists,
  invalidCombination,
  invalidValue,
  noCapacity,
  wrongSnapshotState,
} from './errors.ts'
import { addInstance, instanceNamed, tellOf } from './instances.ts'
import { newName } from './names.ts'
import { createdSettings, restoredSettings } from './settings.ts'
import { instanceShape } from './shapes.ts'
import { backUp, snapshotNamed } from './snapshots.ts'
import { newTags } from './tags.ts'
import {
  after,
  type Instance,
  isAlive,
  type Place,
  SECONDS,
  type Snapshot,
  serverName,
  underway,
} from './world.ts'

/** Checks the name of a new instance. Throws InvalidParameterValue, DBInstanceAlreadyExists. */
export function newInstanceName(place: Place, parameter: string, value = ''): string {
  const name = newName(parameter, value, 63)
  if (place.instances.has(name)) throw instanceExists()
  return name
}

interface Arrival {
  readonly server: Promise<Endpoint>
  /** Nominal seconds until `available`. */
  readonly seconds: number
  /** The status when there is no server in the end. */
  readonly failed: 'failed' | 'incompatible-restore'
  readonly event: string
}

async function makeAvailable(place: Place, instance: Instance, backup: Promise<void> | undefined) {
  await backup
  if (!isAlive(place, instance)) return
  instance.status = 'available'
  if (backup) tellOf(place, instance, 'Finished DB Instance backup', 'backup')
}

/**
 * Brings a new instance up: `creating`; then, once its server answers, `backing-up` when it keeps automated
 * backups; then `available`.
 */
function bringUp(place: Place, instance: Instance, arrival: Arrival): void {
  after(place, arrival.seconds * 0.6, async () => {
    try {
      instance.endpoint = await arrival.server
    } catch (error) {
      place.world.ground.log(`rds: ${instance.identifier} has no server: ${error}`)
      if (isAlive(place, instance)) instance.status = arrival.failed
      return
    }
    if (!isAlive(place, instance)) return
    tellOf(place, instance, arrival.event, 'creation')
    let backup: Promise<void> | undefined
    if (instance.settings.BackupRetentionPeriod > 0) {
      instance.status = 'backing-up'
      tellOf(place, instance, 'Backing up DB instance', 'backup')
      backup = underway(backUp(place, instance))
    }
    after(place, arrival.seconds * 0.4, () => makeAvailable(place, instance, backup))
  })
}

/** CreateDBInstance. Throws DBInstanceAlreadyExists and AWS's errors about the input. */
export function createInstance(place: Place, input: CreateDBInstanceMessage) {
  const { MasterUsername, MasterUserPassword, ManageMasterUserPassword, DBClusterIdentifier } =
    input
  const identifier = newInstanceName(place, 'DBInstanceIdentifier', input.DBInstanceIdentifier)
  if (DBClusterIdentifier) throw invalidValue('The sandbox has no database clusters')
  if (ManageMasterUserPassword) {
    throw invalidCombination('The sandbox does not manage master passwords in Secrets Manager')
  }
  const required = (name: string) =>
    invalidValue(`The parameter ${name} must be provided and must not be blank.`)
  if (!MasterUsername) throw required('MasterUsername')
  if (!MasterUserPassword) throw required('MasterUserPassword')
  checkMasterName(MasterUsername)
  checkPassword(MasterUserPassword)
  const settings = createdSettings(place, input)
  const instance = addInstance(place, { identifier, settings, tags: newTags(input.Tags) ?? [] })
  const server = underway(
    place.world.data.create({
      id: instance.resourceId,
      name: serverName(place, identifier),
      master: { user: MasterUsername, password: MasterUserPassword },
      ...(input.DBName && { database: input.DBName }),
    }),
  )
  const event = 'DB instance created'
  bringUp(place, instance, { server, seconds: SECONDS.create, failed: 'failed', event })
  return { DBInstance: instanceShape(place, instance) }
}

/** Lets the test's wish for the next restore come true: once. */
function nextRestore({ knobs }: Place) {
  const wish = knobs.nextRestore
  knobs.nextRestore = 'works'
  if (wish === 'insufficient-capacity') throw noCapacity()
  return wish
}

/** RestoreDBInstanceFromDBSnapshot. Throws DBSnapshotNotFound, InvalidDBSnapshotState, DBInstanceAlreadyExists and AWS's errors about the input. */
export function restoreFromSnapshot(place: Place, input: RestoreDBInstanceFromDBSnapshotMessage) {
  const snapshot = snapshotNamed(place, input.DBSnapshotIdentifier ?? '')
  const identifier = newInstanceName(place, 'DBInstanceIdentifier', input.DBInstanceIdentifier)
  if (snapshot.status !== 'available') {
    throw wrongSnapshotState(
      `DB snapshot ${snapshot.identifier} is not currently in the available state.`,
    )
  }
  if (input.ManageMasterUserPassword) {
    throw invalidCombination(
      'ManageMasterUserPassword is not supported for engine postgres on restore.',
    )
  }
  const settings = restoredSettings(place, input, snapshot.settings)
  const wish = nextRestore(place)
  const tags = newTags(input.Tags) ?? snapshot.instanceTags
  const instance = addInstance(place, { identifier, settings, tags })
  const name = { id: instance.resourceId, name: serverName(place, identifier) }
  const server = underway(
    wish === 'works' ? place.world.data.restore(snapshot.copy, name) : Promise.reject(wish),
  )
  const event = `Restored from snapshot ${snapshot.identifier}`
  const failed = 'incompatible-restore'
  bringUp(place, instance, { server, seconds: SECONDS.restore, failed, event })
  return { DBInstance: instanceShape(place, instance) }
}

/** The newest copy of an instance's data that was taken before `time`. */
function baseCopy(place: Place, instance: Instance, time: number): Snapshot {
  const base = [...place.snapshots.values()]
    .filter(
      ({ resourceId, status }) => resourceId === instance.resourceId && status === 'available',
    )
    .filter(({ copiedAt }) => copiedAt && copiedAt.getTime() <= time)
    .sort((a, b) => Number(a.copiedAt) - Number(b.copiedAt))
    .at(-1)
  if (!base) throw invalidValue('The specified time is before the earliest restorable time.')
  return base
}

/** The time to recover to, in milliseconds since the epoch. Throws PointInTimeRestoreNotEnabled, InvalidParameterValue. */
function recoveryTime(instance: Instance, input: RestoreDBInstanceToPointInTimeMessage): number {
  const latest = instance.latestRestorable?.getTime()
  if (instance.settings.BackupRetentionPeriod === 0 || latest === undefined) {
    throw new AwsError(
      'PointInTimeRestoreNotEnabled',
      `Point in time restore is not enabled for ${instance.identifier}.`,
    )
  }
  const { RestoreTime, UseLatestRestorableTime } = input
  if ((RestoreTime !== undefined) === (UseLatestRestorableTime === true)) {
    throw invalidCombination('Specify either RestoreTime or UseLatestRestorableTime.')
  }
  const time = RestoreTime?.getTime() ?? latest
  if (time > latest) {
    throw invalidValue('The specified time is after the latest restorable time.')
  }
  return time
}

/** RestoreDBInstanceToPointInTime. Throws DBInstanceNotFound, PointInTimeRestoreNotEnabled and AWS's errors about the input. */
export function restoreToTime(place: Place, input: RestoreDBInstanceToPointInTimeMessage) {
  const source = input.SourceDbiResourceId
    ? [...place.instances.values()].find((one) => one.resourceId === input.SourceDbiResourceId)
    : undefined
  const from = source ?? instanceNamed(place, input.SourceDBInstanceIdentifier ?? '')
  const identifier = newInstanceName(
    place,
    'TargetDBInstanceIdentifier',
    input.TargetDBInstanceIdentifier,
  )
  const time = recoveryTime(from, input)
  const base = baseCopy(place, from, time)
  const settings = restoredSettings(place, input, from.settings)
  const wish = nextRestore(place)
  const instance = addInstance(place, { identifier, settings, tags: newTags(input.Tags) ?? [] })
  const point = { copy: base.copy, source: from.resourceId, time }
  const name = { id: instance.resourceId, name: serverName(place, identifier) }
  const server = underway(
    wish === 'works' ? place.world.data.recover(point, name) : Promise.reject(wish),
  )
  const event = `Restored from DB instance ${from.identifier}`
  const failed = 'incompatible-restore'
  bringUp(place, instance, { server, seconds: SECONDS.restore, failed, event })
  return { DBInstance: instanceShape(place, instance) }
}
