import type {
  DBInstance,
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
} from '@aws-sdk/client-rds'
import type { Json } from '#core'

type RestoreFields = Partial<RestoreDBInstanceFromDBSnapshotMessage>
type ModifyFields = Partial<ModifyDBInstanceMessage>

/** One setting of an instance that a restore would lose: how it is read, and with which call it is given to the new one. */
export interface Attribute {
  /** RDS's name for it. */
  readonly name: string
  /** Its value in a form that can be compared; undefined when the instance has none. */
  readonly read: (from: DBInstance) => Json | undefined
  /** Fields of RestoreDBInstanceFromDBSnapshot. */
  readonly restore?: (value: Json) => RestoreFields
  /** Fields of ModifyDBInstance, for what the restore call cannot do or did not do. */
  readonly modify?: (value: Json) => ModifyFields
}

interface Ways<Value> {
  readonly restore?: (value: Value) => RestoreFields
  readonly modify?: (value: Value) => ModifyFields
}

/** Ties the types of reading and writing together; the one cast is that a value read is the value written. */
function attribute<Value extends Json>(
  name: string,
  read: (from: DBInstance) => Value | undefined,
  ways: Ways<Value> = {},
): Attribute {
  const { restore, modify } = ways
  return {
    name,
    read,
    ...(restore && { restore: (value) => restore(value as Value) }),
    ...(modify && { modify: (value) => modify(value as Value) }),
  }
}

/** Settings whose name is the same when read, restored and modified. */
type Shared = keyof DBInstance & keyof RestoreFields & keyof ModifyFields
type Primitive = string | number | boolean

const shared = (name: Shared, absent?: Primitive): Attribute =>
  attribute(name, (from) => (from[name] as Primitive | undefined) ?? absent, {
    restore: (value) => ({ [name]: value }),
    modify: (value) => ({ [name]: value }),
  })

const sorted = (items: readonly (string | undefined)[] | undefined): readonly string[] =>
  (items ?? []).filter((item) => item !== undefined).sort()

/**
 * Whether Iops and throughput may be given: always with provisioned storage; with gp3 only from 400 GiB on, where the volume is
 * striped (Amazon RDS User Guide, "gp3 storage"). Below that RDS reports the baseline and refuses to be told it.
 */
const hasChosenIops = ({ StorageType, AllocatedStorage = 0 }: DBInstance) =>
  /^io[12]$/.test(StorageType ?? '') || (StorageType === 'gp3' && AllocatedStorage >= 400)

const storage: readonly Attribute[] = [
  shared('AllocatedStorage'),
  shared('StorageType'),
  attribute('Iops', (from) => (hasChosenIops(from) ? from.Iops : undefined), {
    restore: (Iops) => ({ Iops }),
    modify: (Iops) => ({ Iops }),
  }),
  attribute(
    'StorageThroughput',
    (from) =>
      hasChosenIops(from) && from.StorageType === 'gp3' ? from.StorageThroughput : undefined,
    {
      restore: (StorageThroughput) => ({ StorageThroughput }),
      modify: (StorageThroughput) => ({ StorageThroughput }),
    },
  ),
  attribute('MaxAllocatedStorage', (from) => from.MaxAllocatedStorage, {
    modify: (MaxAllocatedStorage) => ({ MaxAllocatedStorage }),
  }),
  shared('DedicatedLogVolume', false),
]

const network: readonly Attribute[] = [
  attribute('DBSubnetGroupName', (from) => from.DBSubnetGroup?.DBSubnetGroupName, {
    restore: (DBSubnetGroupName) => ({ DBSubnetGroupName }),
  }),
  attribute(
    'VpcSecurityGroupIds',
    (from) => sorted(from.VpcSecurityGroups?.map((group) => group.VpcSecurityGroupId)),
    {
      restore: (ids) => ({ VpcSecurityGroupIds: [...ids] }),
      modify: (ids) => ({ VpcSecurityGroupIds: [...ids] }),
    },
  ),
  shared('PubliclyAccessible', false),
  shared('NetworkType'),
  shared('CACertificateIdentifier'),
  attribute('CustomerOwnedIpEnabled', (from) => from.CustomerOwnedIpEnabled ?? false, {
    restore: (EnableCustomerOwnedIp) => (EnableCustomerOwnedIp ? { EnableCustomerOwnedIp } : {}),
    modify: (EnableCustomerOwnedIp) => ({ EnableCustomerOwnedIp }),
  }),
  // A Multi-AZ instance may not be given a zone, and chooses its own.
  attribute('AvailabilityZone', (from) => (from.MultiAZ ? undefined : from.AvailabilityZone), {
    restore: (AvailabilityZone) => ({ AvailabilityZone }),
  }),
  shared('MultiAZ', false),
]

const operation: readonly Attribute[] = [
  shared('DBInstanceClass'),
  shared('LicenseModel'),
  shared('AutoMinorVersionUpgrade', false),
  shared('EngineLifecycleSupport'),
  shared('DBCapacityReservationIdentifier'),
  shared('BackupRetentionPeriod'),
  shared('PreferredBackupWindow'),
  attribute('BackupTarget', (from) => from.BackupTarget, {
    restore: (BackupTarget) => ({ BackupTarget }),
  }),
  attribute('CustomIamInstanceProfile', (from) => from.CustomIamInstanceProfile, {
    restore: (CustomIamInstanceProfile) => ({ CustomIamInstanceProfile }),
  }),
  shared('CopyTagsToSnapshot', false),
  shared('DeletionProtection', false),
  attribute('PreferredMaintenanceWindow', (from) => from.PreferredMaintenanceWindow, {
    modify: (PreferredMaintenanceWindow) => ({ PreferredMaintenanceWindow }),
  }),
  attribute('PromotionTier', (from) => from.PromotionTier, {
    modify: (PromotionTier) => ({ PromotionTier }),
  }),
  attribute(
    'ProcessorFeatures',
    (from) =>
      (from.ProcessorFeatures ?? []).map(({ Name = '', Value = '' }) => `${Name}=${Value}`).sort(),
    { restore: processors, modify: processors },
  ),
]

