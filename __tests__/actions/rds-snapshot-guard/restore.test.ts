import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  type DBInstance,
} from '@aws-sdk/client-rds'
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import {
  act,
  addRole,
  canary,
  changeDeployment,
  deployed,
  everything,
  home,
  instance,
  killAt,
  open,
  restoreSettings,
  revive,
  runOf,
  type Shop,
} from './shop.ts'

const put = async (world: Shop, text: string) =>
  world.secrets.send(
    new PutSecretValueCommand({ SecretId: 'acme/production/database-url', SecretString: text }),
  )
const undo = async (world: Shop) => act(world, await runOf(world, 'rollback'), restoreSettings)
/** Another run, when the lease of the one that died has lapsed. */
const resume = async (world: Shop) => {
  await world.clock.advance(20 * 60_000)
  return act(world, await runOf(world, 'rollback', { runId: '4712' }), restoreSettings)
}

/** Settings of which none is the default of a restore. */
const unusual: Partial<CreateDBInstanceCommandInput> = {
  DBInstanceClass: 'db.r7g.large',
  AllocatedStorage: 400,
  MaxAllocatedStorage: 1000,
  StorageType: 'gp3',
  Iops: 13_000,
  StorageThroughput: 600,
  MultiAZ: true,
  DBSubnetGroupName: 'private',
  DBParameterGroupName: 'tuned',
  VpcSecurityGroupIds: ['sg-2', 'sg-1'],
  PubliclyAccessible: true,
  BackupRetentionPeriod: 14,
  PreferredBackupWindow: '01:11-01:41',
  PreferredMaintenanceWindow: 'tue:04:00-tue:04:30',
  AutoMinorVersionUpgrade: false,
  DeletionProtection: true,
  EnableIAMDatabaseAuthentication: true,
  EnableCloudwatchLogsExports: ['upgrade', 'postgresql'],
  CopyTagsToSnapshot: true,
  MonitoringInterval: 15,
  MonitoringRoleArn: 'arn:aws:iam::123456789012:role/monitoring',
  EnablePerformanceInsights: true,
  PerformanceInsightsRetentionPeriod: 31,
  CACertificateIdentifier: 'rds-ca-ecc384-g1',
  NetworkType: 'DUAL',
  EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
  StorageEncrypted: true,
  KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-0000-4000-8000-000000000000',
  Tags: [
    { Key: 'team', Value: 'orders' },
    { Key: 'rollback-actions:record', Value: 'another' },
  ],
}

/** What two instances may not share. */
const own: readonly (keyof DBInstance)[] = [
  'DBInstanceIdentifier',
  'DBInstanceArn',
  'DbiResourceId',
  'Endpoint',
  'InstanceCreateTime',
  'LatestRestorableTime',
  'EnhancedMonitoringResourceArn',
  'TagList',
  'CertificateDetails',
]
const sorted = (value: unknown) =>
  Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value
const settingsOf = (from: DBInstance) =>
  Object.fromEntries(
    Object.entries(from)
      .filter(([name]) => !own.includes(name as keyof DBInstance))
      .map(([name, value]) => [name, sorted(value)]),
  )
const ownTags = (from: DBInstance) =>
  (from.TagList ?? []).filter(({ Key }) => !Key?.startsWith('rollback-actions:'))

test.each([
  ['everything unusual', unusual],
  [
    'provisioned storage in one zone',
    { StorageType: 'io1', Iops: 3000, AllocatedStorage: 100, AvailabilityZone: 'us-east-1c' },
  ],
  [
    'small gp3, whose baseline may not be given',
    { StorageType: 'gp3', BackupRetentionPeriod: 0, AutoMinorVersionUpgrade: false },
  ],
  [
    'gp2 with storage autoscaling',
    { StorageType: 'gp2', MaxAllocatedStorage: 200, DedicatedLogVolume: true },
  ],
])('a restored database has every setting of its source: %s', async (_, given) => {
  const world = await deployed(given)
  await addRole(world)
  await open(world)
  expect(await undo(world)).toMatchObject({ outcome: 'done' })
  const [source, restored] = [await instance(world, 'shop'), await instance(world, 'shop-rollback')]
  expect(settingsOf(restored)).toEqual(settingsOf(source))
  expect(ownTags(restored)).toEqual(ownTags(source))
})

