import { type Decision, type History, withinLimits } from '#chain'

const wished: Decision = {
  choice: 'roll-back',
  why: 'the verdict is unhealthy',
  trigger: 'verdict',
}
const now = Date.parse('2026-11-22T12:00:00Z')
const record = (
  run: number,
  hoursAgo: number,
  trigger: Decision['trigger'] = 'verdict',
): History['records'][number] => ({
  id: `production/${run}/rollback-1`,
  undone: `production/${run}`,
  trigger,
  openedAt: new Date(now - hoursAgo * 3_600_000).toISOString(),
})
const decided = (records: History['records'], perDay = 2, decision = wished) =>
  withinLimits(decision, { undone: 'production/10', now, records, perDay })

test.each<[string, History['records'], number]>([
  ['nothing was rolled back before', [], 2],
  ['one rollback of the day came before', [record(9, 1)], 2],
  ['two came before, one of them more than 24 hours ago', [record(9, 1), record(8, 24.1)], 2],
  ['two came before, one of which a person asked for', [record(9, 1), record(8, 2, 'button')], 2],
  ['a person rolled this deployment back before', [record(10, 1, 'button')], 2],
  ['three came before and four are allowed', [record(9, 1), record(8, 2), record(7, 3)], 4],
])('it goes back by itself when %s', (_name, records, perDay) => {
  expect(decided(records, perDay)).toEqual(wished)
})

test.each<[string, History['records'], number, RegExp]>([
  [
    'two of the day came before, judged or not',
    [record(9, 1), record(8, 23.9, 'no-verdict')],
    2,
    /went back by itself twice within 24 hours \(production\/9\/rollback-1 at 2026-11-22T11:00.*, production\/8\/rollback-1 at/,
  ],
  [
    'two came before, one of them by a clock that is ahead',
    [record(9, -0.2), record(8, 1)],
    2,
    /twice/,
  ],
  ['this deployment did before, however long ago', [record(10, 99)], 2, /before \(production\/10/],
  ['no rollback may begin by itself', [], 0, /automatic-rollbacks-per-day is 0/],
])('it is held when %s', (_name, records, perDay, why) => {
  const held = decided(records, perDay)
  expect(held).toMatchObject({ choice: 'hold', trigger: 'verdict' })
  expect(held.why).toMatch(/^the verdict is unhealthy, but .*: nothing is undone until a person/)
  expect(held.why).toMatch(why)
})

test.each<[string, Decision]>([
  ['a person asks', { ...wished, trigger: 'button' }],
  ['nothing would be rolled back', { ...wished, choice: 'verify' }],
])('no limit counts when %s', (_name, decision) => {
  expect(decided([record(10, 1), record(9, 1), record(8, 1)], 2, decision)).toEqual(decision)
})
