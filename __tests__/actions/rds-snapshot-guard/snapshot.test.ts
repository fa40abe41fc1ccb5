import { createHash } from 'node:crypto'
import { CreateDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import {
  act,
  canary,
  changeDeployment,
  deployment,
  everything,
  home,
  killAt,
  revive,
  runOf,
  type Shop,
  shop,
  snapshotSettings,
} from './shop.ts'

const take = async (world: Shop) => act(world, await runOf(world, 'deployment'), snapshotSettings)
const snapshots = async (world: Shop) => (await everything(world)).snapshots
const tags = async ({ rds }: Shop, id: string) => {
  const found = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }))
  return Object.fromEntries(
    (found.DBSnapshots?.[0]?.TagList ?? []).map(({ Key, Value }) => [Key, Value]),
  )
}

test('the snapshot is available and tagged before the deployment begins', async () => {
  const world = await shop()
  const result = await take(world)
  expect(result).toMatchObject({ outcome: 'done' })
  const id = result.outputs?.snapshot ?? ''
  expect(id).toMatch(/^pre-migration-20261122-\d{6}$/)
  expect(await snapshots(world)).toEqual([id])
  expect(await tags(world, id)).toMatchObject({
    'rollback-actions:deployment': 'production/4711',
    'rollback-actions:instance': 'shop',
    'rollback-actions:run': '4711',
    'rollback-actions:sha': 'a'.repeat(40),
    'rollback-actions:environment': 'production',
    'rollback-actions:resource-id': expect.stringMatching(/^db-/),
  })
  expect(await deployment(world)).toMatchObject({
    state: 'deploying',
    snapshot: { id, instance: 'shop', status: 'available' },
    journal: [{ operation: 'create-snapshot', on: 'shop', detail: { snapshot: id } }],
  })
})

test('a suffix stands behind the name', async () => {
  const world = await shop()
  const result = await act(world, await runOf(world, 'deployment'), {
    ...snapshotSettings,
    suffix: 'orders',
  })
  expect(result.outputs?.snapshot).toMatch(/^pre-migration-\d{8}-\d{6}-orders$/)
})

test('an answer that is lost leaves exactly one snapshot, which the next run finds', async () => {
  const world = await shop()
  world.gateway.faults.add({ effect: 'applied-answer-lost', operation: 'CreateDBSnapshot', nth: 1 })
  await expect(take(world)).rejects.toThrow(/CreateDBSnapshot/)
  expect(await deployment(world)).toMatchObject({
    state: 'captured',
    snapshot: { status: 'intended' },
  })
  expect(await take(world)).toMatchObject({ outcome: 'done' })
  expect(await snapshots(world)).toHaveLength(1)
  expect(await deployment(world)).toMatchObject({ state: 'deploying' })
})

test.each(['before', 'after'] as const)(
  'killed %s the call, the next run leaves exactly one snapshot',
  async (when) => {
    const world = await shop()
    killAt(world, when, 1)
    await expect(take(world)).rejects.toThrow('killed')
    revive(world)
    await world.clock.advance(5_000)
    expect(await take(world)).toMatchObject({ outcome: 'done' })
    expect(await snapshots(world)).toHaveLength(1)
  },
)

test('killed at any write to the store, the next run ends the same', async () => {
  for (let kill = 1; ; kill++) {
    const world = await shop()
    const run = await runOf(world, 'deployment')
    let writes = 0
    world.store.objects.fault = (call) => {
      if (call === 'get' || call === 'list') return
      writes += 1
      if (writes === kill) throw new Error('killed')
    }
    const first = await act(world, run, snapshotSettings).catch(() => 'killed')
    world.store.objects.fault = undefined
    if (first !== 'killed') {
      expect(kill).toBeGreaterThan(3)
      return
    }
    expect((await deployment(world))?.state).toBe('captured')
    expect(await take(world)).toMatchObject({ outcome: 'done' })
    expect(await snapshots(world)).toHaveLength(1)
    expect(await deployment(world)).toMatchObject({
      state: 'deploying',
      snapshot: { status: 'available' },
    })
  }
})

test('a run that was repeated keeps the snapshot from before its migrations', async () => {
  const world = await shop()
  const first = await take(world)
  await world.clock.advance(3_600_000)
  expect(await take(world)).toMatchObject({ outcome: 'unchanged', outputs: first.outputs })
  expect(await snapshots(world)).toHaveLength(1)
})

