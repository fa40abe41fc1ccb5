import type { PendingMigration, Store } from '#store'
import { planDowns } from './back-plan.ts'
import { findDowns } from './downs.ts'
import { type LedgerChoice, ledgerSettings } from './settings.ts'

/**
 * Why migrations could not be taken back by their downs, found as the revert itself would find it: a file that is neither in the store
 * nor in the checkout, or a down that does something else than its up. Undefined when they could.
 */
export async function whyNoDowns(
  store: Store,
  given: {
    readonly choice: LedgerChoice
    /** The captured files; of two with one version the later counts. */
    readonly files: readonly PendingMigration[]
    readonly added: readonly string[]
  },
): Promise<string | undefined> {
  const known = new Map(given.files.map((file) => [file.version, file]))
  const ledger = ledgerSettings(given.choice)
  const plan = planDowns(await findDowns(store, { known, ledger, added: given.added }))
  return plan.is === 'refused' ? plan.why : undefined
}
