import type { Point } from './documents.ts'
import { beforeId, deploymentOf, isPointId } from './ids.ts'
import { readPoint, readVerified, type Store } from './store.ts'

/** Where a rollback goes, or why it may not go anywhere. */
export type Destination =
  | { readonly is: 'point'; readonly point: Point; readonly why: string }
  /** `held`: something was judged unhealthy, so that nothing else may be chosen in its place. */
  | { readonly is: 'none'; readonly why: string; readonly held?: true }

/**
 * Chooses the destination by design: `auto` is the deployment's own `before` if it is verified, else the last verified
 * point, else none. A `before` that a baseline judged unhealthy is never a destination, and holds `auto`.
 */
export function chooseDestination(
  to: 'auto' | 'last-verified',
  before: Point | undefined,
  verified: Point | undefined,
): Destination {
  if (to === 'auto' && before?.verified.held) {
    return {
      is: 'none',
      held: true,
      why: `${before.id} was judged unhealthy before the deployment: a rollback would return to something equally broken`,
    }
  }
  if (to === 'auto' && before?.verified.is) {
    return { is: 'point', point: before, why: `${before.id} is verified: ${before.verified.why}` }
  }
  if (verified)
    return { is: 'point', point: verified, why: `${verified.id} is the last verified point` }
  return {
    is: 'none',
    why:
      to === 'auto' && before
        ? `${before.id} is not verified (${before.verified.why}), and this environment has no verified point`
        : 'this environment has no verified restore point',
  }
}

/** Resolves `auto`, `last-verified` or a point id to a point of the store. `undone` is the deployment that is undone. */
export async function findDestination(
  store: Store,
  to: string,
  undone: string | undefined,
): Promise<Destination> {
  if (isPointId(to)) {
    const point = await readPoint(store, to)
    if (!point) return { is: 'none', why: `there is no restore point ${to}` }
    return { is: 'point', point, why: `${to} was named` }
  }
  const before =
    undone === undefined || undone === '' ? undefined : await readPoint(store, beforeId(undone))
  const verified = await readVerified(store)
  // A deployment that was verified once and is undone now must not be its own destination.
  const other = verified && deploymentOf(verified.id) === undone ? undefined : verified
  return chooseDestination(to === 'last-verified' ? to : 'auto', before, other)
}
