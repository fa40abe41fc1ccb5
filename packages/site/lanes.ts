import { isDenied, isPassing } from '#aws'
import { CallError, inLanes, type Run, until } from '#core'

/** Requests in flight: S3 takes 3,500 writes a second per prefix, and a rollback must not starve the site's readers. */
const width = 32

/** What one item came to nothing by. */
export interface Failure<Item> {
  readonly item: Item
  readonly why: string
  readonly next: string
  /** It may go well when sent again: throttling, the network. */
  readonly passing: boolean
}

/** Runs work for each item, many at a time. */
export const inParallel = inLanes(width)

/**
 * Changes each item, many at a time, and collects what fails instead of stopping the others: what S3 throttled is sent again
 * in smaller sweeps until the deadline. A missing permission or a lost lease stops everything, because every other item
 * would meet the same.
 */
export async function changeEach<Item>(
  run: Run,
  what: string,
  given: { readonly items: readonly Item[]; readonly change: (item: Item) => Promise<void> },
): Promise<readonly Failure<Item>[]> {
  let left = given.items
  let lanes = width
  const failed: Failure<Item>[] = []
  let passing: readonly Failure<Item>[] = []
  const waited = await until(run, {
    what,
    look: async () => {
      const failures = await sweep(run, { ...given, items: left, lanes })
      passing = failures.filter((one) => one.passing)
      failed.push(...failures.filter((one) => !one.passing))
      left = passing.map((one) => one.item)
      lanes = Math.max(2, Math.floor(lanes / 4))
      if (left.length === 0) return { is: 'found', value: undefined }
      return { is: 'waiting', seen: `${left.length} left: ${passing[0]?.why ?? ''}` }
    },
  })
  return waited.is === 'found' ? failed : [...failed, ...passing]
}

async function sweep<Item>(
  run: Run,
  given: {
    readonly items: readonly Item[]
    readonly change: (item: Item) => Promise<void>
    readonly lanes: number
  },
): Promise<readonly Failure<Item>[]> {
  const { items, change, lanes } = given
  const failures: Failure<Item>[] = []
  let next = 0
  let end: { readonly why: string; readonly next: string } | undefined
  let thrown: { readonly error: unknown } | undefined
  const lane = async () => {
    while (next < items.length && !thrown) {
      const item = items[next++] as Item
      if (!end && run.deadline.left() === 0) {
        end = { why: 'not tried: out of time', next: 'run again with a longer timeout' }
      }
      if (end) {
        failures.push({ item, ...end, passing: false })
        continue
      }
      try {
        await run.journal.beat()
        await change(item)
      } catch (error) {
        if (!(error instanceof CallError)) {
          thrown = { error }
          return
        }
        failures.push({ item, why: error.message, next: error.next, passing: isPassing(error) })
        if (isDenied(error)) end = { why: `not tried: ${error.message}`, next: error.next }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  if (thrown) throw thrown.error
  return failures
}
