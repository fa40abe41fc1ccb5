import { estimateText, type Step, tookBefore } from '#chain'
import type { Outcome } from '#core'
import type { Record } from '#store'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 3, minute)).toISOString()
const part = (minutes: number, outcome: Outcome = 'done') => ({
  outcome,
  headline: '',
  from: at(0),
  at: at(minutes),
  run: '1',
})
const record = (parts: Record['parts']): Pick<Record, 'parts'> => ({ parts })
const code = (minutes: number, outcome: Outcome = 'done') =>
  record({ 'ecs-rollback rollback': part(minutes, outcome) })
const text = (steps: readonly Step[], records: readonly Pick<Record, 'parts'>[]) =>
  estimateText(steps, tookBefore(steps, records), (step) => step)

test.each<[string, readonly Step[], readonly Pick<Record, 'parts'>[], string]>([
  [
    'no earlier rollback',
    ['code'],
    [],
    'not known: no earlier rollback of this environment did this',
  ],
  [
    'one',
    ['code'],
    [code(3)],
    'about 3 min 00 s, at most 3 min 00 s until now (1 earlier rollback)',
  ],
  [
    'the median of three, and the longest',
    ['code'],
    [code(2), code(9), code(3)],
    'about 3 min 00 s, at most 9 min 00 s until now (3 earlier rollbacks)',
  ],
  [
    'a step that nobody did before',
    ['code', 'restore'],
    [code(3)],
    'about 3 min 00 s, at most 3 min 00 s until now (1 earlier rollback), and the time for: restore (not done before)',
  ],
  [
    'parts that failed or found nothing to do',
    ['code'],
    [code(1, 'failed'), code(1, 'unchanged'), code(4)],
    'about 4 min 00 s, at most 4 min 00 s until now (1 earlier rollback)',
  ],
  [
    'a part of an earlier version, without its beginning',
    ['code'],
    [record({ 'ecs-rollback rollback': { outcome: 'done', headline: '', at: at(3), run: '1' } })],
    'not known: no earlier rollback of this environment did this',
  ],
])('%s', (_name, steps, records, expected) => {
  expect(text(steps, records)).toBe(expected)
})
