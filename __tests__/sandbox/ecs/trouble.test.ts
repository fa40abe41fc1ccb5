import {
  CreateServiceCommand,
  DeleteServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  GetTaskProtectionCommand,
  UpdateTaskProtectionCommand,
} from '@aws-sdk/client-ecs'
import { checkedTrouble } from '../../../packages/sandbox/ecs/troubleRule.ts'
import { failure } from '../gateway/clients.ts'
import { MINUTE, rows, type Shop, shop, told } from './shop.ts'

let at: Shop
beforeEach(async () => {
  at = await shop()
  at.push('web:2')
})
afterEach(() => at.close())

const deploy = async (image: string) => at.update({ taskDefinition: await at.revision(image) })

/** What stopped the tasks of `web:2`: stop code, reason and the end of the container. */
async function stopped() {
  const found = await at.tasks('STOPPED')
  return found
    .filter((task) => task.taskDefinitionArn?.endsWith(':2'))
    .map(({ stopCode, stoppedReason, containers }) => ({
      stopCode,
      stoppedReason,
      exitCode: containers?.[0]?.exitCode,
      reason: containers?.[0]?.reason,
    }))
}

describe('a task that cannot start', () => {
  test.each([
    ['registry-timeout', /^CannotPullContainerError: .*web:2.*i\/o timeout$/],
    ['registry-auth', /^ResourceInitializationError: .*ecr registry auth.*i\/o timeout$/],
    ['image-not-found', /^CannotPullContainerError: .*web:2: not found$/],
    ['secrets-timeout', /^ResourceInitializationError: .*secret from asm.*i\/o timeout$/],
    ['network-interface', /^ResourceInitializationError: .*network interface/],
    ['file-system', /^ResourceInitializationError: failed to invoke EFS utils/],
    ['log-driver', /^ResourceInitializationError: failed to validate logger args/],
    ['assume-role', /^ECS was unable to assume the role 'arn:aws:iam::123456789012:role/],
  ] as const)('says why: %s', async (is, reason) => {
    await at.open()
    at.ecs.script.trouble({ image: 'web:2', is })
    await deploy('web:2')
    await at.clock.advance(MINUTE)
    const [first] = await stopped()
    expect(first).toMatchObject({ stopCode: 'TaskFailedToStart' })
    expect(first?.stoppedReason).toMatch(reason)
    expect(first?.exitCode).toBeUndefined()
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('may be only the first ones', async () => {
    await at.open()
    at.ecs.script.trouble({ taskDefinition: 'web:2', is: 'registry-timeout', times: 1 })
    await deploy('web:2')
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
    const failed = (await stopped()).filter((one) => one.stopCode === 'TaskFailedToStart')
    expect(failed).toHaveLength(1)
    expect(at.ecs.script.troubles().map(({ struck }) => struck.size)).toEqual([1])
  })
})

describe('a container that ends', () => {
  test.each([
    ['with a code', { is: 'exit', code: 3 }, 3, undefined],
    [
      'out of memory',
      { is: 'out-of-memory' },
      137,
      'OutOfMemoryError: Container killed due to memory usage',
    ],
    ['with a reason of its own', { is: 'exit', code: 139, reason: 'segfault' }, 139, 'segfault'],
  ] as const)('%s says so', async (_, trouble, exitCode, reason) => {
    await at.open()
    at.ecs.script.trouble({ image: 'web:2', ...trouble })
    await deploy('web:2')
    await at.clock.advance(2 * MINUTE)
    expect((await stopped())[0]).toEqual({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      exitCode,
      reason,
    })
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('long after it was healthy is replaced again and again, and the deployment completes', async () => {
    await at.open()
    at.ecs.script.trouble({ image: 'web:2', is: 'exit', code: 1, afterMs: 8 * MINUTE })
    await deploy('web:2')
    await at.clock.advance(30 * MINUTE)
    expect((await at.history())[0]?.status).toBe('SUCCESSFUL')
    expect((await stopped()).length).toBeGreaterThanOrEqual(4)
  })
})

describe('health checks', () => {
  const healthCheck = { command: ['CMD-SHELL', 'true'], interval: 10, retries: 2, startPeriod: 20 }
  const checked = (image: string) =>
    at.revision(image, {
      containerDefinitions: [
        { name: 'web', image, healthCheck, portMappings: [{ containerPort: 8080 }] },
      ],
    })
  const health = async () =>
    (await at.tasks()).map((task) => [task.healthStatus, task.containers?.[0]?.healthStatus])

  test('of containers show in tasks and containers, and are UNKNOWN before the first one', async () => {
    await at.open({ taskDefinition: await checked('web:1') })
    expect(await health()).toEqual([
      ['HEALTHY', 'HEALTHY'],
      ['HEALTHY', 'HEALTHY'],
    ])
    await at.update({ taskDefinition: await checked('web:2') })
    await at.clock.advance(48_000)
    expect((await health()).slice(2)).toEqual([
      ['UNKNOWN', 'UNKNOWN'],
      ['UNKNOWN', 'UNKNOWN'],
    ])
  })

  test('of containers that fail stop the task after their retries, with event and reason', async () => {
    await at.open({ taskDefinition: await checked('web:1'), loadBalancers: [] })
    at.ecs.script.trouble({ image: 'web:2', is: 'container-unhealthy' })
    await at.update({ taskDefinition: await checked('web:2') })
    await at.clock.advance(100_000)
    expect((await stopped())[0]).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed container health checks.',
    })
    expect(told(await at.service())).toContain('(task) failed container health checks.')
    await at.clock.advance(20 * MINUTE)
    expect((await at.history())[0]).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      deploymentCircuitBreaker: { status: 'TRIGGERED' },
    })
  })

  test.each([
    [500, 'Health checks failed with these codes: [500]'],
    ['timeout', 'Request timed out'],
  ] as const)('of the target group may see %s', async (status, text) => {
    await at.open()
    const calm = at.ecs.script.trouble({ image: 'web:2', is: 'target-unhealthy', status })
    await deploy('web:2')
    await at.clock.advance(95_000)
    expect(told(await at.service())).toContain(
      `(task) (port 8080) is unhealthy in (target-group) due to (reason ${text})`,
    )
    calm()
    await at.clock.advance(15 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })
})

describe('without a place', () => {
  test.each([
    ['no-capacity', 'Capacity is unavailable at this time'],
    ['vcpu-quota', 'the limit on the number of vCPUs you can run concurrently'],
    ['no-instance', 'no container instance met all of its requirements'],
  ] as const)('nothing starts, and one event says so: %s', async (is, text) => {
    await at.open()
    const calm = at.ecs.script.trouble({ service: 'web', is })
    await deploy('web:2')
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())[0]).toBe('PRIMARY IN_PROGRESS web:2 0/2')
    const events = told(await at.service()).filter((one) => one.includes('unable to place a task'))
    expect(events).toEqual([expect.stringContaining(text)])
    calm()
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })
})

