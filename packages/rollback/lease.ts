import type { Result, Run } from '#core'
import {
  type Claim,
  holderOf,
  type Lease,
  readLease,
  type Store,
  type Taken,
  takeLease,
  waitForHolder,
} from '#store'

export type Claimed =
  | { readonly is: 'held'; readonly lease: Lease }
  | { readonly is: 'stopped'; readonly result: Result }

/** What a run claims that rolls a deployment back. */
export const claimOf = ({ identity }: Run, undone: string): Claim => ({
  owner: 'rollback',
  deployment: undone,
  run: identity.runId,
  attempt: identity.attempt,
})

/** Takes the lease for the rollback of a deployment; without it nothing is written (P10). */
export async function claimRollback(run: Run, store: Store, undone: string): Promise<Claimed> {
  const taken = await takeLease(store, claimOf(run, undone), run)
  return taken.is === 'held' ? taken : { is: 'stopped', result: heldBy(store, taken) }
}

type Somebody = Omit<Extract<Taken, { is: 'taken' }>, 'is'>

/** A living deployment is not pulled away below its feet; another rollback is left to finish. */
export function heldBy(store: Store, { lease, life }: Somebody): Result {
  const deploys = lease.owner === 'deployment'
  return {
    outcome: deploys ? 'refused' : 'superseded',
    headline: `${store.environment} is being changed by ${holderOf(lease)}; nothing was changed`,
    next: [
      waitForHolder(lease, life),
      deploys
        ? 'its own rollback job may do the work; the job take-over of the Rollback button cancels it first'
        : 'look at what it did before you run again: it may be done',
    ],
  }
}

/** Whose turn it is: another run whose lease has not lapsed, and of whom nobody says that it has ended. */
export async function heldByOther(run: Run, store: Store): Promise<Somebody | undefined> {
  const lease = await readLease(store)
  if (lease === undefined || lease.owner === 'nobody' || lease.run === run.identity.runId)
    return undefined
  if (Date.parse(lease.until) < store.objects.serverTime()) return undefined
  const life = await run.lifeOf(lease)
  return life.is === 'ended' ? undefined : { lease, life }
}

/** The Rollback button took the environment over from this run, or another run goes on with the record. */
export function takenOver(store: Store, other: Somebody): Result {
  const { run, deployment } = other.lease
  return {
    ...heldBy(store, other),
    headline: `${deployment} is rolled back by run ${run}, which has taken ${store.environment} over: this run undoes nothing; nothing was changed`,
    outputs: { decision: 'nothing' },
  }
}
