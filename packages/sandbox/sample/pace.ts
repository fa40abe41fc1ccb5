import { realClock } from '../clock.ts'

const clock = realClock()

/** What was seen in one second. */
export interface Second {
  /** Milliseconds since the epoch, the second's beginning. */
  readonly at: number
  readonly ok: number
  readonly failed: number
}

/** How often something went well, and when it did not. Times are milliseconds since the epoch. */
export interface Score {
  readonly ok: number
  readonly failed: number
  readonly seconds: readonly Second[]
  readonly firstFailure?: number
  readonly lastFailure?: number
  /** Releases that were met, in the order of their first answer. */
  readonly releases: readonly string[]
}

/** What counts: when, how it went, and which release it was. */
export interface Attempt {
  readonly at: number
  readonly ok: boolean
  readonly release?: string
}

/** Counts attempts. */
export function tally(): { add(attempt: Attempt): void; score(): Score } {
  const counts: { ok: number; failed: number; firstFailure?: number; lastFailure?: number } = {
    ok: 0,
    failed: 0,
  }
  const seconds = new Map<number, { ok: number; failed: number }>()
  const releases = new Set<string>()
  const add = ({ at, ok, release }: Attempt) => {
    const second = Math.floor(at / 1000) * 1000
    const row = seconds.get(second) ?? { ok: 0, failed: 0 }
    seconds.set(second, row)
    if (release !== undefined) releases.add(release)
    row[ok ? 'ok' : 'failed'] += 1
    counts[ok ? 'ok' : 'failed'] += 1
    if (ok) return
    counts.firstFailure ??= at
    counts.lastFailure = at
  }
  const score = (): Score => ({
    ...counts,
    seconds: [...seconds].sort(([a], [b]) => a - b).map(([at, row]) => ({ at, ...row })),
    releases: [...releases],
  })
  return { add, score }
}

/** Begins `one` at a steady rate by the second, however long each takes, until it is stopped; then waits for those under way. */
export function steadily(
  rate: number,
  one: (n: number) => Promise<void>,
): { stop(): Promise<void> } {
  const underway = new Set<Promise<void>>()
  let begun = 0
  let stopped = false
  const tick = () => {
    if (stopped) return
    const running = one(begun++).finally(() => underway.delete(running))
    underway.add(running)
    clock.after(1000 / rate, tick)
  }
  tick()
  return {
    stop: async () => {
      stopped = true
      await Promise.all(underway)
    },
  }
}
