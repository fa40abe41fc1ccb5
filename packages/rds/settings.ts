import { InputError } from '#core'
import { choice, type EnvironmentConfig, flag, type Given, matching, optional } from '#inputs'

/** The inputs of rds-snapshot-guard beside the common ones; defaults are in action.yml. */
export const guardInputs = {
  mode: choice('snapshot', 'restore'),
  connection: optional(
    matching(
      /^secret:[\w/+=.@:!-]+$/,
      'secret:<name or ARN of the secret with the connection string>',
    ),
  ),
  'snapshot-suffix': optional(
    matching(
      /^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$/,
      'lower-case letters, digits and single dashes (1 to 32)',
    ),
  ),
  snapshot: optional(
    matching(
      /^(?=.{1,255}$)(rds:)?[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
      'the identifier of a snapshot, not its ARN',
    ),
  ),
  record: optional(
    matching(/^[A-Za-z0-9][\w.-]*\/[\w.-]+\/rollback-\d+$/, '<environment>/<run id>/rollback-<n>'),
  ),
  'confirm-data-loss': flag,
} as const

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
  given: Given<typeof guardInputs>,
  environment: Pick<EnvironmentConfig, 'database'> | undefined,
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
function misplaced(given: Given<typeof guardInputs>): string[] {
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

function missing({ mode, record, snapshot }: Given<typeof guardInputs>): string[] {
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
