import type { Result } from '#core'
import { secrets, withoutSecrets } from '../../../packages/action/secrets.ts'
import { summaryOf } from '../../../packages/action/summary.ts'

const password = 'p*ss_w@rd|"#1'
const told: Result = {
  outcome: 'failed',
  headline: `login as ${password} failed`,
  sections: [
    { title: 't', columns: ['a'], rows: [[`cell ${password}`]] },
    { title: 'text', text: `text ${password}` },
  ],
  next: [`try ${password}`],
  outputs: { reason: `because ${password}` },
  data: {
    nested: [{ why: `deep ${password}`, json: JSON.stringify({ password }) }],
    n: 1,
    no: null,
  },
}

const hidden = secrets()
hidden.add(password)

test('a secret with characters of Markdown is not in the summary, escaped or not', () => {
  const escaped = ['p\\*ss', 'ss\\_w', 'w&#64;rd', 'p*ss', 'rd\\|']
  const summary = summaryOf('x', withoutSecrets(told, hidden))
  expect(escaped.filter((part) => summary.includes(part))).toEqual([])
  expect(summary).toContain('login as \\*\\*\\* failed')
})

test('no text of a result keeps a secret, at any depth, and the rest stays as it is', () => {
  const clean = withoutSecrets(told, hidden)
  expect(JSON.stringify(clean)).not.toContain('ss_w')
  expect(clean.data).toMatchObject({ n: 1, no: null })
  expect(clean.sections?.length).toBe(2)
})
