import type { ModifyDBInstanceMessage, PendingModifiedValues } from '@aws-sdk/client-rds'
import { newInstanceName } from './create.ts'
import { checkPassword, engineVersion, parameterGroupFor } from './engine.ts'
import { invalidCombination, invalidValue, wrongInstanceState } from './errors.ts'
import { instanceNamed, tellOf } from './instances.ts'
import { nameIn } from './names.ts'
import {
  instanceClass,
  observation,
  retention,
  securityGroups,
  subnetGroupNamed,
} from './settings.ts'
import { instanceShape } from './shapes.ts'
import {
  after,
  type Change,
  type Instance,
  isAlive,
  PHASES,
  type Place,
  SECONDS,
  type Settings,
  serverName,
  underway,
} from './world.ts'

type Input = ModifyDBInstanceMessage

/** Sets the defined members of `values`. */
function assign(instance: Instance, values: Partial<Settings>): void {
  instance.settings = { ...instance.settings, ...defined(values) }
}

const defined = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T

/** What applies at once, whatever ApplyImmediately says. */
function applyAtOnce(place: Place, instance: Instance, input: Input): void {
  const { MaxAllocatedStorage, VpcSecurityGroupIds = [], DBParameterGroupName } = input
  assign(instance, {
    DeletionProtection: input.DeletionProtection,
    CopyTagsToSnapshot: input.CopyTagsToSnapshot,
    AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade,
    PreferredBackupWindow: input.PreferredBackupWindow,
    PreferredMaintenanceWindow: input.PreferredMaintenanceWindow,
    PromotionTier: input.PromotionTier,
    PubliclyAccessible: input.PubliclyAccessible,
    MaxAllocatedStorage,
    OptionGroup: input.OptionGroupName,
    EngineLifecycleSupport: input.EngineLifecycleSupport,
  } as Partial<Settings>)
  if (VpcSecurityGroupIds.length > 0) {
    assign(instance, { SecurityGroups: securityGroups(VpcSecurityGroupIds) })
    instance.securityGroupStatus = 'adding'
    after(place, SECONDS.settle, () => {
      instance.securityGroupStatus = 'active'
    })
  }
  if (DBParameterGroupName) {
    const version = input.EngineVersion ?? instance.settings.EngineVersion
    const ParameterGroup = parameterGroupFor(place, DBParameterGroupName, version)
    if (ParameterGroup === instance.settings.ParameterGroup) return
    assign(instance, { ParameterGroup })
    instance.parameterStatus = 'applying'
    after(place, SECONDS.settle, () => {
      if (instance.parameterStatus === 'applying') instance.parameterStatus = 'pending-reboot'
    })
  }
}

/** The password, log exports, monitoring: applied soon, whatever ApplyImmediately says. */
function changesSoon(place: Place, instance: Instance, input: Input): Change[] {
  const { MasterUserPassword, CloudwatchLogsExportConfiguration: logs } = input
  const changes: Change[] = []
  if (MasterUserPassword) {
    const apply = async ({ resourceId, settings }: Instance) => {
      const master = { user: settings.MasterUsername, password: MasterUserPassword }
      await place.world.data.setPassword(resourceId, master)
      tellOf(place, instance, 'Reset master credentials', 'configuration change')
    }
    const pending = { MasterUserPassword: '****' }
    changes.push({ phase: 'resetting-master-credentials', pending, apply })
  }
  if (logs) {
    const { EnableLogTypes = [], DisableLogTypes = [] } = logs
    const pending = {
      PendingCloudwatchLogsExports: {
        LogTypesToEnable: EnableLogTypes,
        LogTypesToDisable: DisableLogTypes,
      },
    }
    const apply = (changed: Instance) => {
      const kept = changed.settings.EnabledCloudwatchLogsExports.filter(
        (type) => !DisableLogTypes.includes(type) && !EnableLogTypes.includes(type),
      )
      assign(changed, { EnabledCloudwatchLogsExports: [...kept, ...EnableLogTypes] })
    }
    changes.push({ phase: 'configuring-log-exports', pending, apply })
  }
  return [...changes, ...observationChanges(place, instance, input)]
}

