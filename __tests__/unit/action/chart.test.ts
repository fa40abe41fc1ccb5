import { describe, expect, test } from '@jest/globals'
import type { Bar, Chart } from '#core'
import { gantt } from '../../../packages/action/chart.ts'
import { linesOf, summaryOf } from '../../../packages/action/summary.ts'

const bar = (given: Partial<Bar> = {}): Bar => ({
  ...{ label: 'rollback', from: '2026-11-22T03:00:00Z', to: '2026-11-22T03:01:30Z', is: 'good' },
  ...given,
})
const chart = (...bars: Bar[]): Chart => ({ groups: [{ name: 'Services', bars }] })
const moment: Bar = { label: 'detected', from: '2026-11-22T03:00:20Z', is: 'moment' }

test('a chart is a block that GitHub draws: bars, and milestones where nothing lasts', () => {
  expect(gantt(chart(bar(), bar({ label: 'stop', is: 'bad' }), moment))).toBe(
    [
      '```mermaid',
      'gantt',
      '  dateFormat YYYY-MM-DD HH:mm:ss',
      '  axisFormat %H:%M:%S',
      '  section Services',
      '    rollback :done, 2026-11-22 03:00:00, 2026-11-22 03:01:30',
      '    stop :crit, 2026-11-22 03:00:00, 2026-11-22 03:01:30',
      '    detected :milestone, 2026-11-22 03:00:20, 0s',
      '```',
    ].join('\n'),
  )
})

test('seconds would crowd the axis of a chart of hours', () => {
  const long = bar({ to: '2026-11-22T05:00:00Z' })
  expect(gantt(chart(long))).toContain('\n  axisFormat %H:%M\n')
})

/** Each of these was drawn by Mermaid 11 as it is written here; unescaped, each breaks the chart or steers it. */
describe('no name can be syntax', () => {
  test.each([
    ['click web call alert(1)', '_click web call alert 1'],
    ['section other', '_section other'],
    ['title', '_title'],
    ['2026-01-01, 5d', '_2026-01-01 5d'],
    ['--- x', '_--- x'],
    ['%%{init: {"theme": "dark"}}%%', 'init theme dark'],
    ['a:b;c#d', 'a b c d'],
    ['```\n## heading', 'heading'],
    ['<script>alert(1)</script>', 'script alert 1 /script'],
    ['@everyone [x](https://evil.example)', 'everyone x https //evil.example'],
    ['', 'unnamed'],
    ['::error::x', 'error x'],
    ['ünïcode 服务', 'ünïcode 服务'],
  ])('%j', (name, shown) => {
    const lines = gantt({ groups: [{ name, bars: [bar({ label: name })] }] }).split('\n')
    expect(lines.slice(4)).toEqual([
      `  section ${shown}`,
      `    ${shown} :done, 2026-11-22 03:00:00, 2026-11-22 03:01:30`,
      '```',
    ])
  })
})

test('a chart of thousands of things stays one that is drawn', () => {
  const bars = Array.from({ length: 1000 }, (_, n) => bar({ label: `${n}`.repeat(500) }))
  const groups = Array.from({ length: 1000 }, (_, n) => ({ name: `g${n}`, bars }))
  expect(gantt({ groups }).length).toBeLessThan(50_000)
})

test('a summary draws it, a log shows its rows', () => {
  const result = {
    outcome: 'done',
    headline: 'h',
    sections: [{ title: 'Timeline', chart: chart(bar(), moment) }],
  } as const
  expect(summaryOf('x', result)).toContain('### Timeline\n\n```mermaid\ngantt\n')
  expect(linesOf(result)).toEqual([
    'Timeline',
    '  from                  to                    of        what',
    '  2026-11-22T03:00:00Z  2026-11-22T03:01:30Z  Services  rollback',
    '  2026-11-22T03:00:20Z                        Services  detected',
  ])
})
