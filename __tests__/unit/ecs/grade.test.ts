import { describe, expect, test } from '@jest/globals'
import {
  compareCode,
  eligible,
  type History,
  judgePast,
  type LiveService,
  type Revision,
  type ServiceDeployment,
} from '#ecs'
import { pointOf, testStore } from '../../support/store.ts'
import { service } from './state.ts'

const MINUTE = 60_000
const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const arnOf = (number: number) =>
  `arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/${number}`

/** One deployment: what it deployed at which minute, how it ended, and what is special about it. */
interface Step {
  readonly at: number
  /** `a` is image a of `web:1`; `a*` is the same image in another task definition; `?` has no digest. */
  readonly runs: string
  readonly ends?: string
  readonly back?: number
  readonly more?: Partial<ServiceDeployment>
  readonly containers?: Revision['containers']
  readonly family?: string
}

const definitions = ['a', 'b', 'c', 'd', 'a*', 'b*', '?']

/** A history, oldest step first as a person tells it; revision `n` is that of step `n`. */
function past(steps: readonly Step[]): History {
  const revisions = steps.map(({ at, runs, containers, family = 'web' }, index): Revision => {
    const one = { name: 'web', image: `web:${runs}` }
    return {
      arn: arnOf(index + 1),
      taskDefinition: `${family}:${definitions.indexOf(runs) + 1}`,
      containers: containers ?? [runs === '?' ? one : { ...one, digest: digest(runs[0] ?? '') }],
      createdAt: at * MINUTE,
    }
  })
  const deployments = steps.map(({ at, ends = 'SUCCESSFUL', back, more }, index) => ({
    arn: `arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/deployment-${index + 1}`,
    ...{ status: ends, why: '', target: arnOf(index + 1), sources: [], hooks: [] },
    ...{ earlySuccess: false, createdAt: at * MINUTE, startedAt: at * MINUTE },
    finishedAt: (at + 1) * MINUTE,
    ...(back === undefined ? {} : { rolledBackTo: arnOf(back) }),
    ...more,
  }))
  return { deployments: deployments.reverse(), revisions: revisions.reverse(), gaps: [] }
}

interface Case {
  readonly settings?: Partial<Parameters<typeof judgePast>[0]['settings']>
  readonly knowledge?: Partial<Parameters<typeof judgePast>[0]['knowledge']>
  readonly live?: Partial<LiveService>
  readonly history?: Partial<History>
}

function judged(steps: readonly Step[], { settings, knowledge, live, history }: Case = {}) {
  return judgePast({
    settings: {
      ...{ mode: 'rollback', cluster: 'prod', services: ['web'] },
      ...{ destination: undefined, record: undefined, order: 'parallel', protectRollback: false },
      ...settings,
    },
    service: service(live ?? {}),
    knowledge: { points: [], verified: [], bad: [], pinned: [], ...knowledge },
    history: { ...past(steps), ...history },
    now: 10_000 * MINUTE,
  })
}

/** `3 G2`, newest first. */
const grades = (of: ReturnType<typeof judged>) =>
  of.candidates.map(({ revision, grade }) => `${revision.arn.split('/').at(-1)} ${grade}`)
const chosen = (of: ReturnType<typeof judged>) =>
  eligible(of).map(({ revision }) => Number(revision.arn.split('/').at(-1)))
const against = (of: ReturnType<typeof judged>, number: number) =>
  of.candidates.find(({ revision }) => revision.arn === arnOf(number))?.against

