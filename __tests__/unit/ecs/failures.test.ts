import { describe, expect, test } from '@jest/globals'
import {
  causeText,
  failing,
  failureOf,
  failuresOf,
  type LiveTask,
  type TaskFailure,
  topCauses,
} from '#ecs'
import { wasHealthy } from '../../../packages/ecs/watch/failures.ts'
import { ended, task } from './state.ts'

const group = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'
const ours = { deployment: 'ecs-svc/1' }

describe('why a task ended', () => {
  test.each<[string, LiveTask, string, TaskFailure['again']]>([
    [
      'its image is gone',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason:
          'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref web:v1: web:v1: not found',
      }),
      'image',
      'certain',
    ],
    [
      'the registry did not answer',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout',
      }),
      'image',
      'passing',
    ],
    [
      'a secret is gone',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason:
          "ResourceInitializationError: unable to pull secrets or registry auth: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      }),
      'start',
      'likely',
    ],
    [
      'its program cannot be started',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'Task failed to start',
        reason: 'CannotStartContainerError',
      }),
      'start',
      'likely',
    ],
    ['it crashed', ended({ exitCode: 1 }), 'crash', 'likely'],
    [
      'it had no memory left',
      ended({ exitCode: 137, reason: 'OutOfMemoryError' }),
      'crash',
      'likely',
    ],
    ['its essential container ended well', ended({ exitCode: 0 }), 'crash', 'likely'],
    [
      'it failed the load balancer, though ECS stopped it',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: `Task failed ELB health checks in (target-group ${group})`,
      }),
      'health',
      'likely',
    ],
    [
      'it failed its own health check',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Task failed container health checks',
      }),
      'health',
      'likely',
    ],
    [
      'ECS scaled, and the program was killed',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/2)',
        exitCode: 143,
      }),
      'asked',
      'no',
    ],
    [
      'a person stopped it',
      ended({ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' }),
      'asked',
      'no',
    ],
    [
      'spot capacity was taken',
      ended({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }),
      'noise',
      'no',
    ],
    [
      'the host had to go',
      ended({ stopCode: 'TerminationNotice', stoppedReason: 'host' }),
      'noise',
      'no',
    ],
    [
      'its role is not there yet',
      ended({ stopCode: 'TaskFailedToStart', stoppedReason: 'ECS was unable to assume the role' }),
      'noise',
      'no',
    ],
  ])('%s', (_, stopped, is, again) => {
    expect(failureOf(stopped)).toMatchObject({ class: is, again })
  })

  test('is not asked of a task that runs', () => {
    expect(failureOf(task())).toBeUndefined()
  })

  test('names the container, its exit code and the reason', () => {
    expect(
      failureOf(ended({ exitCode: 137, reason: 'OutOfMemoryError: container killed' }))?.cause,
    ).toBe(
      'Essential container in task exited; container web, exit code 137, OutOfMemoryError: container killed',
    )
  })
})

describe('what is around a task', () => {
  test('a role that is not there yet is nobody’s fault in the first minute, and the definition’s after it', () => {
    const at = (stoppedAt: number) =>
      failureOf(
        ended({
          stopCode: 'TaskFailedToStart',
          stoppedReason: 'ECS was unable to assume the role',
          stoppedAt,
        }),
        { began: 1000 },
      )?.class
    expect([at(60_999), at(61_000)]).toEqual(['noise', 'start'])
  })

  test('a health check says nothing in the grace period', () => {
    const at = (stoppedAt: number) =>
      failureOf(
        ended({
          stopCode: 'ServiceSchedulerInitiated',
          stoppedReason: `Task failed ELB health checks in (target-group ${group})`,
          startedAt: 1000,
          stoppedAt,
        }),
        { grace: 60_000 },
      )?.class
    expect([at(60_999), at(61_000)]).toEqual([undefined, 'health'])
  })

  test('a container that ECS added is not the cause', () => {
    const containers = [
      { name: 'web', image: 'web:v1', exitCode: 3 },
      { name: 'ecs-service-connect-x1', image: 'envoy', exitCode: 137 },
      { name: 'aws-guardduty-agent-y', image: 'agent', exitCode: 1 },
    ]
    expect(failureOf(ended({ containers }))?.cause).toBe(
      'Essential container in task exited; container web, exit code 3',
    )
  })
})

