import { describe, expect, test } from '@jest/globals'
import { byOperation, byService, byStep } from '../../../scripts/bench/calls.ts'
import { compare, inTurn, median, quantile } from '../../../scripts/bench/statistics.ts'
import { ratioText, simulated, table } from '../../../scripts/bench/table.ts'

describe('a comparison', () => {
  test.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  test('a quantile lies between its neighbours', () => {
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20)
    expect(quantile([10, 20], 0.75)).toBe(17.5)
  })

  test('nothing measured is an error and no number', () => {
    expect(() => median([])).toThrow('no value')
    expect(() => compare([1], [])).toThrow('not pairs')
  })

  test('a machine that slows down for both changes no ratio', () => {
    const { ratio, low, high } = compare([20, 200, 40], [10, 100, 20])
    expect([ratio, low, high]).toEqual([2, 2, 2])
  })

  test.each([
    ['less', [5, 6, 5, 6], [10, 10, 10, 10]],
    ['more', [12, 13, 12, 13], [10, 10, 10, 10]],
    ['same', [9, 11, 9, 11], [10, 10, 10, 10]],
  ] as const)('says %s when the quartiles do', (expected, ours, theirs) => {
    expect(compare(ours, theirs).says).toBe(expected)
  })

  test('everybody goes first as often as the others', () => {
    expect(inTurn(3, ['a', 'b']).map((round) => round.join(''))).toEqual(['ab', 'ba', 'ab'])
    expect(inTurn(3, ['a', 'b', 'c']).map((round) => round.join(''))).toEqual(['abc', 'bca', 'cab'])
  })
})

describe('what is printed', () => {
  test('columns are aligned', () => {
    expect(table(['what', 'ms'], [['a', '5']])).toBe('what  ms\n----  --\na      5')
  })

  test('a ratio that the noise swallows is marked', () => {
    const sure = { ours: 1, theirs: 1, ratio: 2, low: 1.5, high: 2.5, says: 'more' } as const
    expect(ratioText(sure)).toBe('2.00 (1.50-2.50)')
    expect(ratioText({ ...sure, low: 0.9, says: 'same' })).toBe('~2.00 (0.90-2.50)')
  })

  test('100 ms at scale 20 are two simulated seconds', () => {
    expect(simulated(100, 20)).toBe('2.0')
  })
})

const call = (at: string, operation: string, service = 'ecs') => ({
  at: `2026-11-22T03:00:${at}Z`,
  service,
  operation,
  mutating: operation.startsWith('Update'),
})
const step = (second: number, name: string) => ({
  at: Date.UTC(2026, 10, 22, 3, 0, second),
  job: 'rollback',
  name,
})

describe('calls', () => {
  const calls = [
    call('01.000', 'DescribeServices'),
    call('02.000', 'UpdateService'),
    call('02.500', 'DescribeServices'),
    call('03.000', 'GetObject', 's3'),
  ]

  test('belong to the step that had begun last', () => {
    const [plan, code] = [step(1, 'Plan'), step(2, 'Code')]
    const found = byStep(calls, [code, plan])
    expect(found.get(plan)?.map((one) => one.operation)).toEqual(['DescribeServices'])
    expect(found.get(code)).toHaveLength(3)
  })

  test('before the first step belong to none', () => {
    const late = step(3, 'Close')
    expect(byStep(calls, [late]).get(late)).toHaveLength(1)
  })

  test('are counted by operation, the most frequent first', () => {
    expect(byOperation(calls)).toEqual([
      ['ecs:DescribeServices', 2],
      ['ecs:UpdateService', 1],
      ['s3:GetObject', 1],
    ])
  })

  test('are counted by service, and so is what changes something', () => {
    expect(byService(calls)).toEqual([
      { service: 'ecs', calls: 3, mutating: 1 },
      { service: 's3', calls: 1, mutating: 0 },
    ])
  })
})
