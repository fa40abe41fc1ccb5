import {
  AddRoleToDBInstanceCommand,
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { isPassing } from '#aws'
import { CallError, type Run } from '#core'
import { appliedReader } from '#migrations'
import { clientsOf, type GuardSettings, guard, type RdsClients } from '#rds'
import { type Connection, type Database, placeOf, type Row } from '#sql'
import {
  beforeId,
  changePoint,
  deploymentId,
  type Point,
  pointJournal,
  type Record,
  readPoint,
  recordJournal,
  takeLease,
} from '#store'
import {
  inProcessHandler,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore, where } from '../../support/store.ts'

/** A password that nothing may ever print. */
export const canary = 'sw0rdfish/canary'
export const connection = 'secret:acme/production/database-url'
export const ledger = ['20260101000000', '20260201000000']
export const restoreRecord = 'production/4711/rollback-1'

/** The run of the deployment; its restore point is `production/4711/before`. */
export const pointId = beforeId(deploymentId('production', '4711'))

const basics = {
  Engine: 'postgres',
  DBInstanceClass: 'db.t4g.micro',
  AllocatedStorage: 20,
  MasterUsername: 'acme',
  MasterUserPassword: 'master-of-shop',
}

const home = { account: where.account, region: where.region }

/** A cloud with one database, `shop`, whose connection is in a secret, and a store with the restore point of run 4711. */
export async function shop(given: Partial<CreateDBInstanceCommandInput> = {}, attempts = 1) {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock })
  const life: Life = { dead: false }
  const config = {
    region: where.region,
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: where.account, secretAccessKey: 'x' },
    requestHandler: mortal(inProcessHandler(gateway), life),
    retryStrategy: retrying(attempts),
  }
  const rds = new RDSClient(config)
  const secrets = new SecretsManagerClient(config)
  const store = await testStore(clock)
  const world = {
    clock,
    gateway,
    life,
    rds,
    secrets,
    store,
    clients: undefined as unknown as RdsClients,
  }
  world.clients = clientsOf(rds, secrets, (to) => fakeDatabase(world, to))
  await establish(world, given)
  return world
}

/** Whether the run's process is alive: after its death it neither calls nor writes. */
interface Life {
  dead: boolean
}

function mortal<Handler extends ReturnType<typeof inProcessHandler>>(handler: Handler, life: Life) {
  const alive = () => {
    if (life.dead) throw new Error('killed')
  }
  const handle: Handler['handle'] = async (request) => {
    alive()
    const answer = await handler.handle(request).catch((thrown) => {
      alive()
      throw thrown
    })
    alive()
    return answer
  }
  return { ...handler, handle }
}

/** Kills the run at its n-th mutating call, before or after the call is applied. */
export function killAt(world: Shop, when: 'before' | 'after', nth: number): void {
  const onKill = () => {
    world.life.dead = true
    world.store.objects.fault = () => {
      throw new Error('killed')
    }
  }
  world.gateway.faults.add({ effect: 'kill', when, nth, onKill })
}

/** The next run is another process. */
export function revive(world: Shop): void {
  world.gateway.faults.clear()
  world.life.dead = false
  world.store.objects.fault = undefined
}

/**
 * Sends again at once what failed in passing. The SDK's own strategy takes a virtual clock for a skewed one, and then every
 * error for a passing one.
 */
function retrying(attempts: number) {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 })
  return {
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (
      last: ReturnType<typeof token>,
      { error }: { readonly error?: unknown },
    ) => {
      const next = last.getRetryCount() + 1
      if (next >= attempts || !isPassing(error)) throw new Error('not sent again')
      return token(next)
    },
    recordSuccess: () => {},
  }
}

export type Shop = Awaited<ReturnType<typeof shop>>