describe('a deployment is failing', () => {
  const crash = () => ended({ exitCode: 1 })
  const not = (stoppedReason: string) => ended({ stopCode: 'TaskFailedToStart', stoppedReason })
  const slow = () => not('CannotPullContainerError: i/o timeout')
  const gone = () => not('CannotPullContainerError: web:v1: not found')
  const denied = () => not('CannotPullContainerError: 403 Forbidden')
  const init = () => not('ResourceInitializationError: unable to pull secrets')
  const stuck = () => not('ResourceInitializationError: dial tcp: i/o timeout')
  const ill = () =>
    ended({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: `Task failed ELB health checks in (target-group ${group})`,
    })
  const full = () => not('Capacity is unavailable at this time. Please try again later')
  const spot = () => ended({ stopCode: 'SpotInterruption', stoppedReason: 'spot' })
  const many = (one: () => LiveTask, count: number) => Array.from({ length: count }, one)
  const none = { desired: 8, healthy: false }
  const some = { desired: 8, healthy: true }
  test.each<[string, LiveTask[], typeof none, string | undefined]>([
    ['with the first image that is not there', [gone()], none, 'image'],
    ['though others of it are healthy', [gone()], some, 'image'],
    ['not with the first image that may not be pulled', [denied()], none, undefined],
    ['with the second', many(denied, 2), none, 'image'],
    ['not with the first secret that is not there', [init()], none, undefined],
    ['with the second secret', many(init, 2), some, 'start'],
    ['not with two time-outs', [slow(), stuck()], none, undefined],
    ['with three time-outs', [slow(), stuck(), slow()], none, 'image'],
    ['not with two crashes of eight tasks', many(crash, 2), none, undefined],
    ['with three crashes of eight', many(crash, 3), none, 'crash'],
    ['with two crashes of two', many(crash, 2), { desired: 2, healthy: false }, 'crash'],
    ['not with one crash of one', [crash()], { desired: 1, healthy: false }, undefined],
    ['with two crashes of one', many(crash, 2), { desired: 1, healthy: false }, 'crash'],
    ['not with crashes beside healthy tasks', many(crash, 8), some, undefined],
    ['with a loop of crashes beside healthy tasks', many(crash, 9), some, 'crash'],
    ['with three that fail their checks', many(ill, 3), none, 'health'],
    ['not by one crash and one time-out', [crash(), slow()], none, undefined],
    ['never by the platform', many(spot, 20), none, undefined],
    ['never by a lack of capacity', many(full, 20), none, undefined],
  ])('%s', (_, tasks, around, is) => {
    expect(failing(failuresOf(tasks, ours), around)?.class).toBe(is)
  })

  test('only by its own tasks', () => {
    const others = [
      ended({ exitCode: 1, startedBy: 'ecs-svc/2' }),
      ended({ exitCode: 1, startedBy: 'ecs-svc/2' }),
    ]
    expect(failuresOf([...others, crash()], ours)).toHaveLength(1)
  })

  test('in a rollback of ECS’s own only by tasks from after it began: its id is an old one', () => {
    const old = ended({ exitCode: 1, createdAt: 1000 })
    const fresh = ended({ exitCode: 1, createdAt: 9000 })
    expect(failuresOf([old, fresh], { ...ours, since: 5000 }).map((one) => one.task)).toEqual([
      fresh.id,
    ])
  })

  test('not by tasks that ended because ECS scaled', () => {
    const draining = ended({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/2)',
      exitCode: 137,
    })
    expect(failuresOf([draining], ours)).toEqual([])
  })
})

describe('a task was healthy', () => {
  const alone = { now: 100_000, balanced: false }
  const behind = { now: 200_000, balanced: true, grace: 30_000 }
  test.each<[string, Partial<LiveTask>, Parameters<typeof wasHealthy>[1], boolean]>([
    ['when its own check says so', { health: 'HEALTHY' }, alone, true],
    ['not when its own check says no', { health: 'UNHEALTHY', startedAt: 1 }, alone, false],
    ['without a check after 40 s', { startedAt: 60_000 }, alone, true],
    ['not before', { startedAt: 60_001 }, alone, false],
    ['not when it crashed before', { startedAt: 1000, stoppedAt: 40_999 }, alone, false],
    ['not before it ran', {}, alone, false],
    ['behind a load balancer much later', { startedAt: 50_000 }, behind, true],
    ['not after 40 s there', { startedAt: 50_001 }, behind, false],
  ])('%s', (_, given, around, so) => {
    expect(wasHealthy(task(given), around)).toBe(so)
  })
})

test('the most frequent causes come first, with counts, and the platform’s last', () => {
  const spot = () => ended({ stopCode: 'SpotInterruption', stoppedReason: 'spot' })
  const tasks = [
    spot(),
    spot(),
    spot(),
    ended({ exitCode: 2 }),
    ended({ exitCode: 1 }),
    ended({ exitCode: 1 }),
    ended({ exitCode: 3 }),
  ]
  expect(topCauses(failuresOf(tasks, ours)).map(causeText)).toEqual([
    '2 × Essential container in task exited; container web, exit code 1',
    '1 × Essential container in task exited; container web, exit code 2',
  ])
})
