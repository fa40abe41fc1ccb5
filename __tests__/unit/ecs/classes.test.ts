import { describe, expect, test } from '@jest/globals'
import { type Class, classes, classText, type LiveService, type ServiceDeployment } from '#ecs'
import { serviceLink, streamLink } from '../../../packages/ecs/report/links.ts'
import {
  comingAndGoing,
  fingerprintText,
  servingOf,
  servingText,
} from '../../../packages/ecs/report/serving.ts'
import { chanceOf, pace } from '../../../packages/ecs/watch/pace.ts'
import { mergeEvents, mergeTasks } from '../../../packages/ecs/watch/progress.ts'
import {
  deadlockIn,
  healthReasons,
  protectedIn,
  shortageIn,
  trafficMissing,
  verdictOn,
  verdictText,
} from '../../../packages/ecs/watch/signs.ts'
import { A, B, rollout, service, task } from './state.ts'

test('the classes have the letters A to N, each once', () => {
  const letters = Object.values(classes).map(({ letter }) => letter)
  expect([...letters].sort().join('')).toBe('ABCDEFGHIJKLMN')
  expect(classText('undone')).toBe('I, UNDONE BY ECS')
})

const ours = rollout({ state: 'IN_PROGRESS', createdAt: 1000 })
const saying = (message: string, at = 2000, more: Partial<LiveService> = {}) =>
  service({ rollouts: [ours], events: [{ id: 'e', at, message }], ...more })

describe('what events say', () => {
  test.each([
    '(service web) was unable to place a task because no container instance met all of its requirements.',
    '(service web) was unable to place a task. Reason: Capacity is unavailable at this time.',
    '(service web) was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently.',
  ])('F, no place for tasks: %s', (message) => {
    expect(shortageIn(saying(message), ours)?.message).toBe(message)
    expect(shortageIn(saying(message, 999), ours)).toBeUndefined()
  })

  test('F, percentages without room are told with their numbers', () => {
    const message =
      '(service web) is unable to stop or start tasks during a deployment because of the service deployment configuration.'
    const percent = { least: 100, most: 100 }
    expect(deadlockIn(saying(message, 2000, { percent, desired: 1 }), ours)).toEqual({
      class: 'capacity',
      why: 'the rollout cannot move: minimumHealthyPercent 100 and maximumPercent 100 of 1 desired task leave no room to start or stop one',
    })
    expect(deadlockIn(saying(message, 999), ours)).toBeUndefined()
  })

  test('K, protected tasks', () => {
    const message = '(service web) was unable to scale in due to (reason 2 tasks under protection)'
    expect(protectedIn(saying(message), ours)?.message).toBe(message)
    expect(protectedIn(saying('(service web) has reached a steady state.'), ours)).toBeUndefined()
  })

  test('E, the load balancer’s reasons, each once', () => {
    const say = (task: string, codes: number) => ({
      id: task,
      at: 1,
      message: `(service web) (task ${task}) (port 80) is unhealthy in (target-group arn:x) due to (reason Health checks failed with these codes: [${codes}])`,
    })
    expect(healthReasons([say('a', 502), say('b', 502), say('c', 404)])).toEqual([
      'Health checks failed with these codes: [502]',
      'Health checks failed with these codes: [404]',
    ])
  })

  test.each([
    '(service web) has reached a steady state.',
    '(service web) operations are being throttled on elb. Will try again later.',
    '(service web) is unable to consistently start tasks successfully.',
  ])('G and others are no shortage: %s', (message) => {
    expect([shortageIn(saying(message), ours), deadlockIn(saying(message), ours)]).toEqual([
      undefined,
      undefined,
    ])
  })
})

const deployment = (given: Partial<ServiceDeployment>): ServiceDeployment => ({
  arn: 'arn:d',
  status: 'IN_PROGRESS',
  why: '',
  sources: [],
  hooks: [],
  earlySuccess: false,
  createdAt: 0,
  startedAt: 0,
  finishedAt: 0,
  ...given,
})
const breaker = { status: 'TRIGGERED', failures: 3, threshold: 3 }
const alarms = { status: 'TRIGGERED', names: ['5xx', 'p99'], triggered: ['5xx'] }

describe('ECS’s own verdict', () => {
  test.each<[string, Partial<ServiceDeployment>, boolean, Class | undefined]>([
    ['says nothing while it works', {}, false, undefined],
    ['is not against a deployment that is done', { status: 'SUCCESSFUL' }, false, undefined],
    ['H: stopped', { status: 'STOPPED' }, false, 'verdict'],
    ['H: the rollback failed', { status: 'ROLLBACK_FAILED' }, false, 'verdict'],
    ['H: the breaker', { breaker }, false, 'verdict'],
    ['H: an alarm', { alarms }, false, 'verdict'],
    [
      'is not against one whose alarms are quiet',
      { alarms: { ...alarms, triggered: [] } },
      false,
      undefined,
    ],
    ['I: ECS takes ours back', { status: 'ROLLBACK_IN_PROGRESS', breaker }, false, 'undone'],
    ['I: ECS has taken ours back', { status: 'ROLLBACK_SUCCESSFUL' }, false, 'undone'],
    [
      'of a rollback of its own is none yet',
      { status: 'ROLLBACK_IN_PROGRESS', breaker, alarms },
      true,
      undefined,
    ],
    ['of a rollback of its own is good', { status: 'ROLLBACK_SUCCESSFUL' }, true, undefined],
    ['H: of a rollback of its own that failed', { status: 'ROLLBACK_FAILED' }, true, 'verdict'],
  ])('%s', (_, given, goesBack, is) => {
    expect(verdictOn(deployment(given), { goesBack })?.class).toBe(is)
  })

  test('is told with its reason, the failures of the threshold and the names of the alarms', () => {
    expect(
      verdictText(deployment({ status: 'ROLLBACK_FAILED', why: 'no place', breaker, alarms })),
    ).toBe(
      'ROLLBACK_FAILED: no place; circuit breaker TRIGGERED, 3 of 3 failures; alarms that went off: 5xx',
    )
  })

  test.each<[string, Record<string, number> | undefined, string | undefined]>([
    ['is not asked where nothing is shifted', undefined, undefined],
    ['all of it', { 'arn:r': 100, 'arn:o': 0 }, undefined],
    ['a part of it', { 'arn:r': 10, 'arn:o': 90 }, '10 of 100 percent of the traffic reach it'],
    ['nothing of it', { 'arn:o': 100 }, '0 of 100 percent of the traffic reach it'],
  ])('the traffic: %s', (_, traffic, says) => {
    expect(trafficMissing({ ...(traffic && { traffic }) }, 'arn:r')).toBe(says)
  })
})

