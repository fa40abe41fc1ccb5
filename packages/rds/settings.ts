import { InputError } from '#core'

/** The inputs of rds-snapshot-guard beside the common ones, parsed. */
export interface GuardGiven {
  readonly mode: 'snapshot' | 'restore'
  readonly connection: string | undefined
  readonly 'snapshot-suffix': string | undefined
  readonly snapshot: string | undefined
  readonly record: string | undefined
  readonly 'confirm-data-loss': boolean
}

/** The part of an environment's configuration that says where its database is. */
export interface DatabaseConfig {
  readonly database?: { readonly connection: string } | undefined
}

/** What rds-snapshot-guard has to do. */
export type GuardSettings =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'snapshot'; readonly connection: string; readonly suffix: string | undefined }
  | RestoreSettings

export interface RestoreSettings {
  readonly do: 'restore'
  readonly connection: string
  /** The record whose deployment's snapshot is restored; undefined for a single action without a store. */
  readonly record: string | undefined
  /** The snapshot, when there is no record. */
  readonly snapshot: string | undefined
  readonly confirmed: boolean
}

/** Puts the inputs over the configuration. Throws `InputError` with all problems. */
export function guardSettings(
  given: GuardGiven,
  environment: DatabaseConfig | undefined,
): GuardSettings {
  const connection = given.connection ?? environment?.database?.connection
  const problems = [...misplaced(given), ...missing(given)]
  if (connection === undefined && environment === undefined) {
    problems.push(
      'connection: expected secret:<name>: give the input, or environment and a configuration file with a database',
    )
  }
  if (problems.length > 0) throw new InputError(problems)
  if (connection === undefined) return { do: 'nothing', why: 'the configuration names no database' }
  if (given.mode === 'snapshot') {
    return { do: 'snapshot', connection, suffix: given['snapshot-suffix'] }
  }
  const { record, snapshot } = given
  return { do: 'restore', connection, record, snapshot, confirmed: given['confirm-data-loss'] }
}

/** Inputs that mean nothing in this mode: what seems to work must work. */
function misplaced(given: GuardGiven): string[] {
  const own =
    given.mode === 'snapshot' ? ['snapshot-suffix'] : ['snapshot', 'record', 'confirm-data-loss']
  const all = ['snapshot-suffix', 'snapshot', 'record', 'confirm-data-loss'] as const
  return all
    .filter((name) => given[name] !== undefined && given[name] !== false && !own.includes(name))
    .map(
      (name) =>
        `${name}: belongs to mode: ${given.mode === 'snapshot' ? 'restore' : 'snapshot'}; leave it out`,
    )
}

function missing({ mode, record, snapshot }: GuardGiven): string[] {
  if (mode !== 'restore') return []
  if (record === undefined && snapshot === undefined) {
    return ['snapshot: expected the snapshot to restore, or record: the record of an open rollback']
  }
  if (record !== undefined && snapshot !== undefined) {
    return [
      'snapshot: with a record only the snapshot that the undone deployment took is restored; leave it out',
    ]
  }
  return []
}

/** Where this mode writes down what it does: a snapshot belongs to the deployment, a restore to the record of its rollback. */
export const guardJournal = ({ mode }: Pick<GuardGiven, 'mode'>): 'deployment' | 'record' =>
  mode === 'snapshot' ? 'deployment' : 'record'
