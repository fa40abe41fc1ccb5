import {
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds'
import { failure } from '../gateway/clients.ts'
import { cloud } from './cloud.ts'

describe('a new instance', () => {
  test('goes through backing-up to available and gets its endpoint with its server', async () => {
    const { create, instance, statuses } = cloud()
    const { DBInstance } = await create('Orders')
    expect(DBInstance).toMatchObject({
      DBInstanceIdentifier: 'orders',
      DBInstanceStatus: 'creating',
    })
    expect(DBInstance?.Endpoint).toBeUndefined()
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(300, look)).toEqual(['creating', 'backing-up', 'available'])
    const { Endpoint, LatestRestorableTime } = await instance('orders')
    expect(Endpoint).toMatchObject({ Address: '127.0.0.1', Port: 40_001 })
    expect(LatestRestorableTime).toBeInstanceOf(Date)
  })

  test('without automated backups is never backing-up and cannot be restored to a time', async () => {
    const { create, instance, statuses } = cloud()
    await create('orders', { BackupRetentionPeriod: 0 })
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(300, look)).toEqual(['creating', 'available'])
    expect((await instance('orders')).LatestRestorableTime).toBeUndefined()
  })

  test('whose server does not start ends as failed', async () => {
    const { create, instance, clock, data } = cloud()
    data.create = () => Promise.reject(new Error('no space'))
    await create('orders')
    await clock.advance(301_000)
    expect((await instance('orders')).DBInstanceStatus).toBe('failed')
  })

  const bad = [
    ['an engine that is not there', { Engine: 'mysql' }, 'InvalidParameterValue'],
    ['a short password', { MasterUserPassword: 'short' }, 'InvalidParameterValue'],
    ['a password with @', { MasterUserPassword: 'correct@horse' }, 'InvalidParameterValue'],
    ['a reserved user', { MasterUsername: 'rdsadmin' }, 'InvalidParameterValue'],
    ['no user', { MasterUsername: undefined }, 'InvalidParameterValue'],
    ['no storage', { AllocatedStorage: undefined }, 'InvalidParameterValue'],
    ['two hyphens', { DBInstanceIdentifier: 'a--b' }, 'InvalidParameterValue'],
    ['a final hyphen', { DBInstanceIdentifier: 'ab-' }, 'InvalidParameterValue'],
    ['64 characters', { DBInstanceIdentifier: 'a'.repeat(64) }, 'InvalidParameterValue'],
    ['an unknown class', { DBInstanceClass: 'large' }, 'InvalidParameterValue'],
    ['36 days of backups', { BackupRetentionPeriod: 36 }, 'InvalidParameterValue'],
    ['an unknown version', { EngineVersion: '8.1' }, 'InvalidParameterCombination'],
    ['monitoring without a role', { MonitoringInterval: 60 }, 'InvalidParameterCombination'],
    ['an unknown subnet group', { DBSubnetGroupName: 'x' }, 'DBSubnetGroupNotFoundFault'],
    ['an unknown parameter group', { DBParameterGroupName: 'x' }, 'DBParameterGroupNotFoundFault'],
    ['a reserved tag', { Tags: [{ Key: 'aws:x', Value: 'y' }] }, 'InvalidParameterValue'],
  ] as const
  test.each(bad)('with %s is refused and leaves nothing', async (_what, input, name) => {
    const { create, client } = cloud()
    const given = 'Tags' in input ? { Tags: [...input.Tags] } : input
    expect((await failure(create('orders', given))).name).toBe(name)
    expect((await client.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
  })

  test('cannot take a name that is there, in any case of letters', async () => {
    const { create } = cloud()
    await create('orders')
    expect((await failure(create('ORDERS'))).name).toBe('DBInstanceAlreadyExistsFault')
  })
})

describe('modifying', () => {
  const modify = (
    client: ReturnType<typeof cloud>['client'],
    input: Omit<ModifyDBInstanceCommandInput, 'DBInstanceIdentifier'>,
  ) => client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'orders', ...input }))

  test('shows available for some seconds, with the change pending, before it shows modifying', async () => {
    const { client, established, instance, statuses, clock } = cloud()
    await established('orders')
    const input = { DBInstanceClass: 'db.r6g.large', MultiAZ: true, ApplyImmediately: true }
    const { DBInstance } = await modify(client, input)
    expect(DBInstance?.DBInstanceStatus).toBe('available')
    expect(DBInstance?.PendingModifiedValues).toEqual({
      DBInstanceClass: 'db.r6g.large',
      MultiAZ: true,
    })
    await clock.advance(5000)
    expect((await instance('orders')).DBInstanceStatus).toBe('available')
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(70, look)).toEqual(['available', 'modifying', 'available'])
    expect(await instance('orders')).toMatchObject({
      DBInstanceClass: 'db.r6g.large',
      MultiAZ: true,
      SecondaryAvailabilityZone: 'us-east-1b',
      PendingModifiedValues: {},
    })
  })

  test('without ApplyImmediately waits for the maintenance window', async () => {
    const { client, established, instance, clock, rds } = cloud()
    await established('orders')
    await modify(client, { AllocatedStorage: 50 })
    await clock.advance(600_000)
    expect(await instance('orders')).toMatchObject({
      AllocatedStorage: 20,
      PendingModifiedValues: { AllocatedStorage: 50 },
    })
    rds.maintain({ account: '111111111111', region: 'us-east-1' }, 'orders')
    await clock.advance(71_000)
    expect(await instance('orders')).toMatchObject({
      AllocatedStorage: 50,
      PendingModifiedValues: {},
    })
  })

  test('a later change with ApplyImmediately takes the waiting ones with it', async () => {
    const { client, established, instance, clock } = cloud()
    await established('orders')
    await modify(client, { AllocatedStorage: 50 })
    await modify(client, { BackupRetentionPeriod: 7, ApplyImmediately: true })
    await clock.advance(71_000)
    const { AllocatedStorage, BackupRetentionPeriod } = await instance('orders')
    expect([AllocatedStorage, BackupRetentionPeriod]).toEqual([50, 7])
  })

  test('protection, tags to snapshots and windows change at once', async () => {
    const { client, established } = cloud()
    await established('orders')
    const input = {
      DeletionProtection: true,
      CopyTagsToSnapshot: true,
      PreferredBackupWindow: '01:00-01:30',
      MaxAllocatedStorage: 100,
    }
    expect((await modify(client, input)).DBInstance).toMatchObject(input)
  })

  test('the password changes in the database, also without ApplyImmediately', async () => {
    const { client, established, instance, statuses, data } = cloud()
    const { DbiResourceId = '' } = await established('orders')
    await modify(client, { MasterUserPassword: 'battery-staple' })
    expect((await instance('orders')).PendingModifiedValues).toEqual({ MasterUserPassword: '****' })
    expect(data.server(DbiResourceId).master?.password).toBe('correct-horse')
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(80, look)).toEqual([
      'available',
      'resetting-master-credentials',
      'available',
    ])
    expect(data.server(DbiResourceId).master?.password).toBe('battery-staple')
  })

  test('each group of settings has its own status', async () => {
    const { client, established, instance, statuses } = cloud()
    await established('orders')
    await modify(client, {
      EnableIAMDatabaseAuthentication: true,
      CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql'] },
      MonitoringInterval: 60,
      MonitoringRoleArn: 'arn:aws:iam::111111111111:role/monitoring',
      EnablePerformanceInsights: true,
      ApplyImmediately: true,
    })
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(200, look)).toEqual([
      'available',
      'configuring-iam-database-auth',
      'configuring-log-exports',
      'configuring-enhanced-monitoring',
      'available',
    ])
    expect(await instance('orders')).toMatchObject({
      IAMDatabaseAuthenticationEnabled: true,
      EnabledCloudwatchLogsExports: ['postgresql'],
      MonitoringInterval: 60,
      PerformanceInsightsEnabled: true,
      PerformanceInsightsRetentionPeriod: 7,
    })
  })

  test('an instance that is not available is refused', async () => {
    const { client, create, established, clock } = cloud()
    await create('orders')
    const change = { DBInstanceClass: 'db.r6g.large', ApplyImmediately: true }
    const creating = await failure(modify(client, change))
    expect(creating.name).toBe('InvalidDBInstanceStateFault')
    await clock.advance(301_000)
    await modify(client, change)
    await clock.advance(15_000)
    expect((await failure(modify(client, change))).name).toBe('InvalidDBInstanceStateFault')
    await established('other')
  })

  test('storage that grew is optimized for a while, in which a snapshot is possible', async () => {
    const { client, established, instance, statuses, snap } = cloud()
    await established('orders')
    await modify(client, { AllocatedStorage: 50, ApplyImmediately: true })
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(70, look)).toEqual(['available', 'modifying', 'storage-optimization'])
    await snap('orders', 's')
    expect(await statuses(600, look)).toEqual(['storage-optimization', 'available'])
  })

  test('storage never shrinks', async () => {
    const { client, established } = cloud()
    await established('orders')
    const shrunk = await failure(modify(client, { AllocatedStorage: 10 }))
    expect(shrunk.name).toBe('InvalidParameterCombination')
  })
})

