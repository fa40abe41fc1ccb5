import type { Outcome, Result } from '#core'
import { outcomes } from '#core'
import { linesOf, summaryOf } from '../../../packages/action/summary.ts'

const result = (given: Partial<Result>): Result => ({ outcome: 'done', headline: 'h', ...given })

test.each<[Outcome]>(outcomes.map((outcome) => [outcome]))(
  '%s has a mark of its own in the title',
  (outcome) => {
    expect(summaryOf('ecs-rollback', result({ outcome }))).toMatch(
      new RegExp(`^## \\S+ ecs-rollback: ${outcome}\n`),
    )
  },
)

test('a table keeps its columns whatever is in its cells', () => {
  const hostile = 'a | b\n| c | <b> `x`'
  const text = summaryOf(
    'x',
    result({ sections: [{ title: 't', columns: ['k', 'v'], rows: [[hostile, '1']] }] }),
  )
  const row = text.split('\n').find((line) => line.startsWith('| a')) ?? ''
  expect(row.replaceAll('\\|', '').split('|').length).toBe(4)
})

test('a summary that GitHub would drop is shortened and says so', () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => [`row ${n}`, 'x'.repeat(60)])
  const text = summaryOf(
    'x',
    result({ headline: 'the headline', sections: [{ title: 't', columns: ['a', 'b'], rows }] }),
  )
  expect(text.length).toBeLessThan(1_000)
  expect(text).toContain('the headline')
})

test('the log shows tables in columns and the next commands last', () => {
  const lines = linesOf(
    result({
      sections: [{ title: 'T', columns: ['a', 'bb'], rows: [['xxx', 'y']] }],
      next: ['do this'],
    }),
  )
  expect(lines).toEqual(['T', '  a    bb', '  xxx  y', 'Next:', '  do this'])
})
