import { describe, expect, test } from '@jest/globals'
import {
  isSame,
  type LiveParameter,
  type LiveSecret,
  type ParameterVersion,
  planParameter,
  planSecret,
  type SecretFacts,
} from '#config'
import type { Written } from '#core'

const at = '2026-11-22T03:00:00.000Z'
const now = Date.parse(at)

const recorded = { name: 'jwt', version: 'good' }

const live = (more: Partial<LiveSecret> = {}): LiveSecret => ({
  name: 'jwt',
  arn: 'arn:aws:secretsmanager:us-east-1:1:secret:jwt-AbCdEf',
  current: 'bad',
  labels: { bad: ['AWSCURRENT'], good: ['AWSPREVIOUS'] },
  rotates: false,
  deleted: false,
  ...more,
})

const entry = (operation: string, on: string, detail: Written['detail'], component = 'config') =>
  ({
    component,
    operation,
    on,
    ...(detail === undefined ? {} : { detail }),
    at,
    run: '1',
  }) as Written

const facts = (more: Partial<SecretFacts> = {}): SecretFacts => ({
  recorded,
  live: live(),
  there: true,
  entries: [],
  cutovers: new Set(),
  ...more,
})

const rotated = { ...recorded, rotatedAt: at }

describe('a secret', () => {
  test.each<[string, Partial<SecretFacts>, string, string?]>([
    ['with another version', {}, 'move'],
    ['with the recorded version', { live: live({ current: 'good' }) }, 'unchanged'],
    ['that is gone', { live: undefined }, 'refused', 'it is gone'],
    ['that is being deleted', { live: live({ deleted: true }) }, 'refused', 'deletion'],
    ['of a service', { live: live({ owner: 'rds' }) }, 'refused', 'managed by rds'],
    ['of a service, as it was', { live: live({ owner: 'rds', current: 'good' }) }, 'unchanged'],
    ['rotated since', { live: live({ rotatedAt: now }) }, 'refused', 'rotated since'],
    [
      'rotated before and since',
      { recorded: rotated, live: live({ rotates: true, rotatedAt: now + 1 }) },
      'refused',
      'rotated since',
    ],
    [
      'rotated before',
      { recorded: rotated, live: live({ rotates: true, rotatedAt: now }) },
      'move',
    ],
    [
      'whose rotation was turned off after it rotated',
      { recorded: rotated, live: live({ rotates: false, rotatedAt: now + 1 }) },
      'refused',
      'rotated since',
    ],
    [
      'in the middle of a rotation',
      { live: live({ rotates: true, labels: { bad: ['AWSCURRENT'], next: ['AWSPENDING'] } }) },
      'refused',
      'under way',
    ],
    [
      'that does not rotate, with a version that somebody prepares',
      { live: live({ labels: { bad: ['AWSCURRENT'], next: ['AWSPENDING'] } }) },
      'move',
    ],
    ['whose version was purged', { there: false }, 'refused', 'purges versions'],
    [
      'of a killed run that did not arrive',
      { entries: [entry('set-current', 'jwt', { from: 'bad', to: 'good' })] },
      'move',
    ],
    [
      'that somebody changed after this rollback',
      { entries: [entry('set-current', 'jwt', { from: 'worse', to: 'good' })] },
      'superseded',
    ],
    [
      'that this record cut over',
      { entries: [entry('cutover', 'jwt', { to: 'x' }, 'rds')] },
      'unchanged',
      'cut over',
    ],
    ['that another record cut over', { cutovers: new Set(['bad']) }, 'unchanged', 'cut over'],
    ['with a version after a cutover', { cutovers: new Set(['older']) }, 'move'],
  ])('%s', (_, more, is, why = '') => {
    const plan = planSecret(facts(more))
    expect(plan.is).toBe(is)
    expect('why' in plan ? plan.why : '').toContain(why)
  })

  test('goes to the recorded id and nowhere else, wherever AWSPREVIOUS is', () => {
    const labels = { bad: ['AWSCURRENT', 'AWSPENDING'], worse: ['AWSPREVIOUS'] }
    expect(planSecret(facts({ live: live({ labels }) }))).toEqual({
      is: 'move',
      from: 'bad',
      to: 'good',
      pending: true,
    })
  })
})

const version = (n: number, value: string, more: Partial<ParameterVersion> = {}) => ({
  name: 'p',
  type: 'String',
  version: n,
  modifiedAt: now + (n - 3) * 60_000,
  value,
  policies: [],
  labels: [],
  ...more,
})

describe('a parameter', () => {
  const point = { name: 'p', version: 3, type: 'String', modifiedAt: at }

  test.each<[string, readonly ParameterVersion[], readonly Written[], string, string?]>([
    ['with another value', [version(3, 'a'), version(4, 'b')], [], 'put'],
    ['with the recorded version', [version(2, 'a'), version(3, 'b')], [], 'unchanged'],
    ['with an equal value', [version(3, 'a'), version(4, 'b'), version(5, 'a')], [], 'unchanged'],
    [
      'with an equal value under another key',
      [version(3, 'a'), version(4, 'a', { keyId: 'alias/other' })],
      [],
      'put',
    ],
    ['that is gone', [], [], 'refused', 'deleted since'],
    ['whose version was dropped', [version(4, 'a'), version(104, 'b')], [], 'refused', 'last 100'],
    ['made anew, with fewer versions', [version(1, 'a')], [], 'refused', 'made anew'],
    [
      'made anew, with as many versions',
      [version(3, 'a', { modifiedAt: now + 60_000 })],
      [],
      'refused',
      'made anew',
    ],
    [
      'made anew, with more versions',
      [version(3, 'a', { modifiedAt: now + 60_000 }), version(4, 'b')],
      [],
      'refused',
      'made anew',
    ],
    [
      'of a killed run that did not arrive',
      [version(3, 'a'), version(4, 'b')],
      [entry('put-parameter', 'p', { from: 4, to: 3 })],
      'put',
    ],
    [
      'that somebody changed after this rollback',
      [version(3, 'a'), version(4, 'b'), version(5, 'a'), version(6, 'c')],
      [entry('put-parameter', 'p', { from: 4, to: 3 })],
      'superseded',
    ],
  ])('%s', (_, history, entries, is, why = '') => {
    const plan = planParameter(point, history, entries)
    expect(plan.is).toBe(is)
    expect('why' in plan ? plan.why : '').toContain(why)
  })

  test.each<[keyof ParameterVersion | keyof LiveParameter, unknown, boolean]>([
    ['value', 'other', false],
    ['type', 'SecureString', false],
    ['keyId', 'alias/x', false],
    ['dataType', 'aws:ec2:image', false],
    ['allowedPattern', '^x$', false],
    ['policies', ['{}'], false],
    ['tier', 'Advanced', true],
    ['labels', ['x'], true],
    ['version', 9, true],
  ])('that differs in %s', (member, value, same) => {
    expect(isSame(version(3, 'a'), version(3, 'a', { [member]: value }))).toBe(same)
  })
})