test('the data of the snapshot serves, the old database stays, and the state before the rollback is kept', async () => {
  const world = await deployed()
  await open(world)
  const before = await everything(world)
  const result = await undo(world)
  const after = await everything(world)
  const [taken] = before.snapshots
  const safety = result.outputs?.['safety-snapshot']
  expect(result).toMatchObject({
    outcome: 'done',
    outputs: { snapshot: taken, 'restored-instance': 'shop-rollback' },
    headline: expect.stringContaining('every write since'),
  })
  expect(safety).toMatch(/^pre-rollback-\d{8}-\d{6}$/)
  expect(after).toMatchObject({
    instances: ['shop', 'shop-rollback'],
    snapshots: [taken, safety],
    versions: [['AWSCURRENT'], ['AWSPREVIOUS']],
    leadsTo: 'shop-rollback',
  })
  const data = async (id: string) =>
    world.gateway.data.server((await instance(world, id)).DbiResourceId ?? '').value
  expect(await data('shop-rollback')).toEqual({ applied: ['20260101000000', '20260201000000'] })
  expect(await data('shop')).toEqual({ applied: expect.arrayContaining(['20260301000000']) })
})

test('of the connection only host and port change', async () => {
  const world = await deployed()
  await open(world)
  const before = (await everything(world)).secret?.replace(/:\d+\//, ':PORT/')
  await undo(world)
  expect((await everything(world)).secret?.replace(/:\d+\//, ':PORT/')).toBe(before)
})

const mutations = async (world: Shop) => {
  const seen = world.gateway.calls.list().filter(({ mutating }) => mutating)
  return seen.map(({ operation }) => operation)
}

const oneOfEach = {
  instances: ['shop', 'shop-rollback'],
  snapshots: [expect.stringMatching(/^pre-migration-/), expect.stringMatching(/^pre-rollback-/)],
  versions: [['AWSCURRENT'], ['AWSPREVIOUS']],
  leadsTo: 'shop-rollback',
}

test.each(['before', 'after'] as const)(
  'killed %s any mutating call, the next run leaves the same: one of each',
  async (when) => {
    for (let nth = 1; ; nth++) {
      const world = await deployed(unusual)
      await addRole(world)
      await open(world)
      killAt(world, when, nth)
      const first = await undo(world).catch(() => 'killed')
      revive(world)
      if (first !== 'killed') {
        expect(nth).toBe(6)
        return
      }
      expect(await resume(world)).toMatchObject({ outcome: 'done' })
      expect(await everything(world)).toMatchObject(oneOfEach)
      const [source, restored] = [
        await instance(world, 'shop'),
        await instance(world, 'shop-rollback'),
      ]
      expect(settingsOf(restored)).toEqual(settingsOf(source))
    }
  },
  60_000,
)

test('killed at any write to the record, the next run leaves the same', async () => {
  for (let kill = 1; ; kill++) {
    const world = await deployed()
    await open(world)
    const run = await runOf(world, 'rollback')
    let writes = 0
    world.store.objects.fault = (call, key) => {
      const write = call === 'replace' && key === `${restoreSettings.record}.json`
      if (write && ++writes === kill) throw new Error('killed')
    }
    const first = await act(world, run, restoreSettings).catch(() => 'killed')
    world.store.objects.fault = undefined
    if (first !== 'killed') {
      expect(kill).toBeGreaterThan(3)
      return
    }
    expect(await resume(world)).toMatchObject({ outcome: 'done' })
    expect(await everything(world)).toMatchObject(oneOfEach)
  }
})

test.each([
  'CreateDBSnapshot',
  'RestoreDBInstanceFromDBSnapshot',
  'ModifyDBInstance',
  'AddRoleToDBInstance',
  'PutSecretValue',
])(
  'an answer to %s that is lost is sent again by the SDK and leaves one of each',
  async (operation) => {
    const world = await deployed(unusual, 3)
    await addRole(world)
    await open(world)
    world.gateway.faults.add({ effect: 'applied-answer-lost', operation, nth: 1 })
    expect(await undo(world)).toMatchObject({ outcome: 'done' })
    expect(world.gateway.faults.list()).toMatchObject([{ hit: 1 }])
    expect(await everything(world)).toMatchObject(oneOfEach)
  },
)

test.each([1, 2, 3])(
  'a fifth of all calls throttled or failing changes nothing in the end (seed %d)',
  async (seed) => {
    const world = await deployed(unusual, 8)
    await open(world)
    world.gateway.faults.add({ effect: 'throttle', probability: 0.1, seed })
    world.gateway.faults.add({ effect: 'error500', probability: 0.1, seed: seed + 10 })
    expect(await undo(world)).toMatchObject({ outcome: 'done' })
    world.gateway.faults.clear()
    expect(await everything(world)).toMatchObject(oneOfEach)
  },
)

test('a setting that RDS does not take is listed, and the restored database serves all the same', async () => {
  const world = await deployed({ PreferredMaintenanceWindow: 'tue:04:00-tue:04:30' })
  await open(world)
  world.rds.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'ModifyDBInstanceCommand') return next(args)
        throw Object.assign(new Error('busy'), { name: 'InvalidDBInstanceState' })
      },
    { step: 'initialize' },
  )
  const result = await undo(world)
  expect(result).toMatchObject({
    outcome: 'partial',
    data: { differences: ['PreferredMaintenanceWindow'] },
    next: expect.arrayContaining([expect.stringContaining('set what differs on shop-rollback')]),
  })
  expect((await everything(world)).leadsTo).toBe('shop-rollback')
})

