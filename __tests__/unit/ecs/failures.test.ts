import { describe, expect, test } from '@jest/globals'
import { failureOf, failuresOf, isFailing, type LiveTask, topCauses } from '#ecs'
import { ended, task } from './state.ts'

const group = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1'

describe('why a task ended', () => {
  test.each<[string, LiveTask, string, boolean]>([
    [
      'its image is gone',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason:
          'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref web:v1: web:v1: not found',
      }),
      'image',
      true,
    ],
    [
      'the registry did not answer',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout',
      }),
      'image',
      false,
    ],
    [
      'a secret is gone',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason:
          "ResourceInitializationError: unable to pull secrets or registry auth: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      }),
      'start',
      true,
    ],
    [
      'its program cannot be started',
      ended({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'Task failed to start',
        reason: 'CannotStartContainerError',
      }),
      'start',
      true,
    ],
    ['it crashed', ended({ exitCode: 1 }), 'crash', true],
    ['it had no memory left', ended({ exitCode: 137, reason: 'OutOfMemoryError' }), 'crash', true],
    ['its essential container ended well', ended({ exitCode: 0 }), 'crash', true],
    [
      'it failed the load balancer, though ECS stopped it',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: `Task failed ELB health checks in (target-group ${group})`,
      }),
      'health',
      true,
    ],
    [
      'it failed its own health check',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Task failed container health checks',
      }),
      'health',
      true,
    ],
    [
      'ECS scaled, and the program was killed',
      ended({
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/2)',
        exitCode: 143,
      }),
      'asked',
      false,
    ],
    [
      'a person stopped it',
      ended({ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' }),
      'asked',
      false,
    ],
    [
      'spot capacity was taken',
      ended({ stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }),
      'noise',
      false,
    ],
    [
      'the host had to go',
      ended({ stopCode: 'TerminationNotice', stoppedReason: 'host' }),
      'noise',
      false,
    ],
    [
      'its role is not there yet',
      ended({ stopCode: 'TaskFailedToStart', stoppedReason: 'ECS was unable to assume the role' }),
      'noise',
      false,
    ],
  ])('%s', (_, stopped, is, deterministic) => {
    expect(failureOf(stopped)).toMatchObject({ class: is, deterministic })
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

describe('a deployment is failing', () => {
  const crash = () => ended({ exitCode: 1 })
  const slow = () =>
    ended({ stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: i/o timeout' })
  const spot = () => ended({ stopCode: 'SpotInterruption', stoppedReason: 'spot' })
  test.each<[string, LiveTask[], boolean]>([
    ['not with the first crash', [crash()], false],
    ['with the second', [crash(), crash()], true],
    ['not with two time-outs', [slow(), slow()], false],
    ['with three time-outs', [slow(), slow(), slow()], true],
    ['never by the platform', [spot(), spot(), spot(), spot()], false],
    ['not by one crash and one time-out', [crash(), slow()], false],
  ])('%s', (_, tasks, failing) => {
    expect(isFailing(failuresOf(tasks, 'ecs-svc/1'))).toBe(failing)
  })

  test('only by its own tasks', () => {
    const others = [
      ended({ exitCode: 1, startedBy: 'ecs-svc/2' }),
      ended({ exitCode: 1, startedBy: 'ecs-svc/2' }),
    ]
    expect(failuresOf([...others, crash()], 'ecs-svc/1')).toHaveLength(1)
  })
})

test('the most frequent causes come first, with counts', () => {
  const tasks = [
    ended({ exitCode: 2 }),
    ended({ exitCode: 1 }),
    ended({ exitCode: 1 }),
    ended({ exitCode: 3 }),
  ]
  expect(topCauses(failuresOf(tasks, 'ecs-svc/1'))).toEqual([
    '2 × Essential container in task exited; container web, exit code 1',
    '1 × Essential container in task exited; container web, exit code 2',
  ])
})
