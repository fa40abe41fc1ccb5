import { type DBInstance, DBInstance$ } from '@aws-sdk/client-rds'
import { differences, missingRoles, modifyInput, restoreInput, toInstance } from '#rds'

/**
 * What a description of an instance says beside its settings, with the reason why a restore has nothing to carry over. A member
 * that AWS adds is in neither list: this test then asks for a decision.
 */
const notCarried: Readonly<Record<string, string>> = {
  DBName: 'in the snapshot',
  InstanceCreateTime: 'a fact',
  DBSecurityGroups: 'EC2-Classic, retired by AWS',
  UpgradeRolloutOrder: 'from the tags and the account’s policy',
  LatestRestorableTime: 'a fact',
  ReadReplicaSourceDBInstanceIdentifier: 'a restored instance is no replica',
  ReadReplicaDBClusterIdentifiers: 'replicas stay with the old instance',
  ReadReplicaSourceDBClusterIdentifier: 'a restored instance is no replica',
  ReplicaMode: 'Oracle and Db2 replicas',
  CharacterSetName: 'in the snapshot',
  NcharCharacterSetName: 'in the snapshot',
  SecondaryAvailabilityZone: 'chosen by RDS',
  StatusInfos: 'replicas',
  StorageEncryptionType: 'follows from the key',
  TdeCredentialArn: 'Oracle and SQL Server',
  DbInstancePort: 'the endpoint has the port',
  EnhancedMonitoringResourceArn: 'follows from monitoring',
  Timezone: 'in the snapshot',
  AutomationMode: 'RDS Custom',
  ResumeFullAutomationModeTime: 'RDS Custom',
  ActivityStreamKmsKeyId: 'an activity stream is reported as a difference',
  ActivityStreamKinesisStreamName: 'an activity stream is reported as a difference',
  ActivityStreamMode: 'an activity stream is reported as a difference',
  ActivityStreamEngineNativeAuditFieldsIncluded: 'Oracle',
  ActivityStreamPolicyStatus: 'SQL Server',
  AwsBackupRecoveryPointArn: 'AWS Backup’s own',
  DBInstanceAutomatedBackupsReplications: 'of the old instance’s backups',
  AutomaticRestartTime: 'of a stopped instance',
  CertificateDetails: 'follows from CACertificateIdentifier',
  DBSystemId: 'Oracle',
  PercentProgress: 'a fact',
  MultiTenant: 'Oracle',
  IsStorageConfigUpgradeAvailable: 'a fact',
  AdditionalStorageVolumes: 'Oracle and SQL Server',
  StorageVolumeStatus: 'a fact',
  StorageOperationStatus: 'a fact',
  StorageOperationPercentProgress: 'a fact',
  ListenerEndpoint: 'SQL Server Always On',
}

test('every member that the SDK knows of an instance is read, or left for a stated reason', () => {
  const read = new Set<string>()
  toInstance(
    new Proxy<DBInstance>(
      {
        PerformanceInsightsEnabled: true,
        StorageType: 'gp3',
        AllocatedStorage: 400,
        MonitoringInterval: 1,
      },
      {
        get: (target, name) => {
          read.add(String(name))
          return Reflect.get(target, name)
        },
      },
    ),
  )
  const members = DBInstance$[4]
  expect(members.filter((name) => !read.has(name)).sort()).toEqual(Object.keys(notCarried).sort())
})

const plain: DBInstance = {
  DBInstanceIdentifier: 'shop',
  Engine: 'postgres',
  EngineVersion: '18.4',
  DBInstanceClass: 'db.r7g.large',
  AllocatedStorage: 100,
  StorageType: 'gp3',
  Iops: 3000,
  StorageThroughput: 125,
  MultiAZ: false,
  AvailabilityZone: 'us-east-1c',
  Endpoint: { Address: 'shop.abc.us-east-1.rds.amazonaws.com', Port: 5433 },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-2' }, { VpcSecurityGroupId: 'sg-1' }],
  TagList: [
    { Key: 'team', Value: 'orders' },
    { Key: 'aws:cloudformation:stack-name', Value: 'x' },
    { Key: 'rollback-actions:record', Value: 'old' },
  ],
}
const made = {
  id: 'shop-rollback',
  snapshot: 'pre-migration-1',
  tags: { 'rollback-actions:record': 'new' },
}
const input = (given: DBInstance = {}) => restoreInput(toInstance({ ...plain, ...given }), made)

test('the port of the source, its tags and ours are in the call; tags of AWS and of earlier rollbacks are not', () => {
  expect(input()).toMatchObject({
    DBInstanceIdentifier: 'shop-rollback',
    DBSnapshotIdentifier: 'pre-migration-1',
    Port: 5433,
    VpcSecurityGroupIds: ['sg-1', 'sg-2'],
    Tags: [
      { Key: 'team', Value: 'orders' },
      { Key: 'rollback-actions:record', Value: 'new' },
    ],
  })
})

