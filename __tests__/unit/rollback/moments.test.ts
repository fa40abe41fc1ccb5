import { expect, test } from '@jest/globals'
import type { Outcome, Verdict } from '#core'
import { foundOut, momentsOf } from '#rollback'
import type { Moments, Record, VerdictState } from '#store'
import { where } from '../../support/store.ts'

const minute = (n: number) => `2026-11-22T03:${String(n).padStart(2, '0')}:00Z`
const now = minute(5)
const said = (verdict: Verdict): VerdictState => ({
  ...{ verdict, why: 'w', at: minute(3), run: '1' },
  firstBad: minute(2),
  looks: { failed: 3, of: 9 },
})

test.each<[string, VerdictState | undefined, Record['trigger'], ReturnType<typeof foundOut>]>([
  [
    'the verdict knows when it began',
    said('unhealthy'),
    'verdict',
    {
      moments: { firstBad: minute(2), detected: minute(3) },
      impact: { looks: { failed: 3, of: 9 } },
    },
  ],
  [
    'a button that is pressed after a bad verdict: the verdict found it out',
    said('unhealthy'),
    'button',
    {
      moments: { firstBad: minute(2), detected: minute(3) },
      impact: { looks: { failed: 3, of: 9 } },
    },
  ],
  [
    'a button after a good verdict: whoever pressed it found it out, and our looks say nothing of it',
    said('healthy'),
    'button',
    { moments: { detected: now } },
  ],
  ['nobody judged it', undefined, 'no-verdict', { moments: { detected: now } }],
  [
    'doubt that rolls back',
    { ...said('inconclusive'), firstBad: undefined, looks: undefined },
    'verdict',
    { moments: { detected: minute(3) } },
  ],
])('how it was found out: %s', (_name, verdict, trigger, expected) => {
  expect(foundOut(verdict, trigger, now)).toEqual(expected)
})

const part = (outcome: Outcome) => ({ outcome, headline: 'h', at: minute(8), run: '1' })
const record = (given: Partial<Record>): Record => ({
  kind: 'record',
  version: 1,
  ...where,
  ...{ id: 'production/1/rollback-1', repository: 'acme/shop', undone: 'production/1' },
  ...{ from: 'a'.repeat(40), to: 'production/1/before', profile: 'A', planId: 'plan' },
  ...{ consent: 'not-needed', reason: 'r', actor: 'ada', trigger: 'verdict', state: 'open' },
  openedAt: now,
  runs: [],
  moments: { firstBad: minute(2), detected: minute(3) },
  journal: [{ at: minute(6), run: '1', component: 'ecs', operation: 'update-service', on: 'web' }],
  parts: { 'ecs-rollback rollback': part('done') },
  reached: {
    'ecs web': { badTrafficEnded: minute(7), capacityRestored: minute(7), steady: minute(9) },
    'ecs api': { badTrafficEnded: minute(8), capacityRestored: minute(9) },
    'site s3://acme/': { badTrafficEnded: minute(6) },
  },
  verdict: { verdict: 'healthy', why: 'w', at: minute(12), run: '1' },
  ...given,
})
const found = { firstBad: minute(2), detected: minute(3) }
const served = { badTrafficEnded: minute(8), capacityRestored: minute(9) }
const changed = (at: string) => ({
  ...{ at, run: '2', component: 'ecs', operation: 'update-service', on: 'web' },
})

test.each<[string, Partial<Record>, Moments]>([
  [
    'each is the latest of its things; one that a service lacks is not known',
    {},
    { ...found, ...served, confirmed: minute(12) },
  ],
  ['nothing is over before somebody judged it', { verdict: undefined }, found],
  [
    'a bad verdict over what is back confirms nothing',
    { verdict: { verdict: 'unhealthy', why: 'w', at: minute(12), run: '1' } },
    { ...found, ...served },
  ],
  ['a change after the verdict makes it worthless', { journal: [changed(minute(13))] }, found],
  [
    'a part that failed: the whole is not over',
    { parts: { 'ecs-rollback rollback': part('done'), 'ecs-rollback start': part('failed') } },
    { ...found, confirmed: minute(12) },
  ],
  [
    'a repeat that is healthy again keeps the first confirmation',
    { moments: { ...found, confirmed: minute(10) } },
    { ...found, ...served, confirmed: minute(10) },
  ],
  [
    'a repeat that changed something was confirmed by its own verdict',
    { moments: { ...found, confirmed: minute(10) }, journal: [changed(minute(11))] },
    { ...found, ...served, confirmed: minute(12) },
  ],
  [
    'a front end alone has no capacity to restore',
    { reached: { 'site s3://acme/': { badTrafficEnded: minute(6) } } },
    { ...found, badTrafficEnded: minute(6), confirmed: minute(12) },
  ],
  [
    'a record of an earlier version, which knew no moments',
    { moments: undefined, reached: undefined },
    { confirmed: minute(12) },
  ],
])('of a whole rollback: %s', (_name, given, expected) => {
  expect(momentsOf(record(given))).toEqual(expected)
})
