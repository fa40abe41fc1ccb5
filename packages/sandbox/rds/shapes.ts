import type { DBInstance, DBSnapshot, PendingModifiedValues } from '@aws-sdk/client-rds'
import { arnOf, steadyId } from './names.ts'
import type { Instance, Place, Snapshot, SubnetGroup } from './world.ts'

/** The VPC of a place; there is one. */
export const vpcOf = ({ account, region }: Place) => steadyId('vpc', account, region)

/** The VPC's default security group. */
export const defaultSecurityGroup = ({ account, region }: Place) => steadyId('sg', account, region)

/** A subnet group as AWS shows it. */
export function subnetGroupShape(place: Place, group: SubnetGroup) {
  return {
    DBSubnetGroupName: group.name,
    DBSubnetGroupDescription: group.description,
    VpcId: vpcOf(place),
    SubnetGroupStatus: 'Complete',
    Subnets: group.subnets.map((SubnetIdentifier, index) => ({
      SubnetIdentifier,
      SubnetAvailabilityZone: { Name: `${place.region}${'abc'[index % 3]}` },
      SubnetOutpost: {},
      SubnetStatus: 'Active',
    })),
    DBSubnetGroupArn: arnOf(place, 'subgrp', group.name),
    SupportedNetworkTypes: ['IPV4'],
  }
}

/** Everything that was accepted and is not applied yet, as PendingModifiedValues shows it. */
export function pendingShape({ changes, deferred }: Instance): PendingModifiedValues {
  return Object.assign({}, ...[...deferred, ...changes].map((change) => change.pending))
}

function certificate(place: Place, identifier: string) {
  const years = 365 * 86_400_000
  return {
    CAIdentifier: identifier,
    ValidTill: new Date(Math.ceil(place.world.ground.clock.now() / years + 1) * years),
  }
}

function networkShape(place: Place, { settings, securityGroupStatus, endpoint }: Instance) {
  const group = place.subnetGroups.get(settings.SubnetGroup)
  return {
    ...(endpoint && {
      Endpoint: { Address: endpoint.address, Port: endpoint.port, HostedZoneId: 'Z2R2ITUGPM61AM' },
    }),
    DbInstancePort: 0,
    DBSecurityGroups: [],
    VpcSecurityGroups: settings.SecurityGroups.map((VpcSecurityGroupId) => ({
      VpcSecurityGroupId,
      Status: securityGroupStatus,
    })),
    ...(group && { DBSubnetGroup: subnetGroupShape(place, group) }),
    AvailabilityZone: settings.AvailabilityZone,
    ...(settings.MultiAZ && {
      SecondaryAvailabilityZone: otherZone(place, settings.AvailabilityZone),
    }),
  }
}

const otherZone = ({ region }: Place, zone: string) =>
  zone === `${region}b` ? `${region}c` : `${region}b`

/** An instance as AWS shows it. */
export function instanceShape(place: Place, instance: Instance): DBInstance {
  const { Port, SubnetGroup, SecurityGroups, ParameterGroup, OptionGroup, ...settings } =
    instance.settings
  return {
    ...settings,
    EnabledCloudwatchLogsExports: [...settings.EnabledCloudwatchLogsExports],
    ...networkShape(place, instance),
    DBInstanceIdentifier: instance.identifier,
    DBInstanceArn: arnOf(place, 'db', instance.identifier),
    DbiResourceId: instance.resourceId,
    DBInstanceStatus: instance.status,
    ...(instance.status !== 'creating' && { InstanceCreateTime: instance.createTime }),
    ...(instance.latestRestorable && { LatestRestorableTime: instance.latestRestorable }),
    DBParameterGroups: [
      { DBParameterGroupName: ParameterGroup, ParameterApplyStatus: instance.parameterStatus },
    ],
    OptionGroupMemberships: [{ OptionGroupName: OptionGroup, Status: 'in-sync' }],
    PendingModifiedValues: pendingShape(instance),
    ReadReplicaDBInstanceIdentifiers: [],
    StatusInfos: [],
    DomainMemberships: [],
    AssociatedRoles: [...instance.roles],
    TagList: [...instance.tags],
    CertificateDetails: certificate(place, settings.CACertificateIdentifier),
    ...(settings.MonitoringInterval > 0 && {
      EnhancedMonitoringResourceArn: `arn:aws:logs:${place.region}:${place.account}:log-group:RDSOSMetrics:log-stream:${instance.resourceId}`,
    }),
    CustomerOwnedIpEnabled: false,
    ActivityStreamStatus: 'stopped',
    BackupTarget: 'region',
    StorageVolumeStatus: 'Not-in-use',
  }
}

/** A snapshot as AWS shows it; its times are absent until it is available. */
export function snapshotShape(place: Place, snapshot: Snapshot): DBSnapshot {
  const { settings } = snapshot
  return {
    DBSnapshotIdentifier: snapshot.identifier,
    DBSnapshotArn: arnOf(place, 'snapshot', snapshot.identifier),
    DBInstanceIdentifier: snapshot.instance,
    DbiResourceId: snapshot.resourceId,
    SnapshotType: snapshot.type,
    Status: snapshot.status,
    PercentProgress: snapshot.progress,
    ...(snapshot.createTime && { SnapshotCreateTime: snapshot.createTime }),
    ...(snapshot.originalCreateTime && { OriginalSnapshotCreateTime: snapshot.originalCreateTime }),
    ...(snapshot.databaseTime && { SnapshotDatabaseTime: snapshot.databaseTime }),
    ...(snapshot.source && { SourceDBSnapshotIdentifier: snapshot.source }),
    InstanceCreateTime: snapshot.instanceCreateTime,
    Engine: settings.Engine,
    EngineVersion: settings.EngineVersion,
    MasterUsername: settings.MasterUsername,
    AllocatedStorage: settings.AllocatedStorage,
    StorageType: settings.StorageType,
    Iops: settings.Iops,
    StorageThroughput: settings.StorageThroughput,
    Encrypted: settings.StorageEncrypted,
    KmsKeyId: settings.KmsKeyId,
    Port: settings.Port,
    AvailabilityZone: settings.AvailabilityZone,
    VpcId: vpcOf(place),
    LicenseModel: settings.LicenseModel,
    OptionGroupName: settings.OptionGroup,
    IAMDatabaseAuthenticationEnabled: settings.IAMDatabaseAuthenticationEnabled,
    BackupRetentionPeriod: settings.BackupRetentionPeriod,
    PreferredBackupWindow: settings.PreferredBackupWindow,
    DedicatedLogVolume: settings.DedicatedLogVolume,
    SnapshotTarget: 'region',
    ProcessorFeatures: [],
    TagList: [...snapshot.tags],
  }
}