async function establish(world: Shop, given: Partial<CreateDBInstanceCommandInput>) {
  const { rds, secrets, clock, store } = world
  const subnets = { DBSubnetGroupDescription: 'x', SubnetIds: ['subnet-1', 'subnet-2'] }
  await rds.send(new CreateDBSubnetGroupCommand({ DBSubnetGroupName: 'private', ...subnets }))
  const family = { DBParameterGroupFamily: 'postgres18', Description: 'x' }
  await rds.send(new CreateDBParameterGroupCommand({ DBParameterGroupName: 'tuned', ...family }))
  await rds.send(new CreateDBInstanceCommand({ ...basics, DBInstanceIdentifier: 'shop', ...given }))
  await clock.advance(400_000)
  const { Endpoint, DbiResourceId = '' } = await instance(world, 'shop')
  world.gateway.data.write(DbiResourceId, { applied: ledger })
  const login = `acme:${encodeURIComponent(canary)}`
  const SecretString = `postgres://${login}@${Endpoint?.Address}:${Endpoint?.Port}/shop?sslmode=disable`
  await secrets.send(
    new CreateSecretCommand({ Name: 'acme/production/database-url', SecretString }),
  )
  await put(store, pointOf(store, pointId, captured(store)))
}

function captured(store: Shop['store']): Partial<Point> {
  const migrations = {
    tool: 'dbmate' as const,
    table: 'schema_migrations',
    applied: ledger,
    schemaFingerprint: 'x',
    pending: [],
  }
  const at = new Date(store.objects.serverTime()).toISOString()
  const history = [{ state: 'captured' as const, at, run: '4711', why: 'taken' }]
  return { components: { migrations }, deployment: { state: 'captured', history, journal: [] } }
}

/** A database whose data the fake data plane keeps: the instance that listens on the port answers. */
function fakeDatabase(world: Shop, to: Connection): Database {
  const name = placeOf(to)
  return {
    name,
    read: async (work) => {
      const all = await world.rds.send(new DescribeDBInstancesCommand({}))
      const found = all.DBInstances?.find(({ Endpoint }) => Endpoint?.Port === to.port)
      if (!found || to.password !== canary) {
        const call = { action: 'sql:connect', on: name, code: 'ECONNREFUSED', next: '' }
        throw new CallError(call, 'refused')
      }
      const { value } = world.gateway.data.server(found.DbiResourceId ?? '')
      return work(async (sql) => answer(sql, (value as { applied: string[] }).applied))
    },
  }
}

function answer(sql: string, applied: readonly string[]): readonly Row[] {
  if (sql.includes('to_regclass')) return [{ oid: '1' }]
  if (sql.includes('as version')) return applied.map((version) => ({ version }))
  return []
}

/** A migration after the snapshot: what a restore takes back. */
export async function migrate(world: Shop, version: string): Promise<void> {
  const { DbiResourceId = '' } = await instance(world, 'shop')
  world.gateway.data.write(DbiResourceId, { applied: [...ledger, version] })
}

export async function instance(world: Shop, id: string): Promise<DBInstance> {
  const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id })
  const [found] = (await world.rds.send(asked)).DBInstances ?? []
  if (!found) throw new Error(`no instance ${id}`)
  return found
}

/** Gives `shop` a role that it may use itself. */
export async function addRole(world: Shop): Promise<void> {
  const RoleArn = `arn:aws:iam::${where.account}:role/import`
  const DBInstanceIdentifier = 'shop'
  await world.rds.send(
    new AddRoleToDBInstanceCommand({ DBInstanceIdentifier, RoleArn, FeatureName: 's3Import' }),
  )
  await world.clock.advance(120_000)
}