describe('renaming', () => {
  const rename = (client: ReturnType<typeof cloud>['client'], from: string, to: string) =>
    client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: from,
        NewDBInstanceIdentifier: to,
        ApplyImmediately: true,
      }),
    )

  test('the old name stays for a while, then only the new one is there, rebooting, with the same resource id', async () => {
    const { client, established, instance, statuses } = cloud()
    const before = await established('orders')
    await rename(client, 'orders', 'orders-old')
    const look = async () => {
      const list = (await client.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []
      return list.map((one) => `${one.DBInstanceIdentifier} ${one.DBInstanceStatus}`).join()
    }
    expect(await statuses(140, look)).toEqual([
      'orders available',
      'orders renaming',
      'orders-old rebooting',
      'orders-old available',
    ])
    const after = await instance('orders-old')
    expect(after.DbiResourceId).toBe(before.DbiResourceId)
    expect(after.DBInstanceArn).toMatch(/:db:orders-old$/)
    expect(after.Endpoint?.Port).not.toBe(before.Endpoint?.Port)
    expect((await failure(instance('orders'))).name).toBe('DBInstanceNotFoundFault')
  })

  test('two renames swap two databases behind one endpoint', async () => {
    const { client, established, instance, clock } = cloud()
    const old = await established('orders')
    const restored = await established('orders-rollback')
    await rename(client, 'orders', 'orders-old')
    await clock.advance(131_000)
    await rename(client, 'orders-rollback', 'orders')
    await clock.advance(131_000)
    const swapped = await instance('orders')
    expect(swapped.DbiResourceId).toBe(restored.DbiResourceId)
    expect(swapped.Endpoint).toEqual(old.Endpoint)
  })

  test('a name that is taken is refused', async () => {
    const { client, established } = cloud()
    await established('orders')
    await established('other')
    const taken = await failure(rename(client, 'orders', 'other'))
    expect(taken.name).toBe('DBInstanceAlreadyExistsFault')
  })
})

