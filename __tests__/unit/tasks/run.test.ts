import {
  CreateServiceCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type LogConfiguration,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { LeaseLost } from '#core'
import { logOf, tokensOf } from '#tasks'
import { memoryJournal } from '../../support/run.ts'
import { answering, order, type Scene, scene, TASK } from './scene.ts'

let at: Scene
beforeEach(async () => {
  at = await scene()
})
afterEach(() => at.close())

/** Spoils the first so many calls of RunTask. */
const fault = (effect: 'applied-answer-lost' | 'reset', to: number) =>
  at.gateway.faults.set([{ effect, service: 'ecs', operation: 'RunTask', to }])

describe('a task', () => {
  test.each([0, 1, 137])('is run to its end, with exit code %i', async (code) => {
    at.behave(code)
    const { end } = await at.run()
    expect(end).toMatchObject({
      is: 'ended',
      exitCode: code,
      stopCode: 'EssentialContainerExited',
      reason: 'Essential container in task exited',
    })
    expect(await at.tasks()).toBe(1)
  })

  test('gets the command, the environment and the network of the service', async () => {
    await at.run()
    const [process] = at.gateway.runtime.processes
    expect(process?.request.command).toEqual(['./migrate', 'down'])
    expect(process?.request.environment).toMatchObject({
      STEPS: '2',
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    })
    const list = new ListTasksCommand({ cluster: 'prod', desiredStatus: 'STOPPED' })
    const { taskArns } = await at.clients.ecs.send(list)
    const { tasks } = await at.clients.ecs.send(
      new DescribeTasksCommand({ cluster: 'prod', tasks: taskArns }),
    )
    expect(tasks?.[0]).toMatchObject({ launchType: 'FARGATE', startedBy: order.startedBy })
  })

  test('runs in the capacity provider strategy of the service where it has one', async () => {
    await at.clients.ecs.send(
      new CreateServiceCommand({
        cluster: 'prod',
        serviceName: 'spot',
        taskDefinition: 'tool',
        desiredCount: 0,
        capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-7'] } },
      }),
    )
    const { end } = await at.run({ service: 'spot' })
    expect(end).toMatchObject({ is: 'ended', exitCode: 0 })
    const [process] = at.gateway.runtime.processes
    expect(process?.request.environment.AWS_EXECUTION_ENV).toBe('AWS_ECS_FARGATE')
  })

  test('whose image is gone ends without an exit code, with the reason of ECS', async () => {
    const { end } = await at.run({ taskDefinition: 'other:1' })
    expect(end).toMatchObject({ is: 'ended', exitCode: undefined, stopCode: 'TaskFailedToStart' })
    expect(end.is === 'ended' && end.reason).toContain('CannotPullContainerError')
  })

  test('whose container has ended beside others that run on is over, and says how to stop it', async () => {
    at.gateway.runtime.behave('tool:v1', { kind: 'healthy' })
    at.clock.after(60_000, () => at.gateway.runtime.processes[1]?.crash(4))
    const { end, lines } = await at.run({ container: 'sidecar' })
    expect(end).toMatchObject({ is: 'ended', exitCode: 4 })
    const id = end.is === 'ended' ? end.task : ''
    expect(lines.join('\n')).toContain(`aws ecs stop-task --cluster prod --task ${id}`)
  })

  test('that is not over in time is running, and the next run finds its end', async () => {
    const first = await at.run({}, { timeout: 10_000 })
    expect(first.end).toMatchObject({ is: 'running', seen: 'PROVISIONING' })
    const { end } = await at.run()
    expect(end).toMatchObject({ is: 'ended', exitCode: 0 })
    expect(end.is !== 'not-placed' && first.end.is !== 'not-placed' && end.task).toBe(
      first.end.is === 'running' ? first.end.task : '',
    )
    expect(await at.tasks()).toBe(1)
  })
})

describe('the same order again', () => {
  test('finds a task that has ended, whatever its exit code', async () => {
    at.behave(1)
    const first = await at.run()
    at.behave(0)
    const again = await at.run()
    expect([again.end, await at.tasks()]).toEqual([first.end, 1])
  })

  test('under another name is another task', async () => {
    await at.run()
    const { end } = await at.run(tokensOf('production/4711/rollback-1/migrations/2'))
    expect([end.is, await at.tasks()]).toEqual(['ended', 2])
  })

  test('after a run that was killed between the call and its end starts nothing', async () => {
    const beat = async () => {
      throw new LeaseLost('the rollback of run 9')
    }
    const journal = { ...memoryJournal(at.clock), beat }
    await expect(at.run({}, { journal })).rejects.toThrow(LeaseLost)
    const { end } = await at.run()
    expect([end.is, await at.tasks()]).toEqual(['ended', 1])
  })

  test('with another command under the same client token is refused, and says why', async () => {
    await at.run()
    const startedBy = 'somebody-else'
    await expect(at.run({ startedBy, command: ['./other'] })).rejects.toMatchObject({
      action: 'ecs:RunTask',
      code: 'ConflictException',
      next: expect.stringContaining('client token'),
    })
  })

  test('does not take a task of another task definition for its own', async () => {
    await at.run({ taskDefinition: 'other:1', clientToken: 'x' })
    const { end } = await at.run()
    expect(end).toMatchObject({ is: 'ended', exitCode: 0 })
  })
})

describe('a call that goes wrong', () => {
  test.each([1, 8])(
    'an answer that is lost %i times leads to one task',
    async (times) => {
      fault('applied-answer-lost', times)
      const { end } = await at.run()
      expect([end.is, await at.tasks()]).toEqual(['ended', 1])
    },
    60_000,
  )

  test('a call that never arrives is thrown, and the next run starts the task', async () => {
    fault('reset', 8)
    await expect(at.run()).rejects.toMatchObject({ action: 'ecs:RunTask', on: TASK })
    expect(await at.tasks()).toBe(0)
    const { end } = await at.run()
    expect([end.is, await at.tasks()]).toEqual(['ended', 1])
  }, 60_000)

  test('throttling of one call in four ends as without it', async () => {
    at.gateway.faults.set([{ effect: 'throttle', service: 'ecs', probability: 0.25, seed: 3 }])
    const { end } = await at.run()
    at.gateway.faults.clear()
    expect([end, await at.tasks()]).toMatchObject([{ is: 'ended', exitCode: 0 }, 1])
  }, 60_000)

  test.each([
    ['RunTask', 'ecs:RunTask'],
    ['ListTasks', 'ecs:ListTasks'],
    ['DescribeTasks', 'ecs:DescribeTasks'],
    ['DescribeServices', 'ecs:DescribeServices'],
  ])('%s that is denied names the permission', async (operation, action) => {
    at.gateway.faults.set([{ effect: 'denied', service: 'ecs', operation }])
    await expect(at.run()).rejects.toMatchObject({
      action,
      next: `grant ${action} to the role of this job`,
    })
  })

  test('a missing iam:PassRole is named', async () => {
    const clients = answering(at.clients, 'RunTask', () => {
      throw Object.assign(
        new Error('User: deploy is not authorized to perform: iam:PassRole on resource: task'),
        { name: 'AccessDeniedException' },
      )
    })
    await expect(at.run({}, { clients })).rejects.toMatchObject({
      action: 'ecs:RunTask',
      message: expect.stringMatching(/^ecs:RunTask on tool:1: AccessDeniedException: User: /),
      next: expect.stringContaining('grant iam:PassRole on the task role and the execution role'),
    })
  })
})

describe('a task that ECS no longer lists', () => {
  test('is thrown, because what it did is not known', async () => {
    const clients = answering(at.clients, 'DescribeTasks', () => ({
      tasks: [],
      failures: [{ reason: 'MISSING' }],
    }))
    await expect(at.run({}, { clients })).rejects.toMatchObject({
      action: 'ecs:DescribeTasks',
      code: 'MISSING',
      next: expect.stringContaining('CloudTrail'),
    })
  })

  test('for a while is waited for', async () => {
    let looks = 0
    const { ecs } = at.clients
    const late = answering(at.clients, 'DescribeTasks', () => ({ tasks: [] }))
    const send = (command: Parameters<typeof ecs.send>[0]) =>
      command instanceof DescribeTasksCommand && looks++ < 5
        ? late.ecs.send(command)
        : ecs.send(command)
    const clients = { ecs: { send } as unknown as typeof ecs }
    const { end } = await at.run({}, { clients })
    expect(end).toMatchObject({ is: 'ended', exitCode: 0 })
  })
})

describe('a task that is not placed', () => {
  test.each([
    [
      [{ reason: 'RESOURCE:MEMORY' }, { reason: 'RESOURCE:MEMORY' }, { reason: 'AGENT' }],
      'RESOURCE:MEMORY; AGENT',
    ],
    [
      [{ reason: 'Capacity is unavailable at this time', detail: 'later' }],
      'Capacity is unavailable at this time: later',
    ],
    [[], 'ECS gave no reason'],
  ])('is a value with the reasons %j', async (failures, why) => {
    const clients = answering(at.clients, 'RunTask', () => ({ tasks: [], failures }))
    const { end } = await at.run({}, { clients })
    expect(end).toEqual({ is: 'not-placed', why })
  })

  test('because its service does not exist names both', async () => {
    const { end } = await at.run({ service: 'gone' })
    expect(end).toMatchObject({ is: 'not-placed' })
    expect(end.is === 'not-placed' && end.why).toContain('no ACTIVE service gone in cluster prod')
  })
})

describe('what a task wrote', () => {
  const register = async (logConfiguration: LogConfiguration | undefined) => {
    const container = {
      name: 'tool',
      image: 'tool:v1',
      memory: 128,
      ...(logConfiguration && { logConfiguration }),
    }
    const input = { family: 'logged', containerDefinitions: [container] }
    await at.clients.ecs.send(new RegisterTaskDefinitionCommand(input))
  }
  const logged = { ...order, taskDefinition: 'logged:1' }
  const options = { 'awslogs-group': '/shop', 'awslogs-stream-prefix': 'ecs' }

  test('is in the stream that the awslogs driver names', async () => {
    await register({ logDriver: 'awslogs', options })
    expect(await logOf(at.clients, logged, '4f2a')).toEqual({
      group: '/shop',
      stream: 'ecs/tool/4f2a',
    })
  })

  test.each<[string, LogConfiguration | undefined]>([
    ['without a log driver', undefined],
    ['with another driver', { logDriver: 'splunk', options }],
    ['without a stream prefix', { logDriver: 'awslogs', options: { 'awslogs-group': '/shop' } }],
  ])('is nowhere that can be named %s', async (_, configuration) => {
    await register(configuration)
    expect(await logOf(at.clients, logged, '4f2a')).toBeUndefined()
  })

  test('is not said where the task definition may not be read', async () => {
    await register({ logDriver: 'awslogs', options })
    const operation = 'DescribeTaskDefinition'
    at.gateway.faults.set([{ effect: 'denied', service: 'ecs', operation }])
    expect(await logOf(at.clients, logged, '4f2a')).toBeUndefined()
  })
})

describe('the names of a task', () => {
  test.each([
    ['production/4711/rollback-1/migrations', 'production/4711/rollback-1/migrations'],
    ['with spaces, and more', /^with-spaces--and-more-[0-9a-f]{8}$/],
    ['x'.repeat(300), /^x{119}-[0-9a-f]{8}$/],
  ])('of %j fit what ECS takes', (name, expected) => {
    const { startedBy, clientToken } = tokensOf(name)
    expect(startedBy).toMatch(expected)
    expect(startedBy.length).toBeLessThanOrEqual(128)
    expect(clientToken).toMatch(/^[0-9a-f]{64}$/)
  })

  test('differ where only forbidden characters or the end differ', () => {
    const names = ['a b', 'a-b', 'a_b', `${'x'.repeat(200)}1`, `${'x'.repeat(200)}2`]
    const tokens = names.map(tokensOf)
    expect(new Set(tokens.map(({ startedBy }) => startedBy)).size).toBe(names.length)
    expect(new Set(tokens.map(({ clientToken }) => clientToken)).size).toBe(names.length)
  })
})