function processors(features: readonly string[]) {
  if (features.length === 0) return {}
  return {
    ProcessorFeatures: features.map((feature) => {
      const [Name = '', Value = ''] = feature.split('=')
      return { Name, Value }
    }),
  }
}

const groups: readonly Attribute[] = [
  // Only at restore: a later change would wait for a reboot.
  attribute('DBParameterGroupName', (from) => from.DBParameterGroups?.[0]?.DBParameterGroupName, {
    restore: (DBParameterGroupName) => ({ DBParameterGroupName }),
  }),
  attribute('OptionGroupName', (from) => from.OptionGroupMemberships?.[0]?.OptionGroupName, {
    restore: (OptionGroupName) => ({ OptionGroupName }),
    modify: (OptionGroupName) => ({ OptionGroupName }),
  }),
]

const watching: readonly Attribute[] = [
  attribute('EnabledCloudwatchLogsExports', (from) => sorted(from.EnabledCloudwatchLogsExports), {
    restore: (types) => (types.length > 0 ? { EnableCloudwatchLogsExports: [...types] } : {}),
    modify: (types) => ({ CloudwatchLogsExportConfiguration: { EnableLogTypes: [...types] } }),
  }),
  // RDS takes interval and role only together.
  attribute(
    'Monitoring',
    ({ MonitoringInterval: interval = 0, MonitoringRoleArn: role = '' }) =>
      interval === 0 ? { interval } : { interval, role },
    {
      modify: ({ interval, role }) => ({
        MonitoringInterval: interval,
        ...(role === undefined ? {} : { MonitoringRoleArn: role }),
      }),
    },
  ),
  attribute('PerformanceInsights', performanceInsights, {
    modify: ({ enabled, key, days, mode }) => ({
      EnablePerformanceInsights: enabled,
      ...(key === undefined ? {} : { PerformanceInsightsKMSKeyId: key }),
      ...(days === undefined ? {} : { PerformanceInsightsRetentionPeriod: days }),
      ...(mode === undefined ? {} : { DatabaseInsightsMode: mode }),
    }),
  }),
]

/** RDS takes the mode, the retention and the key of Performance Insights only together with switching it on. */
function performanceInsights(from: DBInstance) {
  const enabled = from.PerformanceInsightsEnabled ?? false
  const mode = from.DatabaseInsightsMode
  return {
    enabled,
    ...(enabled && from.PerformanceInsightsKMSKeyId
      ? { key: from.PerformanceInsightsKMSKeyId }
      : {}),
    ...(enabled && from.PerformanceInsightsRetentionPeriod
      ? { days: from.PerformanceInsightsRetentionPeriod }
      : {}),
    ...(mode ? { mode } : {}),
  }
}

const access: readonly Attribute[] = [
  attribute('IAMDatabaseAuthentication', (from) => from.IAMDatabaseAuthenticationEnabled ?? false, {
    restore: (EnableIAMDatabaseAuthentication) => ({ EnableIAMDatabaseAuthentication }),
    modify: (EnableIAMDatabaseAuthentication) => ({ EnableIAMDatabaseAuthentication }),
  }),
  attribute('Domain', domain, { restore: domainFields }),
]

function domain({ DomainMemberships }: DBInstance) {
  const member = DomainMemberships?.[0]
  if (!member?.Domain && !member?.FQDN) return undefined
  return {
    ...(member.Domain ? { id: member.Domain } : {}),
    ...(member.FQDN ? { name: member.FQDN } : {}),
    ...(member.OU ? { unit: member.OU } : {}),
    ...(member.IAMRoleName ? { role: member.IAMRoleName } : {}),
    ...(member.AuthSecretArn ? { secret: member.AuthSecretArn } : {}),
    dns: sorted(member.DnsIps),
  }
}

function domainFields(given: NonNullable<ReturnType<typeof domain>>): RestoreFields {
  const { id, name, unit, role, secret, dns } = given
  return {
    ...(id ? { Domain: id } : { ...(name ? { DomainFqdn: name } : {}) }),
    ...(unit ? { DomainOu: unit } : {}),
    ...(role ? { DomainIAMRoleName: role } : {}),
    ...(secret ? { DomainAuthSecretArn: secret } : {}),
    ...(dns.length > 0 ? { DomainDnsIps: [...dns] } : {}),
  }
}

/** What no call can give to a restored instance: it is compared, and a difference is told. */
const fixed: readonly Attribute[] = [
  attribute('EngineVersion', (from) => from.EngineVersion),
  attribute('StorageEncrypted', (from) => from.StorageEncrypted ?? false),
  attribute('KmsKeyId', (from) => from.KmsKeyId),
  attribute('MasterUsername', (from) => from.MasterUsername),
  attribute('ActivityStream', (from) =>
    from.ActivityStreamStatus === undefined || from.ActivityStreamStatus === 'stopped'
      ? undefined
      : 'on',
  ),
]

/**
 * Every setting that RestoreDBInstanceFromDBSnapshot would lose or set to a default. Tags and roles, which are lists with calls
 * of their own, and the port, which the cutover replaces together with the host, are carried over beside this table.
 */
export const attributes: readonly Attribute[] = [
  ...operation,
  ...storage,
  ...network,
  ...groups,
  ...watching,
  ...access,
  ...fixed,
]