describe('stopping, starting and rebooting', () => {
  const named = { DBInstanceIdentifier: 'orders' }

  test('a stopped instance has no server, and gets the same endpoint again', async () => {
    const { client, established, instance, statuses, data } = cloud()
    const before = await established('orders')
    await client.send(new StopDBInstanceCommand(named))
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(61, look)).toEqual(['stopping', 'stopped'])
    expect(data.server(before.DbiResourceId ?? '').running).toBe(false)
    const twice = await failure(client.send(new StopDBInstanceCommand(named)))
    expect(twice.name).toBe('InvalidDBInstanceStateFault')
    await client.send(new StartDBInstanceCommand(named))
    expect(await statuses(121, look)).toEqual(['starting', 'available'])
    expect((await instance('orders')).Endpoint).toEqual(before.Endpoint)
  })

  test('a reboot takes a moment', async () => {
    const { client, established, instance, statuses } = cloud()
    await established('orders')
    await client.send(new RebootDBInstanceCommand(named))
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(31, look)).toEqual(['rebooting', 'available'])
  })
})

describe('deleting', () => {
  const deletion = (
    client: ReturnType<typeof cloud>['client'],
    input: { SkipFinalSnapshot?: boolean; FinalDBSnapshotIdentifier?: string },
  ) => client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'orders', ...input }))

  const refused = [
    ['while it is protected', { SkipFinalSnapshot: true }, true],
    ['with neither a final snapshot nor the wish to skip it', {}, false],
    ['with both', { SkipFinalSnapshot: true, FinalDBSnapshotIdentifier: 'last' }, false],
  ] as const
  test.each(refused)('%s is refused', async (_when, input, DeletionProtection) => {
    const { client, established, instance } = cloud()
    await established('orders', { DeletionProtection })
    expect((await failure(deletion(client, input))).name).toBe('InvalidParameterCombination')
    expect((await instance('orders')).DBInstanceStatus).toBe('available')
  })

  test('leaves the final snapshot and no automated ones', async () => {
    const { client, established, snapshot, clock, data } = cloud()
    const { DbiResourceId = '' } = await established('orders')
    const all = async () =>
      (await client.send(new DescribeDBSnapshotsCommand({}))).DBSnapshots?.map(
        (one) => one.SnapshotType,
      )
    expect(await all()).toEqual(['automated'])
    const answer = await deletion(client, { FinalDBSnapshotIdentifier: 'last' })
    expect(answer.DBInstance?.DBInstanceStatus).toBe('deleting')
    await clock.advance(181_000)
    expect(await all()).toEqual(['manual'])
    expect((await snapshot('last')).Status).toBe('available')
    expect(() => data.server(DbiResourceId)).toThrow('no server')
    const again = await failure(deletion(client, { SkipFinalSnapshot: true }))
    expect(again.name).toBe('DBInstanceNotFoundFault')
  })

  test('is told as an event, like everything that happened before', async () => {
    const { client, established, clock } = cloud()
    await established('orders')
    await deletion(client, { SkipFinalSnapshot: true })
    await clock.advance(61_000)
    const { Events = [] } = await client.send(
      new DescribeEventsCommand({ SourceType: 'db-instance', SourceIdentifier: 'orders' }),
    )
    expect(Events.map((one) => one.Message)).toEqual([
      'DB instance created',
      'Backing up DB instance',
      'Finished DB Instance backup',
      'DB instance deleted',
    ])
    await clock.advance(3_600_000)
    const later = await client.send(new DescribeEventsCommand({}))
    expect(later.Events).toEqual([])
  })
})
