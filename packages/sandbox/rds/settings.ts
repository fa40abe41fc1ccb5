import type {
  CreateDBInstanceMessage,
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
  RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds'
import { checkEngine, defaultOptionGroup, engineVersion, parameterGroupFor } from './engine.ts'
import { invalidCombination, invalidValue, subnetGroupNotFound } from './errors.ts'
import { randomWindows } from './names.ts'
import { defaultSecurityGroup } from './shapes.ts'
import type { Place, Settings } from './world.ts'

const DEFAULT_CERTIFICATE = 'rds-ca-rsa2048-g1'

type Placement = Pick<
  CreateDBInstanceMessage,
  'DBSubnetGroupName' | 'VpcSecurityGroupIds' | 'PubliclyAccessible' | 'AvailabilityZone'
>

/** Checks that a subnet group exists and gives its name. Throws DBSubnetGroupNotFoundFault. */
export function subnetGroupNamed(place: Place, name: string): string {
  const lower = name.toLowerCase()
  if (!place.subnetGroups.has(lower)) throw subnetGroupNotFound(name)
  return lower
}

/** Checks security group ids, whose existence nobody here can know. Throws InvalidParameterValue. */
export function securityGroups(ids: readonly string[]): readonly string[] {
  for (const id of ids) {
    if (!/^sg-[0-9a-z]+$/.test(id)) {
      throw invalidValue(`Invalid security group , groupId= ${id}, groupName=.`)
    }
  }
  return ids
}

/** Where an instance is in the network; without a subnet group it is in the default VPC, which is public. */
function placement(place: Place, input: Placement) {
  const {
    DBSubnetGroupName,
    VpcSecurityGroupIds = [],
    PubliclyAccessible,
    AvailabilityZone,
  } = input
  const chosen = securityGroups(VpcSecurityGroupIds)
  return {
    SubnetGroup: subnetGroupNamed(place, DBSubnetGroupName ?? 'default'),
    SecurityGroups: chosen.length > 0 ? chosen : [defaultSecurityGroup(place)],
    PubliclyAccessible: PubliclyAccessible ?? DBSubnetGroupName === undefined,
    AvailabilityZone: AvailabilityZone ?? `${place.region}a`,
  }
}

/** Enhanced monitoring and Performance Insights. Throws InvalidParameterCombination when a role is missing. */
export function observation(
  place: Place,
  input: Pick<
    ModifyDBInstanceMessage,
    | 'MonitoringInterval'
    | 'MonitoringRoleArn'
    | 'EnablePerformanceInsights'
    | 'PerformanceInsightsKMSKeyId'
    | 'PerformanceInsightsRetentionPeriod'
    | 'DatabaseInsightsMode'
  >,
) {
  const { MonitoringInterval = 0, MonitoringRoleArn, EnablePerformanceInsights = false } = input
  if (![0, 1, 5, 10, 15, 30, 60].includes(MonitoringInterval)) {
    throw invalidValue(`Invalid value ${MonitoringInterval} for MonitoringInterval`)
  }
  if (MonitoringInterval > 0 && !MonitoringRoleArn) {
    throw invalidCombination(
      'A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.',
    )
  }
  return {
    MonitoringInterval,
    MonitoringRoleArn: MonitoringInterval > 0 ? MonitoringRoleArn : undefined,
    PerformanceInsightsEnabled: EnablePerformanceInsights,
    PerformanceInsightsKMSKeyId: EnablePerformanceInsights
      ? (input.PerformanceInsightsKMSKeyId ?? defaultKey(place))
      : undefined,
    PerformanceInsightsRetentionPeriod: EnablePerformanceInsights
      ? (input.PerformanceInsightsRetentionPeriod ?? 7)
      : undefined,
    DatabaseInsightsMode: input.DatabaseInsightsMode ?? ('standard' as const),
  }
}

/** The account's own key for RDS. */
export const defaultKey = ({ account, region }: Place) =>
  `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-000000000000`

function databaseName(name: string | undefined): string | undefined {
  if (name !== undefined && !/^[a-z][a-z0-9_]{0,62}$/i.test(name)) {
    throw invalidValue('DBName must begin with a letter and contain only alphanumeric characters.')
  }
  return name
}

/** Checks the form of an instance class. Throws InvalidParameterValue. */
export function instanceClass(name = ''): string {
  if (!/^db\.[a-z0-9-]+\.[a-z0-9]+$/.test(name))
    throw invalidValue(`Invalid DB Instance class: ${name}`)
  return name
}

/** Checks the days that automated backups are kept. Throws InvalidParameterValue. */
export function retention(days: number): number {
  if (!Number.isInteger(days) || days < 0 || days > 35) {
    throw invalidValue(`Invalid backup retention period: ${days}. Must be between 0 and 35.`)
  }
  return days
}

function storage(input: CreateDBInstanceMessage) {
  const { AllocatedStorage = 0, MaxAllocatedStorage, StorageType, Iops } = input
  if (AllocatedStorage < 5 || AllocatedStorage > 65_536) {
    throw invalidValue(
      `Invalid storage size for engine name postgres and storage type ${StorageType ?? 'gp2'}: ${AllocatedStorage}`,
    )
  }
  return {
    AllocatedStorage,
    MaxAllocatedStorage,
    StorageType: StorageType ?? (Iops ? 'io1' : 'gp2'),
    Iops: Iops ?? (StorageType === 'gp3' ? 3000 : undefined),
    StorageThroughput: input.StorageThroughput ?? (StorageType === 'gp3' ? 125 : undefined),
  }
}

/** The settings of a new instance: what was given, and AWS's defaults. Throws AWS's errors for what it does not accept. */
export function createdSettings(place: Place, input: CreateDBInstanceMessage): Settings {
  checkEngine(input.Engine)
  const EngineVersion = engineVersion(place, input.EngineVersion)
  const windows = randomWindows()
  const StorageEncrypted = input.StorageEncrypted ?? input.KmsKeyId !== undefined
  return {
    DBInstanceClass: instanceClass(input.DBInstanceClass),
    Engine: 'postgres',
    EngineVersion,
    MasterUsername: input.MasterUsername ?? '',
    DBName: databaseName(input.DBName),
    ...storage(input),
    StorageEncrypted,
    KmsKeyId: StorageEncrypted ? (input.KmsKeyId ?? defaultKey(place)) : undefined,
    MultiAZ: input.MultiAZ ?? false,
    Port: input.Port ?? 5432,
    ...placement(place, input),
    ParameterGroup: parameterGroupFor(place, input.DBParameterGroupName, EngineVersion),
    OptionGroup: input.OptionGroupName ?? defaultOptionGroup(EngineVersion),
    LicenseModel: input.LicenseModel ?? 'postgresql-license',
    BackupRetentionPeriod: retention(input.BackupRetentionPeriod ?? 1),
    PreferredBackupWindow: input.PreferredBackupWindow ?? windows.backup,
    PreferredMaintenanceWindow: input.PreferredMaintenanceWindow ?? windows.maintenance,
    AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? true,
    DeletionProtection: input.DeletionProtection ?? false,
    IAMDatabaseAuthenticationEnabled: input.EnableIAMDatabaseAuthentication ?? false,
    EnabledCloudwatchLogsExports: input.EnableCloudwatchLogsExports ?? [],
    CopyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
    ...observation(place, input),
    CACertificateIdentifier: input.CACertificateIdentifier ?? DEFAULT_CERTIFICATE,
    NetworkType: input.NetworkType ?? 'IPV4',
    DedicatedLogVolume: input.DedicatedLogVolume ?? false,
    EngineLifecycleSupport: input.EngineLifecycleSupport ?? 'open-source-rds-extended-support',
    PromotionTier: input.PromotionTier,
  }
}

/** What both kinds of restore accept. */
export type RestoreInput = Omit<
  RestoreDBInstanceFromDBSnapshotMessage | RestoreDBInstanceToPointInTimeMessage,
  'DBInstanceIdentifier'
> &
  Pick<RestoreDBInstanceToPointInTimeMessage, 'MaxAllocatedStorage'>

function restoredStorage(input: RestoreInput, source: Settings) {
  const StorageType = input.StorageType ?? (input.Iops ? 'io1' : 'gp3')
  const isGp3 = StorageType === 'gp3'
  const AllocatedStorage = input.AllocatedStorage ?? source.AllocatedStorage
  if (AllocatedStorage < source.AllocatedStorage) {
    throw invalidCombination('AllocatedStorage cannot be smaller than that of the backup.')
  }
  return {
    AllocatedStorage,
    MaxAllocatedStorage: input.MaxAllocatedStorage,
    StorageType,
    Iops: input.Iops ?? (isGp3 ? 3000 : source.Iops),
    StorageThroughput: input.StorageThroughput ?? (isGp3 ? 125 : undefined),
  }
}

/**
 * The settings of a restored instance: what was given, a few taken over from the backup (class, port, engine version,
 * encryption, backup retention, licence), and for the rest AWS's defaults, which are those of no particular source:
 * single-AZ, default security, subnet and parameter group, no deletion protection, no IAM authentication, no log
 * exports, no monitoring, no storage autoscaling, gp3, new random windows.
 * Source: API reference of RestoreDBInstanceFromDBSnapshot, and the user guide's page on restoring.
 */
export function restoredSettings(place: Place, input: RestoreInput, source: Settings): Settings {
  checkEngine(input.Engine)
  const windows = randomWindows()
  return {
    DBInstanceClass: instanceClass(input.DBInstanceClass ?? source.DBInstanceClass),
    Engine: source.Engine,
    EngineVersion: source.EngineVersion,
    MasterUsername: source.MasterUsername,
    DBName: source.DBName,
    ...restoredStorage(input, source),
    StorageEncrypted: source.StorageEncrypted,
    KmsKeyId: source.KmsKeyId,
    MultiAZ: input.MultiAZ ?? false,
    Port: input.Port ?? source.Port,
    ...placement(place, input),
    ParameterGroup: parameterGroupFor(place, input.DBParameterGroupName, source.EngineVersion),
    OptionGroup: input.OptionGroupName ?? source.OptionGroup,
    LicenseModel: input.LicenseModel ?? source.LicenseModel,
    BackupRetentionPeriod: retention(input.BackupRetentionPeriod ?? source.BackupRetentionPeriod),
    PreferredBackupWindow: input.PreferredBackupWindow ?? windows.backup,
    PreferredMaintenanceWindow: windows.maintenance,
    AutoMinorVersionUpgrade: input.AutoMinorVersionUpgrade ?? true,
    DeletionProtection: input.DeletionProtection ?? false,
    IAMDatabaseAuthenticationEnabled: input.EnableIAMDatabaseAuthentication ?? false,
    EnabledCloudwatchLogsExports: input.EnableCloudwatchLogsExports ?? [],
    CopyTagsToSnapshot: input.CopyTagsToSnapshot ?? false,
    ...observation(place, {}),
    CACertificateIdentifier: input.CACertificateIdentifier ?? DEFAULT_CERTIFICATE,
    NetworkType: input.NetworkType ?? 'IPV4',
    DedicatedLogVolume: input.DedicatedLogVolume ?? false,
    EngineLifecycleSupport: input.EngineLifecycleSupport ?? 'open-source-rds-extended-support',
  }
}