test('the loss ends with the cutover, whenever it is told', async () => {
  const world = await deployed()
  await open(world)
  const first = await undo(world)
  expect((await resume(world)).headline).toBe(first.headline)
})

test('a repeat after the end changes nothing', async () => {
  const world = await deployed()
  await open(world)
  await undo(world)
  const before = [await everything(world), await mutations(world)]
  expect(await resume(world)).toMatchObject({ outcome: 'done' })
  expect([await everything(world), await mutations(world)]).toEqual(before)
})

test('every mutation is in the record before it is sent', async () => {
  const world = await deployed(unusual)
  await addRole(world)
  await open(world)
  const run = await runOf(world, 'rollback')
  await act(world, run, restoreSettings)
  expect(run.journal.entries().map(({ operation, on }) => [operation, on])).toEqual([
    ['create-snapshot', 'shop'],
    ['restore-instance', 'shop-rollback'],
    ['modify-instance', 'shop-rollback'],
    ['add-role', 'shop-rollback'],
    ['cutover', 'acme/production/database-url'],
  ])
})

test('a name that is taken gets the time behind it', async () => {
  const world = await deployed()
  await open(world)
  const other = {
    DBInstanceIdentifier: 'shop-rollback',
    Engine: 'postgres',
    DBInstanceClass: 'db.t4g.micro',
  }
  const login = {
    MasterUsername: 'acme',
    MasterUserPassword: 'something-else',
    AllocatedStorage: 20,
  }
  await world.rds.send(new CreateDBInstanceCommand({ ...other, ...login }))
  await world.clock.advance(400_000)
  const result = await undo(world)
  expect(result.outputs?.['restored-instance']).toMatch(/^shop-rollback-\d{8}-\d{6}$/)
  expect((await everything(world)).leadsTo).toBe(result.outputs?.['restored-instance'])
})

test.each([
  ['missing', 'refused', /nobody consented/],
  ['not-needed', 'refused', /nobody consented/],
  ['never', 'refused', /data-restore: never/],
  ['automatic', 'done', /is restored/],
  ['given', 'done', /is restored/],
] as const)('with consent %s it ends %s', async (consent, outcome, headline) => {
  const world = await deployed()
  await open(world, { consent })
  const before = await everything(world)
  const result = await undo(world)
  expect(result).toMatchObject({ outcome, headline: expect.stringMatching(headline) })
  if (outcome === 'refused') {
    expect(await everything(world)).toEqual(before)
    expect(result.next?.length).toBeGreaterThan(0)
  }
})

test('without consent the next command is printed with the plan id', async () => {
  const world = await deployed()
  await open(world, { consent: 'missing' })
  expect((await undo(world)).next?.[0]).toContain('-f consent=plan-1')
})

test('a rollback of profile A leaves the database alone', async () => {
  const world = await deployed()
  await open(world, { profile: 'A', consent: 'not-needed' })
  const before = await everything(world)
  expect(await undo(world)).toMatchObject({ outcome: 'unchanged' })
  expect(await everything(world)).toEqual(before)
})

test('a dry run says what would happen and changes nothing', async () => {
  const world = await deployed(unusual)
  await open(world)
  const before = await everything(world)
  const result = await act(world, await runOf(world, 'rollback', { dryRun: true }), restoreSettings)
  expect(result).toMatchObject({
    outcome: 'planned',
    outputs: { 'restored-instance': 'shop-rollback' },
  })
  expect(JSON.stringify(result.sections)).toContain('tuned')
  expect(await everything(world)).toEqual(before)
})