const KEEPING = {
  deploymentConfiguration: {
    deploymentCircuitBreaker: { enable: true, rollback: true, resetOnHealthyTask: false },
  },
}

test.each([
  ['SpotInterruption', 'Your Spot Task was interrupted.'],
  ['TerminationNotice', 'Your Spot Task was interrupted.'],
  ['InfrastructureHealth', 'The infrastructure of the task is unhealthy.'],
] as const)('%s ends a task, counts as no failure, and it is replaced', async (code, reason) => {
  await at.open(KEEPING)
  // Running, but not yet healthy when it is interrupted: the end of such a task would count.
  at.runtime.behave('web:2', { kind: 'slow', startMs: 20_000 })
  await deploy('web:2')
  await at.clock.advance(57_000)
  at.ecs.script.interrupt({ service: 'web', taskDefinition: 'web:2', code, count: 1 })
  await at.clock.advance(15_000)
  const all = await at.tasks('STOPPED')
  expect(all.filter((one) => one.stopCode === code).map((one) => one.stoppedReason)).toEqual([
    reason,
  ])
  await at.clock.advance(10 * MINUTE)
  expect((await at.history())[0]).toMatchObject({
    status: 'SUCCESSFUL',
    deploymentCircuitBreaker: { failureCount: 0 },
  })
})