const storage: readonly (readonly [string, DBInstance, object])[] = [
  ['small gp3 has a baseline that may not be given', {}, { StorageType: 'gp3' }],
  [
    'striped gp3 keeps what was chosen',
    { AllocatedStorage: 400, Iops: 13_000, StorageThroughput: 600 },
    { StorageType: 'gp3', Iops: 13_000, StorageThroughput: 600 },
  ],
  [
    'provisioned storage keeps its IOPS and has no throughput',
    { StorageType: 'io2', Iops: 5000 },
    { StorageType: 'io2', Iops: 5000 },
  ],
  ['gp2 has neither', { StorageType: 'gp2' }, { StorageType: 'gp2' }],
]

test.each(storage)('%s', (_, given, expected) => {
  const { StorageType, Iops, StorageThroughput } = input(given)
  expect({ StorageType, Iops, StorageThroughput }).toEqual({
    Iops: undefined,
    StorageThroughput: undefined,
    ...expected,
  })
})

test('a zone is given only to an instance in one zone', () => {
  expect(input().AvailabilityZone).toBe('us-east-1c')
  expect(input({ MultiAZ: true }).AvailabilityZone).toBeUndefined()
})

test('a domain, processor features and the rest that only some instances have are carried over', () => {
  const given = {
    ProcessorFeatures: [{ Name: 'coreCount', Value: '2' }],
    DomainMemberships: [{ Domain: 'd-1', IAMRoleName: 'join', DnsIps: [] }],
    CustomerOwnedIpEnabled: true,
    DBCapacityReservationIdentifier: 'cr-1',
    CustomIamInstanceProfile: 'AWSRDSCustom',
  }
  expect(input(given)).toMatchObject({
    ProcessorFeatures: given.ProcessorFeatures,
    Domain: 'd-1',
    DomainIAMRoleName: 'join',
    EnableCustomerOwnedIp: true,
    DBCapacityReservationIdentifier: 'cr-1',
    CustomIamInstanceProfile: 'AWSRDSCustom',
  })
})

const changes: readonly (readonly [string, DBInstance, DBInstance, object | undefined])[] = [
  ['nothing differs', {}, {}, undefined],
  ['storage autoscaling', { MaxAllocatedStorage: 500 }, {}, { MaxAllocatedStorage: 500 }],
  [
    'monitoring goes with its role',
    { MonitoringInterval: 5, MonitoringRoleArn: 'r' },
    { MonitoringInterval: 0 },
    { MonitoringInterval: 5, MonitoringRoleArn: 'r' },
  ],
  [
    'Performance Insights goes together',
    {
      PerformanceInsightsEnabled: true,
      PerformanceInsightsRetentionPeriod: 31,
      PerformanceInsightsKMSKeyId: 'k',
    },
    {},
    {
      EnablePerformanceInsights: true,
      PerformanceInsightsRetentionPeriod: 31,
      PerformanceInsightsKMSKeyId: 'k',
    },
  ],
  [
    'the maintenance window',
    { PreferredMaintenanceWindow: 'mon:01:00-mon:01:30' },
    { PreferredMaintenanceWindow: 'sun:01:00-sun:01:30' },
    { PreferredMaintenanceWindow: 'mon:01:00-mon:01:30' },
  ],
  [
    'what the restore call did not do',
    { DeletionProtection: true },
    { DeletionProtection: false },
    { DeletionProtection: true },
  ],
  [
    'log exports',
    { EnabledCloudwatchLogsExports: ['upgrade'] },
    {},
    { CloudwatchLogsExportConfiguration: { EnableLogTypes: ['upgrade'] } },
  ],
  ['an engine version is told, not changed', {}, { EngineVersion: '18.3' }, undefined],
  [
    'a parameter group would need a reboot: told, not changed',
    { DBParameterGroups: [{ DBParameterGroupName: 'a' }] },
    {},
    undefined,
  ],
]

test.each(changes)('%s', (_, source, restored, expected) => {
  const [was, is] = [
    toInstance({ ...plain, ...source }),
    toInstance({ ...plain, DBInstanceIdentifier: 'new', ...restored }),
  ]
  const always = { DBInstanceIdentifier: 'new', ApplyImmediately: true }
  expect(modifyInput(was, is)).toEqual(expected && { ...always, ...expected })
})

test('every difference is told, by name and with both values', () => {
  const source = toInstance({
    ...plain,
    EngineVersion: '18.5',
    AssociatedRoles: [
      { RoleArn: 'arn:aws:iam::1:role/import', FeatureName: 's3Import', Status: 'ACTIVE' },
    ],
    MasterUserSecret: { SecretStatus: 'active' },
    ActivityStreamStatus: 'started',
  })
  const restored = toInstance({ ...plain, TagList: [], DeletionProtection: true })
  expect(differences(source, restored)).toEqual([
    { name: 'DeletionProtection', source: 'false', restored: 'true' },
    { name: 'EngineVersion', source: '18.5', restored: '18.4' },
    { name: 'ActivityStream', source: 'on', restored: 'none' },
    { name: 'role for s3Import', source: 'import', restored: 'none' },
    { name: 'tag team', source: 'orders', restored: 'none' },
    { name: 'managed master password', source: 'on', restored: 'off' },
  ])
  expect(missingRoles(source, restored)).toHaveLength(1)
})
