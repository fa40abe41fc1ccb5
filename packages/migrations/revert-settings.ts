import { InputError } from '#core'
import type { LedgerOf } from './capture.ts'
import { type LedgerChoice, ledgerSettings } from './settings.ts'

/** The inputs of migration-revert beside the common ones, parsed. */
export interface RevertGiven {
  readonly mode: 'capture'
  readonly connection: string | undefined
  readonly tool: 'dbmate' | 'ledger' | undefined
  readonly path: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
}

/** The parts of an environment's configuration that say where its database and its ledger are. */
export interface LedgerConfig {
  readonly database?: { readonly connection: string } | undefined
  readonly migrations?: LedgerChoice | undefined
}

/** What migration-revert has to do. */
export type RevertSettings =
  | { readonly do: 'nothing'; readonly why: string }
  | { readonly do: 'capture'; readonly ledger: LedgerOf }

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
          'tool: expected dbmate or ledger: give the input, or environment and a configuration file with migrations',
        ]
      : []),
    ...(wish ? problemsOf(wish) : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  if (connection === undefined) return { do: 'nothing', why: 'the configuration names no database' }
  if (wish === undefined) return { do: 'nothing', why: 'the configuration names no migrations' }
  return { do: 'capture', ledger: { connection, ...wish } }
}

/** What the configuration says of another tool does not go with the one of the inputs. */
function chosen(
  tool: LedgerChoice['tool'],
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
