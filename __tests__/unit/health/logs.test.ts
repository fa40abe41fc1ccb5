import type { LogsPlan } from '../../../packages/health/checks.ts'
import {
  added,
  boundsOf,
  judgeLogs,
  judgeUsual,
  type Rate,
  rateOf,
  readRate,
} from '../../../packages/health/logs.ts'

const start = Date.UTC(2026, 10, 22, 3, 0, 0)
const window = { from: start, to: start + 20_000 }
const events = (count: number, complete = true) => ({
  times: Array.from({ length: count }, (_, n) => start + n),
  complete,
})
const plan = (atMost?: number): LogsPlan => ({
  kind: 'logs',
  name: 'errors',
  group: '/ecs/api',
  pattern: 'ERROR',
  atMost,
})
const usual = (count: number, dispersion = 1): Rate => ({ count, minutes: 10, dispersion })

describe('the most matching events in twenty seconds', () => {
  test.each<[what: string, rate: Rate | undefined, atMost: number | undefined, most: number]>([
    ['of a silent group', usual(0), undefined, 1.5],
    ['of one with an error a minute', usual(10), undefined, 3.5],
    ['of one with ten a minute', usual(100), undefined, 9],
    ['of one with a hundred a minute', usual(1000), undefined, 71],
    ['of one with bursts', usual(100, 8), undefined, 20],
    ['of one with a limit', usual(100), 3, 1],
    ['of one that must be silent', undefined, 0, 0],
  ])('%s', (_, rate, atMost, most) => {
    expect(Math.abs((boundsOf(window, { atMost, usual: rate })?.most ?? 0) - most)).toBeLessThan(1)
  })

  test('are never less than twice the usual', () => {
    for (const count of [0, 1, 10, 100, 10_000]) {
      expect(boundsOf(window, { atMost: undefined, usual: usual(count) })?.most).toBeGreaterThan(
        (2 * count) / 30,
      )
    }
  })
})

describe('the events of one window are', () => {
  test.each<
    [
      count: number,
      complete: boolean,
      rate: Rate | undefined,
      atMost: number | undefined,
      is: string,
    ]
  >([
    [0, true, usual(0), undefined, 'good'],
    [1, true, usual(0), undefined, 'good'],
    [2, true, usual(0), undefined, 'bad'],
    [3, true, usual(10), undefined, 'good'],
    [9, true, usual(10), undefined, 'bad'],
    [9, true, usual(100), undefined, 'good'],
    [0, true, undefined, undefined, 'void'],
    [50, true, undefined, undefined, 'void'],
    [1, true, undefined, 3, 'good'],
    [2, true, undefined, 3, 'bad'],
    [1, true, undefined, 0, 'bad'],
    [0, false, usual(0), undefined, 'void'],
    [2, false, usual(0), undefined, 'bad'],
  ])('%d (complete: %j, usual %j, at most %j): %s', (count, complete, rate, atMost, is) => {
    const context = { window, usual: rate, first: false }
    expect(judgeLogs(plan(atMost), events(count, complete), context).class).toBe(is)
  })

  test('told by number and first time, and never by what they say', () => {
    const found = judgeLogs(plan(), events(7), { window, usual: usual(1), first: false })
    expect(found).toMatchObject({
      value: '7 in 20 s',
      why: '7 in 20 s match, the first at 2026-11-22T03:00:00Z; before the deployment 0.1 a minute',
    })
    expect(found.late).toBeUndefined()
  })

  test('perhaps the cut-over, when the watch has only begun', () => {
    const found = judgeLogs(plan(), events(7), { window, usual: usual(1), first: true })
    expect(found.late).toBe('starting')
  })
})

describe('the usual rate', () => {
  const long = { from: start, to: start + 600_000 }
  const at = (...minutes: number[]) => ({
    times: minutes.map((minute) => start + minute * 60_000 + 5),
    complete: true,
  })

  test.each([
    ['evenly spread', at(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), { count: 10, minutes: 10, dispersion: 1 }],
    ['in one burst', at(4, 4, 4, 4, 4, 4, 4, 4, 4, 4), { count: 10, minutes: 10, dispersion: 10 }],
    ['none', at(), { count: 0, minutes: 10, dispersion: 1 }],
  ])('%s', (_, given, rate) => {
    expect(rateOf(given, long)).toEqual(rate)
    expect(readRate(rateOf(given, long))).toEqual(rate)
  })

  test('is good whatever it is, is measured, and is doubt when it cannot be counted', () => {
    expect(judgeUsual(plan(), at(1, 2), long)).toMatchObject({
      class: 'good',
      value: '0.2 a minute',
      measured: { count: 2, minutes: 10, dispersion: 1 },
    })
    expect(judgeUsual(plan(), { times: [], complete: false }, long).class).toBe('void')
  })

  test('must not be above at-most', () => {
    expect(judgeUsual(plan(1), events(11), long).class).toBe('bad')
    expect(judgeUsual(plan(1), events(10), long).class).toBe('good')
  })

  test.each([
    undefined,
    3,
    { count: -1, minutes: 1, dispersion: 1 },
    { count: 1, minutes: 0, dispersion: 1 },
  ])('is not read from %j', (given) => {
    expect(readRate(given)).toBeUndefined()
  })
})

describe('windows that are not too many one by one', () => {
  /** Judges windows of twenty seconds with so many events, one after the other; `g` good, `b` bad. */
  function inTurn(counts: readonly number[], given: { usual?: Rate; atMost?: number }): string {
    let total: Parameters<typeof added>[0]
    return counts
      .map((count, n) => {
        const at = { from: start + n * 20_000, to: start + (n + 1) * 20_000 }
        const bounds = boundsOf(at, { atMost: given.atMost, usual: given.usual })
        if (bounds === undefined) throw new Error('no bounds')
        total = added(total, events(count), { window: at, bounds })
        const context = { window: at, usual: given.usual, first: false, total }
        return judgeLogs(plan(given.atMost), events(count), context).class === 'bad' ? 'b' : 'g'
      })
      .join('')
  }

  test.each<[what: string, counts: readonly number[], rate: Rate, judged: string]>([
    [
      'are a trend when one error follows another in silence',
      Array(8).fill(1),
      usual(0),
      'ggggbbbb',
    ],
    ['are none when they stop', [1, 1, 1, 1, 1, 0, 0, 0], usual(0), 'ggggbggg'],
    ['are none after one burst', [50, 0, 0, 1, 0, 0, 0, 0], usual(0), 'bggggggg'],
    ['are a trend at three times the usual', Array(6).fill(10), usual(100), 'bbbbbb'],
    ['are a trend at two and a half times the usual', Array(6).fill(9), usual(100), 'gbbbbb'],
    ['are none at one and a half times the usual', Array(30).fill(5), usual(100), 'g'.repeat(30)],
    ['are none at the usual', Array(30).fill(3), usual(100), 'g'.repeat(30)],
  ])('%s', (_, counts, rate, judged) => {
    expect(inTurn(counts, { usual: rate })).toBe(judged)
  })

  test('are a trend above at-most, also when every third one is silent', () => {
    expect(inTurn([3, 3, 0, 3, 3, 0], { atMost: 3 })).toBe('bbgbbg')
    expect(inTurn([1, 1, 1, 1, 1, 1], { atMost: 3 })).toBe('gggggg')
  })
})
