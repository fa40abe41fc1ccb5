import { createHash } from 'node:crypto'
import {
  CreateInvalidationCommand,
  GetInvalidationCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront'
import { call, codeOf, isPassing } from '#aws'
import { CallError, type Run, tolerant, until } from '#core'
import type { SiteClients } from './client.ts'
import { edgePaths } from './keys.ts'
import type { Standing } from './plan.ts'
import type { Site } from './state.ts'

/** Up to here paths are named one by one; more cost more and say less than the wildcard, which counts as one path. */
const exact = 100

/** What is to be forgotten by the edges. */
export interface Batch {
  readonly paths: readonly string[]
  /** The same for the same objects in the same versions under the same record, or `seed`. */
  readonly reference: string
}

/**
 * The paths under which edges may hold what these objects were, and a caller reference that a repeated run makes again:
 * CloudFront then answers with the invalidation that is there already. Pure.
 */
export function batchOf(
  site: Site,
  objects: readonly Pick<Standing, 'key' | 'versionId'>[],
  seed: string,
): Batch | undefined {
  if (objects.length === 0) return undefined
  const named = [...new Set(objects.flatMap(({ key }) => edgePaths(key, site.prefix)))].sort()
  const paths = named.length <= exact ? named : ['/*']
  const versions = objects.map(({ key, versionId }) => [key, versionId]).sort()
  const hash = createHash('sha256')
    .update(JSON.stringify([seed, paths, versions]))
    .digest('hex')
  return { paths, reference: `rollback-actions-${hash.slice(0, 40)}` }
}

/** How an invalidation ended. */
export type Invalidated =
  | { readonly is: 'completed'; readonly id: string; readonly after: number }
  /** Still under way when the wait ended: edges may serve the old content a little longer. */
  | { readonly is: 'in-progress'; readonly id: string }
  | { readonly is: 'failed'; readonly why: string; readonly next: string }

/** Ten minutes: CloudFront needs one or two, seldom more than five (AWS documents no limit). */
const patience = 600_000

/** Sends an invalidation and waits for it. Never throws for a call that failed: objects are back already, and that counts. */
export async function invalidate(
  run: Run,
  clients: SiteClients,
  given: { readonly distribution: string; readonly batch: Batch },
): Promise<Invalidated> {
  const { distribution, batch } = given
  try {
    const id = await create(run, clients, given)
    if (id === undefined) {
      return {
        is: 'failed',
        why: `CloudFront takes no more invalidations of ${distribution} for now`,
        next: byHand(distribution, batch.paths),
      }
    }
    return await completed(run, clients, { distribution, id })
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return {
      is: 'failed',
      why: thrown.message,
      next: `${thrown.next}; or by hand: ${byHand(distribution, batch.paths)}`,
    }
  }
}

/** Waits while too many others are under way: that passes by itself. */
async function create(
  run: Run,
  clients: SiteClients,
  { distribution, batch }: { readonly distribution: string; readonly batch: Batch },
): Promise<string | undefined> {
  const command = () =>
    new CreateInvalidationCommand({
      DistributionId: distribution,
      InvalidationBatch: {
        CallerReference: batch.reference,
        Paths: { Quantity: batch.paths.length, Items: [...batch.paths] },
      },
    })
  const waited = await until(run, {
    what: `invalidation of ${batch.paths.length} paths`,
    within: patience,
    look: async () => {
      try {
        const answer = await call(clients.cloudfront, command(), distribution)
        return { is: 'found', value: answer.Invalidation?.Id ?? '' }
      } catch (thrown) {
        if (codeOf(thrown) !== 'TooManyInvalidationsInProgress') throw thrown
        return { is: 'waiting', seen: 'too many others are in progress' }
      }
    },
  })
  return waited.is === 'found' ? waited.value : undefined
}

async function completed(
  run: Run,
  clients: SiteClients,
  { distribution, id }: { readonly distribution: string; readonly id: string },
): Promise<Invalidated> {
  const look = async () => {
    const command = new GetInvalidationCommand({ DistributionId: distribution, Id: id })
    const status = (await call(clients.cloudfront, command, id)).Invalidation?.Status
    return status === 'Completed'
      ? ({ is: 'found', value: status } as const)
      : ({ is: 'waiting', seen: status ?? 'unknown' } as const)
  }
  const waited = await until(run, {
    what: `invalidation ${id}`,
    look: tolerant(look, isPassing),
    within: patience,
  })
  return waited.is === 'found'
    ? { is: 'completed', id, after: waited.after }
    : { is: 'in-progress', id }
}

const byHand = (distribution: string, paths: readonly string[]) =>
  `aws cloudfront create-invalidation --distribution-id ${distribution} --paths ${(paths.length <= 10 ? paths : ['/*']).map((path) => `'${path.replaceAll("'", '%27')}'`).join(' ')}`

/** Looks whether the distribution can be asked; throws `CallError` when it is not there or not ours. */
export async function seeDistribution(clients: SiteClients, distribution: string): Promise<void> {
  const command = new ListInvalidationsCommand({ DistributionId: distribution, MaxItems: 1 })
  await call(clients.cloudfront, command, distribution)
}
