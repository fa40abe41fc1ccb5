import {
  CopyDBSnapshotCommand,
  CreateDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { clientConfig, failure } from '../gateway/clients.ts'
import { BASICS, cloud, HOME } from './cloud.ts'

describe('a manual snapshot', () => {
  test('of a single-AZ instance shows it backing-up, and has its times only when it is available', async () => {
    const { established, snap, snapshot, instance, statuses, clock } = cloud()
    await established('orders', { StorageEncrypted: true, CopyTagsToSnapshot: true })
    const asked = clock.now()
    const { DBSnapshot } = await snap('orders', 'Before-Migration')
    expect(DBSnapshot).toMatchObject({
      DBSnapshotIdentifier: 'before-migration',
      Status: 'creating',
      PercentProgress: 0,
    })
    expect(DBSnapshot?.SnapshotCreateTime).toBeUndefined()
    const look = async () => {
      const [{ Status, PercentProgress }, { DBInstanceStatus }] = await Promise.all([
        snapshot('before-migration'),
        instance('orders'),
      ])
      return `${DBInstanceStatus} ${Status} ${PercentProgress}`
    }
    expect(await statuses(121, look)).toEqual([
      'available creating 0',
      'backing-up creating 0',
      'backing-up creating 25',
      'backing-up creating 50',
      'backing-up creating 75',
      'available available 100',
    ])
    const done = await snapshot('before-migration')
    expect(done).toMatchObject({ Encrypted: true, SnapshotType: 'manual', AllocatedStorage: 20 })
    expect(Number(done.SnapshotDatabaseTime)).toBe(asked + 5000)
    expect(Number(done.SnapshotCreateTime)).toBe(asked + 120_000)
    expect(done.OriginalSnapshotCreateTime).toEqual(done.SnapshotCreateTime)
  })

  test('of a Multi-AZ instance leaves it available', async () => {
    const { established, snap, instance, statuses } = cloud()
    await established('orders', { MultiAZ: true })
    await snap('orders', 's')
    const look = async () => (await instance('orders')).DBInstanceStatus
    expect(await statuses(121, look)).toEqual(['available'])
  })

  test('holds what was written before its database time, and nothing later', async () => {
    const { established, snap, restore, instance, clock, data } = cloud()
    const { DbiResourceId = '' } = await established('orders')
    data.write(DbiResourceId, 'before the call')
    await snap('orders', 's')
    await clock.advance(3000)
    data.write(DbiResourceId, 'a moment after the call')
    await clock.advance(3000)
    data.write(DbiResourceId, 'after the copy')
    await clock.advance(120_000)
    await restore('s', 'restored')
    await clock.advance(401_000)
    const restored = await instance('restored')
    expect(data.server(restored.DbiResourceId ?? '').value).toBe('a moment after the call')
    expect(data.server(DbiResourceId).value).toBe('after the copy')
  })

  test('takes the instance’s tags only where that is set, and its own before them', async () => {
    const { client, established, snapshot, snapped, clock } = cloud()
    const Tags = [{ Key: 'team', Value: 'shop' }]
    await established('plain', { Tags })
    await established('copying', { Tags, CopyTagsToSnapshot: true })
    expect((await snapped('plain', 'plain-s')).TagList).toEqual([])
    expect((await snapped('copying', 'copying-s')).TagList).toEqual(Tags)
    await client.send(
      new CopyDBSnapshotCommand({
        SourceDBSnapshotIdentifier: 'copying-s',
        TargetDBSnapshotIdentifier: 'copied',
        CopyTags: true,
      }),
    )
    await clock.advance(121_000)
    const copied = await snapshot('copied')
    expect(copied).toMatchObject({ Status: 'available', TagList: Tags })
    expect(copied.SourceDBSnapshotIdentifier).toMatch(/:snapshot:copying-s$/)
    const original = await snapshot('copying-s')
    expect(copied.OriginalSnapshotCreateTime).toEqual(original.OriginalSnapshotCreateTime)
    expect(copied.SnapshotCreateTime).not.toEqual(original.SnapshotCreateTime)
  })

  test('of an instance that is not available is refused', async () => {
    const { create, snap, established } = cloud()
    await create('new')
    const creating = await failure(snap('new', 's'))
    expect(creating).toEqual({
      name: 'InvalidDBInstanceStateFault',
      message:
        'Cannot create a snapshot because the database instance new is not currently in the available state.',
    })
    await established('orders')
    expect((await failure(snap('nobody', 's'))).name).toBe('DBInstanceNotFoundFault')
  })

  test('needs a name of its own', async () => {
    const { established, snapped, snap } = cloud()
    await established('orders')
    await snapped('orders', 's')
    expect((await failure(snap('orders', 'S'))).name).toBe('DBSnapshotAlreadyExistsFault')
    expect((await failure(snap('orders', 'rds:x'))).name).toBe('InvalidParameterValue')
    expect((await failure(snap('orders', `a${'b'.repeat(255)}`))).name).toBe(
      'InvalidParameterValue',
    )
  })

  test('can be made to fail or to hang', async () => {
    const { established, snap, snapshot, instance, clock, rds } = cloud()
    await established('orders')
    rds.set(HOME, { nextSnapshot: 'fails' })
    await snap('orders', 'broken')
    await clock.advance(121_000)
    expect(await snapshot('broken')).toMatchObject({ Status: 'failed', PercentProgress: 75 })
    expect((await instance('orders')).DBInstanceStatus).toBe('available')
    rds.set(HOME, { nextSnapshot: 'hangs' })
    await snap('orders', 'stuck')
    await clock.advance(7_200_000)
    expect(await snapshot('stuck')).toMatchObject({ Status: 'creating', PercentProgress: 75 })
  })

  test('that is being made cannot be deleted or restored from; a deleted one is gone', async () => {
    const { client, established, snap, restore, snapshot, clock } = cloud()
    await established('orders')
    await snap('orders', 's')
    const remove = () => client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 's' }))
    expect((await failure(remove())).name).toBe('InvalidDBSnapshotStateFault')
    expect((await failure(restore('s', 'new'))).name).toBe('InvalidDBSnapshotStateFault')
    await clock.advance(121_000)
    expect((await remove()).DBSnapshot?.Status).toBe('deleted')
    expect((await failure(snapshot('s'))).name).toBe('DBSnapshotNotFoundFault')
  })
})

