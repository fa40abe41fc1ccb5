import {
  code,
  forIssue,
  forSlack,
  forTeams,
  plain,
  shortened,
  within,
} from '../../../../packages/rollback/notify/text.ts'
import { hostileTexts } from '../../../support/told.ts'

test.each([
  ['@acme/owners', '@&#8203;acme/owners'],
  ['fixes #12', 'fixes #&#8203;12'],
  ['<!-- x -->', '&lt;\\!-- x --&gt;'],
  ['www.evil.example', 'www&#8203;.evil.example'],
  ['&#64;owners', '&amp;#&#8203;64;owners'],
])('in an issue %j is %j', (given, text) => {
  expect(forIssue(given)).toBe(text)
})

test.each([
  ['<!channel> a & b', '&lt;!channel&gt; a &amp; b'],
  ['<@U1|ada>', '&lt;@U1|ada&gt;'],
  ['http://x', 'http\u200b://x'],
])('to Slack %j is %j', (given, text) => {
  expect(forSlack(given)).toBe(text)
})

test('a card works nothing out that a text asks for', () => {
  expect(forTeams('{{DATE(2026-01-01T00:00:00Z)}}')).toBe('{\u200b{DATE(2026-01-01T00:00:00Z)}}')
})

test.each([
  ['a\u202Eb\u2066c', 'abc'],
  ['\ud83d x', '\ufffd x'],
  ['postgres://app:s3cret@db/shop', 'postgres://***@db/shop'],
  ['a\nb', 'a b'],
])('%j is %j in one harmless line', (given, text) => {
  expect(plain(given)).toBe(text)
})

describe('a text is shortened', () => {
  const escapers = { nothing: (text: string) => text, forIssue, forSlack, forTeams }
  const rows = hostileTexts.flatMap((text) =>
    Object.entries(escapers).flatMap(([name, escaper]) =>
      [1, 10, 160, 3000].map((limit) => [limit, name, text, escaper] as const),
    ),
  )

  test.each(rows)('to %d characters, %s: %j', (limit, _name, text, escaper) => {
    const short = shortened(text, limit, escaper)
    expect(short.length).toBeLessThanOrEqual(limit)
    expect(short).not.toMatch(/\p{Surrogate}/u)
    const whole = escaper(plain(text))
    if (whole.length <= limit) expect(short).toBe(whole)
    else expect(short.endsWith('…')).toBe(true)
  })

  test('between whole characters and whole escapes', () => {
    const family = '👩‍👩‍👧‍👦'
    expect(shortened(family.repeat(3), 2 * family.length + 1)).toBe(`${family}${family}…`)
    expect(shortened('&&&&', 12, forSlack)).toBe('&amp;&amp;…')
  })
})

test('only what is harmless by its form is code', () => {
  expect(code('production/17/rollback-1')).toBe('`production/17/rollback-1`')
  expect(code('a` b')).toBe('a\\` b')
})

describe('lines that are too many', () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}`)
  const as = { line: (line: string) => line, omitted: (count: number) => `… ${count} lines` }

  test('keep their beginning and their end', () => {
    const kept = within(lines, 500, as)
    expect(kept.join('\n').length).toBeLessThanOrEqual(500)
    expect([kept[0], kept.at(-1)]).toEqual(['line 0', 'line 999'])
    const told = kept.find((line) => line.startsWith('…'))
    expect(told).toBe(`… ${1001 - kept.length} lines`)
  })

  test('stay when they fit', () => {
    expect(within(lines, 100_000, as)).toEqual(lines)
  })
})