function observationChanges(place: Place, { settings }: Instance, input: Input): Change[] {
  const isInsights =
    input.EnablePerformanceInsights !== undefined ||
    input.DatabaseInsightsMode !== undefined ||
    input.PerformanceInsightsRetentionPeriod !== undefined
  const isMonitoring =
    input.MonitoringInterval !== undefined || input.MonitoringRoleArn !== undefined
  if (!isInsights && !isMonitoring) return []
  const next = observation(place, {
    MonitoringInterval: input.MonitoringInterval ?? settings.MonitoringInterval,
    MonitoringRoleArn: input.MonitoringRoleArn ?? settings.MonitoringRoleArn,
    EnablePerformanceInsights:
      input.EnablePerformanceInsights ?? settings.PerformanceInsightsEnabled,
    PerformanceInsightsKMSKeyId:
      input.PerformanceInsightsKMSKeyId ?? settings.PerformanceInsightsKMSKeyId,
    PerformanceInsightsRetentionPeriod:
      input.PerformanceInsightsRetentionPeriod ?? settings.PerformanceInsightsRetentionPeriod,
    DatabaseInsightsMode: input.DatabaseInsightsMode ?? settings.DatabaseInsightsMode,
  })
  const apply = (changed: Instance) => {
    changed.settings = { ...changed.settings, ...next }
  }
  return [
    { phase: isMonitoring ? 'configuring-enhanced-monitoring' : 'modifying', pending: {}, apply },
  ]
}

/** Checks what the maintenance window or ApplyImmediately would change and gives it under the settings' names. */
function windowValues(place: Place, { settings }: Instance, input: Input): Partial<Settings> {
  const { AllocatedStorage, EngineVersion, BackupRetentionPeriod, DBSubnetGroupName } = input
  if (AllocatedStorage !== undefined && AllocatedStorage < settings.AllocatedStorage) {
    throw invalidCombination(
      `Invalid storage size for engine name postgres: ${AllocatedStorage} is less than ${settings.AllocatedStorage}`,
    )
  }
  const major = (version: string) => version.split('.')[0]
  const version = EngineVersion && engineVersion(place, EngineVersion)
  if (version && major(version) !== major(settings.EngineVersion)) {
    throw invalidCombination('The sandbox does not upgrade to another major version')
  }
  return defined({
    DBInstanceClass: input.DBInstanceClass && instanceClass(input.DBInstanceClass),
    AllocatedStorage,
    StorageType: input.StorageType,
    Iops: input.Iops,
    StorageThroughput: input.StorageThroughput,
    MultiAZ: input.MultiAZ,
    EngineVersion: version,
    LicenseModel: input.LicenseModel,
    CACertificateIdentifier: input.CACertificateIdentifier,
    DedicatedLogVolume: input.DedicatedLogVolume,
    NetworkType: input.NetworkType,
    Port: input.DBPortNumber,
    BackupRetentionPeriod:
      BackupRetentionPeriod === undefined ? undefined : retention(BackupRetentionPeriod),
    SubnetGroup: DBSubnetGroupName && subnetGroupNamed(place, DBSubnetGroupName),
  }) as Partial<Settings>
}

function pendingOf({ SubnetGroup, NetworkType: _, ...values }: Partial<Settings>) {
  return {
    ...values,
    ...(SubnetGroup && { DBSubnetGroupName: SubnetGroup }),
  } as PendingModifiedValues
}

/** What waits for the maintenance window unless ApplyImmediately is given. */
function changesInWindow(place: Place, instance: Instance, input: Input): Change[] {
  const asked = Object.entries(windowValues(place, instance, input))
  const current: Record<string, unknown> = { ...instance.settings }
  const values: Partial<Settings> = Object.fromEntries(
    asked.filter(([name, value]) => current[name] !== value),
  )
  const changes: Change[] = []
  if (Object.keys(values).length > 0) {
    const apply = (changed: Instance) => assign(changed, values)
    changes.push({ phase: 'modifying', pending: pendingOf(values), apply })
  }
  const IAMDatabaseAuthenticationEnabled = input.EnableIAMDatabaseAuthentication
  if (
    IAMDatabaseAuthenticationEnabled !== undefined &&
    IAMDatabaseAuthenticationEnabled !== instance.settings.IAMDatabaseAuthenticationEnabled
  ) {
    const value = { IAMDatabaseAuthenticationEnabled }
    const apply = (changed: Instance) => assign(changed, value)
    changes.push({ phase: 'configuring-iam-database-auth', pending: value, apply })
  }
  const name = input.NewDBInstanceIdentifier
  if (name && nameIn(place, 'db', name) !== instance.identifier) {
    const DBInstanceIdentifier = newInstanceName(place, 'NewDBInstanceIdentifier', name)
    const apply = (changed: Instance) => takeName(place, changed, DBInstanceIdentifier)
    changes.push({ phase: 'renaming', pending: { DBInstanceIdentifier }, apply })
  }
  return changes
}