describe('what serves', () => {
  const bad = { taskDefinition: 'web:2', containers: [{ name: 'web', image: 'web:v2', digest: B }] }

  test('is grouped by task definition and digests, without what ECS added', () => {
    const injected = { name: 'ecs-service-connect-x', image: 'envoy', digest: B }
    const containers = [injected, { name: 'web', image: 'web:v1', digest: A }]
    const tasks = [
      task(),
      task({ containers }),
      task(bad),
      task({ ...bad, status: 'DEACTIVATING', desiredStatus: 'STOPPED' }),
    ]
    expect(servingOf(tasks)).toEqual([
      { taskDefinition: 'web:1', fingerprint: 'web@aaaaaaaaaaaa', tasks: 2 },
      { taskDefinition: 'web:2', fingerprint: 'web@bbbbbbbbbbbb', tasks: 1 },
    ])
    expect(comingAndGoing(tasks)).toEqual(['1 task of web:2 ends'])
  })

  test('is told first, also when it is nothing', () => {
    expect(servingText(service(), [task(bad)])).toBe(
      '1 of 2 desired tasks run web:2 (web@bbbbbbbbbbbb)',
    )
    expect(servingText(service(), [task({ status: 'PENDING' })])).toBe(
      'NOTHING runs; 1 task of web:1 starts',
    )
    expect(fingerprintText([{ name: 'web' }])).toBe('web@unknown')
  })
})

describe('the pace of the looks', () => {
  const at = (waited: number, more = {}) =>
    pace({ base: 5000, waited, throttled: 0, chance: 0.5, ...more })

  test('is the interval for two minutes, then twice that, more or less', () => {
    expect([at(0), at(119_999), at(120_000)]).toEqual([5000, 5000, 10_000])
    expect([at(200_000, { chance: 0 }), at(200_000, { chance: 0.999 })]).toEqual([8000, 11_996])
  })

  test('is slower while AWS throttles, up to eight times', () => {
    expect([1, 2, 3, 9].map((throttled) => at(0, { throttled }))).toEqual([
      10_000, 20_000, 40_000, 40_000,
    ])
  })

  test('is another for each run and look, and the same for the same', () => {
    const chances = Array.from({ length: 200 }, (_, look) => chanceOf('4711', look))
    expect(chances).toEqual(Array.from({ length: 200 }, (_, look) => chanceOf('4711', look)))
    expect(chances.every((chance) => chance >= 0 && chance < 1)).toBe(true)
    expect(new Set(chances).size).toBeGreaterThan(190)
    expect(Math.max(...chances) - Math.min(...chances)).toBeGreaterThan(0.8)
    expect(chanceOf('4712', 1)).not.toBe(chanceOf('4711', 1))
  })
})

describe('what ECS forgets is kept', () => {
  test('tasks that ended, events newest first and once', () => {
    const [old, gone] = [task({ id: 'a' }), task({ id: 'b', status: 'STOPPED' })]
    const now = task({ id: 'a', status: 'STOPPED' })
    expect(mergeTasks([old, gone], [now])).toEqual([gone, now])
    const event = (id: string) => ({ id, at: 1, message: id })
    expect(
      mergeEvents([event('2'), event('1')], [event('3'), event('2')]).map(({ id }) => id),
    ).toEqual(['3', '2', '1'])
  })
})

test('a task that ran and that ECS does not know any more is not taken for one that still runs', () => {
  const [ran, now] = [task({ id: 'a', status: 'RUNNING' }), task({ id: 'b', status: 'RUNNING' })]
  expect(mergeTasks([ran], [now])).toEqual([now])
})

describe('links to the console', () => {
  test.each([
    ['eu-central-1', 'https://eu-central-1.console.aws.amazon.com/'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
  ])('of %s have the host of its partition', (region, host) => {
    const { url } = serviceLink({ region, cluster: 'prod', service: 'web' })
    expect(url).toBe(`${host}ecs/v2/clusters/prod/services/web/deployments?region=${region}`)
  })

  test('lead to one log stream, written as CloudWatch reads it', () => {
    const place = { group: '/ecs/shop', region: 'eu-central-1', prefix: 'web' }
    expect(streamLink('app', place, 'web/app/0a1b').url).toBe(
      'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fecs$252Fshop/log-events/web$252Fapp$252F0a1b',
    )
  })
})
