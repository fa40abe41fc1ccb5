import { InputError } from '#core'
import { duration } from '#inputs'
import { isPointId } from '#store'
import type { LedgerOf } from './capture.ts'
import { type LedgerChoice, ledgerSettings, type Tool } from './settings.ts'

/** How the downs are run: `auto` is the tool where the runner has it, else our own transaction. */
export type Runner = 'auto' | 'tool' | 'sql' | 'task'

/** The inputs of migration-revert beside the common ones, parsed. */
export interface RevertGiven {
  readonly mode: 'capture' | 'revert'
  readonly connection: string | undefined
  readonly tool: Tool | undefined
  readonly path: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly to: string
  readonly record: string | undefined
  readonly reviewed: string | undefined
  readonly 'confirm-data-loss': boolean
  readonly revert: Runner | undefined
  readonly 'lock-timeout': number | undefined
  readonly 'statement-timeout': number | undefined
}

/** The parts of an environment's configuration that say where its database and its ledger are, and how it is reverted. */
export interface LedgerConfig {
  readonly database?: { readonly connection: string } | undefined
  readonly migrations?:
    | (LedgerChoice & {
        readonly revert?: Runner
        readonly task?: TaskChoice | undefined
        readonly 'lock-timeout'?: string
        readonly 'statement-timeout'?: string
      })
    | undefined
  readonly services?: { readonly cluster: string } | undefined
}

interface TaskChoice {
  readonly service: string
  readonly container?: string | undefined
  readonly variable?: string
}

/** The one-off ECS task in which the tool runs. */
export interface TaskSettings extends TaskChoice {
  readonly cluster: string
  /** The container's own variable with the connection URL. */
  readonly variable: string
}

/** What migration-revert has to do. */
export type RevertSettings =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'capture'; readonly ledger: LedgerOf }
  | BackSettings

/** What reverting needs to know. */
export interface BackSettings {
  readonly do: 'revert'
  readonly ledger: LedgerOf
  /** `auto`, `last-verified` or a restore point's id; the record's own destination when there is one. */
  readonly to: string
  readonly record: string | undefined
  /** A file of the checkout that takes the place of the downs. */
  readonly reviewed: string | undefined
  readonly confirmed: boolean
  readonly runner: Runner
  readonly task: TaskSettings | undefined
  /** Milliseconds, of PostgreSQL, for each statement. */
  readonly lockTimeout: number
  readonly statementTimeout: number
}

/** Where this mode writes down what it does: reading changes nothing, a revert belongs to the record of its rollback. */
export const revertJournal = ({ mode }: Pick<RevertGiven, 'mode'>): 'none' | 'record' =>
  mode === 'capture' ? 'none' : 'record'

/** Puts the inputs over the configuration. Throws `InputError` with all problems. */
export function revertSettings(
  given: RevertGiven,
  environment: LedgerConfig | undefined,
): RevertSettings {
  const connection = given.connection ?? environment?.database?.connection
  const tool = given.tool ?? environment?.migrations?.tool
  const wish = tool && chosen(tool, given, environment)
  const problems = [
    ...(connection === undefined && environment === undefined
      ? [
          'connection: expected secret:<name>: give the input, or environment and a configuration file with a database',
        ]
      : []),
    ...(tool === undefined && environment === undefined
      ? [
          'tool: expected dbmate, goose, sqlx or ledger: give the input, or environment and a configuration file with migrations',
        ]
      : []),
    ...(wish ? problemsOf(wish) : []),
    ...misplaced(given, environment),
  ]
  if (problems.length > 0) throw new InputError(problems)
  if (connection === undefined) return { do: 'nothing', why: 'the configuration names no database' }
  if (wish === undefined) return { do: 'nothing', why: 'the configuration names no migrations' }
  const ledger = { connection, ...wish }
  return given.mode === 'capture'
    ? { do: 'capture', ledger }
    : backSettings(given, environment, ledger)
}

function backSettings(
  given: RevertGiven,
  environment: LedgerConfig | undefined,
  ledger: LedgerOf,
): BackSettings {
  const { to, record, reviewed } = given
  const { migrations } = environment ?? {}
  return {
    do: 'revert',
    ledger,
    to,
    record,
    reviewed,
    confirmed: given['confirm-data-loss'],
    runner: given.revert ?? migrations?.revert ?? 'auto',
    task: taskOf(environment),
    lockTimeout: given['lock-timeout'] ?? limit(migrations?.['lock-timeout'], '5s'),
    statementTimeout: given['statement-timeout'] ?? limit(migrations?.['statement-timeout'], '15m'),
  }
}

function limit(configured: string | undefined, usual: string): number {
  const parsed = duration(configured ?? usual)
  if (!parsed.ok) throw new Error(`not a duration: ${configured}`)
  return parsed.value
}

function taskOf(environment: LedgerConfig | undefined): TaskSettings | undefined {
  const [task, services] = [environment?.migrations?.task, environment?.services]
  if (task === undefined || services === undefined) return undefined
  return { variable: 'DATABASE_URL', ...task, cluster: services.cluster }
}

/** Inputs that mean nothing beside the others: what seems to work must work. */
function misplaced(given: RevertGiven, environment: LedgerConfig | undefined): readonly string[] {
  const { mode, to, record, reviewed, revert } = given
  const set = {
    to: to !== 'auto',
    record: record !== undefined,
    reviewed: reviewed !== undefined,
    'confirm-data-loss': given['confirm-data-loss'],
    revert: revert !== undefined,
    'lock-timeout': given['lock-timeout'] !== undefined,
    'statement-timeout': given['statement-timeout'] !== undefined,
  }
  if (mode === 'capture') {
    return Object.entries(set)
      .filter(([, is]) => is)
      .map(([name]) => `${name}: belongs to mode: revert; leave it out`)
  }
  const outside = reviewed !== undefined && /^\/|^\.\.(\/|$)|\/\.\.(\/|$)/.test(reviewed)
  const runner = revert ?? environment?.migrations?.revert
  return [
    ...(set.to && set.record ? ['to: the destination is the one of the record: leave it out'] : []),
    ...(set.record && set['confirm-data-loss']
      ? ['confirm-data-loss: with a record only the consent in it counts; leave it out']
      : []),
    ...(set.to && to !== 'last-verified' && !isPointId(to)
      ? ['to: expected auto, last-verified or a restore point id (<environment>/<run id>/before)']
      : []),
    ...(outside ? ['reviewed: expected a path inside the repository'] : []),
    ...(runner === 'task' && taskOf(environment) === undefined
      ? ['revert: task needs migrations.task and services in the configuration of the environment']
      : []),
  ]
}

/** What the configuration says of another tool does not go with the one of the inputs. */
function chosen(
  tool: Tool,
  { path, table, column }: RevertGiven,
  environment: LedgerConfig | undefined,
): LedgerChoice {
  const configured = environment?.migrations?.tool === tool ? environment.migrations : undefined
  return {
    tool,
    path: path ?? configured?.path,
    table: table ?? configured?.table,
    column: column ?? configured?.column,
  }
}

function problemsOf(choice: LedgerChoice): readonly string[] {
  try {
    ledgerSettings(choice)
    return []
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.problems
    throw thrown
  }
}
