import {
  AddRoleToDBInstanceCommand,
  AddTagsToResourceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  ModifyDBInstanceCommand,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds'
import { failure } from '../gateway/clients.ts'
import { cloud, HOME } from './cloud.ts'

/** A cloud with an instance whose every setting differs from AWS's default, and a snapshot of it. */
async function unusual() {
  const made = cloud()
  const { client, established, snapped, clock } = made
  await client.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: 'tuned',
      DBParameterGroupFamily: 'postgres18',
      Description: 'ours',
    }),
  )
  await client.send(
    new CreateDBSubnetGroupCommand({
      DBSubnetGroupName: 'private',
      DBSubnetGroupDescription: 'ours',
      SubnetIds: ['subnet-1', 'subnet-2'],
    }),
  )
  const source = await established('orders', {
    DBInstanceClass: 'db.r6g.large',
    MultiAZ: true,
    DeletionProtection: true,
    EnableIAMDatabaseAuthentication: true,
    DBParameterGroupName: 'tuned',
    DBSubnetGroupName: 'private',
    VpcSecurityGroupIds: ['sg-0123456789abcdef0'],
    PubliclyAccessible: false,
    StorageType: 'io1',
    Iops: 1000,
    MaxAllocatedStorage: 100,
    StorageEncrypted: true,
    BackupRetentionPeriod: 7,
    PreferredBackupWindow: '00:10-00:40',
    PreferredMaintenanceWindow: 'sun:00:50-sun:01:20',
    AutoMinorVersionUpgrade: false,
    CopyTagsToSnapshot: true,
    EnableCloudwatchLogsExports: ['postgresql'],
    MonitoringInterval: 60,
    MonitoringRoleArn: 'arn:aws:iam::111111111111:role/monitoring',
    EnablePerformanceInsights: true,
    CACertificateIdentifier: 'rds-ca-ecc384-g1',
    EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    Port: 6000,
    EngineVersion: '18.4',
    DBName: 'app',
    Tags: [{ Key: 'team', Value: 'shop' }],
  })
  await client.send(
    new AddRoleToDBInstanceCommand({
      DBInstanceIdentifier: 'orders',
      RoleArn: 'arn:aws:iam::111111111111:role/import',
      FeatureName: 's3Import',
    }),
  )
  await snapped('orders', 's')
  return { ...made, source, clock }
}

/** The settings of an instance that a restore may lose, in one flat object. */
function settings(instance: Awaited<ReturnType<ReturnType<typeof cloud>['instance']>>) {
  return {
    DBInstanceClass: instance.DBInstanceClass,
    MultiAZ: instance.MultiAZ,
    DeletionProtection: instance.DeletionProtection,
    iam: instance.IAMDatabaseAuthenticationEnabled,
    parameters: instance.DBParameterGroups?.[0]?.DBParameterGroupName,
    subnets: instance.DBSubnetGroup?.DBSubnetGroupName,
    PubliclyAccessible: instance.PubliclyAccessible,
    StorageType: instance.StorageType,
    Iops: instance.Iops,
    MaxAllocatedStorage: instance.MaxAllocatedStorage,
    StorageEncrypted: instance.StorageEncrypted,
    BackupRetentionPeriod: instance.BackupRetentionPeriod,
    AutoMinorVersionUpgrade: instance.AutoMinorVersionUpgrade,
    CopyTagsToSnapshot: instance.CopyTagsToSnapshot,
    logs: instance.EnabledCloudwatchLogsExports,
    MonitoringInterval: instance.MonitoringInterval,
    MonitoringRoleArn: instance.MonitoringRoleArn,
    PerformanceInsightsEnabled: instance.PerformanceInsightsEnabled,
    certificate: instance.CACertificateIdentifier,
    EngineLifecycleSupport: instance.EngineLifecycleSupport,
    roles: instance.AssociatedRoles,
    tags: instance.TagList,
    MasterUsername: instance.MasterUsername,
    DBName: instance.DBName,
  }
}

/** What AWS makes of the unusual instance when a restore names nothing. */
const BARE = {
  DBInstanceClass: 'db.r6g.large',
  MultiAZ: false,
  DeletionProtection: false,
  iam: false,
  parameters: 'default.postgres18',
  subnets: 'default',
  PubliclyAccessible: true,
  StorageType: 'gp3',
  Iops: 3000,
  MaxAllocatedStorage: undefined,
  StorageEncrypted: true,
  BackupRetentionPeriod: 7,
  AutoMinorVersionUpgrade: true,
  CopyTagsToSnapshot: false,
  logs: [],
  MonitoringInterval: 0,
  MonitoringRoleArn: undefined,
  PerformanceInsightsEnabled: false,
  certificate: 'rds-ca-rsa2048-g1',
  EngineLifecycleSupport: 'open-source-rds-extended-support',
  roles: [],
  tags: [{ Key: 'team', Value: 'shop' }],
  MasterUsername: 'acme',
  DBName: 'app',
}

