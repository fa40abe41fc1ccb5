import { randomBytes } from 'node:crypto'
import { chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { type Installation, installation, installedVersion } from './binaries.ts'
import { copyFolder, copyRunning, copyWal, firstSegment } from './copies.ts'
import { type Keeper, keep } from './keeper.ts'
import type { DataPlane, Endpoint, Master, NewServer, PointInTime, ServerName } from './plane.ts'
import { run } from './run.ts'
import { ADDRESS, type Server, startServer, withClient } from './server.ts'

/** Small and fast: these servers live minutes on a shared machine and need to survive no power cut. */
const SETTINGS = {
  listen_addresses: ADDRESS,
  unix_socket_directories: '',
  max_connections: '40',
  shared_buffers: '16MB',
  fsync: 'off',
  io_method: 'sync',
  jit: 'off',
  max_wal_senders: '0',
  // Otherwise a server that still replays changes would count as ready.
  hot_standby: 'off',
  max_wal_size: '1GB',
  checkpoint_timeout: '1h',
  // Kept in place of an archive: snapshots and recovery to a point in time read it from there.
  wal_keep_size: '1GB',
  timezone: 'UTC',
}

/** The roles that RDS for PostgreSQL has before anybody logs in. */
const ROLES = `
create role rds_superuser nologin;
grant pg_monitor, pg_signal_backend, pg_checkpoint, pg_read_all_data, pg_write_all_data to rds_superuser with admin option;
create role rds_iam nologin;
create role rds_password nologin;
create role rds_replication nologin;
`

interface Running {
  name: string
  /** Undefined while stopped. */
  server: Server | undefined
  /** Work on one server happens in turn: each piece waits for the one before. */
  queue: Promise<unknown>
}

interface Plane {
  readonly installed: Installation
  readonly admin: Master
  readonly servers: Map<string, Running>
  readonly ports: Map<string, number>
  readonly keeper: Keeper
  isClosed: boolean
  template: Promise<string> | undefined
}

/** Makes the folder that every new server starts as a copy of. */
async function makeTemplate({ installed, admin }: Plane): Promise<string> {
  const { runtime } = installed
  const folder = join(runtime.root, 'template')
  const secret = join(runtime.root, 'template-password')
  await writeFile(secret, admin.password, { mode: 0o600 })
  if (runtime.user) await chown(secret, runtime.user.uid, runtime.user.gid)
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const options = [
    ...['-D', folder, '-U', admin.user, `--pwfile=${secret}`, '--auth=scram-sha-256', '--no-sync'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...['--wal-segsize=1', '--no-data-checksums', '--no-instructions'],
  ]
  await run(runtime, installed.initdb, [...options, ...settings])
  await rm(secret)
  const single = ['--single', '-j', '-D', folder, 'postgres']
  await run(runtime, installed.postgres, single, { input: ROLES.trim().replaceAll('\n', '\n\n') })
  return folder
}

/** Creates the master user, who owns the databases and is no superuser, as on RDS. */
async function addMaster(client: pg.Client, { master, database }: NewServer): Promise<void> {
  const user = client.escapeIdentifier(master.user)
  const password = client.escapeLiteral(master.password)
  await client.query(
    `create role ${user} login createdb createrole in role rds_superuser password ${password}`,
  )
  await client.query(`alter database postgres owner to ${user}`)
  if (database && database !== 'postgres') {
    await client.query(`create database ${client.escapeIdentifier(database)} owner ${user}`)
  }
}

const folderOf = (plane: Plane, id: string) => join(plane.installed.runtime.root, 'servers', id)
const copyOf = (plane: Plane, copy: string) =>
  join(plane.installed.runtime.root, 'copies', encodeURIComponent(copy))

function serverOf(plane: Plane, id: string): Running {
  const found = plane.servers.get(id)
  if (!found) throw new Error(`no server ${id}`)
  return found
}

/** Lets `work` happen after everything that was asked of this server before. */
function inTurn<T>(server: Running, work: () => Promise<T>): Promise<T> {
  const turn = server.queue.then(work)
  server.queue = turn.catch(() => {})
  return turn
}

/** Starts the server on its folder; a name keeps its port. */
async function boot(plane: Plane, id: string, settings = {}): Promise<Endpoint> {
  const running = serverOf(plane, id)
  const { root } = plane.installed.runtime
  const { name } = running
  running.server ??= await startServer(plane.installed, {
    folder: folderOf(plane, id),
    log: join(root, 'logs', `${id}.log`),
    title: name,
    port: plane.ports.get(name),
    settings,
  })
  plane.ports.set(name, running.server.port)
  return { address: ADDRESS, port: running.server.port }
}

/** Adds a server whose folder `fill` makes, and starts it; nothing of it stays when that fails. */
async function add(
  plane: Plane,
  { id, name }: ServerName,
  steps: { fill: (folder: string) => Promise<void>; settings?: Record<string, string> },
): Promise<Endpoint> {
  if (plane.isClosed) throw new Error('the data plane is closed')
  if (plane.servers.has(id)) throw new Error(`server ${id} exists`)
  const added: Running = { name, server: undefined, queue: Promise.resolve() }
  plane.servers.set(id, added)
  return await inTurn(added, async () => {
    try {
      await steps.fill(folderOf(plane, id))
      return await boot(plane, id, steps.settings)
    } catch (error) {
      plane.servers.delete(id)
      await rm(folderOf(plane, id), { recursive: true, force: true })
      throw error
    }
  })
}

/** Works as the superuser of a running server. */
async function asAdmin<T>(plane: Plane, id: string, use: (client: pg.Client) => Promise<T>) {
  const { server } = serverOf(plane, id)
  if (!server) throw new Error(`server ${id} is stopped`)
  return await withClient(server.port, plane.admin, use)
}

async function create(plane: Plane, server: NewServer): Promise<Endpoint> {
  plane.template ??= makeTemplate(plane)
  const template = await plane.template
  const fill = (folder: string) => copyFolder(plane.installed.runtime, template, folder)
  const endpoint = await add(plane, server, { fill })
  await asAdmin(plane, server.id, (client) => addMaster(client, server))
  return endpoint
}

async function snapshot(plane: Plane, id: string, copy: string): Promise<void> {
  const { runtime } = plane.installed
  const from = folderOf(plane, id)
  const to = copyOf(plane, copy)
  const running = serverOf(plane, id)
  await inTurn(running, () =>
    running.server
      ? asAdmin(plane, id, (client) => copyRunning(runtime, client, { from, to }))
      : copyFolder(runtime, from, to),
  )
}

function restore(plane: Plane, copy: string, server: ServerName): Promise<Endpoint> {
  const fill = (to: string) => copyFolder(plane.installed.runtime, copyOf(plane, copy), to)
  return add(plane, server, { fill })
}

/**
 * A copy, and on top of it the changes that the source server has in its WAL. The transaction made here first is a
 * commit after the target, without which PostgreSQL would not know that it has reached it.
 */
async function recover(plane: Plane, point: PointInTime, server: ServerName): Promise<Endpoint> {
  const { runtime } = plane.installed
  const fill = async (folder: string) => {
    await copyFolder(runtime, copyOf(plane, point.copy), folder)
    await inTurn(serverOf(plane, point.source), async () => {
      await asAdmin(plane, point.source, async (client) => {
        await client.query('select pg_current_xact_id()')
        await client.query('select pg_switch_wal()')
      })
      const first = await firstSegment(folder)
      await copyWal(runtime, { from: folderOf(plane, point.source), to: folder, first })
    })
    await writeFile(join(folder, 'recovery.signal'), '')
  }
  const settings = {
    restore_command: 'false', // Everything is in pg_wal already.
    recovery_target_time: new Date(point.time).toISOString().replace('Z', '+00'),
    recovery_target_action: 'promote',
  }
  return await add(plane, server, { fill, settings })
}

async function stop(plane: Plane, id: string, how: 'clean' | 'now' = 'clean'): Promise<void> {
  const running = serverOf(plane, id)
  await running.server?.stop(how)
  running.server = undefined
}

async function rename(plane: Plane, id: string, name: string): Promise<Endpoint> {
  await stop(plane, id)
  serverOf(plane, id).name = name
  return await boot(plane, id)
}

async function setPassword(plane: Plane, id: string, { user, password }: Master): Promise<void> {
  await asAdmin(plane, id, async (client) => {
    const role = client.escapeIdentifier(user)
    await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`)
  })
}

async function remove(plane: Plane, id: string): Promise<void> {
  await stop(plane, id, 'now')
  plane.servers.delete(id)
  await rm(folderOf(plane, id), { recursive: true, force: true })
}

async function close(plane: Plane): Promise<void> {
  plane.isClosed = true
  const queues = [...plane.servers.values()].map((running) => running.queue)
  await Promise.allSettled([plane.template, ...queues])
  await Promise.all([...plane.servers.keys()].map((id) => stop(plane, id, 'now')))
  await plane.keeper.close()
}

async function open(folder: string): Promise<Plane> {
  const installed = await installation(folder)
  const { root } = installed.runtime
  const keeper = keep(root)
  const folders = ['servers', 'copies', 'logs'].map((name) => join(root, name))
  await run(installed.runtime, 'mkdir', folders)
  const admin = { user: 'rdsadmin', password: randomBytes(18).toString('base64url') }
  const nothing = { servers: new Map(), ports: new Map(), template: undefined, isClosed: false }
  return { installed, keeper, admin, ...nothing }
}

/**
 * Real PostgreSQL servers below `folder`, ended when `close` is called and also when this process dies in any way.
 * Nothing is started before the first server is created, which takes about a second longer than the others, for
 * making the template that all start from.
 */
export function postgresDataPlane(folder: string): DataPlane {
  let opened: Promise<Plane> | undefined
  const opening = () => {
    opened ??= open(folder)
    return opened
  }
  const turn = async <T>(id: string, work: (plane: Plane) => Promise<T>) => {
    const plane = await opening()
    return await inTurn(serverOf(plane, id), () => work(plane))
  }
  return {
    version: installedVersion(),
    create: async (server) => create(await opening(), server),
    snapshot: async (id, copy) => snapshot(await opening(), id, copy),
    restore: async (copy, server) => restore(await opening(), copy, server),
    recover: async (point, server) => recover(await opening(), point, server),
    start: (id) => turn(id, (plane) => boot(plane, id)),
    stop: (id) => turn(id, (plane) => stop(plane, id)),
    rename: (id, name) => turn(id, (plane) => rename(plane, id, name)),
    setPassword: (id, master) => turn(id, (plane) => setPassword(plane, id, master)),
    remove: async (id) => {
      if ((await opening()).servers.has(id)) await turn(id, (plane) => remove(plane, id))
    },
    forget: async (copy) => rm(copyOf(await opening(), copy), { recursive: true, force: true }),
    close: async () => {
      if (opened) await close(await opened)
    },
  }
}
