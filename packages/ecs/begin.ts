import { codeOf } from '#aws'
import { CallError, type Result, type Run, type Written } from '#core'
import { readRecord, type Store } from '#store'
import type { EcsClients } from './client.ts'
import { destinationText } from './destination/destination.ts'
import { foreignTo } from './destination/named.ts'
import { observeServices, servicesTagged } from './observe.ts'
import type { EcsSettings } from './settings.ts'
import type { LiveService, Observed } from './state.ts'

/** What every mode begins with. */
export interface Begun {
  readonly services: readonly LiveService[]
  /** What this record did so far. */
  readonly entries: readonly Written[]
  readonly store: Store | undefined
}

/**
 * Looks at the services and at what the record did so far. A service that is not there is refused as a wrong name; in
 * the rollback of a record it is a warning, because it is no reason to leave the others on the bad release, and what
 * verifies the rollback afterwards finds it missing. A list shows what there is.
 */
export async function begin(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  store: Store | undefined,
): Promise<Begun | { readonly refused: Result }> {
  const observed = await lookUp(clients, settings)
  if ('refused' in observed) return observed
  const mayLack = settings.record !== undefined || settings.mode === 'list'
  const goesOn = mayLack && observed.services.length > 0
  if (observed.absent.length > 0 && !goesOn) {
    return { refused: refuseAbsent(observed, settings) }
  }
  for (const { name, why } of observed.absent) run.report.warning(`${name} is left out: ${why}`)
  const entries = await entriesOf(run, store, settings.record)
  return { services: observed.services, entries, store }
}

/** The services by name, or by the tag that they carry; a cluster that is not there is a wrong input and no failure. */
async function lookUp(
  clients: EcsClients,
  settings: EcsSettings,
): Promise<Observed | { readonly refused: Result }> {
  const { cluster, tagged } = settings
  try {
    const names =
      tagged === undefined
        ? settings.services
        : await servicesTagged(clients, { cluster, ...tagged })
    if (names.length > 0) return await observeServices(clients, { cluster, names })
    return { refused: refuseTag(cluster, `${tagged?.key}=${tagged?.value}`) }
  } catch (thrown) {
    const unknown = thrown instanceof CallError && codeOf(thrown) === 'ClusterNotFoundException'
    if (!unknown) throw thrown
    return { refused: refuseCluster(cluster) }
  }
}

const refuseCluster = (cluster: string): Result => ({
  outcome: 'refused',
  headline: `there is no cluster ${cluster} in this account and region; nothing was changed`,
  next: ['correct cluster, region or role-to-assume: aws ecs list-clusters'],
})

const refuseTag = (cluster: string, tag: string): Result => ({
  outcome: 'refused',
  headline: `no service of ${cluster} carries the tag ${tag}; nothing was changed`,
  next: ['correct services: tags are compared exactly, and only those of services count'],
})

/** What this record did so far. A dry run holds no lease and reads it from the store. */
async function entriesOf(
  run: Run,
  store: Store | undefined,
  record: string | undefined,
): Promise<readonly Written[]> {
  if (!run.dryRun || !store || record === undefined) return run.journal.entries()
  return ((await readRecord(store, record))?.journal ?? []) as readonly Written[]
}

/** The refusal when services are missing, draining or deleted: all that is wrong by name, before anything is changed. */
function refuseAbsent(observed: Observed, settings: EcsSettings): Result {
  const { cluster, destination } = settings
  const wrong = [
    ...observed.absent.map(({ name, why }) => [name, why] as const),
    ...observed.services.flatMap((service) => {
      const why = foreignTo(service, destination, settings)
      return why === undefined ? [] : [[service.name, why] as const]
    }),
  ]
  const names = observed.absent.map(({ name }) => name).join(', ')
  const more = wrong.length - observed.absent.length
  const also = more === 0 ? '' : `, and ${more} more cannot go to ${destinationText(destination)}`
  return {
    outcome: 'refused',
    headline: `${names}: not ACTIVE in ${cluster}${also}; nothing was changed`,
    sections: [
      {
        title: 'Services that cannot be worked with',
        columns: ['service', 'why'],
        rows: wrong,
      },
    ],
    next: [`correct services or cluster: aws ecs list-services --cluster ${cluster}`],
  }
}
