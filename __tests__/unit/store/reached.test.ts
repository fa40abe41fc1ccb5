import { expect, test } from '@jest/globals'
import type { Reached } from '#core'
import { addLost, mergeReached, type ReachedMoments } from '#store'

const [early, late] = ['2026-11-22T03:01:00Z', '2026-11-22T03:09:00Z']
const known: ReachedMoments = { 'ecs web': { badTrafficEnded: early } }

test.each<[string, ReachedMoments | undefined, Reached, ReachedMoments]>([
  [
    'what came true in this attempt is kept',
    undefined,
    { thing: 'ecs web', badTrafficEnded: { at: late, already: false } },
    { 'ecs web': { badTrafficEnded: late } },
  ],
  [
    'a repeat that finds it true already keeps the earlier time',
    known,
    { thing: 'ecs web', badTrafficEnded: { at: late, already: true } },
    known,
  ],
  [
    'where the attempt that did it was killed, the first look that saw it counts',
    undefined,
    { thing: 'ecs web', badTrafficEnded: { at: late, already: true } },
    { 'ecs web': { badTrafficEnded: late } },
  ],
  [
    'what was undone meanwhile and done again has the later time',
    known,
    { thing: 'ecs web', badTrafficEnded: { at: late, already: false } },
    { 'ecs web': { badTrafficEnded: late } },
  ],
  [
    'what is not so any more is not known any more',
    known,
    { thing: 'ecs web', badTrafficEnded: null },
    { 'ecs web': {} },
  ],
  [
    'what an attempt did not look for stays as it was',
    known,
    { thing: 'ecs web', capacityRestored: { at: late, already: false } },
    { 'ecs web': { badTrafficEnded: early, capacityRestored: late } },
  ],
  [
    'other things stay as they were',
    known,
    { thing: 'site s3://acme/', badTrafficEnded: { at: late, already: false } },
    { ...known, 'site s3://acme/': { badTrafficEnded: late } },
  ],
])('%s', (_name, before, seen, expected) => {
  expect(mergeReached(before, [seen])).toEqual(expected)
})

test('rows that went in several attempts are added up by table', () => {
  const before = [{ table: 'orders', rows: 3 }]
  expect(
    addLost(before, [
      { table: 'orders', rows: 2 },
      { table: 'a.b', rows: 1 },
    ]),
  ).toEqual([
    { table: 'orders', rows: 5 },
    { table: 'a.b', rows: 1 },
  ])
})
