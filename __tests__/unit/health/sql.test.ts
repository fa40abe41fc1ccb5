import { CallError } from '#core'
import { type PlannedCheck, planChecks } from '#health'
import { parseChecks } from '#inputs'
import type { SqlPlan } from '../../../packages/health/checks.ts'
import {
  type Captured,
  capture,
  judgeSql,
  judgeSqlFailure,
  readCaptured,
  statementOf,
} from '../../../packages/health/sql.ts'

function plan(comparison: string): SqlPlan {
  const parsed = parseChecks(`- sql: { query: select 1, ${comparison} }`)
  if (!('checks' in parsed)) throw new Error(parsed.problems.join('\n'))
  const { checks } = planChecks(parsed.checks, { database: { connection: 'secret:db' } })
  return checks[0] as PlannedCheck as SqlPlan
}

const number = (text: string): Captured => ({ number: text })

describe('one value is', () => {
  test.each<
    [comparison: string, value: string | undefined, before: Captured | undefined, is: string]
  >([
    ['at-least: 10', '10', undefined, 'good'],
    ['at-least: 10', '9', undefined, 'bad'],
    ['at-most: 0', '0', undefined, 'good'],
    ['at-most: 0', '1', undefined, 'bad'],
    ['at-least: 1, at-most: 3', '4', undefined, 'bad'],
    ['equals: 10', '10.0', undefined, 'good'],
    ['equals: 10', '11', undefined, 'bad'],
    ['equals: open', 'open', undefined, 'good'],
    ['equals: open', 'closed', undefined, 'bad'],
    ['equals: true', 'true', undefined, 'good'],
    ['at-least: captured', '100', number('100'), 'good'],
    ['at-least: captured', '99', number('100'), 'bad'],
    ['at-least: captured', '9007199254740993', number('9007199254740994'), 'bad'],
    ['at-least: captured', '100', undefined, 'void'],
    ['at-most: captured', '-1.5', number('-1.4'), 'good'],
    ['equals: captured', 'open', capture('open'), 'good'],
    ['equals: captured', 'closed', capture('open'), 'bad'],
    ['equals: captured', '5', number('5'), 'good'],
    ['equals: captured', 'x', undefined, 'void'],
    ['at-least: captured', '5', capture('five'), 'void'],
    ['at-least: captured, at-most: 3', '5', undefined, 'bad'],
    ['at-least: 1', undefined, number('1'), 'bad'],
    ['at-least: captured', undefined, number('1'), 'bad'],
  ])('%s, %j, before %j: %s', (comparison, value, before, is) => {
    const found = judgeSql(plan(comparison), value, { expect: 'released', before })
    expect(found.class).toBe(is)
    expect(found.hard !== undefined).toBe(is === 'bad')
  })

  test('never shown when it is a text', () => {
    const secret = 's3cr3t-value'
    const texts = ['equals: open', 'equals: captured'].map((comparison) =>
      JSON.stringify(
        judgeSql(plan(comparison), secret, { expect: 'released', before: capture('x') }),
      ),
    )
    expect(texts.join()).not.toContain(secret)
    expect(JSON.stringify(capture(secret))).not.toContain(secret)
  })

  test('said to be missing where nothing was captured', () => {
    const found = judgeSql(plan('at-least: captured'), '7', {
      expect: 'restored',
      before: undefined,
    })
    expect(found.why).toContain('no value was captured before the deployment')
  })

  test('an error when it cannot be compared', () => {
    const look = (value: string | undefined, expect: 'released' | 'anything') => () =>
      judgeSql(plan('at-least: captured'), value, { expect, before: number('1') })
    expect(look('five', 'released')).toThrow(/NotANumber/)
    expect(look(undefined, 'anything')).toThrow(/NoValue/)
    const never = { expect: 'released' as const, before: undefined }
    expect(() => judgeSql(plan('at-least: 1'), undefined, never)).toThrow(/NoValue/)
  })

  test('what a baseline captures', () => {
    const found = judgeSql(plan('at-least: captured'), '42', {
      expect: 'anything',
      before: undefined,
    })
    expect(found).toMatchObject({ class: 'good', measured: { number: '42' } })
    expect(readCaptured(found.measured)).toEqual({ number: '42' })
    expect(readCaptured({ ok: [] })).toBeUndefined()
  })
})

describe('a query that fails', () => {
  const failure = (action: string, code: string) =>
    new CallError({ action, on: 'db:5432/shop', code, next: 'x' }, 'near "canary-1234"')
  const released = (before: Captured | undefined) => ({ expect: 'released' as const, before })

  test.each<[action: string, code: string, before: Captured | undefined, is: string]>([
    ['sql:connect', 'ECONNREFUSED', undefined, 'void'],
    ['sql:connect', 'ETIMEDOUT', number('1'), 'void'],
    ['sql:connect', '57P03', number('1'), 'void'],
    ['sql:connect', '28P01', number('1'), 'throws'],
    ['sql:connect', '3D000', number('1'), 'throws'],
    ['sql:query', '57014', number('1'), 'void'],
    ['sql:query', '08006', number('1'), 'void'],
    ['sql:query', '40001', number('1'), 'void'],
    ['sql:query', 'ECONNRESET', number('1'), 'void'],
    ['sql:query', '42P01', number('1'), 'bad'],
    ['sql:query', '42501', number('1'), 'bad'],
    ['sql:query', '42P01', undefined, 'throws'],
    ['sql:query', '42601', undefined, 'throws'],
    ['sql:query', '21000', undefined, 'throws'],
    ['sql:query', '42501', undefined, 'throws'],
  ])('%s %s, before %j: %s', (action, code, before, is) => {
    const judge = () => judgeSqlFailure(failure(action, code), released(before))
    if (is === 'throws') expect(judge).toThrow(code)
    else expect(judge().class).toBe(is)
    try {
      expect(JSON.stringify(judge())).not.toContain('canary')
    } catch (thrown) {
      expect(String(thrown)).not.toContain('canary')
    }
  })

  test('is an error before a deployment, whatever was captured', () => {
    const context = { expect: 'anything' as const, before: number('1') }
    expect(() => judgeSqlFailure(failure('sql:query', '42P01'), context)).toThrow('42P01')
  })
})

test.each([
  ['select 1;', 'select (\nselect 1\n)::text as answer'],
  [' select 1 -- one ', 'select (\nselect 1 -- one\n)::text as answer'],
])('%j is sent as one scalar', (query, statement) => {
  expect(statementOf(query)).toBe(statement)
})