describe('a grade', () => {
  test.each<[string, readonly Step[], string[]]>([
    [
      'G2 by time',
      [
        { at: 0, runs: 'a' },
        { at: 40, runs: 'b' },
      ],
      ['2 G2', '1 G2'],
    ],
    [
      'G1 without time',
      [
        { at: 0, runs: 'a' },
        { at: 20, runs: 'b' },
      ],
      ['2 G2', '1 G1'],
    ],
    [
      'G2 at the very minute, as it served from the end of its deployment',
      [
        { at: 0, runs: 'a' },
        { at: 31, runs: 'b' },
        { at: 61, runs: 'c' },
      ],
      ['3 G2', '2 G1', '1 G2'],
    ],
    [
      'G2 where ECS went back to it and that succeeded, however short it served',
      [
        { at: 0, runs: 'a' },
        { at: 5, runs: 'b', ends: 'ROLLBACK_SUCCESSFUL', back: 1 },
      ],
      ['2 G0', '1 G2'],
    ],
    [
      'nothing where ECS failed to go back to it',
      [
        { at: 0, runs: 'a' },
        { at: 5, runs: 'b', ends: 'ROLLBACK_FAILED', back: 1 },
      ],
      ['2 G0', '1 G1'],
    ],
    [
      'G0 where SUCCESSFUL came early and not all tasks ran',
      [
        { at: 0, runs: 'a', more: { earlySuccess: true, tasks: { running: 4, requested: 5 } } },
        { at: 50, runs: 'b', more: { earlySuccess: true, tasks: { running: 5, requested: 5 } } },
        { at: 100, runs: 'c', more: { earlySuccess: true, tasks: { running: 0, requested: 0 } } },
      ],
      ['3 G0', '2 G2', '1 G0'],
    ],
    [
      'that of the same release before: a restart does not lose it',
      [
        { at: 0, runs: 'a' },
        { at: 100, runs: 'a' },
        { at: 105, runs: 'b' },
      ],
      ['3 G2', '2 G2', '1 G2'],
    ],
    [
      'not that of the same images in another task definition',
      [
        { at: 0, runs: 'a' },
        { at: 100, runs: 'a*' },
        { at: 105, runs: 'b' },
      ],
      ['3 G2', '2 G1', '1 G2'],
    ],
  ])('is %s', (_, steps, expected) => {
    expect(grades(judged(steps))).toEqual(expected)
  })

  const quarter = [
    { at: 0, runs: 'a' },
    { at: 100, runs: 'b', more: { sources: [arnOf(1)] } },
  ]
  const listed = past(quarter).deployments.slice(0, 1)
  test.each<[string, Partial<History>, string]>([
    ['G2 where it had served since before the list began', { since: 40 * MINUTE }, '1 G2'],
    ['nothing where that was just before', { since: 90 * MINUTE }, '1 G0'],
    ['nothing where the list is not complete', {}, '1 G0'],
    [
      'nothing where it was one of two',
      {
        since: 0,
        deployments: listed.map((one) => ({ ...one, sources: [arnOf(1), arnOf(7)] })),
      },
      '1 G0',
    ],
  ])('of what the oldest deployment of the list replaced is %s', (_, history, expected) => {
    const of = judged(quarter, { history: { deployments: listed, ...history } })
    expect(grades(of)).toEqual(['2 G2', expected])
  })

  test('is G3 where a verified point has the same images, and only there', async () => {
    const store = await testStore()
    const state = (letter: string) => ({
      cluster: 'prod',
      services: [
        {
          ...{ name: 'web', taskDefinition: 'web:9', desiredCount: 1 },
          containers: [{ name: 'web', image: 'web:x', digest: digest(letter) }],
        },
      ],
    })
    const verified = [pointOf(store, 'production/1/after', { components: { ecs: state('a') } })]
    const steps = [
      { at: 0, runs: 'a' },
      { at: 5, runs: 'b' },
      { at: 9, runs: 'c' },
    ]
    expect(grades(judged(steps, { knowledge: { verified } }))).toEqual(['3 G2', '2 G1', '1 G3'])
    const other = { ...verified[0], components: { ecs: { ...state('a'), cluster: 'stage' } } }
    expect(grades(judged(steps, { knowledge: { verified: [other as never] } }))[2]).toBe('1 G1')
  })
})

describe('what is undone', () => {
  test.each<[string, readonly Step[], string | undefined, readonly number[]]>([
    [
      'the newest',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
      ],
      '2',
      [1],
    ],
    ['the first: nothing is before it', [{ at: 0, runs: 'a' }], '1', []],
    [
      'the newest, and not its restarts',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'b' },
      ],
      '3',
      [1],
    ],
    [
      'what lay between, where the newest came back',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'a' },
      ],
      '2',
      [3, 1],
    ],
    [
      'what lay between, also when the returned one was restarted',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'a' },
        { at: 70, runs: 'a' },
      ],
      '2',
      [4, 1],
    ],
    [
      'the newest, where it is the bad one again',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'a' },
        { at: 100, runs: 'b' },
      ],
      '4',
      [3, 1],
    ],
    [
      'never a reason to take what was left before',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'a' },
        { at: 100, runs: 'c' },
      ],
      '4',
      [3, 1],
    ],
    [
      'no reason against what was left, came again and served long',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'b' },
        { at: 60, runs: 'a' },
        { at: 70, runs: 'b' },
        { at: 200, runs: 'c' },
      ],
      '5',
      [4, 3, 2, 1],
    ],
    [
      'the newest, though only its variables differ: images alone decide nothing',
      [
        { at: 0, runs: 'a' },
        { at: 50, runs: 'a*' },
      ],
      '2',
      [],
    ],
  ])('is %s', (_, steps, bad, expected) => {
    const of = judged(steps)
    expect(of.undone.bad?.arn.split('/').at(-1)).toBe(bad)
    expect(chosen(of)).toEqual(expected)
  })

  test('is what is named, and what came after it is no way back', () => {
    const steps = [
      { at: 0, runs: 'a' },
      { at: 50, runs: 'b' },
      { at: 100, runs: 'c' },
    ]
    const of = judged(steps, { settings: { badDeployment: 'deployment-2' } })
    expect([of.isNamed, chosen(of)]).toEqual([true, [1]])
    expect(against(of, 3)).toEqual(['it came after what is undone'])
    expect(judged(steps, { settings: { badDeployment: 'deployment-9' } }).isNamed).toBe(false)
  })
})