describe('task protection', () => {
  const protect = async (protectionEnabled: boolean, expiresInMinutes?: number) =>
    at.client.send(
      new UpdateTaskProtectionCommand({
        cluster: 'prod',
        tasks: (await at.tasks()).map((task) => task.taskArn ?? ''),
        protectionEnabled,
        ...(expiresInMinutes === undefined ? {} : { expiresInMinutes }),
      }),
    )

  test('keeps old tasks of a deployment running until it expires, and an event says so', async () => {
    await at.open()
    await protect(true, 30)
    await deploy('web:2')
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual([
      'PRIMARY IN_PROGRESS web:2 2/2',
      'ACTIVE COMPLETED web:1 2/2',
    ])
    const texts = (await at.service()).events?.map((event) => event.message ?? '') ?? []
    const events = texts.filter((one) => one.includes('under protection'))
    expect(events[0]).toMatch(
      /^\(service web, taskSet ecs-svc\/\d+\) was unable to scale in due to \(reason 2 tasks under protection\)$/,
    )
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })

  test('is two hours unless said otherwise, and ends when it is taken away', async () => {
    await at.open()
    const { protectedTasks } = await protect(true)
    const left = (protectedTasks?.[0]?.expirationDate?.getTime() ?? 0) - at.clock.now()
    expect([protectedTasks?.[0]?.protectionEnabled, left]).toEqual([true, 120 * MINUTE])
    await deploy('web:2')
    await at.clock.advance(5 * MINUTE)
    await protect(false)
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })

  test('of what is not there is a failure, and of too much is refused', async () => {
    await at.open()
    const ask = (tasks: string[]) =>
      at.client.send(new GetTaskProtectionCommand({ cluster: 'prod', tasks }))
    const [task] = await at.tasks()
    const answer = await ask([task?.taskArn ?? '', 'none'])
    expect(answer.protectedTasks).toEqual([{ taskArn: task?.taskArn, protectionEnabled: false }])
    expect(answer.failures?.map((one) => one.reason)).toEqual(['MISSING'])
    expect((await failure(protect(true, 2881))).name).toBe('InvalidParameterException')
    expect((await failure(ask([]))).name).toBe('InvalidParameterException')
  })

  test('does not keep a service that is deleted', async () => {
    await at.open()
    await protect(true)
    await at.client.send(new DeleteServiceCommand({ cluster: 'prod', service: 'web', force: true }))
    expect((await at.service()).status).toBe('DRAINING')
    await at.clock.advance(10 * MINUTE)
    expect((await at.service()).status).toBe('INACTIVE')
  })
})

test('old tasks may take their time to stop', async () => {
  await at.open()
  at.ecs.script.trouble({ taskDefinition: 'web:1', is: 'slow-stop', ms: 10 * MINUTE })
  await deploy('web:2')
  await at.clock.advance(12 * MINUTE)
  expect(rows(await at.service())).toEqual([
    'PRIMARY IN_PROGRESS web:2 2/2',
    'ACTIVE COMPLETED web:1 0/0',
  ])
  await at.clock.advance(5 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
})

test('any event can be said', async () => {
  await at.open()
  at.ecs.script.say({ service: 'web' }, 'operations are being throttled. Will try again later.')
  expect((await at.service()).events?.[0]?.message).toBe(
    '(service web) operations are being throttled. Will try again later.',
  )
  expect(() => at.ecs.script.say({ service: 'none' }, 'x')).toThrow('There is no service "none".')
})

test('a service can vanish, and a young deployment may not be known yet', async () => {
  await at.open()
  at.ecs.script.hideDeployments(10_000)
  const answer = await deploy('web:2')
  const describe = new DescribeServiceDeploymentsCommand({
    serviceDeploymentArns: [answer.currentServiceDeployment ?? ''],
  })
  expect((await at.client.send(describe)).failures?.[0]?.reason).toBe('MISSING')
  expect(await at.history()).toHaveLength(1)
  await at.clock.advance(10_000)
  expect((await at.client.send(describe)).serviceDeployments).toHaveLength(1)
  at.ecs.script.forget({ service: 'web' })
  const services = new DescribeServicesCommand({ cluster: 'prod', services: ['web'] })
  expect((await at.client.send(services)).failures?.[0]?.reason).toBe('MISSING')
  await at.clock.advance(30 * MINUTE)
  expect(at.runtime.processes.filter((one) => one.alive())).toEqual([])
})

test('a DAEMON service has a task on each of two instances, and no desired count', async () => {
  const containerDefinitions = [{ name: 'web', image: 'web:1', memory: 128 }]
  const family = {
    networkMode: 'bridge',
    requiresCompatibilities: [],
    containerDefinitions,
  } as const
  const { service } = await at.client.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: await at.revision('web:1', family as object),
      schedulingStrategy: 'DAEMON',
    }),
  )
  expect(service).toMatchObject({ schedulingStrategy: 'DAEMON', desiredCount: 2 })
  await at.clock.advance(5 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  expect((await failure(at.update({ desiredCount: 3 }))).name).toBe('InvalidParameterException')
})

test.each([
  [{ is: 'bad-luck' }, /unknown "is": "bad-luck"/],
  [{ is: 'exit' }, /exit needs "code"/],
  [{ is: 'no-capacity', code: 1 }, /unknown members code/],
])('the admin page refuses %j', (rule, message) => {
  expect(() => checkedTrouble(rule)).toThrow(message)
})
