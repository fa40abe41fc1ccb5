import type {
  AddRoleToDBInstanceMessage,
  DeleteDBInstanceMessage,
  RebootDBInstanceMessage,
  RemoveRoleFromDBInstanceMessage,
  StopDBInstanceMessage,
} from '@aws-sdk/client-rds'
import { AwsError } from '../service.ts'
import { invalidCombination, wrongInstanceState } from './errors.ts'
import { instanceNamed, tellOf } from './instances.ts'
import { instanceShape } from './shapes.ts'
import { addManual, dropSnapshot, newSnapshotName, takeManual } from './snapshots.ts'
import { after, type Instance, isAlive, type Place, SECONDS, underway } from './world.ts'

/** Checks that an instance is `available`. Throws InvalidDBInstanceState. */
export function mustBeAvailable(instance: Instance): void {
  if (instance.status !== 'available') {
    throw wrongInstanceState(`Instance ${instance.identifier} is not in available state.`)
  }
}

/** Sets a status, waits the nominal time and for the work, then goes to the next status, or to `failed` with the work. */
function pass(
  place: Place,
  instance: Instance,
  step: { during: string; seconds: number; work: Promise<unknown>; then: () => void },
): void {
  instance.status = step.during
  after(place, step.seconds, async () => {
    try {
      await step.work
    } catch (error) {
      place.world.ground.log(`rds: ${instance.identifier} failed while ${step.during}: ${error}`)
      if (isAlive(place, instance)) instance.status = 'failed'
      return
    }
    if (isAlive(place, instance)) step.then()
  })
}

/** Stops and starts the server, under `rebooting`; what waits for a reboot applies. */
export function reboot(place: Place, instance: Instance): void {
  const { data } = place.world
  const id = instance.resourceId
  const work = underway(data.stop(id).then(() => data.start(id)))
  const then = () => {
    instance.status = 'available'
    instance.parameterStatus = 'in-sync'
    tellOf(place, instance, 'DB instance restarted', 'availability')
  }
  pass(place, instance, { during: 'rebooting', seconds: SECONDS.reboot, work, then })
}

/** RebootDBInstance. Throws DBInstanceNotFound, InvalidDBInstanceState. */
export function rebootInstance(place: Place, input: RebootDBInstanceMessage) {
  const instance = instanceNamed(place, input.DBInstanceIdentifier ?? '')
  mustBeAvailable(instance)
  if (input.ForceFailover && !instance.settings.MultiAZ) {
    throw invalidCombination('ForceFailover cannot be specified when the instance is not Multi-AZ')
  }
  reboot(place, instance)
  return { DBInstance: instanceShape(place, instance) }
}

/** StopDBInstance, with a snapshot first if one is named. Throws DBInstanceNotFound, InvalidDBInstanceState. */
export function stopInstance(place: Place, input: StopDBInstanceMessage) {
  const instance = instanceNamed(place, input.DBInstanceIdentifier ?? '')
  mustBeAvailable(instance)
  if (input.DBSnapshotIdentifier) {
    const identifier = newSnapshotName(place, 'DBSnapshotIdentifier', input.DBSnapshotIdentifier)
    instance.status = 'stopping'
    takeManual(place, instance, addManual(place, instance, { identifier }))
  }
  instance.status = 'stopping'
  const seconds = SECONDS.stop + (input.DBSnapshotIdentifier ? SECONDS.snapshot : 0)
  after(place, seconds, async () => {
    await place.world.data.stop(instance.resourceId)
    if (!isAlive(place, instance)) return
    instance.status = 'stopped'
    tellOf(place, instance, 'DB instance stopped', 'notification')
  })
  return { DBInstance: instanceShape(place, instance) }
}

/** StartDBInstance. Throws DBInstanceNotFound, InvalidDBInstanceState. */
export function startInstance(place: Place, input: { DBInstanceIdentifier?: string | undefined }) {
  const instance = instanceNamed(place, input.DBInstanceIdentifier ?? '')
  if (instance.status !== 'stopped') {
    throw wrongInstanceState(`Instance ${instance.identifier} is not stopped.`)
  }
  const starting = place.world.data.start(instance.resourceId).then((endpoint) => {
    instance.endpoint = endpoint
  })
  const then = () => {
    instance.status = 'available'
    instance.parameterStatus = 'in-sync'
    tellOf(place, instance, 'DB instance started', 'notification')
  }
  const work = underway(starting)
  pass(place, instance, { during: 'starting', seconds: SECONDS.start, work, then })
  return { DBInstance: instanceShape(place, instance) }
}

