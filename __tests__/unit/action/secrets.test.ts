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

const scrubbed = (secret: string, text: string) => {
  const known = secrets()
  known.add(secret)
  return known.scrub(text)
}

const key = 'correct-horse-battery-staple'

test.each([
  ['as it is', key],
  ['in base64', Buffer.from(key).toString('base64')],
  ['in base64 for addresses', Buffer.from(`${key}~~?`).toString('base64url')],
  ...['', 'x', 'xy', 'user:'].map((before) => [
    `in base64 behind "${before}"`,
    Buffer.from(`${before}${key}:more`).toString('base64'),
  ]),
])('a secret %s is taken out of a text', (_how, text) => {
  const left = scrubbed(key, `it is ${text}!`)
  expect(left).toContain('***')
  // What stays are the bytes that it shares with its neighbours.
  expect(left.length).toBeLessThan('it is ***!'.length + 20)
})

test('a secret in JSON is taken out by its parts that are named as secrets, and by no other', () => {
  const text = JSON.stringify({
    region: 'us-east-1',
    database: { name: 'production', password: 'battery-staple' },
    tokens: ['wooden-horse-1', 'short'],
  })
  const said = 'us-east-1 production battery-staple wooden-horse-1 short'
  expect(scrubbed(text, said)).toBe('us-east-1 production *** *** short')
})

test('each line of a secret is taken out by itself, in any spelling', () => {
  const text = 'first line/of it\nsecond line/of it'
  expect(scrubbed(text, 'first line/of it, second%20line%2Fof%20it')).toBe('***, ***')
})
