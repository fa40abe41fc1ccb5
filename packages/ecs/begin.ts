import type { Result, Run, Written } from '#core'
import { readRecord, type Store } from '#store'
import type { EcsClients } from './client.ts'
import { observeServices } from './observe.ts'
import type { EcsSettings } from './settings.ts'
import type { LiveService, Observed } from './state.ts'

/** What every mode begins with, or why it does not. */
export type Begun =
  | {
      readonly is: 'begun'
      readonly services: readonly LiveService[]
      readonly entries: readonly Written[]
    }
  | { readonly is: 'refused'; readonly result: Result }

/**
 * Looks at the services and at what the record did so far. A service that is not there is refused as a wrong name; in
 * the rollback of a record it is a warning, because it is no reason to leave the others on the bad release, and what
 * verifies the rollback afterwards finds it missing.
 */
export async function begin(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  store: Store | undefined,
): Promise<Begun> {
  const { cluster, services: names } = settings
  const observed = await observeServices(clients, { cluster, names })
  const goesOn = settings.record !== undefined && observed.services.length > 0
  if (observed.absent.length > 0 && !goesOn) {
    return { is: 'refused', result: refuseAbsent(observed, cluster) }
  }
  for (const { name, why } of observed.absent) run.report.warning(`${name} is left out: ${why}`)
  const entries = await entriesOf(run, store, settings.record)
  return { is: 'begun', services: observed.services, entries }
}

/** What this record did so far. A dry run holds no lease and reads it from the store. */
async function entriesOf(
  run: Run,
  store: Store | undefined,
  record: string | undefined,
): Promise<readonly Written[]> {
  if (!run.dryRun || !store || record === undefined) return run.journal.entries()
  return ((await readRecord(store, record))?.journal ?? []) as readonly Written[]
}

/** The refusal when services are missing, draining or deleted: by name, before anything is changed. */
function refuseAbsent(observed: Observed, cluster: string): Result {
  const names = observed.absent.map(({ name }) => name).join(', ')
  return {
    outcome: 'refused',
    headline: `${names}: not ACTIVE in ${cluster}; nothing was changed`,
    sections: [
      {
        title: 'Services that cannot be worked with',
        columns: ['service', 'why'],
        rows: observed.absent.map(({ name, why }) => [name, why]),
      },
    ],
    next: [`correct services or cluster: aws ecs list-services --cluster ${cluster}`],
  }
}