describe('nothing goes back to', () => {
  const bad = { at: 900, runs: 'd' }
  test.each<[string, Step, Case, string]>([
    [
      'what ECS took back',
      { at: 0, runs: 'a', ends: 'ROLLBACK_SUCCESSFUL' },
      { settings: { minGrade: 'G0' } },
      'ECS took it back',
    ],
    [
      'what was stopped',
      { at: 0, runs: 'a', ends: 'STOPPED' },
      { settings: { minGrade: 'G0' } },
      'its deployment was stopped',
    ],
    [
      'what never ended',
      { at: 0, runs: 'a', ends: 'PENDING' },
      { settings: { minGrade: 'G0' } },
      'its deployment is PENDING',
    ],
    [
      'less than was asked',
      { at: 0, runs: 'a' },
      { settings: { minGrade: 'G3' } },
      'G2 is below min-grade G3',
    ],
    [
      'what a pinned rollback took away',
      { at: 0, runs: 'a' },
      { knowledge: { bad: [{ service: 'web', taskDefinition: 'web:1', why: 'r took it back' }] } },
      'known to be bad: r took it back',
    ],
    [
      'an image whose tag is a pinned commit',
      {
        at: 0,
        runs: 'a',
        containers: [{ name: 'web', image: 'web:4f2a91c', digest: digest('a') }],
      },
      { knowledge: { pinned: ['4f2a91c0'.padEnd(40, '0')] } },
      'commit 4f2a91c00000 is pinned: it was rolled back',
    ],
    ['another family', { at: 0, runs: 'a', family: 'shop' }, {}, 'it is not of the family web'],
    [
      'what lacks the container behind the load balancer',
      { at: 0, runs: 'a' },
      { live: { balanced: ['proxy'] } },
      'it lacks container proxy, to which the load balancer sends traffic',
    ],
    [
      'what may be the same image',
      { at: 0, runs: '?', containers: [{ name: 'web', image: 'web:d' }] },
      {},
      'nobody knows whether its images differ from what is undone',
    ],
  ])('%s', (_, step, more, reason) => {
    const of = judged([step, bad], more)
    expect([chosen(of), against(of, 1)]).toEqual([[], [reason]])
  })
})

describe('the images of two releases', () => {
  const one = (name: string, image: string, of?: string) => ({
    ...{ name, image },
    ...(of ? { digest: digest(of) } : {}),
  })
  test.each([
    [
      'equal by digest, whatever the tag',
      [one('web', 'web:1', 'a')],
      [one('web', 'web:2', 'a')],
      'same',
    ],
    [
      'different by digest, with one tag',
      [one('web', 'web:1', 'a')],
      [one('web', 'web:1', 'b')],
      'different',
    ],
    [
      'the same in another order',
      [one('web', 'w', 'a'), one('envoy', 'e', 'b')],
      [one('envoy', 'e', 'b'), one('web', 'w', 'a')],
      'same',
    ],
    [
      'different by a sidecar',
      [one('web', 'w', 'a'), one('envoy', 'e', 'b')],
      [one('web', 'w', 'a'), one('envoy', 'e', 'c')],
      'different',
    ],
    [
      'different by one container more',
      [one('web', 'w', 'a')],
      [one('web', 'w', 'a'), one('x', 'x', 'b')],
      'different',
    ],
    [
      'different by the name of a container',
      [one('web', 'w', 'a')],
      [one('app', 'w', 'a')],
      'different',
    ],
    [
      'unknown with one tag and no digest',
      [one('web', 'w:1')],
      [one('web', 'w:1', 'a')],
      'unknown',
    ],
    [
      'different with two tags and no digest',
      [one('web', 'w:1')],
      [one('web', 'w:2')],
      'different',
    ],
    ['unknown where nothing is known', [], [one('web', 'w', 'a')], 'unknown'],
  ])('are %s', (_, a, b, expected) => {
    expect([compareCode(a, b), compareCode(b, a)]).toEqual([expected, expected])
  })
})
