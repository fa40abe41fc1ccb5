import type { Capture, Captured, Run } from '#core'
import type { Database } from '#sql'
import type { LedgerState, PendingMigration, Store } from '#store'
import { schemaFingerprint } from './fingerprint.ts'
import { type MigrationFile, readMigrationFiles } from './layouts.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { keepFiles, pendingOf } from './pending.ts'
import { type LedgerChoice, type LedgerSettings, ledgerSettings } from './settings.ts'

/** Opens the database that a connection (`secret:<name>`) resolves to; `connect` of the kind rds gives one. */
export interface Opener {
  readonly open: (run: Run, connection: string) => Promise<Database>
}

/** A ledger and the connection to the database in which it is. */
export type LedgerOf = LedgerChoice & { readonly connection: string }

/**
 * Captures the ledger, the schema's fingerprint, and what of the checked-out release is not applied yet. Reads the database only;
 * with a store the files of what is pending are kept there, unless this is a dry run. The settings are checked at once: throws
 * `InputError`; the capture throws `CallError` when the database cannot be read.
 */
export function captureLedger(
  opener: Opener,
  choice: LedgerOf,
  store?: Store,
): Capture<LedgerState> {
  const settings = ledgerSettings(choice)
  return async (run) => {
    const database = await opener.open(run, choice.connection)
    const { ledger, schemaFingerprint } = await observeLedger(database, settings)
    const files = await filesIn(settings)
    const captured = assemble(settings, { ledger, fingerprint: schemaFingerprint, files })
    if (store && !run.dryRun) await keepFiles(store, files ?? [], captured.state.pending)
    return captured
  }
}

const filesIn = async ({ files }: LedgerSettings) =>
  files === undefined ? [] : readMigrationFiles(files.path, files.tool)

/** Reads ledger and fingerprint in one transaction, so that they belong together. */
export function observeLedger(
  database: Database,
  settings: LedgerSettings,
): Promise<{ readonly ledger: Ledger; readonly schemaFingerprint: string }> {
  return database.read(async (query) => ({
    ledger: await readLedger(query, settings),
    schemaFingerprint: await schemaFingerprint(query),
  }))
}

interface Found {
  readonly ledger: Ledger
  readonly fingerprint: string
  readonly files: readonly MigrationFile[] | undefined
}

function assemble(settings: LedgerSettings, found: Found): Captured<LedgerState> {
  const { ledger, fingerprint, files } = found
  const pending = [...pendingOf(settings, files ?? [], ledger.applied)]
  const risky = pending.filter((migration) => !migration.additive)
  const state: LedgerState = {
    tool: settings.tool,
    table: settings.table,
    applied: [...ledger.applied],
    schemaFingerprint: fingerprint,
    pending,
  }
  return {
    state,
    problems: [...ledger.dirty, ...(settings.downs === 'required' ? risky.flatMap(noWayBack) : [])],
    warnings: [
      ...(ledger.exists
        ? []
        : [
            `the ledger table ${settings.table} is not there: nothing was applied yet, or its name is another one`,
          ]),
      ...(files === undefined
        ? [
            `the folder ${settings.files?.path} is not there: without the files of this release none of its migrations is known to be harmless`,
          ]
        : []),
      ...risky.map(
        ({ name, why, undo }) => `${name} is more than an addition: ${why}; ${consequence(undo)}`,
      ),
    ],
    rows: [
      [
        `ledger ${settings.table}`,
        `${ledger.applied.length} applied, last ${ledger.applied.at(-1) ?? 'none'}`,
      ],
      ['pending migrations', pending.length === 0 ? 'none' : pending.map(describe).join('; ')],
    ],
  }
}

/** A team that wants every breaking migration to have a down is told before the deployment, and not at night. */
const noWayBack = ({ name, why, undo }: PendingMigration): readonly string[] =>
  undo.is === 'impossible'
    ? [
        `${name} could not be taken back by its down, and downs: required is set: ${why}; ${undo.why}`,
      ]
    : []

const consequence = ({ is, why }: PendingMigration['undo']) =>
  is === 'impossible'
    ? `undoing it means a data restore, because ${why}`
    : `its down can undo it (${is}: ${why})`

const describe = ({ name, additive, undo }: PendingMigration) =>
  `${name} (${additive ? 'additive' : 'not additive'}, undo ${undo.is})`

/**
 * How others read the versions that are applied, for a database they opened: undefined when no migrations are named. The
 * settings are checked at once: throws `InputError`.
 */
export function appliedReader(
  choice: LedgerChoice | undefined,
): ((database: Database) => Promise<readonly string[]>) | undefined {
  if (choice === undefined) return undefined
  const settings = ledgerSettings(choice)
  return async (database) => (await database.read((query) => readLedger(query, settings))).applied
}