test('a name that somebody else took gets a number', async () => {
  const world = await shop()
  const run = await runOf(world, 'deployment')
  const at = new Date(world.clock.now())
    .toISOString()
    .replace(/[-:]/g, '')
    .replace('T', '-')
    .slice(0, 15)
  const name = `pre-migration-${at}`
  await world.rds.send(
    new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: name }),
  )
  expect(await act(world, run, snapshotSettings)).toMatchObject({
    outcome: 'done',
    outputs: { snapshot: `${name}-2` },
  })
  expect(await deployment(world)).toMatchObject({
    snapshot: { id: `${name}-2`, status: 'available' },
  })
})

test('a snapshot that fails does not begin the deployment, and the next run takes another', async () => {
  const world = await shop()
  world.gateway.rds.set(home, { nextSnapshot: 'fails' })
  expect(await take(world)).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('is failed; nothing was migrated'),
    next: expect.arrayContaining([expect.stringContaining('re-run')]),
  })
  expect(await deployment(world)).toMatchObject({
    state: 'captured',
    snapshot: { status: 'failed' },
  })
  expect(await take(world)).toMatchObject({ outcome: 'done' })
  expect(await deployment(world)).toMatchObject({
    state: 'deploying',
    snapshot: { status: 'available' },
  })
})

test('a snapshot that does not end in time is inconclusive, and the next run goes on waiting for it', async () => {
  const world = await shop()
  const run = await runOf(world, 'deployment', { timeout: 60_000 })
  expect(await act(world, run, snapshotSettings)).toMatchObject({ outcome: 'inconclusive' })
  expect(await deployment(world)).toMatchObject({
    state: 'captured',
    snapshot: { status: 'intended' },
  })
  expect(await take(world)).toMatchObject({ outcome: 'done' })
  expect(await snapshots(world)).toHaveLength(1)
})

test('a quota that is used up fails with RDS’s own words', async () => {
  const world = await shop()
  world.gateway.rds.set(home, { manualSnapshots: 0 })
  expect(await take(world)).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('SnapshotQuotaExceeded'),
  })
  expect((await deployment(world))?.state).toBe('captured')
})

test('a denied call names the permission', async () => {
  const world = await shop()
  world.gateway.faults.add({ effect: 'denied', operation: 'CreateDBSnapshot' })
  await expect(take(world)).rejects.toMatchObject({
    next: 'grant rds:CreateDBSnapshot to the role of this job',
  })
})

test.each(['held', 'rolled-back', 'abandoned', 'verified'] as const)(
  'a deployment that is %s takes no snapshot',
  async (state) => {
    const world = await shop()
    await changeDeployment(world, { state })
    expect(await take(world)).toMatchObject({ outcome: 'refused' })
    expect(await snapshots(world)).toEqual([])
  },
)

test('a deployment that has begun without a snapshot takes none: it may hold migrations already', async () => {
  const world = await shop()
  await changeDeployment(world, { state: 'deploying' })
  expect(await take(world)).toMatchObject({
    outcome: 'refused',
    headline: expect.stringContaining('has begun'),
  })
  expect(await snapshots(world)).toEqual([])
})

test('a dry run takes nothing and writes nothing', async () => {
  const world = await shop()
  const before = [...world.store.objects.content.values()].map(({ text }) => text)
  const run = await runOf(world, 'deployment', { dryRun: true })
  expect(await act(world, run, snapshotSettings)).toMatchObject({ outcome: 'planned' })
  expect(await snapshots(world)).toEqual([])
  expect([...world.store.objects.content.values()].map(({ text }) => text)).toEqual(before)
})

test('without a database in the configuration nothing happens, but the deployment begins', async () => {
  const world = await shop()
  const run = await runOf(world, 'deployment')
  const nothing = { do: 'nothing', why: 'the configuration names no database' } as const
  expect(await act(world, run, nothing)).toMatchObject({ outcome: 'unchanged' })
  expect((await deployment(world))?.state).toBe('deploying')
  expect(await snapshots(world)).toEqual([])
})

test('no password and no connection string is in the result, the lines or the store', async () => {
  const world = await shop()
  const run = await runOf(world, 'deployment')
  const { secret = '' } = await everything(world)
  const result = await act(world, run, snapshotSettings)
  const written = [...world.store.objects.content.values()].map(({ text }) => text).join()
  const shown = JSON.stringify([result, run.lines]) + written
  for (const hidden of [canary, encodeURIComponent(canary), secret]) {
    expect(shown.includes(hidden)).toBe(false)
    expect(run.masked).toContain(hidden)
  }
  expect(createHash('sha256').update(shown).digest('hex')).toHaveLength(64)
})
