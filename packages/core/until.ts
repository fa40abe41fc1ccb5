import { span } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Run } from './run.ts'

/** One look at the thing that is waited for. */
export type Look<Found> =
  | { readonly is: 'found'; readonly value: Found }
  | { readonly is: 'waiting'; readonly seen: string }

/** How a wait ended: out of time is doubt, and says what was seen last. */
export type Waited<Found> =
  | { readonly is: 'found'; readonly value: Found; readonly after: number }
  | { readonly is: 'timeout'; readonly seen: string; readonly after: number }

/** What is waited for, by name: a deployment id, a snapshot id, never "stable". */
export interface Wait<Found> {
  readonly what: string
  readonly look: () => Promise<Look<Found>>
  /** Milliseconds between looks, or how they follow from the time waited; the run's poll interval when left out. */
  readonly every?: number | ((waited: number) => number)
  /** Milliseconds after which to stop before the run's deadline. */
  readonly within?: number
}

const heartbeat = 60_000

/**
 * Looks at once, then at every interval, and once more at the deadline. Prints changes, and a heartbeat each
 * minute. Throws what `look` throws, and `LeaseLost` when the lease went to another run.
 */
export async function until<Found>(run: Run, wait: Wait<Found>): Promise<Waited<Found>> {
  const { clock, report } = run
  const started = clock.now()
  const end = Math.min(run.deadline.at, started + (wait.within ?? Number.POSITIVE_INFINITY))
  const { every = run.pollInterval } = wait
  const pause = typeof every === 'number' ? () => every : every
  let printed = { seen: '', at: started }
  for (;;) {
    const last = clock.now() >= end
    const look = await wait.look()
    const now = clock.now()
    if (look.is === 'found') return { is: 'found', value: look.value, after: now - started }
    if (look.seen !== printed.seen || now - printed.at >= heartbeat) {
      report.info(`${wait.what}: ${look.seen} (${span(now - started)})`)
      printed = { seen: look.seen, at: now }
    }
    if (last) return { is: 'timeout', seen: look.seen, after: now - started }
    await run.journal.beat()
    await clock.sleep(Math.max(1, Math.min(pause(clock.now() - started), end - clock.now())))
  }
}

/** A look in which a passing fault of the far side counts as "not yet" up to `tolerated` times in a row. */
export function tolerant<Found>(
  look: () => Promise<Look<Found>>,
  passing: (thrown: unknown) => boolean,
  tolerated = 3,
): () => Promise<Look<Found>> {
  let faults = 0
  return async () => {
    try {
      const seen = await look()
      faults = 0
      return seen
    } catch (thrown) {
      faults += 1
      if (!passing(thrown) || faults > tolerated) throw thrown
      return { is: 'waiting', seen: `cannot look: ${messageOf(thrown)}` }
    }
  }
}
