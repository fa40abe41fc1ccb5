import { describe, expect, test } from '@jest/globals'
import { ganttHtml, ganttOf, shortTime } from '../../../packages/sandbox/demo/gantt.ts'
import { blocksOf } from '../../../packages/sandbox/demo/markdown.ts'
import { htmlOf } from '../../../packages/sandbox/demo/summaries.ts'

const chart = `gantt
    title Rollback of production/1
    dateFormat YYYY-MM-DDTHH:mm:ss.SSSZ
    axisFormat %H:%M:%S
    %% who wrote this
    section Bad traffic
    release 11 :crit, bad, 2026-11-26T03:00:00.000Z, 2026-11-26T03:01:30.000Z
    section Rollback
    verdict :milestone, v, 2026-11-26T03:00:20.000Z, 0s
    stop writers :done, stop, after v, 10s
    services :active, 1m
    verify : 2026-11-26T03:02:00.000Z, 500ms`.split('\n')

describe('a gantt chart', () => {
  test('is read: sections, tags, moments, what comes after what', () => {
    const zero = Date.parse('2026-11-26T03:00:00Z')
    const read = ganttOf(chart)
    expect(read?.title).toBe('Rollback of production/1')
    expect(
      read?.tasks.map(({ name, section, is, milestone, from, to }) => [
        ...[name, section, is, milestone],
        ...[(from - zero) / 1000, (to - zero) / 1000],
      ]),
    ).toEqual([
      ['release 11', 'Bad traffic', 'crit', false, 0, 90],
      ['verdict', 'Rollback', 'plain', true, 20, 20],
      ['stop writers', 'Rollback', 'done', false, 20, 30],
      ['services', 'Rollback', 'active', false, 30, 90],
      ['verify', 'Rollback', 'plain', false, 120, 120.5],
    ])
  })

  test.each([
    ['HH:mm:ss', '03:00:00', '03:00:05'],
    ['YYYY-MM-DD HH:mm', '2026-11-26 03:00', '2026-11-26 03:01'],
    ['YYYY-MM-DD HH:mm:ss', '2026-11-26 03:00:00', '2026-11-26 03:00:01'],
    ['X', '1764126000', '1764126005'],
    ['x', '1764126000000', '1764126005000'],
    ['ss', '01', '09'],
  ])('knows moments written as %s', (format, from, to) => {
    expect(ganttOf(['gantt', `dateFormat ${format}`, `a : ${from}, ${to}`])?.tasks).toHaveLength(1)
  })

  test.each([
    ['another chart', ['pie', '"a" : 1']],
    ['no task', ['gantt', 'title t']],
    ['a moment that is none', ['gantt', 'a : tomorrow, 5s']],
    ['something that is after nothing', ['gantt', 'a : after b, 5s']],
    ['a task before any moment', ['gantt', 'a : 5s']],
    ['an end before its beginning', ['gantt', 'dateFormat ss', 'a : 09, 01']],
    ['a format that is not known', ['gantt', 'dateFormat HH HH', 'a : 01, 02']],
    ['a line that is none', ['gantt', 'dateFormat ss', 'a : 01, 02', 'what']],
    ['too many parts', ['gantt', 'dateFormat ss', 'a : crit, x, y, 01, 02']],
  ])('with %s is not understood', (_, lines) => {
    expect(ganttOf(lines)).toBeUndefined()
  })

  test('in a summary is a drawing; one that is not understood is its text', () => {
    const drawn = (lines: readonly string[]) =>
      blocksOf(['```mermaid', ...lines, '```', 'after'].join('\n')).map((one) => htmlOf(one).html)
    expect(drawn(chart)).toEqual([
      expect.stringContaining('<svg class="chart gantt"'),
      '<p>after</p>',
    ])
    expect(drawn(['gantt', '<b>', 'x'])).toEqual(['<pre>gantt\n&lt;b&gt;\nx</pre>', '<p>after</p>'])
  })

  test('is drawn with a bar or a point for each task, and nothing in it is markup', () => {
    const hostile = '<script>alert(1)</script>"\''
    const drawn = ganttHtml({
      title: hostile,
      tasks: [
        { name: hostile, section: hostile, is: 'crit', milestone: false, from: 0, to: 5000 },
        { name: 'b', section: hostile, is: 'done', milestone: true, from: 5000, to: 5000 },
      ],
    }).html
    expect(drawn.match(/class="task /g)).toHaveLength(2)
    expect(drawn).not.toContain('<script')
    expect(drawn).not.toMatch(/="[^"]*'/)
  })

  test.each([
    [0, '0 s'],
    [1540, '1.5 s'],
    [59_990, '1 min 00 s'],
    [61_000, '1 min 01 s'],
    [3_660_000, '1 h 01 min'],
  ])('says %d ms as %s', (time, expected) => {
    expect(shortTime(time)).toBe(expected)
  })
})
