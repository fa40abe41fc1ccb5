import type { LogsPlan } from '../../../packages/health/checks.ts'
import {
  added,
  boundsOf,
  judgeLogs,
  type Rate,
  rateOf,
  type Total,
} from '../../../packages/health/logs.ts'

/** How often the rule for log lines is wrong, by a simulation with a fixed seed: Poisson noise, alone or in bursts. */

const plan: LogsPlan = { kind: 'logs', name: 'x', group: 'g', pattern: 'E', atMost: undefined }
const [span, windows] = [20_000, 45]

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Times of events of one rate a minute, `burst` lines at a time. */
function timesOf(
  random: () => number,
  given: { rate: number; burst: number; to: number },
): readonly number[] {
  const times: number[] = []
  const each = given.rate / given.burst / 60_000
  let at = each === 0 ? Number.POSITIVE_INFINITY : -Math.log(1 - random()) / each
  while (at < given.to) {
    for (let n = 0; n < given.burst; n += 1) times.push(at)
    at += -Math.log(1 - random()) / each
  }
  return times
}

/** Whether three windows in a row are bad within fifteen minutes. */
function alarmed(usual: Rate, times: readonly number[]): boolean {
  let total: Total | undefined
  let row = 0
  for (let n = 0; n < windows; n += 1) {
    const window = { from: n * span, to: (n + 1) * span }
    const events = {
      times: times.filter((at) => at >= window.from && at < window.to),
      complete: true,
    }
    const bounds = boundsOf(window, { atMost: undefined, usual })
    if (bounds === undefined) return false
    total = added(total, events, { window, bounds })
    row =
      judgeLogs(plan, events, { window, usual, first: false, total }).class === 'bad' ? row + 1 : 0
    if (row === 3) return true
  }
  return false
}

/** The share of deployments that are called bad, in per cent. */
function share(given: { before: number; after: number; burst: number }, seed: number): number {
  const random = randomFrom(seed)
  const runs = 400
  let alarms = 0
  for (let n = 0; n < runs; n += 1) {
    const to = 600_000
    const times = timesOf(random, { rate: given.before, burst: given.burst, to })
    const usual = rateOf({ times, complete: true }, { from: 0, to })
    const after = timesOf(random, { rate: given.after, burst: given.burst, to: span * windows })
    if (alarmed(usual, after)) alarms += 1
  }
  return (100 * alarms) / runs
}

describe('of 400 releases that change nothing', () => {
  test.each([
    [0.1, 1],
    [0.5, 1],
    [2, 1],
    [10, 1],
    [100, 1],
    [2, 5],
    [10, 5],
    [100, 5],
  ])(
    'with %d lines a minute, %d at a time, at most one in a hundred is called bad',
    (rate, burst) => {
      expect(share({ before: rate, after: rate, burst }, 7)).toBeLessThanOrEqual(1)
    },
  )
})

describe('of 400 releases with more errors', () => {
  test.each([
    ['3 a minute after silence', 0, 3, 1, 95],
    ['ten times two a minute', 2, 20, 1, 99],
    ['three times ten a minute', 10, 30, 1, 95],
    ['three times a hundred a minute', 100, 300, 1, 99],
    ['five times ten a minute in bursts', 10, 50, 5, 95],
  ])('%s are found', (_, before, after, burst, found) => {
    expect(share({ before, after, burst }, 11)).toBeGreaterThanOrEqual(found)
  })
})