describe('a restore from a snapshot', () => {
  test('that names nothing loses what AWS loses', async () => {
    const { source, restore, instance, clock } = await unusual()
    await restore('s', 'restored')
    await clock.advance(401_000)
    const restored = await instance('restored')
    expect(settings(restored)).toEqual(BARE)
    expect(restored.VpcSecurityGroups).not.toEqual(source.VpcSecurityGroups)
    expect(restored.DbiResourceId).not.toBe(source.DbiResourceId)
    expect(restored.PreferredMaintenanceWindow).not.toBe(source.PreferredMaintenanceWindow)
    expect(restored.PreferredBackupWindow).not.toBe(source.PreferredBackupWindow)
  })

  test('keeps what is named, and what only a later change can set is set by that', async () => {
    const { source, client, restore, instance, clock } = await unusual()
    await restore('s', 'restored', {
      MultiAZ: true,
      DeletionProtection: true,
      EnableIAMDatabaseAuthentication: true,
      DBParameterGroupName: 'tuned',
      DBSubnetGroupName: 'private',
      VpcSecurityGroupIds: ['sg-0123456789abcdef0'],
      PubliclyAccessible: false,
      StorageType: 'io1',
      Iops: 1000,
      AutoMinorVersionUpgrade: false,
      CopyTagsToSnapshot: true,
      EnableCloudwatchLogsExports: ['postgresql'],
      CACertificateIdentifier: 'rds-ca-ecc384-g1',
      EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    })
    await clock.advance(401_000)
    await client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'restored',
        MaxAllocatedStorage: 100,
        MonitoringInterval: 60,
        MonitoringRoleArn: 'arn:aws:iam::111111111111:role/monitoring',
        EnablePerformanceInsights: true,
        ApplyImmediately: true,
      }),
    )
    await client.send(
      new AddRoleToDBInstanceCommand({
        DBInstanceIdentifier: 'restored',
        RoleArn: 'arn:aws:iam::111111111111:role/import',
        FeatureName: 's3Import',
      }),
    )
    await clock.advance(131_000)
    const restored = await instance('restored')
    expect(settings(restored)).toEqual(settings(await instance('orders')))
    expect(restored.VpcSecurityGroups).toEqual(source.VpcSecurityGroups)
  })

  test('goes through backing-up, or straight to available without backups', async () => {
    const { restore, instance, statuses } = await unusual()
    await restore('s', 'restored')
    const look = async () => (await instance('restored')).DBInstanceStatus
    expect(await statuses(401, look)).toEqual(['creating', 'backing-up', 'available'])
    await restore('s', 'bare', { BackupRetentionPeriod: 0 })
    const bare = async () => (await instance('bare')).DBInstanceStatus
    expect(await statuses(401, bare)).toEqual(['creating', 'available'])
  })

  test('has the password of the time of the snapshot', async () => {
    const { client, restore, instance, clock, data, source } = await unusual()
    await client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'orders',
        MasterUserPassword: 'battery-staple',
      }),
    )
    await clock.advance(71_000)
    await restore('s', 'restored')
    await clock.advance(401_000)
    const id = (await instance('restored')).DbiResourceId ?? ''
    expect(data.server(id).master?.password).toBe('correct-horse')
    expect(data.server(source.DbiResourceId ?? '').master?.password).toBe('battery-staple')
  })

  test('gets the given tags instead of the source’s', async () => {
    const { restore } = await unusual()
    const Tags = [{ Key: 'restored', Value: 'yes' }]
    expect((await restore('s', 'restored', { Tags })).DBInstance?.TagList).toEqual(Tags)
  })

  test('can be short of capacity, and can end incompatible', async () => {
    const { restore, instance, clock, rds } = await unusual()
    rds.set(HOME, { nextRestore: 'insufficient-capacity' })
    const refused = await failure(restore('s', 'restored'))
    expect(refused.name).toBe('InsufficientDBInstanceCapacityFault')
    rds.set(HOME, { nextRestore: 'incompatible-restore' })
    await restore('s', 'restored')
    await clock.advance(401_000)
    expect((await instance('restored')).DBInstanceStatus).toBe('incompatible-restore')
    await restore('s', 'third')
    await clock.advance(401_000)
    expect((await instance('third')).DBInstanceStatus).toBe('available')
  })

  const bad = [
    ['an unknown snapshot', 'nothing', 'new', {}, 'DBSnapshotNotFoundFault'],
    ['a name that is taken', 's', 'orders', {}, 'DBInstanceAlreadyExistsFault'],
    ['another engine', 's', 'new', { Engine: 'mysql' }, 'InvalidParameterValue'],
    [
      'an unknown subnet group',
      's',
      'new',
      { DBSubnetGroupName: 'x' },
      'DBSubnetGroupNotFoundFault',
    ],
    [
      'a managed password',
      's',
      'new',
      { ManageMasterUserPassword: true },
      'InvalidParameterCombination',
    ],
    ['less storage', 's', 'new', { AllocatedStorage: 5 }, 'InvalidParameterCombination'],
  ] as const
  test.each(bad)('of %s is refused', async (_what, snapshot, name, input, error) => {
    const { restore } = await unusual()
    expect((await failure(restore(snapshot, name, input))).name).toBe(error)
  })
})

