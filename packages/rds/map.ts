import type { DBInstance, DBSnapshot, Tag } from '@aws-sdk/client-rds'
import { attributes } from './attributes.ts'
import type { Instance, Snapshot, Tags } from './state.ts'

/** An instance as plain data. */
export function toInstance(from: DBInstance): Instance {
  return {
    id: from.DBInstanceIdentifier ?? '',
    resourceId: from.DbiResourceId ?? '',
    arn: from.DBInstanceArn ?? '',
    status: from.DBInstanceStatus ?? 'unknown',
    engine: from.Engine ?? '',
    engineVersion: from.EngineVersion ?? '',
    place: placeOf(from),
    cluster: from.DBClusterIdentifier,
    allocatedStorage: from.AllocatedStorage ?? 0,
    encrypted: from.StorageEncrypted ?? false,
    kmsKey: from.KmsKeyId,
    masterUser: from.MasterUsername ?? '',
    managedPassword: from.MasterUserSecret && { kmsKey: from.MasterUserSecret.KmsKeyId },
    backupDays: from.BackupRetentionPeriod ?? 0,
    replicas: from.ReadReplicaDBInstanceIdentifiers ?? [],
    pending: pendingOf(from),
    outOfSync: outOfSync(from),
    roles: (from.AssociatedRoles ?? []).map((role) => ({
      arn: role.RoleArn ?? '',
      feature: role.FeatureName ?? '',
      status: role.Status ?? '',
    })),
    tags: tagsOf(from.TagList),
    attributes: Object.fromEntries(
      attributes.flatMap(({ name, read }) => {
        const value = read(from)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

function placeOf({ Endpoint }: DBInstance): Instance['place'] {
  const { Address: host, Port: port } = Endpoint ?? {}
  return host === undefined || port === undefined ? undefined : { host, port }
}

function pendingOf({ PendingModifiedValues = {} }: DBInstance): readonly string[] {
  return Object.entries(PendingModifiedValues)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name)
}

function outOfSync({ DBParameterGroups = [], OptionGroupMemberships = [] }: DBInstance) {
  const parameters = DBParameterGroups.map((group) => [
    group.DBParameterGroupName,
    group.ParameterApplyStatus,
  ])
  const options = OptionGroupMemberships.map((group) => [group.OptionGroupName, group.Status])
  return [...parameters, ...options]
    .filter(([, status]) => status !== undefined && status !== 'in-sync')
    .map(([name, status]) => `${name}: ${status}`)
}

const tagsOf = (list: readonly Tag[] | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))

/** A snapshot as plain data. */
export function toSnapshot(from: DBSnapshot): Snapshot {
  return {
    id: from.DBSnapshotIdentifier ?? '',
    instance: from.DBInstanceIdentifier ?? '',
    resourceId: from.DbiResourceId ?? '',
    status: from.Status ?? 'unknown',
    percent: from.PercentProgress ?? 0,
    engine: from.Engine ?? '',
    engineVersion: from.EngineVersion ?? '',
    allocatedStorage: from.AllocatedStorage ?? 0,
    encrypted: from.Encrypted ?? false,
    kmsKey: from.KmsKeyId,
    takenAt: (from.SnapshotDatabaseTime ?? from.SnapshotCreateTime)?.getTime(),
    tags: tagsOf(from.TagList),
  }
}
