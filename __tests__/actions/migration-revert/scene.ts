import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { type Journal, type Result, type Run, systemClock, type Written } from '#core'
import {
  captureLedger,
  type FileTool,
  type LedgerOf,
  migrationRevert,
  type RevertGiven,
  type RevertPorts,
  revertSettings,
} from '#migrations'
import { openDatabase, parseConnection } from '#sql'
import type { Record as RollbackRecord, Store } from '#store'
import {
  type DataPlane,
  type Endpoint,
  postgresDataPlane,
} from '../../../packages/sandbox/postgres/index.ts'
import { memoryJournal, testRun } from '../../support/run.ts'
import { pointOf, put, testStore, where } from '../../support/store.ts'

const { goose } = (await import(pathToFileURL(resolve('scripts/install.mjs')).href)) as {
  readonly goose: () => string
}

/** A password that nothing may ever print. */
export const canary = 'sw0rd/fish:canary'
export const recordId = 'production/4711/rollback-1'
const pointId = 'production/4711/before'

/** One PostgreSQL server for a file of tests. */
export interface Server {
  readonly endpoint: Endpoint
  readonly close: () => Promise<void>
}

export async function startServer(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'revert-'))
  chmodSync(folder, 0o711) // As root the server runs as another user, who has to get in.
  const plane: DataPlane = await postgresDataPlane(folder)
  const master = { user: 'acme', password: canary }
  const endpoint = await plane.create({ id: 'db-1', name: 'shop', master, database: 'shop' })
  return {
    endpoint,
    close: async () => {
      await plane.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Where each tool is, for people and for the action: the sample's dbmate, a goose that is built once, sqlx where somebody has it. */
const programs: Readonly<Record<FileTool, () => string | undefined>> = {
  dbmate: () => resolve('node_modules/.bin/dbmate'),
  goose,
  sqlx: () =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .map((folder) => join(folder, 'sqlx'))
      .find(isExecutable),
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The program of a tool; undefined where this machine has none. */
export const programOf = (tool: FileTool): string | undefined => programs[tool]()

/** A migration by what it does; `down: undefined` has none, and dbmate cannot be without. */
export interface Migration {
  readonly version: string
  readonly name: string
  readonly up: string
  readonly down: string | undefined
  readonly noTransaction?: boolean
}

/** The files of a migration as each tool wants them. */
export function filesOf(tool: FileTool, given: Migration): readonly (readonly [string, string])[] {
  const { version, name, up, down, noTransaction = false } = given
  const stem = `${version}_${name}`
  switch (tool) {
    case 'dbmate': {
      const option = noTransaction ? ' transaction:false' : ''
      return [[`${stem}.sql`, `-- migrate:up\n${up}\n\n-- migrate:down${option}\n${down ?? ''}\n`]]
    }
    case 'goose': {
      const head = noTransaction ? '-- +goose NO TRANSACTION\n' : ''
      const tail = down === undefined ? '' : `-- +goose Down\n${down}\n`
      return [[`${stem}.sql`, `${head}-- +goose Up\n${up}\n\n${tail}`]]
    }
    case 'sqlx': {
      const head = noTransaction ? '-- no-transaction\n' : ''
      if (down === undefined) return [[`${stem}.sql`, up]]
      return [
        [`${stem}.up.sql`, up],
        [`${stem}.down.sql`, `${head}${down}`],
      ]
    }
  }
}

interface Acting extends Partial<RevertGiven> {
  readonly dryRun?: boolean
  readonly journal?: Journal
  /** The checkout of the rollback: the failed release's by default. */
  readonly checkout?: 'failed' | 'old'
  /** Whether the runner has the tool on its PATH. */
  readonly has?: boolean
  readonly ports?: Partial<RevertPorts>
  readonly timeout?: number
  /** The task of the configuration. */
  readonly task?: { service: string; container: string; variable: string; cluster: string }
  /** A reviewed file, wherever it lies. */
  readonly file?: string
}

/** A team with a database, a tool and a store. */
export interface Team {
  readonly tool: FileTool
  readonly url: string
  readonly store: Store
  readonly folder: string
  readonly entries: Written[]
  /** Puts a migration into the checkout. */
  readonly write: (migration: Migration) => void
  /** Applies everything that is pending, as the team's deployment does. */
  readonly migrate: () => Promise<void>
  /** Takes the restore point of this deployment. */
  readonly capture: () => Promise<void>
  /** Opens the record of the rollback. */
  readonly open: (given?: Partial<RollbackRecord>) => Promise<void>
  readonly sql: (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>
  readonly versions: () => Promise<readonly string[]>
  readonly tables: () => Promise<readonly string[]>
  readonly act: (given?: Acting) => Promise<Result & { readonly lines: readonly string[] }>
}

let databases = 0

/** A team with an empty database of its own. */
export async function team({ endpoint }: Server, tool: FileTool): Promise<Team> {
  const login = `acme:${encodeURIComponent(canary)}@${endpoint.address}:${endpoint.port}`
  const name = `team_${++databases}`
  await ask(`postgres://${login}/shop?sslmode=disable`, `create database ${name}`)
  const url = `postgres://${login}/${name}?sslmode=disable`
  const folder = mkdtempSync(join(tmpdir(), 'checkout-'))
  const [migrations, old] = [join(folder, 'migrations'), join(folder, 'old')]
  for (const one of [migrations, old]) mkdirSync(one)
  const store = await testStore()
  const entries: Written[] = []
  const choice: LedgerOf = { tool, connection: 'secret:x', path: migrations }
  const ports = portsOf(url, tool, store)
  const table = {
    dbmate: 'schema_migrations',
    goose: 'goose_db_version',
    sqlx: '_sqlx_migrations',
  }[tool]
  const column = tool === 'goose' ? 'version_id' : 'version'
  const texts: Migration[] = []
  const sql: Team['sql'] = (text) => ask(url, text)
  return {
    tool,
    url,
    store,
    folder: migrations,
    entries,
    sql,
    write: (migration) => {
      texts.push(migration)
      for (const [file, text] of filesOf(tool, migration))
        writeFileSync(join(migrations, file), text)
    },
    migrate: () => migrateWith(tool, { url, folder: migrations, texts, sql }),
    capture: async () => {
      const { state } = await captureLedger(ports({}).opener, choice, store)(testRun())
      const deployment = { state: 'deploying' as const, history: [], journal: [] }
      await put(store, pointOf(store, pointId, { components: { migrations: state }, deployment }))
    },
    open: async (given = {}) => put(store, recordOf(given)),
    versions: async () => {
      const rows = await sql(
        `select ${column}::text as v from ${table} where ${column}::text <> '0' order by 1`,
      )
      return rows.map(({ v }) => String(v))
    },
    tables: async () => {
      const rows = await sql(
        `select relname as t from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
         and relname <> '${table}' order by 1`,
      )
      return rows.map(({ t }) => String(t))
    },
    act: async (given = {}) => {
      const run = runOf(entries, given)
      const path = given.checkout === 'old' ? old : migrations
      const settings = revertSettings(
        { ...usual, record: recordId, ...given },
        {
          database: { connection: 'secret:x' },
          migrations: { tool, path, task: given.task },
          services: { cluster: given.task?.cluster ?? 'acme' },
        },
      )
      const { file } = given
      const wanted =
        file !== undefined && settings.do === 'revert' ? { ...settings, reviewed: file } : settings
      const result = await migrationRevert(run, { ...ports(given), ...given.ports }, wanted)
      return { ...result, lines: run.lines }
    },
  }
}

const usual: RevertGiven = {
  mode: 'revert',
  connection: undefined,
  tool: undefined,
  path: undefined,
  table: undefined,
  column: undefined,
  to: 'auto',
  record: undefined,
  reviewed: undefined,
  'confirm-data-loss': false,
  revert: undefined,
  'lock-timeout': undefined,
  'statement-timeout': undefined,
}

const portsOf =
  (url: string, tool: FileTool, store: Store) =>
  ({ has = true }: Acting): RevertPorts => {
    const parsed = parseConnection(url)
    if (!parsed.ok) throw new Error(parsed.why)
    const { connection } = parsed
    const program = has ? programOf(tool) : undefined
    const PATH = [
      ...(program ? [dirname(program)] : []),
      dirname(process.execPath),
      '/usr/bin',
      '/bin',
    ]
    return {
      opener: { open: async () => openDatabase(connection) },
      store,
      login: async () => ({ text: url, connection }),
      variables: { PATH: PATH.join(delimiter), AWS_SECRET_ACCESS_KEY: canary },
      revision: () => Promise.reject(new Error('no task is wanted here')),
      runTask: () => Promise.reject(new Error('no task is wanted here')),
    }
  }

/** A journal that is kept between runs, as a record keeps it. */
function runOf(entries: Written[], given: Acting): Run & { readonly lines: string[] } {
  const kept = memoryJournal(systemClock, entries)
  const journal: Journal = {
    ...kept,
    intend: async (planned) => {
      await kept.intend(planned)
      entries.splice(0, entries.length, ...kept.written)
    },
  }
  return testRun({
    clock: systemClock,
    journal: given.journal ?? journal,
    dryRun: given.dryRun ?? false,
    timeout: given.timeout ?? 60_000,
  })
}

function recordOf(given: Partial<RollbackRecord>): RollbackRecord {
  return {
    kind: 'record',
    version: 1,
    ...where,
    id: recordId,
    repository: 'acme/shop',
    undone: 'production/4711',
    from: 'a'.repeat(40),
    to: pointId,
    profile: 'B',
    planId: 'plan-1',
    consent: 'not-needed',
    reason: 'unhealthy',
    actor: 'ada',
    trigger: 'verdict',
    state: 'open',
    openedAt: '2026-11-22T03:00:00Z',
    runs: [],
    journal: [],
    parts: {},
    ...given,
  }
}

async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const result = await client.query(text).finally(() => client.end())
  return result.rows ?? []
}

interface Migrating {
  readonly url: string
  readonly folder: string
  readonly texts: readonly Migration[]
  readonly sql: Team['sql']
}

/** The team's own deployment step. */
async function migrateWith(tool: FileTool, given: Migrating): Promise<void> {
  const { url, folder } = given
  const program = programOf(tool)
  const env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: url,
    GOOSE_DRIVER: 'postgres',
    GOOSE_DBSTRING: url,
  }
  const run = (...args: readonly string[]) =>
    execFileSync(program ?? '', args, { env, stdio: 'pipe' })
  if (tool === 'dbmate') run('--migrations-dir', folder, '--no-dump-schema', 'up')
  else if (tool === 'goose') run('-dir', folder, '-allow-missing', 'up')
  else if (program) run('migrate', 'run', '--source', folder, '--no-dotenv')
  else await migrateByHand(given)
}

/** Without sqlx on this machine: its ledger (sqlx-postgres, migrate.rs) and what it would write into it. */
async function migrateByHand({ texts, sql }: Migrating): Promise<void> {
  await sql(`create table if not exists _sqlx_migrations (version bigint primary key, description text not null,
    installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null, execution_time bigint not null)`)
  for (const { version, name, up } of texts) {
    const [known] = await sql(`select from _sqlx_migrations where version = ${Number(version)}`)
    if (known) continue
    await sql(
      `begin; ${up}; insert into _sqlx_migrations values (${Number(version)}, '${name}', clock_timestamp(), true, sha384('${name}'), 1); commit`,
    )
  }
}
