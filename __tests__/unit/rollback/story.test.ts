import { describe, expect, test } from '@jest/globals'
import { passes, type Section } from '#core'
import { judge, sectionsOf } from '#rollback'
import type { Point, Record } from '#store'
import { summaryOf } from '../../../packages/action/summary.ts'
import { where } from '../../support/store.ts'

const minute = (n: number) => new Date(Date.UTC(2026, 10, 22, 3, n)).toISOString()
const record = (given: Partial<Record> = {}): Record => ({
  ...{ kind: 'record', version: 1, ...where, id: 'production/1/rollback-1', repository: 'a/b' },
  ...{ undone: 'production/1', from: 'a'.repeat(40), to: 'production/1/before', profile: 'A' },
  ...{ planId: 'plan', consent: 'not-needed', reason: 'r', actor: 'ada', trigger: 'verdict' },
  ...{ state: 'open', openedAt: minute(3), runs: [], journal: [], parts: {} },
  ...given,
})
const before = {
  runs: 'b'.repeat(40),
  components: { migrations: { pending: [{ name: '2_add.sql' }] } },
} as unknown as Point

const tell = (given: Partial<Record>) => {
  const one = record(given)
  const judged = judge(one)
  const sections = sectionsOf({ record: one, judged, to: before, before, pin: undefined })
  return { outcome: judged.outcome, headline: 'h', sections }
}
const cell = ({ sections }: ReturnType<typeof tell>, title: string, what: string) => {
  const found = sections.find((one) => one.title === title) as Extract<Section, { rows: unknown }>
  return found.rows.find(([name]) => name === what)?.[1] ?? ''
}
const reverted = {
  ...{ at: minute(5), run: '1', component: 'migrations', operation: 'revert', on: '2' },
}

describe('rows that were lost', () => {
  test.each<[string, Partial<Record>, string]>([
    ['profile A touches none', {}, 'rows lost: none, no data was touched'],
    [
      'downs that lose nothing',
      { profile: 'B', journal: [reverted] },
      'rows lost: none, the downs lose nothing',
    ],
    [
      'downs that took rows, which were counted before',
      {
        ...{ profile: 'B', consent: 'given', journal: [reverted] },
        impact: { rowsLost: [{ table: 'notes', rows: 12 }] },
      },
      'rows lost: 12 of notes',
    ],
    [
      'downs that took what nobody could count',
      { profile: 'B', consent: 'given', journal: [reverted] },
      'rows lost: not known',
    ],
    ['a restore that was not begun', { profile: 'C' }, 'rows lost: none, the data stays as it is'],
  ])('%s', (_name, given, text) => {
    expect(cell(tell(given), 'Record', 'Impact')).toContain(text)
  })
})

test('what nobody counted is not known, and no number is made up', () => {
  expect(cell(tell({}), 'Record', 'Impact')).toBe(
    'failed looks of our own checks: not known; users could meet it for a time that is not known; requests that failed: not known; rows lost: none, no data was touched',
  )
  expect(cell(tell({}), 'Duration', 'detected')).toBe('not known')
})

test('the additions that profile A leaves are a follow-up, and so is what a failed part said', () => {
  const failed: Record['parts'][string] = {
    ...{ outcome: 'failed', headline: 'h', at: minute(6), run: '1' },
    next: ['grant ecs:UpdateService'],
  }
  const told = tell({ parts: { 'ecs-rollback rollback': failed } })
  expect(cell(told, 'Follow-up', 'stays')).toContain('2_add.sql')
  expect(cell(told, 'Follow-up', 'repeat')).toBe('grant ecs:UpdateService')
})

describe('a record with thousands of changes and hostile names', () => {
  const name = (n: number) =>
    `web${n}|\n::error::<b>[x](https://evil.example)\`\`\`${'y'.repeat(400)}`
  const changed = (n: number) => ({
    ...{ at: minute(n % 50), run: '1', component: ['ecs', 'config', 'site', 'rds'][n % 4] ?? '' },
    ...{ operation: n % 4 === 1 ? 'put-parameter' : 'update-service', on: name(n) },
    detail: { from: name(n), to: name(n), objects: n, paths: [name(n)] },
  })
  const parts = Array.from({ length: 40 }, (_, n) => [
    `ecs-rollback ${n}`,
    { outcome: 'done', headline: name(n), at: minute(n), run: '1', leaves: [name(n), name(n)] },
  ])
  const told = tell({
    reason: name(0).repeat(50),
    journal: Array.from({ length: 4_000 }, (_, n) => changed(n)),
    parts: Object.fromEntries(parts),
    reached: Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [
        `ecs ${name(n)}`,
        { badTrafficEnded: minute(n % 50) },
      ]),
    ),
  })
  const summary = summaryOf('rollback-report', told)

  test('is told whole, far below the size that GitHub drops', () => {
    expect(passes(told.outcome)).toBe(false)
    expect(summary).toContain('### Timeline, every change')
    expect(Buffer.byteLength(summary)).toBeLessThan(500_000)
  })

  test('makes no heading, link, table or fence of its own', () => {
    const inside = summary.split('```')
    expect(inside).toHaveLength(3)
    expect(summary).not.toMatch(/<b>|\]\(https|^::/m)
    const columns = summary.match(/^\| (?:\\\||[^|\n])*(?=\|)/gm) ?? []
    expect(columns.length).toBeGreaterThan(100)
  })
})
