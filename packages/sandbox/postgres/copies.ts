import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { type Runtime, run } from './run.ts'

/** What a copy leaves out: the running server's own marks, and the WAL, which is taken afterwards. */
const LEFT_OUT = new Set([
  'pg_wal',
  'postmaster.pid',
  'postmaster.opts',
  'pg_replslot',
  'pg_stat_tmp',
])

/** Flags of `cp` that share blocks where the file system can. */
const CLONE = process.platform === 'darwin' ? ['-a', '-c'] : ['-a', '--reflink=auto']

/** Copies files or whole folders into the folder `to`; with `mayVanish` files that disappear meanwhile are left out. */
export async function copyInto(
  runtime: Runtime,
  from: readonly string[],
  to: string,
  mayVanish = false,
): Promise<void> {
  await run(runtime, 'mkdir', ['-p', '-m', '0700', to])
  if (from.length === 0) return
  const said = await run(runtime, 'cp', [...CLONE, ...from, to], { check: false })
  const complaints = said.stderr.split('\n').filter((line) => line !== '')
  const isVanished = (line: string) => mayVanish && line.includes('No such file or directory')
  if (said.code !== 0 && !(complaints.length > 0 && complaints.every(isVanished))) {
    throw new Error(`cp ended with ${said.code}: ${said.stderr.trim()}`)
  }
}

/** Makes `to` a copy of the folder `from`, whose server, if any, is stopped. */
export async function copyFolder(runtime: Runtime, from: string, to: string): Promise<void> {
  await copyInto(runtime, [`${from}/.`], to)
}

const isSegment = (name: string) => /^[0-9A-F]{24}$/.test(name)
const isHistory = (name: string) => /^[0-9A-F]{8}\.history$/.test(name)

/** Copies the WAL of the data folder `from`, beginning with the segment `first`, into the data folder `to`. */
export async function copyWal(
  runtime: Runtime,
  { from, to, first }: { from: string; to: string; first: string },
): Promise<void> {
  const names = (await readdir(join(from, 'pg_wal'))).filter(
    (name) => isHistory(name) || (isSegment(name) && name >= first),
  )
  const wal = join(to, 'pg_wal')
  await rm(wal, { recursive: true, force: true })
  await copyInto(
    runtime,
    names.map((name) => join(from, 'pg_wal', name)),
    wal,
  )
  await run(runtime, 'mkdir', [join(wal, 'archive_status'), join(wal, 'summaries')])
}

/** The first WAL segment that a copy needs to become consistent; the copy of a stopped server needs none: all will do. */
export async function firstSegment(folder: string): Promise<string> {
  const file = join(folder, 'backup_label')
  if (!existsSync(file)) return ''
  const label = await readFile(file, 'utf8')
  const name = /^START WAL LOCATION: .*\(file ([0-9A-F]{24})\)/m.exec(label)?.[1]
  if (!name) throw new Error(`no start in the backup label: ${label}`)
  return name
}

/**
 * Copies the data folder of a running server while it works: PostgreSQL's low-level backup. The copy holds every
 * transaction that was committed before the end of the copying and no half of any other.
 * `client` must be a superuser's and stay connected; source of the rules: PostgreSQL manual, 25.3.3.
 */
export async function copyRunning(
  runtime: Runtime,
  client: pg.Client,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await client.query("select pg_backup_start('copy', true)")
  const names = (await readdir(from)).filter((name) => !LEFT_OUT.has(name))
  await copyInto(
    runtime,
    names.map((name) => join(from, name)),
    to,
    true,
  )
  const stopped = await client.query('select labelfile from pg_backup_stop(false)')
  await writeFile(join(to, 'backup_label'), stopped.rows[0].labelfile)
  await run(runtime, 'mkdir', [join(to, 'pg_replslot'), join(to, 'pg_stat_tmp')])
  await copyWal(runtime, { from, to, first: await firstSegment(to) })
}
