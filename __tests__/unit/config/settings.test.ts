import { describe, expect, test } from '@jest/globals'
import { type ConfigGiven, keepLabel, planKeep, settings } from '#config'
import { InputError } from '#core'
import { parseConfig } from '#inputs'

const given = (more: Partial<ConfigGiven> = {}): ConfigGiven => ({
  mode: 'rollback',
  to: 'auto',
  reason: 'wrong-value',
  ...more,
})

function problems(more: Partial<ConfigGiven>, environment = {}): readonly string[] {
  try {
    settings(given(more), environment)
    return []
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.problems
    throw thrown
  }
}

describe('settings', () => {
  test('inputs stand in place of what the configuration names', () => {
    const environment = { secrets: ['a'], parameters: ['/b/'] }
    expect(settings(given(), environment)).toMatchObject({ choice: environment })
    expect(settings(given({ secrets: ['c'] }), environment)).toMatchObject({
      choice: { secrets: ['c'], parameters: undefined },
    })
  })

  test('an environment without configuration has nothing to do', () => {
    expect(settings(given(), {})).toMatchObject({ do: 'nothing' })
  })

  test.each<[Partial<ConfigGiven>, readonly string[]]>([
    [{ to: 'yesterday' }, ['to: expected auto']],
    [{ to: 'last-verified', record: 'p/1/rollback-1' }, ['to: the destination is']],
    [{ versions: 'canary' }, ['versions: expected the output versions of mode capture']],
    [
      { versions: '{"secrets":[{"name":"canary"}],"parameters":[]}' },
      ['versions: expected the output versions of mode capture (wrong at secrets.0.version)'],
    ],
    [{ cluster: 'prod' }, ['services: give them beside cluster']],
    [{ services: ['web'] }, ['cluster: give it beside services']],
    [
      { mode: 'capture', to: 'last-verified', record: 'x', reason: 'compromised' },
      ['to: belongs to mode: rollback', 'record: belongs', 'reason: belongs'],
    ],
  ])('%j is wrong', (more, expected) => {
    const found = problems({ secrets: ['a'], ...more })
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text)))
    expect(found.join()).not.toContain('canary')
  })

  test('without names and without configuration there is nothing to go by', () => {
    expect(() => settings(given(), undefined)).toThrow('secrets: expected names')
  })
})

describe('the configuration file', () => {
  const file = (lines: string) =>
    parseConfig(
      `version: 1\nstore: s3://acme-rollback\nenvironments:\n  production:\n    region: us-east-1\n    account: "123456789012"\n${lines}`,
    )

  test('names secrets and parameters', () => {
    const parsed = file('    secrets: [acme/jwt]\n    parameters: [/acme/production/, flag]\n')
    expect(parsed).toMatchObject({
      config: {
        environments: {
          production: { secrets: ['acme/jwt'], parameters: ['/acme/production/', 'flag'] },
        },
      },
    })
  })

  test.each([
    [
      '    secrets: [arn:aws:secretsmanager:us-east-1:1:secret:x]\n',
      'secrets.0: expected the name',
    ],
    ['    secrets: []\n', 'secrets: Too small'],
    ['    parameters: [acme/]\n', 'parameters.0: expected the name'],
    ['    parameters: [/]\n', 'parameters.0: expected the name'],
    ['    parameters: [flag, flag]\n', 'parameters: expected names without doubles'],
  ])('refuses %j', (lines, problem) => {
    const parsed = file(lines)
    expect('problems' in parsed ? parsed.problems.join() : '').toContain(problem)
  })
})

describe('the label that keeps a version', () => {
  const wanted = { secret: 's', version: 'v1', label: keepLabel('production') }
  const live = { name: 's', arn: '', current: 'v1', rotates: false, deleted: false }

  test('is one per environment and point', () => {
    expect([keepLabel('production'), keepLabel(undefined, 'after')]).toEqual([
      'rollback-production-before',
      'rollback-actions-after',
    ])
  })

  test.each([
    ['is put on a version without it', { v1: ['AWSCURRENT'] }, 'label'],
    ['is moved from another', { v1: ['AWSCURRENT'], v0: [wanted.label] }, 'label'],
    ['stays where it is', { v1: ['AWSCURRENT', wanted.label] }, 'kept'],
    [
      'is not put beside twenty others',
      { v1: Array.from({ length: 20 }, (_, n) => `l${n}`) },
      'not-kept',
    ],
    [
      'is moved also among twenty',
      { v1: Array.from({ length: 19 }, (_, n) => `l${n}`), v0: [wanted.label] },
      'label',
    ],
  ])('%s', (_, labels: Readonly<Record<string, readonly string[]>>, is) => {
    expect(planKeep({ ...live, labels }, wanted).is).toBe(is)
  })

  test('is not for secrets that a service manages, nor for those that go', () => {
    expect(planKeep({ ...live, labels: {}, owner: 'rds' }, wanted).is).toBe('left')
    expect(planKeep({ ...live, labels: {}, deleted: true }, wanted).is).toBe('not-kept')
    expect(planKeep(undefined, wanted).is).toBe('not-kept')
  })
})
