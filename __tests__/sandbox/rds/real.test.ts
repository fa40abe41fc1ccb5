import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceToPointInTimeCommand,
  StopDBInstanceCommand,
  waitUntilDBInstanceAvailable,
  waitUntilDBSnapshotAvailable,
} from '@aws-sdk/client-rds'
import pg from 'pg'
import { memoryGateway, realClock } from '../../../packages/sandbox/index.ts'
import { postgresDataPlane } from '../../../packages/sandbox/postgres/index.ts'
import { rdsService } from '../../../packages/sandbox/rds/index.ts'
import { clientConfig } from '../gateway/clients.ts'
import { BASICS, callsOf } from './cloud.ts'

const clock = realClock(200)
const folder = mkdtempSync(join(tmpdir(), 'rds-'))
chmodSync(folder, 0o711) // As root the servers run as another user, who has to get in.
const gateway = memoryGateway({
  clock,
  services: (ground) => [rdsService(ground, { data: postgresDataPlane(folder) })],
})
const client = new RDSClient(clientConfig(gateway))
const { create, instance, snapshot, snap, restore } = callsOf(client)
const real = realClock()

afterAll(async () => {
  await gateway.close()
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})

const wait = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }
const instanceReady = (DBInstanceIdentifier: string) =>
  waitUntilDBInstanceAvailable(wait, { DBInstanceIdentifier })
const snapshotReady = (DBSnapshotIdentifier: string) =>
  waitUntilDBSnapshotAvailable(wait, { DBSnapshotIdentifier })

/** Connects as the master user of an instance, by what DescribeDBInstances says. */
async function connect(name: string, password = BASICS.MasterUserPassword): Promise<pg.Client> {
  const { Endpoint, MasterUsername, DBName } = await instance(name)
  const login = new pg.Client({
    host: Endpoint?.Address ?? 'nowhere',
    port: Endpoint?.Port ?? 0,
    database: DBName ?? 'postgres',
    user: MasterUsername ?? '',
    password,
  })
  login.on('error', () => {}) // Servers are stopped under open connections here.
  await login.connect()
  return login
}

/** Asks an instance's database one thing. */
async function ask<T extends pg.QueryResultRow>(name: string, sql: string, password?: string) {
  const login = await connect(name, password)
  const { rows } = await login.query<T>(sql)
  await login.end()
  return rows
}

