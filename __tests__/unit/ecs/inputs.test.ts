import { describe, expect, test } from '@jest/globals'
import { InputError } from '#core'
import { journalOf, parseDestination, settings } from '#ecs'
import { readInputs } from '#inputs'
import { tagOf } from '#store'
import { inputs } from '../../../actions/ecs-rollback/inputs.ts'

const configured = {
  services: { cluster: 'prod', names: ['web', 'worker'], writers: ['worker'] },
}

const number = '4902341234567890123'

describe('to', () => {
  test.each([
    ['auto', { by: 'point', to: 'auto' }],
    ['last-verified', { by: 'point', to: 'last-verified' }],
    ['previous-distinct', { by: 'previous-distinct' }],
    ['production/123/before', { by: 'point', to: 'production/123/before' }],
    ['web:7', { by: 'revision', taskDefinition: 'web:7' }],
    [
      'arn:aws:ecs:us-east-1:123456789012:task-definition/web:7',
      { by: 'revision', taskDefinition: 'web:7' },
    ],
    [number, { by: 'service-revision', revision: number }],
    [
      `arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/${number}`,
      { by: 'service-revision', revision: number, cluster: 'prod', service: 'web' },
    ],
    ['tag:v42', { by: 'tag', tag: 'v42' }],
    ['tag:7', { by: 'tag', tag: '7' }],
    [`digest:sha256:${'a'.repeat(64)}`, { by: 'digest', digest: `sha256:${'a'.repeat(64)}` }],
    ['sha:4F2A91C', { by: 'commit', commit: '4f2a91c' }],
    ['sha:1234567', { by: 'commit', commit: '1234567' }],
  ])('%s is a destination', (to, destination) => {
    expect(parseDestination(to)).toEqual({ ok: true, value: destination })
  })

  test.each([
    'web',
    'web:0',
    'tag:',
    'tag:a b',
    'web:7;rm',
    'sha:xyz',
    'digest:sha256:abc',
    'arn:aws:ecs:us-east-1:123456789012:cluster/prod',
    `arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/${number}/x`,
    '',
  ])('%j is none', (to) => {
    expect(parseDestination(to)).toEqual({
      ok: false,
      expected: expect.stringMatching(/^auto, last-verified, .* of a commit>$/),
    })
  })

  test.each([
    ['Auto', 'auto'],
    ['last-verifed', 'last-verified'],
    ['previous', 'previous-distinct'],
    ['previous-distinkt', 'previous-distinct'],
    ['TAG:v42', 'tag:v42'],
    ['tag: v42', 'tag:v42'],
    ['tag=v42', 'tag:v42'],
    ['web:v42', 'tag:v42'],
    ['web:latest', 'tag:latest'],
    ['v1.4.2', 'tag:v1.4.2'],
    ['4f2a91c', 'sha:4f2a91c'],
    ['commit:4f2a91c', 'sha:4f2a91c'],
    [`sha256:${'a'.repeat(64)}`, `digest:sha256:${'a'.repeat(64)}`],
    ['a'.repeat(64), `digest:sha256:${'a'.repeat(64)}`],
    ['production/123', 'production/123/before'],
  ])('%s is answered with %s', (to, meant) => {
    expect(parseDestination(to)).toMatchObject({
      ok: false,
      expected: expect.stringMatching(new RegExp(`; did you mean ${meant}\\?$`)),
    })
  })
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

const names = (...of: string[]) => ({ by: 'names', names: of }) as const
const auto = { by: 'point', to: 'auto' } as const
const web1 = { by: 'revision', taskDefinition: 'web:1' } as const

describe('settings', () => {
  type Inputs = Parameters<typeof settings>[0]
  const given: Inputs = { mode: 'rollback', to: auto }

  test.each<[string, Partial<Inputs>, Parameters<typeof settings>[1], object]>([
    ['the configuration', {}, configured, { cluster: 'prod', services: ['web', 'worker'] }],
    [
      'inputs over it',
      { cluster: 'x', services: names('api') },
      configured,
      { cluster: 'x', services: ['api'] },
    ],
    ['the writers', { services: names('writers') }, configured, { services: ['worker'] }],
    [
      'all services where no writers are named',
      { services: names('writers') },
      { services: { cluster: 'prod', names: ['web'] } },
      { services: ['web'] },
    ],
    ['inputs alone', { cluster: 'x', services: names('api') }, undefined, { cluster: 'x' }],
    [
      'a map of services to families',
      { services: { by: 'map', map: { web: 'shop-web' } } },
      configured,
      { services: ['web'], families: { web: 'shop-web' } },
    ],
    [
      'a tag',
      { services: { by: 'tag', key: 'team', value: 'shop' } },
      configured,
      { services: [], tagged: { key: 'team', value: 'shop' } },
    ],
    [
      'the record’s destination',
      { record: 'p/1/rollback-1' },
      configured,
      { destination: undefined },
    ],
    [
      'what is to be known of a destination',
      { 'min-grade': 'G2', 'min-soak': 1000, 'bad-deployment': 'x'.repeat(21) },
      configured,
      { minGrade: 'G2', minSoak: 1000, badDeployment: 'x'.repeat(21) },
    ],
    [
      'list without a destination',
      { mode: 'list', 'min-grade': 'G3' },
      configured,
      { mode: 'list' },
    ],
  ])('take %s', (_, more, environment, expected) => {
    expect(settings({ ...given, ...more }, environment)).toMatchObject(expected)
  })

  const of = { cluster: 'x', services: names('web') }
  const revision = `arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/${number}`
  test.each<[string, Partial<Inputs>, string[]]>([
    ['nothing', {}, ['cluster: give it', 'services: give them']],
    [
      'writers without configuration',
      { cluster: 'x', services: names('writers') },
      ['services: writers needs'],
    ],
    ['to with mode stop', { ...of, mode: 'stop', to: web1 }, ['to: mode stop has no destination']],
    [
      'all that says nothing in a mode',
      {
        ...of,
        ...{ mode: 'redeploy', to: web1, 'require-all': true, 'bad-deployment': 'x'.repeat(21) },
        ...{ 'min-grade': 'G2', 'min-soak': 1, services: { by: 'map', map: { web: 'a' } } },
      },
      [
        ...['to: mode redeploy', 'bad-deployment: mode redeploy', 'min-grade: mode redeploy'],
        ...['min-soak: mode redeploy', 'require-all: mode redeploy', 'services: mode redeploy'],
      ],
    ],
    [
      'a record and a destination with mode list',
      { ...of, mode: 'list', to: web1, record: 'p/1/rollback-1' },
      ['to: mode list has no destination', 'record: mode list changes nothing'],
    ],
    [
      'to beside a record',
      { ...of, to: web1, record: 'p/1/rollback-1', 'min-grade': 'G3' },
      ['to: the destination is the one of the record', 'min-grade: the destination is the one'],
    ],
    [
      'a service revision of another cluster',
      { ...of, to: parsed(revision) },
      ['to: the service revision is of cluster prod, not of x'],
    ],
  ])('refuse %s', (_, bad, problems) => {
    const thrown = catchOf(() => settings({ ...given, ...bad }, undefined))
    expect(thrown).toBeInstanceOf(InputError)
    expect((thrown as InputError).problems).toEqual(
      problems.map((problem) => expect.stringContaining(problem)),
    )
  })

  test('need no store and no record in mode list', () => {
    expect([journalOf({ mode: 'list' }), journalOf({ mode: 'rollback' })]).toEqual([
      'none',
      'record',
    ])
  })
})

function parsed(to: string) {
  const destination = parseDestination(to)
  if (!destination.ok) throw new Error(to)
  return destination.value
}

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
    'min-grade': 'G1',
    'min-soak': '30m',
    'require-all': 'false',
    'capacity-timeout': '10m',
    'stable-for': '0s',
    order: 'parallel',
    'protect-rollback': 'false',
  }
  test.each([
    ['mode', 'undo', 'mode: expected one of rollback, stop, start, redeploy, list, got "undo"'],
    ['cluster', 'prod;ls', 'cluster: expected letters'],
    ['services', 'web,web', 'services: expected names without doubles'],
    ['services', 'web,$(id)', 'services: expected names of letters'],
    ['services', ',', 'services: expected names separated by commas'],
    ['services', 'web: a b', 'services: expected a map of names of letters'],
    ['services', 'web: a\nweb: b', 'services: expected names without doubles'],
    ['services', '{"web":', 'services: expected a map of name: word'],
    ['services', 'web: [a]', 'services: expected a map of names of letters'],
    ['services', 'tag:team', 'services: expected tag:<key>=<value>'],
    ['services', 'tag:aws:x=y', 'services: expected tag:<key>=<value>'],
    ['to', '', 'to: expected auto'],
    ['to', 'last-verifed', 'did you mean last-verified?, got "last-verifed"'],
    ['min-grade', 'good', 'min-grade: expected one of G3, G2, G1, G0'],
    ['min-soak', 'a while', 'min-soak: expected a duration'],
    ['min-soak', '10000h', 'min-soak: expected a duration from 0s to 720h'],
    ['bad-deployment', 'web', 'bad-deployment: expected the id or the ARN of a service deployment'],
    ['require-all', 'perhaps', 'require-all: expected true or false'],
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