/** The name for the final snapshot, or undefined for none. Throws AWS's errors about the input and the state. */
function finalSnapshot(place: Place, instance: Instance, input: DeleteDBInstanceMessage) {
  const { SkipFinalSnapshot = false, FinalDBSnapshotIdentifier } = input
  if (SkipFinalSnapshot) {
    if (!FinalDBSnapshotIdentifier) return undefined
    throw invalidCombination(
      'FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true',
    )
  }
  if (!FinalDBSnapshotIdentifier) {
    throw invalidCombination(
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    )
  }
  const name = newSnapshotName(place, 'FinalDBSnapshotIdentifier', FinalDBSnapshotIdentifier)
  if (!['available', 'storage-optimization', 'stopped'].includes(instance.status)) {
    throw wrongInstanceState(
      `Cannot create a snapshot because the database instance ${instance.identifier} is not currently in the available state.`,
    )
  }
  return name
}

async function removeAll(place: Place, instance: Instance): Promise<void> {
  const { resourceId } = instance
  await place.world.data.remove(resourceId)
  const automated = [...place.snapshots.values()].filter(
    (one) => one.type === 'automated' && one.resourceId === resourceId,
  )
  for (const snapshot of automated) await dropSnapshot(place, snapshot)
  place.instances.delete(instance.identifier)
  tellOf(place, instance, 'DB instance deleted', 'deletion')
}

/** DeleteDBInstance; its automated snapshots go with it. Throws DBInstanceNotFound, InvalidDBInstanceState, InvalidParameterCombination. */
export function deleteInstance(place: Place, input: DeleteDBInstanceMessage) {
  const instance = instanceNamed(place, input.DBInstanceIdentifier ?? '')
  if (instance.status === 'deleting') {
    throw wrongInstanceState(`Instance ${instance.identifier} is already being deleted.`)
  }
  if (instance.settings.DeletionProtection) {
    throw invalidCombination(
      'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    )
  }
  const identifier = finalSnapshot(place, instance, input)
  instance.status = 'deleting'
  if (identifier) takeManual(place, instance, addManual(place, instance, { identifier }))
  const seconds = SECONDS.delete + (identifier ? SECONDS.snapshot : 0)
  after(place, seconds, () => removeAll(place, instance))
  return { DBInstance: instanceShape(place, instance) }
}

/** AddRoleToDBInstance. Throws DBInstanceNotFound, DBInstanceRoleAlreadyExists, InvalidDBInstanceState. */
export function addRole(place: Place, input: AddRoleToDBInstanceMessage): void {
  const { DBInstanceIdentifier = '', RoleArn = '', FeatureName = '' } = input
  const instance = instanceNamed(place, DBInstanceIdentifier)
  mustBeAvailable(instance)
  if (instance.roles.some((role) => role.FeatureName === FeatureName)) {
    throw new AwsError(
      'DBInstanceRoleAlreadyExists',
      `The feature ${FeatureName} of ${instance.identifier} has a role already.`,
    )
  }
  instance.roles = [...instance.roles, { RoleArn, FeatureName, Status: 'PENDING' }]
  after(place, SECONDS.settle, () => {
    instance.roles = instance.roles.map((role) => ({ ...role, Status: 'ACTIVE' }))
  })
}

/** RemoveRoleFromDBInstance. Throws DBInstanceNotFound, DBInstanceRoleNotFound, InvalidDBInstanceState. */
export function removeRole(place: Place, input: RemoveRoleFromDBInstanceMessage): void {
  const { DBInstanceIdentifier = '', RoleArn = '', FeatureName = '' } = input
  const instance = instanceNamed(place, DBInstanceIdentifier)
  mustBeAvailable(instance)
  const rest = instance.roles.filter(
    (role) => role.RoleArn !== RoleArn || role.FeatureName !== FeatureName,
  )
  if (rest.length === instance.roles.length) {
    throw new AwsError('DBInstanceRoleNotFound', `The role ${RoleArn} is not associated.`, 404)
  }
  instance.roles = rest
}