/** Gives an instance its new name: ARN and endpoint change with it, and the server restarts on the new name's port. */
function takeName(place: Place, instance: Instance, name: string): void {
  if (place.instances.has(name)) {
    place.world.ground.log(`rds: ${instance.identifier} keeps its name, ${name} is taken by now`)
    return
  }
  place.instances.delete(instance.identifier)
  instance.identifier = name
  place.instances.set(name, instance)
  instance.status = 'rebooting'
  const moving = underway(place.world.data.rename(instance.resourceId, serverName(place, name)))
  instance.endpoint = undefined
  void underway(
    moving.then((endpoint) => {
      instance.endpoint = endpoint
    }),
  )
  tellOf(place, instance, `Renamed to ${name}`, 'configuration change')
  after(place, SECONDS.modify, async () => {
    await moving
    if (!isAlive(place, instance)) return
    instance.parameterStatus = 'in-sync'
    instance.status = 'available'
  })
}

/** Storage that grew is rebuilt for a while; snapshots and changes are possible then. */
function optimizeStorage(place: Place, instance: Instance): void {
  instance.status = 'storage-optimization'
  after(place, SECONDS.optimize, () => {
    if (isAlive(place, instance) && instance.status === 'storage-optimization') {
      instance.status = 'available'
    }
  })
}

/** Applies the changes of one phase after the other, each under its own status. */
function applyPhases(place: Place, instance: Instance, storage: number): void {
  const phase = PHASES.find((one) => instance.changes.some((change) => change.phase === one))
  if (!phase) {
    if (instance.settings.AllocatedStorage !== storage) optimizeStorage(place, instance)
    else instance.status = 'available'
    return
  }
  instance.status = phase
  after(place, SECONDS.modify, async () => {
    if (!isAlive(place, instance)) return
    const due = instance.changes.filter((change) => change.phase === phase)
    try {
      for (const change of due) await change.apply(instance)
    } finally {
      instance.changes = instance.changes.filter((change) => !due.includes(change))
      if (instance.status === phase) applyPhases(place, instance, storage)
    }
  })
}

/** Begins with the accepted changes some seconds after the call; until then the instance still shows `available`. */
function beginChanges(place: Place, instance: Instance): void {
  after(place, SECONDS.modifyBegins, () => {
    if (!isAlive(place, instance) || instance.changes.length === 0) return
    const { status, settings } = instance
    if (status === 'available' || status === 'storage-optimization') {
      applyPhases(place, instance, settings.AllocatedStorage)
    } else if (!isChanging(instance)) beginChanges(place, instance)
  })
}

const isChanging = ({ status }: Instance) => PHASES.some((phase) => phase === status)

/** Lets the maintenance window come: everything deferred is applied. */
export function applyDeferred(place: Place, instance: Instance): void {
  instance.changes = [...instance.changes, ...instance.deferred]
  instance.deferred = []
  beginChanges(place, instance)
}

/** ModifyDBInstance. Throws DBInstanceNotFound, InvalidDBInstanceState and AWS's errors about the input. */
export function modifyInstance(place: Place, input: Input) {
  const instance = instanceNamed(place, input.DBInstanceIdentifier ?? '')
  if (!['available', 'storage-optimization', 'storage-full'].includes(instance.status)) {
    throw wrongInstanceState('Database instance is not in available state.')
  }
  if (input.MasterUserPassword) checkPassword(input.MasterUserPassword)
  if (input.ManageMasterUserPassword) {
    throw invalidValue('The sandbox does not manage master passwords in Secrets Manager')
  }
  const inWindow = changesInWindow(place, instance, input)
  const soon = changesSoon(place, instance, input)
  applyAtOnce(place, instance, input)
  instance.changes = [...instance.changes, ...soon]
  instance.deferred = [...instance.deferred, ...inWindow]
  if (input.ApplyImmediately) applyDeferred(place, instance)
  else if (soon.length > 0) beginChanges(place, instance)
  return { DBInstance: instanceShape(place, instance) }
}
