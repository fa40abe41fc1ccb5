import type { Clock } from '#core'
import { envelope, keys, openStore, type Point, type Store, serialize } from '#store'
import { type MemoryObjects, memoryObjects } from './objects.ts'
import { fakeClock } from './run.ts'

export const where = { environment: 'production', account: '123456789012', region: 'us-east-1' }

/** A store on a bucket in memory. */
export async function testStore(
  clock: Clock = fakeClock(),
): Promise<Store & { readonly objects: MemoryObjects }> {
  const objects = memoryObjects(clock)
  return { ...(await openStore(objects, where)), objects }
}

/** A restore point with what a test cares about; the rest is plain. */
export function pointOf(store: Store, id: string, given: Partial<Point> = {}): Point {
  return {
    kind: 'restore-point',
    ...envelope(store),
    id,
    point: id.endsWith('/after') ? 'after' : 'before',
    takenAt: '2026-11-22T03:00:00Z',
    repository: 'acme/shop',
    sha: 'b'.repeat(40),
    run: id.split('/')[1] ?? '',
    verified: { is: true, held: false, why: 'healthy' },
    fingerprint: id,
    components: {},
    ...given,
  }
}

/** Puts a document into the store as it is. */
export async function put(store: Store, document: { readonly id: string }): Promise<void> {
  await store.objects.create(keys.document(document.id), serialize(document))
}
