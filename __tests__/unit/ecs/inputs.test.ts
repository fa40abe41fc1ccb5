import { describe, expect, test } from '@jest/globals'
import { InputError } from '#core'
import { parseDestination, settings } from '#ecs'
import { readInputs } from '#inputs'
import { tagOf } from '#store'
import { inputs } from '../../../actions/ecs-rollback/inputs.ts'

const configured = {
  services: { cluster: 'prod', names: ['web', 'worker'], writers: ['worker'] },
}

describe('to', () => {
  test.each([
    ['auto', { by: 'point', to: 'auto' }],
    ['last-verified', { by: 'point', to: 'last-verified' }],
    ['production/123/before', { by: 'point', to: 'production/123/before' }],
    ['web:7', { by: 'revision', taskDefinition: 'web:7' }],
    ['tag:v42', { by: 'tag', tag: 'v42' }],
    ['tag:7', { by: 'tag', tag: '7' }],
  ])('%s is a destination', (to, destination) => {
    expect(parseDestination(to)).toEqual({ destination })
  })

  test.each([
    'digest:sha256:abc',
    'sha:4f2a91c',
    'sha:1234567',
    'previous-distinct',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/web:7',
  ])('%s is not supported yet, and says so', (to) => {
    expect(parseDestination(to)).toEqual({ problem: expect.stringContaining('not supported yet') })
  })

  test.each(['web', 'web:0', 'web:latest', 'tag:', 'tag:a b', 'production/123', 'web:7;rm', ''])(
    '%j is none',
    (to) => {
      expect(parseDestination(to)).toEqual({
        problem: expect.stringContaining('to: expected auto'),
      })
    },
  )
})

describe('the tag of an image', () => {
  test.each([
    ['web:v1', 'v1'],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:v1', 'v1'],
    ['registry:5000/web', 'latest'],
    ['registry:5000/web:v1', 'v1'],
    ['web', 'latest'],
    [`web@sha256:${'a'.repeat(64)}`, undefined],
    [`web:v1@sha256:${'a'.repeat(64)}`, 'v1'],
  ])('%s: %s', (image, tag) => {
    expect(tagOf(image)).toBe(tag)
  })
})

describe('settings', () => {
  const given = { mode: 'rollback', to: 'auto' } as const

  test.each([
    ['the configuration', {}, configured, { cluster: 'prod', services: ['web', 'worker'] }],
    [
      'inputs over it',
      { cluster: 'x', services: ['api'] },
      configured,
      { cluster: 'x', services: ['api'] },
    ],
    ['the writers', { services: ['writers'] }, configured, { services: ['worker'] }],
    [
      'all services where no writers are named',
      { services: ['writers'] },
      { services: { cluster: 'prod', names: ['web'] } },
      { services: ['web'] },
    ],
    ['inputs alone', { cluster: 'x', services: ['api'] }, undefined, { cluster: 'x' }],
    [
      'the record’s destination',
      { record: 'p/1/rollback-1' },
      configured,
      { destination: undefined },
    ],
  ])('take %s', (_, more, environment, expected) => {
    expect(settings({ ...given, ...more }, environment)).toMatchObject(expected)
  })

  test.each<[string, Parameters<typeof settings>[0], string[]]>([
    ['nothing', given, ['cluster: give it', 'services: give them']],
    [
      'writers without configuration',
      { ...given, cluster: 'x', services: ['writers'] },
      ['services: writers needs'],
    ],
    ['all at once', { ...given, to: 'digest:x' }, ['cluster:', 'services:', 'to: digest:']],
    [
      'to with mode stop',
      { ...given, mode: 'stop', to: 'web:1', cluster: 'x', services: ['web'] },
      ['to: mode stop has no destination'],
    ],
    [
      'to beside a record',
      { ...given, to: 'web:1', record: 'p/1/rollback-1', cluster: 'x', services: ['web'] },
      ['to: the destination is the one of the record'],
    ],
  ])('refuse %s', (_, bad, problems) => {
    const thrown = catchOf(() => settings(bad, undefined))
    expect(thrown).toBeInstanceOf(InputError)
    expect((thrown as InputError).problems).toEqual(
      problems.map((problem) => expect.stringContaining(problem)),
    )
  })
})

function catchOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

describe('a bad input', () => {
  const defaults: Record<string, string> = {
    mode: 'rollback',
    to: 'auto',
    config: '.github/rollback.yml',
    'dry-run': 'false',
    timeout: '30m',
    'poll-interval': '5s',
    'capacity-timeout': '10m',
    'stable-for': '0s',
    order: 'parallel',
    'protect-rollback': 'false',
  }
  test.each([
    ['mode', 'undo', 'mode: expected one of rollback, stop, start, redeploy, got "undo"'],
    ['cluster', 'prod;ls', 'cluster: expected letters'],
    ['services', 'web,web', 'services: expected names without doubles'],
    ['services', 'web,$(id)', 'services: expected names of letters'],
    ['services', ',', 'services: expected names separated by commas'],
    ['to', '', 'to: expected a value'],
    ['dry-run', 'yes', 'dry-run: expected true or false'],
    ['timeout', '30', 'timeout: expected a duration'],
    ['timeout', '0s', 'timeout: expected a duration from 1s to 12h'],
    ['poll-interval', '1d', 'poll-interval: expected a duration'],
    ['capacity-timeout', '2 days', 'capacity-timeout: expected a duration'],
    ['stable-for', '2h', 'stable-for: expected a duration from 0s to 1h'],
    ['region', 'mars', 'region: expected a region'],
    ['store', 'acme', 'store: expected s3://'],
    ['role-to-assume', 'admin', 'role-to-assume: expected the ARN of an IAM role'],
    ['allowed-account-ids', '123', 'allowed-account-ids: expected 12-digit account ids'],
    ['environment', '../x', 'environment: expected letters'],
  ])('%s: %j is one clear problem', (name, value, problem) => {
    const { problems } = readInputs(inputs, (key) => ({ ...defaults, [name]: value })[key] ?? '')
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})