test('a restored ledger that is not the one of the restore point is not served', async () => {
  const world = await deployed()
  await open(world)
  const { components } = JSON.parse(
    world.store.objects.content.get('production/4711/before.json')?.text ?? '',
  )
  const { changePoint } = await import('#store')
  await changePoint(world.store, 'production/4711/before', (point) => ({
    ...point,
    components: { migrations: { ...components.migrations, applied: ['20260101000000'] } },
  }))
  expect(await undo(world)).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('it also has 20260201000000'),
  })
  expect((await everything(world)).leadsTo).toBe('shop')
})

test('a connection that was led elsewhere meanwhile is left alone', async () => {
  const world = await deployed()
  await open(world)
  world.gateway.faults.add({
    effect: 'kill',
    operation: 'PutSecretValue',
    when: 'before',
    nth: 1,
    onKill: () => {},
  })
  await expect(undo(world)).rejects.toThrow()
  world.gateway.faults.clear()
  await put(world, `postgres://acme:${encodeURIComponent(canary)}@elsewhere:5432/shop`)
  const result = await resume(world)
  expect(result).toMatchObject({ outcome: 'superseded' })
  expect((await everything(world)).secret).toContain('elsewhere')
})

test('a deployment without an available snapshot restores nothing', async () => {
  const world = await deployed()
  await open(world)
  const { deployment } = await import('./shop.ts')
  const snapshot = (await deployment(world))?.snapshot
  if (!snapshot) throw new Error('no snapshot')
  await changeDeployment(world, { snapshot: { ...snapshot, status: 'failed' } })
  const before = await everything(world)
  expect(await undo(world)).toMatchObject({ outcome: 'refused' })
  expect(await everything(world)).toEqual(before)
})

test.each([
  ['incompatible-restore', 'failed'],
  ['insufficient-capacity', 'thrown'],
] as const)('a restore that ends %s leaves the connection alone', async (nextRestore, end) => {
  const world = await deployed()
  await open(world)
  world.gateway.rds.set(home, { nextRestore })
  const result = await undo(world).catch((thrown) => ({
    outcome: 'thrown',
    headline: thrown.message,
  }))
  expect(result.outcome).toBe(end)
  expect((await everything(world)).leadsTo).toBe('shop')
})

test('after a restore that came to nothing the next run restores under another name', async () => {
  const world = await deployed()
  await open(world)
  world.gateway.rds.set(home, { nextRestore: 'incompatible-restore' })
  expect(await undo(world)).toMatchObject({
    outcome: 'failed',
    next: [expect.stringContaining('again')],
  })
  const result = await undo(world)
  expect(result).toMatchObject({ outcome: 'done' })
  const { instances, snapshots, leadsTo } = await everything(world)
  expect(instances).toEqual(['shop', 'shop-rollback', leadsTo])
  expect(leadsTo).toMatch(/^shop-rollback-\d{8}-\d{6}$/)
  expect(snapshots).toHaveLength(2)
})

test('without record and store it needs confirm-data-loss, and then restores the named snapshot', async () => {
  const world = await deployed()
  const [snapshot = ''] = (await everything(world)).snapshots
  const alone = { ...world, store: undefined as unknown as Shop['store'] }
  const settings = { ...restoreSettings, record: undefined, snapshot: snapshot ?? '' }
  const run = async () => runOf(world, 'deployment')
  expect(await act(alone, await run(), { ...settings, confirmed: false })).toMatchObject({
    outcome: 'refused',
  })
  expect(await act(alone, await run(), { ...settings, confirmed: true })).toMatchObject({
    outcome: 'done',
  })
  expect((await everything(world)).leadsTo).toBe('shop-rollback')
})

test('no password and no connection string is in the result, the lines or the store', async () => {
  const world = await deployed()
  await open(world)
  const run = await runOf(world, 'rollback')
  const before = (await everything(world)).secret ?? ''
  const result = await act(world, run, restoreSettings)
  const after = (await everything(world)).secret ?? ''
  const written = [...world.store.objects.content.values()].map(({ text }) => text).join()
  const shown = JSON.stringify([result, run.lines]) + written
  for (const hidden of [canary, encodeURIComponent(canary), before, after]) {
    expect(shown.includes(hidden)).toBe(false)
    expect(run.masked).toContain(hidden)
  }
})
