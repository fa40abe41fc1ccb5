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

const logs =
  'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fecs$252Fmy_web'

test('a link is one in the summary, with nothing in it that Markdown would read, and an address in the log', () => {
  const given = result({
    sections: [{ title: 'Look at web', links: [{ text: 'a [log]', url: logs }] }],
  })
  const address = logs.replaceAll('$', '&#36;')
  expect(summaryOf('x', given)).toContain(`\n\n- [a \\[log\\]](${address})\n`)
  expect(linesOf(given)).toEqual(['Look at web', `  a [log]: ${logs}`])
})

test.each([
  'javascript:alert(1)',
  'http://console.aws.amazon.com/',
  'https://a.example/x) [y](https://b.example',
  'https://a.example/<script>',
  'https://user:pass@a.example/',
])('%s is no link', (url) => {
  const text = summaryOf('x', result({ sections: [{ title: 't', links: [{ text: 'x', url }] }] }))
  expect(text).not.toMatch(/[^\\]\]\(/)
  expect(text).not.toContain('<script')
})
