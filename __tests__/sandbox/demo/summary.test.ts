import { describe, expect, test } from '@jest/globals'
import { summaryOf } from '../../../packages/action/summary.ts'
import { escapeHtml } from '../../../packages/sandbox/demo/html.ts'
import { blocksOf } from '../../../packages/sandbox/demo/markdown.ts'
import { htmlOf } from '../../../packages/sandbox/demo/summaries.ts'
import { columns, linesOf, wrapped } from '../../../packages/sandbox/demo/terminal.ts'

const hostile = 'a|b *c* <script>alert(1)</script> `d` @team #1 [x](y) & www.example.com'
const markdown = summaryOf('verify-health', {
  outcome: 'unhealthy',
  headline: hostile,
  sections: [
    {
      title: 'Checks',
      columns: ['check', 'why'],
      rows: [
        [hostile, '1'],
        ['ok', '2'],
      ],
    },
    { title: 'Rule', text: 'three in a row' },
    { title: 'Look', links: [{ text: hostile, url: 'https://a.example/x?y=1&z=$25' }] },
  ],
  next: ['run this: a ``` b', 'and this'],
})
const terminal = { width: 200, colours: false }

describe('a job summary', () => {
  test('is taken apart into what GitHub would show', () => {
    expect(blocksOf(markdown)).toEqual([
      { is: 'heading', level: 2, text: '❌ verify-health: unhealthy' },
      { is: 'text', text: hostile },
      { is: 'heading', level: 3, text: 'Checks' },
      {
        is: 'table',
        header: ['check', 'why'],
        rows: [
          [hostile, '1'],
          ['ok', '2'],
        ],
      },
      { is: 'heading', level: 3, text: 'Rule' },
      { is: 'text', text: 'three in a row' },
      { is: 'heading', level: 3, text: 'Look' },
      { is: 'links', links: [{ text: hostile, url: 'https://a.example/x?y=1&z=$25' }] },
      { is: 'heading', level: 3, text: 'What to do next' },
      { is: 'code', lines: ['run this: a ``` b', 'and this'], language: 'text' },
    ])
  })

  test('becomes HTML in which nothing that was written is markup', () => {
    const html = blocksOf(markdown)
      .map((block) => htmlOf(block).html)
      .join('\n')
    expect(html).toContain(escapeHtml(hostile))
    expect(html).not.toContain('<script')
  })

  test('becomes lines whose table is aligned', () => {
    const lines = linesOf(terminal, blocksOf('| a | b |\n| --- | --- |\n| long | x |'))
    expect(lines).toEqual(['a     b', 'long  x'])
  })

  test.each(['| not a table', '``` never closed\nx', '#no heading', '|---|'])(
    'with the broken text %j is read to its end',
    (text) => {
      const words = JSON.stringify(blocksOf(`${text}\n\nend`))
      expect(words).toContain('end')
    },
  )
})

describe('a narrow terminal', () => {
  test('breaks long texts at spaces, and long words anywhere', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrapped('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  })

  test('gets columns that fit', () => {
    const rows = [['key', 'word '.repeat(30).trim()]]
    const lines = columns({ width: 60, colours: false }, rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
    expect(lines.join(' ').match(/word/g)).toHaveLength(30)
  })
})
