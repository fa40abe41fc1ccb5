import type { Result, Run } from '#core'
import { holderOf, type Lease, type Store, takeLease, waitForHolder } from '#store'

export type Claimed =
  | { readonly is: 'held'; readonly lease: Lease }
  | { readonly is: 'stopped'; readonly result: Result }

/** Takes the lease for the rollback of a deployment; without it nothing is written (P10). */
export async function claimRollback(run: Run, store: Store, undone: string): Promise<Claimed> {
  const { runId, attempt } = run.identity
  const taken = await takeLease(store, {
    owner: 'rollback',
    deployment: undone,
    run: runId,
    attempt,
  })
  return taken.is === 'held' ? taken : { is: 'stopped', result: heldBy(store, taken.lease) }
}

/** A living deployment is not pulled away below its feet; another rollback is left to finish. */
function heldBy(store: Store, lease: Lease): Result {
  const deploys = lease.owner === 'deployment'
  return {
    outcome: deploys ? 'refused' : 'superseded',
    headline: `${store.environment} is being changed by ${holderOf(lease)}; nothing was changed`,
    next: [
      waitForHolder(lease),
      deploys
        ? 'its own rollback job may do the work'
        : 'look at what it did before you run again: it may be done',
    ],
  }
}