const rowsOf = async (name: string, password?: string) =>
  (await ask<{ id: number }>(name, 'select id from orders order by id', password)).map(
    (row) => row.id,
  )

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('real databases', () => {
  beforeAll(async () => {
    await create('shop', { DBName: 'shop' })
    await instanceReady('shop')
    await ask('shop', 'create table orders (id int primary key)')
    await ask('shop', 'insert into orders select generate_series(1, 500)')
  }, 30_000)

  test('the master user owns its database and is no superuser', async () => {
    const [role] = await ask(
      'shop',
      'select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user',
    )
    expect(role).toEqual({ rolsuper: false, rolcreatedb: true, rolcreaterole: true })
    await expect(connect('shop', 'wrong-password')).rejects.toThrow(
      'password authentication failed',
    )
  })

  test('a restore has exactly the rows from before the snapshot, the old database and its newer rows stay', async () => {
    await snap('shop', 'before')
    await snapshotReady('before')
    await ask('shop', 'insert into orders values (501)')
    await ask('shop', 'delete from orders where id <= 100')
    await client.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'shop',
        MasterUserPassword: 'battery-staple',
      }),
    )
    await restore('before', 'shop-rollback')
    await real.sleep(500)
    await instanceReady('shop')
    await instanceReady('shop-rollback')
    expect(await rowsOf('shop-rollback')).toEqual(upTo(500))
    expect(await rowsOf('shop', 'battery-staple')).toEqual(upTo(501).slice(100))
    await expect(connect('shop-rollback', 'battery-staple')).rejects.toThrow('password')
    await ask('shop-rollback', 'insert into orders values (777)')
    expect((await rowsOf('shop', 'battery-staple')).includes(777)).toBe(false)
  }, 30_000)

  test('a second restore of the same snapshot has the same rows again', async () => {
    await restore('before', 'shop-again', { BackupRetentionPeriod: 0 })
    await instanceReady('shop-again')
    expect(await rowsOf('shop-again')).toEqual(upTo(500))
  }, 30_000)

  test('a snapshot under load is a state that the database was in: no gaps, no halves', async () => {
    await create('busy', { BackupRetentionPeriod: 0 })
    await instanceReady('busy')
    await ask('busy', 'create table pairs (id int, half text)')
    const writer = await connect('busy')
    let [written, isWriting] = [0, true]
    const writing = (async () => {
      while (isWriting) {
        written++
        const values = `(${written}, 'left'), (${written}, 'right')`
        await writer.query(`insert into pairs values ${values}`)
      }
    })()
    await snap('busy', 'under-load')
    await snapshotReady('under-load')
    isWriting = false
    await writing
    await writer.end()
    await restore('under-load', 'busy-restored', { BackupRetentionPeriod: 0 })
    await instanceReady('busy-restored')
    const count = `select count(*)::int as rows, count(distinct id)::int as ids, coalesce(max(id), 0) as last,
      count(*) filter (where half = 'left')::int as lefts from pairs`
    const [state] = await ask<Record<string, number>>('busy-restored', count)
    const { ids = 0, rows, last, lefts } = state ?? {}
    expect([rows, last, lefts]).toEqual([2 * ids, ids, ids])
    expect(ids).toBeGreaterThan(0)
    expect(ids).toBeLessThan(written)
  }, 40_000)

  test('a restore to a point in time replays the changes until then and none after', async () => {
    await create('ledger')
    await instanceReady('ledger')
    await ask('ledger', 'create table orders (id int)')
    await ask('ledger', 'create table bulk as select generate_series(1, 300000) as id')
    await ask('ledger', 'insert into orders values (1), (2), (3)')
    const [now] = await ask<{ at: Date }>('ledger', 'select clock_timestamp() as at')
    await real.sleep(50)
    await ask('ledger', 'delete from orders')
    const isRestorable = async () =>
      Number((await instance('ledger')).LatestRestorableTime) > Number(now?.at)
    while (!(await isRestorable())) await real.sleep(100)
    await client.send(
      new RestoreDBInstanceToPointInTimeCommand({
        SourceDBInstanceIdentifier: 'ledger',
        TargetDBInstanceIdentifier: 'ledger-then',
        RestoreTime: new Date(Number(now?.at) + 20),
      }),
    )
    await instanceReady('ledger-then')
    expect(await rowsOf('ledger-then')).toEqual([1, 2, 3])
    expect(await rowsOf('ledger')).toEqual([])
  }, 40_000)

  test('a rename moves the name’s port to the other database', async () => {
    const rename = async (from: string, to: string) => {
      await client.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: from,
          NewDBInstanceIdentifier: to,
          ApplyImmediately: true,
        }),
      )
      while (!(await instance(to).catch(() => undefined))) await real.sleep(50)
      await instanceReady(to)
    }
    const { Endpoint } = await instance('shop')
    await rename('shop', 'shop-old')
    await rename('shop-rollback', 'shop')
    expect((await instance('shop')).Endpoint).toEqual(Endpoint)
    expect(await rowsOf('shop')).toContain(777)
    expect(await rowsOf('shop-old', 'battery-staple')).not.toContain(777)
  }, 40_000)

  test('a stopped database answers nobody, a deleted one is gone, and so is a deleted snapshot', async () => {
    const { Endpoint } = await instance('shop-again')
    const refused = () => new pg.Client({ host: '127.0.0.1', port: Endpoint?.Port ?? 0 }).connect()
    await client.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'shop-again' }))
    while ((await instance('shop-again')).DBInstanceStatus !== 'stopped') await real.sleep(50)
    await expect(refused()).rejects.toThrow('ECONNREFUSED')
    const deletion = { DBInstanceIdentifier: 'shop-again', SkipFinalSnapshot: true }
    await client.send(new DeleteDBInstanceCommand(deletion))
    while (await instance('shop-again').catch(() => undefined)) await real.sleep(50)
    await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: 'before' }))
    await expect(snapshot('before')).rejects.toThrow('not found')
  }, 20_000)
})

/** The processes whose working folder is below `root`; a dead one that nobody has waited for has none. */
function processesIn(root: string): string[] {
  const listed = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' })
  return listed.split('\n').filter((line) => line.includes(root) && !/^\s*\d+\s+Z/.test(line))
}

/** Users that can run the program here: ourselves, and as root also an ordinary user. */
const users = process.getuid?.() === 0 ? ['root', 'nobody'] : ['ourselves']

describe('a sandbox that is killed', () => {
  test.each(users)(
    'as %s takes its servers and their files with it',
    async (user) => {
      const home = mkdtempSync(join(tmpdir(), 'killed-'))
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
      const as = user === 'nobody' ? { uid: id('-u'), gid: id('-g') } : {}
      if (as.uid !== undefined) chownSync(home, as.uid, as.gid)
      chmodSync(home, 0o711)
      const program = join(import.meta.dirname, 'program.ts')
      const child = spawn(process.execPath, ['--conditions=source', program, home], {
        ...as,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH },
      })
      const [line] = await once(child.stdout, 'data')
      const port = Number(String(line).trim())
      const { MasterUsername: login, MasterUserPassword: password } = BASICS
      const database = { host: '127.0.0.1', port, user: login, password, database: 'postgres' }
      const connected = new pg.Client(database)
      connected.on('error', () => {}) // It is about to lose its server.
      await connected.connect()
      expect(processesIn(home).length).toBeGreaterThan(2)
      child.kill('SIGKILL')
      await once(child, 'exit')
      const until = real.now() + 10_000
      while (processesIn(home).length > 0 && real.now() < until) await real.sleep(50)
      expect(processesIn(home)).toEqual([])
      expect(readdirSync(home)).toEqual([])
      await expect(new pg.Client(database).connect()).rejects.toThrow('ECONNREFUSED')
      rmSync(home, { recursive: true })
      expect(existsSync(home)).toBe(false)
    },
    30_000,
  )
})