describe('the quota of manual snapshots', () => {
  test('refuses one more, counts no automated ones, and is told by DescribeAccountAttributes', async () => {
    const { client, established, snapped, snap, rds } = cloud()
    await established('orders')
    rds.set(HOME, { manualSnapshots: 1 })
    await snapped('orders', 'one')
    expect(await failure(snap('orders', 'two'))).toEqual({
      name: 'SnapshotQuotaExceededFault',
      message: 'Cannot create more than 1 manual snapshots',
    })
    const { AccountQuotas } = await client.send(new DescribeAccountAttributesCommand({}))
    expect(AccountQuotas).toContainEqual({ AccountQuotaName: 'ManualSnapshots', Used: 1, Max: 1 })
  })
})

describe('describing', () => {
  test('gives pages of at most MaxRecords in the order of names, none twice', async () => {
    const { client, established, snap, clock } = cloud()
    await established('orders', { MultiAZ: true })
    const names = Array.from({ length: 45 }, (_, index) => `s-${String(index).padStart(2, '0')}`)
    for (const name of [...names].reverse()) await snap('orders', name)
    await clock.advance(121_000)
    const pages: string[][] = []
    let Marker: string | undefined
    do {
      const page = await client.send(
        new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', MaxRecords: 20, Marker }),
      )
      pages.push((page.DBSnapshots ?? []).map((one) => one.DBSnapshotIdentifier ?? ''))
      Marker = page.Marker
    } while (Marker)
    expect(pages.map((page) => page.length)).toEqual([20, 20, 5])
    expect(pages.flat()).toEqual(names)
    for (const bad of [{ MaxRecords: 19 }, { MaxRecords: 101 }, { Marker: 'nonsense' }]) {
      const refused = await failure(client.send(new DescribeDBSnapshotsCommand(bad)))
      expect(refused.name).toBe('InvalidParameterValue')
    }
  })

  test('finds instances by name, ARN and resource id, and snapshots by their instance', async () => {
    const { client, established, snapped } = cloud()
    const { DBInstanceArn = '', DbiResourceId = '' } = await established('orders')
    await established('other')
    await snapped('orders', 'orders-s')
    await snapped('other', 'other-s')
    const instances = async (input: object) =>
      (await client.send(new DescribeDBInstancesCommand(input))).DBInstances?.map(
        (one) => one.DBInstanceIdentifier,
      )
    const by = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] })
    expect(await instances({ DBInstanceIdentifier: DBInstanceArn })).toEqual(['orders'])
    expect(await instances(by('dbi-resource-id', DbiResourceId))).toEqual(['orders'])
    expect(await instances(by('db-instance-id', 'other', DBInstanceArn))).toEqual([
      'orders',
      'other',
    ])
    expect((await failure(instances(by('colour', 'red')))).message).toBe(
      'Unrecognized filter name: colour',
    )
    const snapshots = async (input: object) =>
      (await client.send(new DescribeDBSnapshotsCommand(input))).DBSnapshots?.map(
        (one) => one.DBSnapshotIdentifier,
      )
    const SnapshotType = 'manual'
    expect(await snapshots({ SnapshotType, DbiResourceId })).toEqual(['orders-s'])
    expect(await snapshots({ SnapshotType, DBInstanceIdentifier: 'other' })).toEqual(['other-s'])
    expect(await snapshots({ SnapshotType, DBInstanceIdentifier: 'nobody' })).toEqual([])
    expect(await snapshots({ SnapshotType: 'automated' })).toHaveLength(2)
  })

  test('shows each account and each region only its own', async () => {
    const { client, established, gateway } = cloud()
    const { DBInstanceArn } = await established('orders')
    const other = new RDSClient(clientConfig(gateway, { account: '222222222222' }))
    const elsewhere = new RDSClient({ ...clientConfig(gateway), region: 'eu-west-1' })
    for (const stranger of [other, elsewhere]) {
      expect((await stranger.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([])
      const byArn = new DescribeDBInstancesCommand({ DBInstanceIdentifier: DBInstanceArn })
      expect((await failure(stranger.send(byArn))).name).toBe('DBInstanceNotFoundFault')
    }
    const own = new CreateDBInstanceCommand({ ...BASICS, DBInstanceIdentifier: 'orders' })
    await other.send(own)
    expect((await failure(client.send(own))).name).toBe('DBInstanceAlreadyExistsFault')
  })
})