describe('a restore to a point in time', () => {
  const recover = (
    client: ReturnType<typeof cloud>['client'],
    input: { RestoreTime?: Date; UseLatestRestorableTime?: boolean },
  ) =>
    client.send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: 'orders',
        TargetDBInstanceIdentifier: 'recovered',
        ...input,
      }),
    )

  test('waits for LatestRestorableTime, has the data of that time and no tags', async () => {
    const { client, established, instance, clock, data } = cloud()
    const { DbiResourceId = '' } = await established('orders', { Tags: [{ Key: 'a', Value: 'b' }] })
    data.write(DbiResourceId, 'good')
    await clock.advance(1000)
    const RestoreTime = new Date(clock.now())
    await clock.advance(1000)
    data.write(DbiResourceId, 'bad')
    const early = await failure(recover(client, { RestoreTime }))
    expect(early.message).toContain('after the latest restorable time')
    await clock.advance(300_000)
    await recover(client, { RestoreTime })
    await clock.advance(401_000)
    const recovered = await instance('recovered')
    expect(data.server(recovered.DbiResourceId ?? '').value).toBe('good')
    expect(recovered.TagList).toEqual([])
  })

  test('is refused without backups, before the first one, and with no or two times', async () => {
    const { client, established, clock } = cloud()
    await established('orders')
    const UseLatestRestorableTime = true
    const now = new Date(clock.now())
    for (const input of [{}, { UseLatestRestorableTime, RestoreTime: now }]) {
      expect((await failure(recover(client, input))).name).toBe('InvalidParameterCombination')
    }
    const early = await failure(
      recover(client, { RestoreTime: new Date(clock.now() - 86_400_000) }),
    )
    expect(early.name).toBe('InvalidParameterValue')
    const modify = {
      DBInstanceIdentifier: 'orders',
      BackupRetentionPeriod: 0,
      ApplyImmediately: true,
    }
    await client.send(new ModifyDBInstanceCommand(modify))
    await clock.advance(71_000)
    const refused = await failure(recover(client, { UseLatestRestorableTime }))
    expect(refused.name).toBe('PointInTimeRestoreNotEnabledFault')
  })
})

describe('groups and tags', () => {
  test('a new parameter group needs a reboot to be in sync', async () => {
    const { client, instance, clock } = await unusual()
    const change = { DBInstanceIdentifier: 'orders', DBParameterGroupName: 'default.postgres18' }
    await client.send(new ModifyDBInstanceCommand(change))
    const status = async () =>
      (await instance('orders')).DBParameterGroups?.[0]?.ParameterApplyStatus
    expect(await status()).toBe('applying')
    await clock.advance(31_000)
    expect(await status()).toBe('pending-reboot')
    await client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'orders' }))
    await clock.advance(31_000)
    expect(await status()).toBe('in-sync')
  })

  test('are listed, and found or not by their names', async () => {
    const { client } = await unusual()
    const parameters = await client.send(new DescribeDBParameterGroupsCommand({}))
    expect(parameters.DBParameterGroups?.map((one) => one.DBParameterGroupName)).toEqual([
      'default.postgres18',
      'tuned',
    ])
    const subnets = await client.send(
      new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'private' }),
    )
    expect(subnets.DBSubnetGroups?.[0]?.Subnets).toHaveLength(2)
    const unknown = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'x' })
    expect((await failure(client.send(unknown))).name).toBe('DBSubnetGroupNotFoundFault')
  })

  test('tags are added, replaced and removed, and follow a rename', async () => {
    const { client, instance, clock } = await unusual()
    const ResourceName = (await instance('orders')).DBInstanceArn ?? ''
    const Tags = [
      { Key: 'team', Value: 'data' },
      { Key: 'run', Value: '17' },
    ]
    await client.send(new AddTagsToResourceCommand({ ResourceName, Tags }))
    await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['run'] }))
    const rename = {
      DBInstanceIdentifier: 'orders',
      NewDBInstanceIdentifier: 'orders-old',
      ApplyImmediately: true,
    }
    await client.send(new ModifyDBInstanceCommand(rename))
    await clock.advance(131_000)
    const moved = await instance('orders-old')
    expect(moved.TagList).toEqual([{ Key: 'team', Value: 'data' }])
    const gone = await failure(client.send(new ListTagsForResourceCommand({ ResourceName })))
    expect(gone.name).toBe('DBInstanceNotFoundFault')
    const list = new ListTagsForResourceCommand({ ResourceName: moved.DBInstanceArn })
    expect((await client.send(list)).TagList).toEqual(moved.TagList)
  })
})
