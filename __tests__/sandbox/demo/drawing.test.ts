import { describe, expect, test } from '@jest/globals'
import { stretches } from '../../../packages/sandbox/demo/chart.ts'
import { roomFor, rowsOf, widthOf } from '../../../packages/sandbox/demo/labels.ts'
import { binned, intervalOf, linear, ticks } from '../../../packages/sandbox/demo/scale.ts'

/** The same numbers each time. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('an axis', () => {
  test.each([
    [{ from: 0, to: 10 }, 5, [0, 5, 10]],
    [{ from: 17.3, to: 40.9 }, 6, [20, 25, 30, 35, 40]],
    [{ from: 0, to: 1 }, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [{ from: 0, to: 3600 }, 4, [0, 1000, 2000, 3000]],
    [{ from: 5, to: 5 }, 4, []],
  ])('from %j has at most %d round numbers', (span, most, expected) => {
    expect(ticks(span, most)).toEqual(expected)
  })

  test('of any length has some numbers, and no more than there is room for', () => {
    const random = dice(1)
    for (let turn = 0; turn < 500; turn++) {
      const from = random() * 1000
      const to = from + random() ** 4 * 10_000 + 0.01
      const found = ticks({ from, to }, 8)
      expect(found.length).toBeLessThanOrEqual(8)
      expect(found.length).toBeGreaterThanOrEqual(2)
      expect(found.every((one) => one >= from - 1e-6 && one <= to + 1e-6)).toBe(true)
    }
  })

  test('places a moment by its share, and everything at the beginning when it has no length', () => {
    expect(linear({ from: 10, to: 20 }, { from: 0, to: 100 })(15)).toBe(50)
    expect(linear({ from: 10, to: 10 }, { from: 7, to: 100 })(10)).toBe(7)
  })
})

describe('intervals', () => {
  const at = (moment: number, ok = true, release?: string) => ({
    ...{ at: moment, ok },
    ...(release !== undefined && { release }),
  })

  test('hold what was measured in them, and by which release', () => {
    const measured = [at(0), at(99, false, '2'), at(100, true, '2'), at(249, true, '11'), at(250)]
    expect(binned(measured, { from: 0, to: 250 }, 100)).toEqual([
      { from: 0, to: 100, ok: 1, failed: 1, releases: new Map([['2', 1]]) },
      { from: 100, to: 200, ok: 1, failed: 0, releases: new Map([['2', 1]]) },
      { from: 200, to: 250, ok: 1, failed: 0, releases: new Map([['11', 1]]) },
    ])
  })

  test.each([
    [20_000, 500],
    [75_000, 1000],
    [400_000, 5000],
    [9_000_000, 60_000],
  ])('of a story of %d ms are %d ms long, so that there are not too many', (to, expected) => {
    expect(intervalOf({ from: 0, to }, 100)).toBe(expected)
  })

  test('lose nothing of what lies within, and count nothing that lies outside', () => {
    const random = dice(2)
    const measured = Array.from({ length: 300 }, () => at(random() * 1200 - 100, random() < 0.5))
    const bins = binned(measured, { from: 0, to: 1000 }, 70)
    const counted = bins.reduce((sum, { ok, failed }) => sum + ok + failed, 0)
    expect(counted).toBe(measured.filter((one) => one.at >= 0 && one.at < 1000).length)
  })

  test('in a row with the same release are one stretch; where most answers name none, nobody serves', () => {
    const measured = [at(0, true, '2'), at(100, true, '2'), at(200, false), at(300, false, '11')]
    expect(stretches(binned(measured, { from: 0, to: 400 }, 100))).toEqual([
      { from: 0, to: 200, release: '2' },
      { from: 200, to: 300 },
      { from: 300, to: 400, release: '11' },
    ])
  })
})

describe('labels', () => {
  test.each([
    ['far apart stand in one row', [0, 100], [0, 0]],
    ['close together make a staircase', [0, 10, 20], [2, 1, 0]],
    ['of one moment stand over each other, the first one highest', [5, 5], [1, 0]],
    ['a free one after a staircase begins below again', [0, 10, 100], [1, 0, 0]],
  ])('%s', (_, places, rows) => {
    expect(rowsOf(places.map((x) => ({ x, width: 50 })))).toEqual(rows)
  })

  test('never lie over each other, and no mark goes through the text of another', () => {
    const random = dice(3)
    for (let turn = 0; turn < 200; turn++) {
      const labels = Array.from({ length: 14 }, () => ({
        ...{ x: Math.round(random() * 600), width: 20 + random() * 120 },
      }))
      const rows = rowsOf(labels)
      for (const [one, label] of labels.entries())
        for (const [other, { x }] of labels.entries()) {
          const isSpanned = one !== other && x >= label.x && x <= label.x + label.width
          // At one place, the one over the other is the one that spans it.
          const above = rows[one] ?? 0
          const below = rows[other] ?? 0
          if (isSpanned) expect(x === label.x ? above !== below : above > below).toBe(true)
        }
    }
  })

  test('get the room that they need to the right of the plot', () => {
    const labels = [
      { share: 0, width: 90 },
      { share: 1, width: 120 },
      { share: 0.9, width: 200 },
    ]
    const right = roomFor(labels, { left: 50, total: 1000, least: 10 })
    for (const { share, width } of labels)
      expect(50 + share * (950 - right) + width).toBeLessThanOrEqual(1000.001)
    expect(roomFor([], { left: 50, total: 1000, least: 10 })).toBe(10)
  })

  test('are taken to be as wide as wide letters are', () => {
    expect(widthOf('writers stopped')).toBeGreaterThan(15 * 11 * 0.6)
  })
})
