import type { Outcome, Verdict } from '#core'
import { judge } from '#rollback'
import type { Record } from '#store'
import { where } from '../../support/store.ts'

const part = (outcome: Outcome) => ({
  outcome,
  headline: 'h',
  at: '2026-11-22T03:00:00Z',
  run: '1',
})
const record = (given: Partial<Record>): Record => ({
  kind: 'record',
  version: 1,
  ...where,
  id: 'production/1/rollback-1',
  repository: 'acme/shop',
  undone: 'production/1',
  from: 'a'.repeat(40),
  to: 'production/1/before',
  profile: 'A',
  planId: 'plan',
  consent: 'not-needed',
  reason: 'r',
  actor: 'ada',
  trigger: 'verdict',
  state: 'open',
  openedAt: '2026-11-22T03:00:00Z',
  runs: [],
  journal: [],
  parts: {},
  ...given,
})
const verdict = (word: Verdict) => ({
  verdict: word,
  why: 'w',
  at: '2026-11-22T03:00:00Z',
  run: '1',
})
const changedAt = (at: string) => ({
  at,
  run: '1',
  component: 'ecs',
  operation: 'update-service',
  on: 'web',
})
const code = { 'ecs-rollback rollback': part('done'), 'restore-point capture': part('done') }
const restored = {
  ...code,
  'rds-snapshot-guard restore': part('done'),
  'ecs-rollback start': part('done'),
}

test.each<[string, Partial<Record>, Outcome]>([
  ['code back and healthy', { parts: code, verdict: verdict('healthy') }, 'done'],
  [
    'its restore point was not taken',
    { parts: { 'ecs-rollback rollback': part('done') }, verdict: verdict('healthy') },
    'partial',
  ],
  ['code back and unhealthy', { parts: code, verdict: verdict('unhealthy') }, 'unhealthy'],
  ['code back and in doubt', { parts: code, verdict: verdict('inconclusive') }, 'inconclusive'],
  ['code back and never verified', { parts: code }, 'inconclusive'],
  [
    'one part failed',
    { parts: { ...code, 'ecs-rollback start': part('failed') }, verdict: verdict('healthy') },
    'partial',
  ],
  ['the only part failed', { parts: { 'ecs-rollback rollback': part('failed') } }, 'failed'],
  [
    'another run took over',
    { parts: { ...code, 'ecs-rollback start': part('superseded') } },
    'superseded',
  ],
  [
    'data waits for consent',
    { profile: 'C', consent: 'missing', parts: code, verdict: verdict('healthy') },
    'partial',
  ],
  [
    'something was changed after the verdict',
    { parts: code, verdict: verdict('healthy'), journal: [changedAt('2026-11-22T03:00:01Z')] },
    'inconclusive',
  ],
  [
    'everything was changed before the verdict',
    { parts: code, verdict: verdict('healthy'), journal: [changedAt('2026-11-22T03:00:00Z')] },
    'done',
  ],
  ['data must never go back', { profile: 'C', consent: 'never', parts: code }, 'partial'],
  [
    'the restore was not begun',
    { profile: 'C', consent: 'given', parts: code, verdict: verdict('healthy') },
    'partial',
  ],
  [
    'data and code back and healthy',
    { profile: 'C', consent: 'given', parts: restored, verdict: verdict('healthy') },
    'done',
  ],
  [
    'only the front end, back and healthy',
    {
      only: ['site'],
      parts: { 's3-frontend-restore restore': part('done'), 'restore-point capture': part('done') },
      verdict: verdict('healthy'),
    },
    'done',
  ],
  [
    'only the database, taken back and not started again',
    {
      ...{ only: ['database'], profile: 'B', verdict: verdict('healthy') },
      parts: {
        ...{ 'ecs-rollback stop': part('done'), 'migration-revert revert': part('done') },
        'restore-point capture': part('done'),
      },
    },
    'partial',
  ],
])('%s', (_name, given, outcome) => {
  expect(judge(record(given)).outcome).toBe(outcome)
})
