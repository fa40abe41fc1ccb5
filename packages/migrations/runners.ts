import { accessSync, constants, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CallError, messageOf, type Run, until } from '#core'
import { type Exit, runProgram } from '#process'
import { type applyChange, type Connection, programUrl, redact, secretsIn } from '#sql'
import { type TaskEnd, type TaskOrder, tokensOf } from '#tasks'
import type { Down, Step } from './back-plan.ts'
import { type FileTool, filesOf, type TextFile } from './layouts.ts'
import { quoteName } from './ledger.ts'
import type { BackSettings, TaskSettings } from './revert-settings.ts'
import type { LedgerSettings } from './settings.ts'

/** A connection secret: its text and what it says. Never printed. */
export interface Login {
  readonly text: string
  readonly connection: Connection
}

/** How tasks are run, and of which revision; the actions wire the kind ecs and the package tasks here. */
export interface TaskPorts {
  /** `family:revision` that the service is on now, which is the release that failed; undefined without such a service. */
  readonly revision: (of: { cluster: string; service: string }) => Promise<string | undefined>
  readonly runTask: (run: Run, order: TaskOrder) => Promise<TaskEnd>
}

/** Runs a down and forgets its row in one transaction. */
export type Apply = typeof applyChange

/** What running a down takes. */
export interface Surroundings {
  readonly login: Login
  readonly apply: Apply
  readonly ledger: LedgerSettings
  readonly settings: BackSettings
  /** This action's own environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly tasks: TaskPorts
}

/** Who runs the downs, and why. */
export type Runner =
  | { readonly by: 'tool'; readonly tool: FileTool; readonly command: string; readonly why: string }
  | { readonly by: 'sql'; readonly why: string }
  | {
      readonly by: 'task'
      readonly tool: FileTool
      readonly task: TaskSettings
      readonly why: string
    }

/** The runner; a text says why there is none. */
export function chooseRunner(around: Surroundings): Runner | string {
  const { settings, ledger, variables } = around
  const { runner, task } = settings
  const tool = ledger.files?.tool
  if (runner === 'sql' || tool === undefined) {
    return { by: 'sql', why: 'our own transaction: the down and its row of the ledger together' }
  }
  const unnamed = tool === 'sqlx' && ledger.table !== '_sqlx_migrations'
  if (runner === 'task') {
    return task && !unnamed
      ? { by: 'task', tool, task, why: `${tool} in a task of the service ${task.service}` }
      : `revert: task cannot be: ${unnamed ? 'sqlx takes another table from its own file only' : 'no task is configured'}`
  }
  const command = unnamed ? undefined : findProgram(tool, variables.PATH ?? '')
  if (command) return { by: 'tool', tool, command, why: `the team's own ${tool}, ${command}` }
  const absent = unnamed
    ? 'sqlx takes another table from its own file only'
    : `${tool} is not on PATH`
  return runner === 'tool'
    ? `revert: tool cannot be: ${absent}`
    : { by: 'sql', why: `our own transaction, because ${absent}` }
}

function findProgram(name: string, path: string): string | undefined {
  const places = path.split(delimiter).filter((folder) => folder !== '')
  return places.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Why this runner cannot run the step; undefined when it can. */
export function objection({ by }: Runner, step: Step): string | undefined {
  if (step.run !== 'down' || step.down.parts.transaction || by !== 'sql') return undefined
  return `${step.down.file.name} asks for no transaction, and our own runner has nothing else: put the tool on PATH or set revert: task`
}

/** What a runner says of itself. The ledger decides what happened. */
export type Said =
  | { readonly is: 'ended' }
  | { readonly is: 'failed'; readonly why: string }
  /** Out of time, and it goes on by itself: a repeat watches it. */
  | { readonly is: 'unfinished'; readonly why: string }

/** Runs one step to its end or to the run's deadline. */
export async function runStep(
  run: Run,
  around: Surroundings,
  { runner, step }: { readonly runner: Runner; readonly step: Step },
): Promise<Said> {
  try {
    if (step.run === 'reviewed') return await runSql(run, around, step, step.reviewed.sql)
    switch (runner.by) {
      case 'sql':
        return await runSql(run, around, step, step.down.parts.down ?? '')
      case 'tool':
        return await runTool(run, around, runner, step.down)
      case 'task':
        return await runInTask(run, around, runner, step.down)
    }
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return { is: 'failed', why: thrown.message }
  }
}

/** Our own transaction. The lease is renewed while it runs; out of time the connection is cut, and with it the transaction. */
async function runSql(
  run: Run,
  { login, apply, ledger, settings }: Surroundings,
  { versions }: Step,
  sql: string,
): Promise<Said> {
  const { lockTimeout, statementTimeout } = settings
  const names = { table: quoteName(ledger.table), column: quoteName(ledger.column) }
  const cut = new AbortController()
  let ended: Said | undefined
  const change = { sql, ledger: names, versions, lockTimeout, statementTimeout, signal: cut.signal }
  const work = apply(login.connection, change).then(
    () => {
      ended = { is: 'ended' }
    },
    (thrown: unknown) => {
      ended = { is: 'failed', why: messageOf(thrown) }
    },
  )
  const look = async () =>
    ended ? { is: 'found' as const, value: ended } : { is: 'waiting' as const, seen: 'running' }
  try {
    const waited = await until(run, { what: versions.join(', '), look, every: 200 })
    if (waited.is === 'found') return waited.value
  } finally {
    cut.abort()
    await work
  }
  return { is: 'failed', why: 'it was still running at the deadline and was cut off' }
}

/** What a program of the team sees: no credentials of AWS or GitHub. */
const passed = /^(PATH|HOME|TMPDIR|LANG|SSL_CERT_FILE|SSL_CERT_DIR|PGSSL\w+)$/

/** The limits of PostgreSQL for whatever talks to it through its usual libraries. */
const options = ({ lockTimeout, statementTimeout }: BackSettings) =>
  `-c lock_timeout=${lockTimeout} -c statement_timeout=${statementTimeout}`

/** A folder with exactly one migration: no tool can then revert another one, whatever it takes for the last. */
async function runTool(
  run: Run,
  { login, ledger, settings, variables }: Surroundings,
  { tool, command }: Extract<Runner, { by: 'tool' }>,
  { file }: Down,
): Promise<Said> {
  const folder = mkdtempSync(join(run.folder, 'migration-'))
  const url = programUrl(login.text, login.connection)
  const secrets = [...secretsIn(login.text), ...secretsIn(url)]
  for (const secret of secrets) run.report.mask(secret)
  try {
    for (const { name, text } of filesOf(tool, file)) writeFileSync(join(folder, name), text)
    const inherited = Object.entries(variables).filter(
      (entry): entry is [string, string] => passed.test(entry[0]) && entry[1] !== undefined,
    )
    const environment = {
      ...Object.fromEntries(inherited),
      ...invocations[tool].environment(url),
      PGOPTIONS: options(settings),
    }
    const args = invocations[tool].args(folder, ledger.table)
    const exit = await runProgram(run, { command, args, environment }, (line) =>
      run.report.info(`${tool}: ${redact(line, secrets)}`),
    )
    return saidOf(tool, exit)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function saidOf(tool: string, exit: Exit): Said {
  switch (exit.is) {
    case 'exited':
      if (exit.code === 0) return { is: 'ended' }
      return { is: 'failed', why: `${tool} exited with ${exit.code}: read its output above` }
    case 'signal':
      return { is: 'failed', why: `${tool} was ended by ${exit.signal}` }
    case 'timeout':
      return { is: 'failed', why: `${tool} was still running at the deadline and was ended` }
    case 'not-started':
      return { is: 'failed', why: `${tool} could not be started: ${exit.why}` }
  }
}

interface Invocation {
  readonly args: (folder: string, table: string) => readonly string[]
  readonly environment: (url: string) => Readonly<Record<string, string>>
  /** The same for a shell in a container, with the folder in $d and the table in $ROLLBACK_TABLE. */
  readonly script: string
}

/** How each tool reverts the one migration of a folder. dbmate and sqlx take it for the last one; goose wants it to be. */
const invocations: Readonly<Record<FileTool, Invocation>> = {
  dbmate: {
    args: (folder, table) => [
      '--migrations-dir',
      folder,
      '--migrations-table',
      table,
      '--no-dump-schema',
      'rollback',
    ],
    environment: (url) => ({ DATABASE_URL: url }),
    script:
      'dbmate --migrations-dir "$d" --migrations-table "$ROLLBACK_TABLE" --no-dump-schema rollback',
  },
  goose: {
    args: (folder, table) => ['-dir', folder, '-table', table, 'down'],
    environment: (url) => ({ DATABASE_URL: url, GOOSE_DRIVER: 'postgres', GOOSE_DBSTRING: url }),
    script:
      'GOOSE_DRIVER=postgres GOOSE_DBSTRING="$DATABASE_URL" goose -dir "$d" -table "$ROLLBACK_TABLE" down',
  },
  sqlx: {
    args: (folder) => ['migrate', 'revert', '--source', folder, '--ignore-missing', '--no-dotenv'],
    environment: (url) => ({ DATABASE_URL: url }),
    script: 'sqlx migrate revert --source "$d" --ignore-missing --no-dotenv',
  },
}

/** What a task's overrides may have together, in characters [AWS: RunTask], less what the rest of them needs. */
const roomInOverrides = 6_500

/**
 * The tool in a container of the failed release, where the database can be reached. The file travels in a variable, so that
 * also there the folder has exactly one migration, and exactly the one that was captured.
 */
async function runInTask(
  run: Run,
  { ledger, settings, tasks }: Surroundings,
  { tool, task }: Extract<Runner, { by: 'task' }>,
  { version, file }: Down,
): Promise<Said> {
  const taskDefinition = await tasks.revision(task)
  if (taskDefinition === undefined) {
    return { is: 'failed', why: `there is no service ${task.service} in cluster ${task.cluster}` }
  }
  const alone = lastOf(filesOf(tool, file))
  const packed = gzipSync(alone.text).toString('base64')
  if (packed.length > roomInOverrides) {
    return {
      is: 'failed',
      why: `${file.name} is too large for a task's overrides: set revert: tool or sql`,
    }
  }
  const tries = run.journal.entries().filter(isFailedTry(version)).length
  const end = await tasks.runTask(run, {
    cluster: task.cluster,
    service: task.service,
    taskDefinition,
    container: task.container ?? task.service,
    command: ['sh', '-c', script(tool, task.variable)],
    environment: {
      ROLLBACK_NAME: alone.name,
      ROLLBACK_FILE: packed,
      ROLLBACK_TABLE: ledger.table,
      PGOPTIONS: options(settings),
    },
    ...tokensOf(`${settings.record ?? run.identity.runId}/down-${version}-${tries}`),
  })
  return saidOfTask(end)
}

/** Written down when a task ended and reverted nothing: its name is taken for ever, and the next try must not find it. */
export const failedTry = 'down-task-failed'
const isFailedTry =
  (version: string) =>
  ({ operation, on }: { readonly operation: string; readonly on: string }) =>
    operation === failedTry && on === version

/** Of sqlx's two files the down is enough. */
const lastOf = (files: readonly TextFile[]): TextFile => files.at(-1) ?? { name: '', text: '' }

const script = (tool: FileTool, variable: string) =>
  [
    'set -eu',
    'd=$(mktemp -d)',
    'printf %s "$ROLLBACK_FILE" | base64 -d | gunzip > "$d/$ROLLBACK_NAME"',
    `export DATABASE_URL="$${variable}"`,
    invocations[tool].script,
  ].join('\n')

function saidOfTask(end: TaskEnd): Said {
  switch (end.is) {
    case 'ended':
      if (end.exitCode === 0) return { is: 'ended' }
      return {
        is: 'failed',
        why: `task ${end.task} ended with exit code ${end.exitCode ?? 'none'}: ${end.reason || end.stopCode}; look at its log`,
      }
    case 'not-placed':
      return { is: 'failed', why: `the task was not started: ${end.why}` }
    case 'running':
      return {
        is: 'unfinished',
        why: `task ${end.task} still runs (${end.seen}): a repeat watches it`,
      }
  }
}