/** Everything that a rollback may leave behind, for comparing end states. */
export async function everything(world: Shop) {
  const { rds, secrets } = world
  const instances = (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []
  const snapshots = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }))
  const SecretId = 'acme/production/database-url'
  const versions = await secrets.send(
    new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
  )
  const current = await secrets.send(new GetSecretValueCommand({ SecretId }))
  const port = Number(/:(\d+)\/shop/.exec(current.SecretString ?? '')?.[1])
  return {
    instances: instances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    snapshots: (snapshots.DBSnapshots ?? []).map(
      ({ DBSnapshotIdentifier }) => DBSnapshotIdentifier,
    ),
    versions: (versions.Versions ?? []).map(({ VersionStages = [] }) => VersionStages).sort(),
    leadsTo: instances.find(({ Endpoint }) => Endpoint?.Port === port)?.DBInstanceIdentifier,
    secret: current.SecretString,
  }
}

/** A run as the action makes it, with lease and journal in the store. */
export async function runOf(
  world: Shop,
  owner: 'deployment' | 'rollback',
  given: { readonly dryRun?: boolean; readonly timeout?: number; readonly runId?: string } = {},
) {
  const { store, clock } = world
  const { runId = '4711', dryRun = false, timeout = 4 * 3_600_000 } = given
  const identity = { runId }
  const bare = testRun({ clock, dryRun, timeout, identity, pollInterval: 20_000 })
  if (dryRun) return bare
  const taken = await takeLease(store, {
    owner,
    deployment: 'production/4711',
    run: runId,
    attempt: 1,
  })
  if (taken.is !== 'held') throw new Error('the lease is taken')
  const pen = { store, lease: taken.lease, clock, run: runId }
  const point = await readPoint(store, pointId)
  if (!point) throw new Error('no point')
  const journal =
    owner === 'deployment' ? pointJournal(pen, point) : recordJournal(pen, await record(world))
  return { ...bare, journal }
}

/** Runs the action's code on this world. */
export function act(world: Shop, run: Run, settings: GuardSettings) {
  const applied = appliedReader({ tool: 'dbmate' })
  return guard(run, { clients: world.clients, store: world.store, applied }, settings)
}

export const snapshotSettings = { do: 'snapshot', connection, suffix: undefined } as const
export const restoreSettings = {
  do: 'restore',
  connection,
  record: restoreRecord,
  snapshot: undefined,
  confirmed: false,
} as const

/** Deploys: snapshot, then a migration. */
export async function deployed(
  given: Partial<CreateDBInstanceCommandInput> = {},
  attempts = 1,
): Promise<Shop> {
  const world = await shop(given, attempts)
  const taken = await act(world, await runOf(world, 'deployment'), snapshotSettings)
  if (taken.outcome !== 'done') throw new Error(taken.headline)
  await migrate(world, '20260301000000')
  await world.clock.advance(600_000)
  return world
}

/** Opens the record of a rollback with the given consent. */
export async function open(world: Shop, given: Partial<Record> = {}): Promise<Record> {
  const at = new Date(world.clock.now()).toISOString()
  const opened: Record = {
    kind: 'record',
    version: 1,
    ...where,
    id: restoreRecord,
    repository: 'acme/shop',
    undone: 'production/4711',
    from: 'a'.repeat(40),
    to: pointId,
    profile: 'C',
    planId: 'plan-1',
    consent: 'given',
    reason: 'unhealthy',
    actor: 'ada',
    trigger: 'verdict',
    state: 'open',
    openedAt: at,
    runs: [],
    journal: [],
    parts: {},
    ...given,
  }
  await put(world.store, opened)
  return opened
}

async function record({ store }: Shop): Promise<Record> {
  const stored = await store.objects.get(`${restoreRecord}.json`)
  if (!stored) throw new Error('no record')
  return JSON.parse(stored.text)
}

/** The deployment part of the restore point. */
export async function deployment({ store }: Shop) {
  return (await readPoint(store, pointId))?.deployment
}

/** Changes the restore point as a test needs it. */
export const changeDeployment = (
  { store }: Shop,
  change: Partial<NonNullable<Point['deployment']>>,
) =>
  changePoint(store, pointId, (point) =>
    point.deployment ? { ...point, deployment: { ...point.deployment, ...change } } : undefined,
  )

export type { VirtualClock }
export { home }
