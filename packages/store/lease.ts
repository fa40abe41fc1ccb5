import { iso, LeaseLost, type Life, type Run } from '#core'
import { type Lease, leaseSchema } from './documents.ts'
import { keys } from './ids.ts'
import { createDocument, envelope, readDocument, type Store, serialize } from './store.ts'

/** Who wants the lease, and for what. */
export interface Claim {
  readonly owner: 'deployment' | 'rollback'
  /** The deployment that runs, or the one that is undone. */
  readonly deployment: string
  readonly run: string
  readonly attempt: number
}

/** How long a lease lasts without being renewed, milliseconds. */
export const leaseTime: Readonly<Record<Claim['owner'], number>> = {
  deployment: 2 * 3_600_000,
  rollback: 15 * 60_000,
}

export type Taken =
  | { readonly is: 'held'; readonly lease: Lease }
  | { readonly is: 'taken'; readonly lease: Lease; readonly life: Life }

/** Who can say whether the owner of a lease is still alive, and where a takeover is told. */
export type Asking = Pick<Run, 'lifeOf' | 'report'>

/**
 * Decides whether a claim gets the lease that lies there. The same run always does: lapsed is not lost. Another run
 * does when nobody holds it or it lapsed by the server's clock (`now`).
 */
export function decideLease(
  current: Lease | undefined,
  claim: Claim,
  now: number,
): { readonly is: 'renew' | 'take'; readonly generation: number } | { readonly is: 'taken' } {
  if (current === undefined) return { is: 'take', generation: 1 }
  const same =
    current.run === claim.run && current.attempt === claim.attempt && current.owner === claim.owner
  if (same && current.deployment === claim.deployment)
    return { is: 'renew', generation: current.generation }
  const free =
    current.owner === 'nobody' || current.run === claim.run || Date.parse(current.until) < now
  return free ? { is: 'take', generation: current.generation + 1 } : { is: 'taken' }
}

/**
 * Decides whether a lease that has not lapsed is left behind: GitHub says that its owner's run has ended. A deployment never takes
 * a rollback's.
 */
export const isLeftBehind = (current: Lease, claim: Pick<Claim, 'owner'>, life: Life): boolean =>
  life.is === 'ended' && !(claim.owner === 'deployment' && current.owner === 'rollback')

/** Whether a rollback may pull the lease away from a living run: only from the deployment that it undoes. */
export const mayPull = (current: Lease, claim: Claim): boolean =>
  claim.owner === 'rollback' &&
  current.owner === 'deployment' &&
  current.deployment === claim.deployment

/**
 * Takes or renews the lease of the environment; `taken` names the holder and changes nothing. A lease that did not lapse is
 * taken when GitHub says that its owner has ended, by compare-and-swap on exactly that lease.
 */
export const takeLease = (store: Store, claim: Claim, asking?: Asking): Promise<Taken> =>
  take(store, claim, (current) => leftBehindBy(current, claim, asking))

/** Takes the lease for a rollback, also from the living deployment that it undoes. */
export const pullLease = (store: Store, claim: Claim, asking: Asking): Promise<Taken> =>
  take(store, claim, async (current) =>
    mayPull(current, claim) ? 'free' : leftBehindBy(current, claim, asking),
  )

async function leftBehindBy(
  current: Lease,
  claim: Claim,
  asking: Asking | undefined,
): Promise<'free' | Life> {
  const life = (await asking?.lifeOf(current)) ?? unasked
  if (life.is !== 'ended' || !isLeftBehind(current, claim, life)) return life
  asking?.report.info(
    `run ${current.run} (attempt ${current.attempt}) has ended (${life.conclusion}), says GitHub: the lease that it left behind is taken`,
  )
  return 'free'
}

const unasked: Life = { is: 'unknown', why: 'nobody was asked' }

async function take(
  store: Store,
  claim: Claim,
  /** Asked about somebody else's lease that has not lapsed. */
  isFree: (current: Lease) => Promise<'free' | Life>,
): Promise<Taken> {
  const key = keys.lease(store.environment)
  for (;;) {
    const current = await readDocument(store, key, leaseSchema)
    const decision = decideLease(current?.value, claim, store.objects.serverTime())
    const life = decision.is === 'taken' && current ? await isFree(current.value) : 'free'
    if (current && life !== 'free') return { is: 'taken', lease: current.value, life }
    const lease: Lease = {
      kind: 'lease',
      ...envelope(store),
      ...claim,
      generation:
        decision.is === 'taken' ? (current?.value.generation ?? 0) + 1 : decision.generation,
      until: iso(store.objects.serverTime() + leaseTime[claim.owner]),
    }
    const written = current
      ? await store.objects.replace(key, serialize(lease), current.etag)
      : await createDocument(store, key, lease)
    if (written) return { is: 'held', lease }
  }
}

/** Reads the lease without wanting it. */
export async function readLease(store: Store): Promise<Lease | undefined> {
  return (await readDocument(store, keys.lease(store.environment), leaseSchema))?.value
}

/** Throws `LeaseLost` when the lease that lies there is not the one we hold: its generation was raised. */
export async function compareLease(store: Store, held: Lease): Promise<void> {
  const current = await readLease(store)
  if (
    current?.run !== held.run ||
    current.generation !== held.generation ||
    current.owner !== held.owner
  ) {
    throw new LeaseLost(current ? holderOf(current) : 'nobody')
  }
}

/** Renews a lease that we hold. Throws `LeaseLost` when somebody took it. */
export async function renewLease(store: Store, held: Lease): Promise<Lease> {
  const key = keys.lease(store.environment)
  const current = await readDocument(store, key, leaseSchema)
  if (!current || current.value.run !== held.run || current.value.generation !== held.generation) {
    throw new LeaseLost(current ? holderOf(current.value) : 'nobody')
  }
  const owner = held.owner === 'nobody' ? 'deployment' : held.owner
  const lease = { ...held, until: iso(store.objects.serverTime() + leaseTime[owner]) }
  if (await store.objects.replace(key, serialize(lease), current.etag)) return lease
  return renewLease(store, held)
}

/** Gives the lease back if it is ours; somebody else's is left alone. */
export async function releaseLease(store: Store, run: string): Promise<void> {
  const key = keys.lease(store.environment)
  const current = await readDocument(store, key, leaseSchema)
  if (!current || current.value.run !== run || current.value.owner === 'nobody') return
  const free: Lease = { ...current.value, owner: 'nobody', until: iso(store.objects.serverTime()) }
  if (!(await store.objects.replace(key, serialize(free), current.etag)))
    await releaseLease(store, run)
}

/** The holder of a lease in words: `the rollback of run 123 (attempt 1), until 2026-11-22T05:00:00Z`. */
export function holderOf(lease: Lease): string {
  return lease.owner === 'nobody'
    ? 'nobody'
    : `the ${lease.owner} of run ${lease.run} (attempt ${lease.attempt}), until ${lease.until}`
}

/** What to do about somebody else's lease: a run that was killed cannot give it back. */
export function waitForHolder(lease: Lease, life: Life): string {
  const { run, owner, until } = lease
  const later = owner === 'deployment' ? 're-run its rollback job, or wait' : 'wait'
  switch (life.is) {
    case 'alive':
      return `run ${run} is alive (${life.status}): wait until it has ended, or cancel it, then run again`
    case 'ended':
      return `run ${run} has ended (${life.conclusion}) and left the lease behind: ${later} until ${until}, then run again`
    case 'unknown':
      return `wait until run ${run} has ended, or cancel it, then run again; whether it has ended is not known (${life.why}): if it has, and left the lease behind, ${later} until ${until}`
  }
}
