import {
  DeleteServiceCommand,
  DescribeServiceRevisionsCommand,
  StopServiceDeploymentCommand,
  waitUntilServicesInactive,
  waitUntilServicesStable,
} from '@aws-sdk/client-ecs'
import { failure } from '../gateway/clients.ts'
import { MINUTE, rows, type Shop, shop, told } from './shop.ts'

let at: Shop
beforeEach(async () => {
  at = await shop()
})
afterEach(() => at.close())

async function digests(): Promise<(string | undefined)[]> {
  return (await at.tasks()).map((task) => task.containers?.[0]?.imageDigest)
}

describe('a rolling deployment', () => {
  test('starts the new tasks, waits for their health, drains the old ones and completes', async () => {
    at.push('web:2')
    await at.open()
    const old = (await at.service()).deployments?.[0]?.id
    const answer = await at.update({ taskDefinition: await at.revision('web:2') })
    expect(rows(answer)).toEqual(['PRIMARY IN_PROGRESS web:2 0/2', 'ACTIVE COMPLETED web:1 2/2'])
    const created = answer.deployments?.[0]?.id
    expect(created).toMatch(/^ecs-svc\/\d{19}$/)
    await at.clock.advance(30_000)
    expect((await at.service()).pendingCount).toBe(2)
    await at.clock.advance(30_000)
    expect(rows(await at.service())).toEqual([
      'PRIMARY IN_PROGRESS web:2 2/2',
      'ACTIVE COMPLETED web:1 0/0',
    ])
    const draining = await at.tasks('STOPPED')
    expect(draining.map((task) => [task.lastStatus, task.startedBy, task.stopCode])).toEqual([
      ['DEACTIVATING', old, 'ServiceSchedulerInitiated'],
      ['DEACTIVATING', old, 'ServiceSchedulerInitiated'],
    ])
    expect(draining[0]?.stoppedReason).toBe(`Scaling activity initiated by (deployment ${created})`)
    await at.clock.advance(6 * MINUTE)
    const service = await at.service()
    expect(rows(service)).toEqual(['PRIMARY COMPLETED web:2 2/2'])
    expect(service.deployments?.[0]?.id).toBe(created)
    expect(told(service).slice(-8)).toEqual([
      'has started 2 tasks: (task) (task).',
      'registered 1 targets in (target-group)',
      'registered 1 targets in (target-group)',
      'deregistered 2 targets in (target-group)',
      'has begun draining connections on 2 tasks.',
      'has stopped 2 running tasks: (task) (task).',
      '(deployment) deployment completed.',
      'has reached a steady state.',
    ])
  })

  test('has a history whose revision names the images by digest', async () => {
    const digest = at.push('web:2')
    await at.open()
    await at.update({ taskDefinition: await at.revision('web:2') })
    const [running, first] = await at.history()
    expect([running?.status, first?.status]).toEqual(['PENDING', 'SUCCESSFUL'])
    expect(running?.sourceServiceRevisions?.map((one) => one.arn)).toEqual([
      first?.targetServiceRevision?.arn,
    ])
    await at.clock.advance(10 * MINUTE)
    const [finished] = await at.history()
    expect(finished).toMatchObject({
      status: 'SUCCESSFUL',
      targetServiceRevision: { requestedTaskCount: 2, runningTaskCount: 2, pendingTaskCount: 0 },
      deploymentCircuitBreaker: { status: 'MONITORING_COMPLETE', failureCount: 0, threshold: 3 },
    })
    const service = await at.service()
    expect(service.currentServiceDeployment).toBe(finished?.serviceDeploymentArn)
    const arn = service.currentServiceRevisions?.[0]?.arn ?? ''
    expect(arn).toBe(finished?.targetServiceRevision?.arn)
    expect(arn.split('/').at(-1)).toBe(service.deployments?.[0]?.id?.split('/').at(-1))
    const { serviceRevisions } = await at.client.send(
      new DescribeServiceRevisionsCommand({ serviceRevisionArns: [arn] }),
    )
    expect(serviceRevisions?.[0]?.containerImages).toEqual([
      { containerName: 'web', image: 'web:2', imageDigest: digest },
    ])
    expect(await digests()).toEqual([digest, digest])
  })

  test('does not happen when nothing changes, or when only the count or the percentages change', async () => {
    await at.open()
    const before = (await at.service()).deployments?.[0]?.id
    const taskDefinition = (await at.service()).taskDefinition
    await at.update({ taskDefinition })
    await at.update({ desiredCount: 3, deploymentConfiguration: { maximumPercent: 150 } })
    await at.clock.advance(5 * MINUTE)
    const service = await at.service()
    expect(rows(service)).toEqual(['PRIMARY COMPLETED web:1 3/3'])
    expect(service.deployments?.[0]?.id).toBe(before)
    expect(service.deploymentConfiguration).toMatchObject({
      maximumPercent: 150,
      minimumHealthyPercent: 100,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    })
    expect(await at.history()).toHaveLength(1)
  })

  test('replaces one that is under way, which ends STOPPED', async () => {
    at.push('web:2')
    at.push('web:3')
    await at.open()
    await at.update({ taskDefinition: await at.revision('web:2') })
    await at.clock.advance(20_000)
    const answer = await at.update({ taskDefinition: await at.revision('web:3') })
    expect(rows(answer)).toEqual([
      'PRIMARY IN_PROGRESS web:3 0/2',
      'ACTIVE IN_PROGRESS web:2 0/2',
      'ACTIVE COMPLETED web:1 2/2',
    ])
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:3 2/2'])
    expect((await at.history()).map((one) => one.status)).toEqual([
      'SUCCESSFUL',
      'STOPPED',
      'SUCCESSFUL',
    ])
  })

  test('cannot move when the percentages forbid it, and says so once', async () => {
    at.push('web:2')
    const deploymentConfiguration = { minimumHealthyPercent: 100, maximumPercent: 150 }
    await at.open({ desiredCount: 1, deploymentConfiguration })
    await at.update({ taskDefinition: await at.revision('web:2') })
    await at.clock.advance(30 * MINUTE)
    const service = await at.service()
    expect(rows(service)).toEqual(['PRIMARY IN_PROGRESS web:2 0/1', 'ACTIVE COMPLETED web:1 1/1'])
    const stuck = told(service).filter((text) => text.includes('unable to stop or start tasks'))
    expect(stuck).toHaveLength(1)
  })
})

describe('the circuit breaker', () => {
  test('goes back to the last completed deployment under its old id when health checks fail', async () => {
    at.push('web:bad')
    at.runtime.behave('web:bad', { kind: 'unhealthy', status: 500 })
    await at.open()
    const good = (await at.service()).deployments?.[0]
    await at.update({ taskDefinition: await at.revision('web:bad') })
    await at.clock.advance(6 * MINUTE)
    const [failing] = await at.history()
    expect(failing).toMatchObject({
      status: 'ROLLBACK_IN_PROGRESS',
      deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 4, threshold: 3 },
      rollback: { serviceRevisionArn: failing?.sourceServiceRevisions?.[0]?.arn },
    })
    const during = await at.service()
    expect(rows(during)).toEqual(['PRIMARY IN_PROGRESS web:1 2/2', 'ACTIVE FAILED web:2 0/0'])
    expect(during.deployments?.map((one) => one.rolloutStateReason)).toEqual([
      `ECS deployment circuit breaker: rolling back to deploymentId ${good?.id}.`,
      'ECS deployment circuit breaker: tasks failed to start.',
    ])
    await at.clock.advance(10 * MINUTE)
    const after = await at.service()
    expect(rows(after)).toEqual(['PRIMARY COMPLETED web:1 2/2'])
    expect(after.deployments?.[0]?.id).toBe(good?.id)
    expect(after.taskDefinition).toBe(good?.taskDefinition)
    expect((await at.history())[0]?.status).toBe('ROLLBACK_SUCCESSFUL')
    const reasons = (await at.tasks('STOPPED')).map((task) => task.stoppedReason)
    const failed = `Task failed ELB health checks in (target-group ${at.group.arn})`
    expect(reasons.filter((reason) => reason === failed)).toHaveLength(4)
    expect(told(after).join('\n')).toContain(
      '(task) (port 8080) is unhealthy in (target-group) due to (reason Health checks failed with these codes: [500])',
    )
  })

  test.each([
    ['an image that is not there', { image: 'web:none' }, 'CannotPullContainerError', undefined],
    [
      'a secret that is not there',
      { image: 'web:1', secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:gone' },
      'ResourceInitializationError',
      undefined,
    ],
    ['a program that cannot be executed', { image: 'web:none-such' }, 'CannotStart', undefined],
    [
      'a program that exits',
      { image: 'web:crash' },
      'Essential container in task exited',
      { exitCode: 3 },
    ],
  ])(
    'goes back from %s',
    async (_, { image, secret }: { image: string; secret?: string }, reason, container) => {
      at.push('web:crash')
      at.push('web:none-such')
      at.runtime.behave('web:crash', { kind: 'crashes', afterMs: 500, code: 3 })
      at.runtime.behave('web:none-such', { kind: 'not-executable' })
      await at.open()
      const secrets = secret ? [{ name: 'TOKEN', valueFrom: secret }] : []
      const web = { name: 'web', image, secrets, portMappings: [{ containerPort: 8080 }] }
      const taskDefinition = await at.revision(image, {
        executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
        containerDefinitions: [web],
      })
      await at.update({ taskDefinition })
      await at.clock.advance(20 * MINUTE)
      expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
      expect((await at.history())[0]?.status).toBe('ROLLBACK_SUCCESSFUL')
      const failed = (await at.tasks('STOPPED')).filter(
        (task) => task.taskDefinitionArn === taskDefinition && task.stoppedReason?.includes(reason),
      )
      expect(failed.length).toBeGreaterThanOrEqual(3)
      const startsFailed = reason.includes('Error') || reason.includes('CannotStart')
      const code = startsFailed ? 'TaskFailedToStart' : 'EssentialContainerExited'
      expect(failed[0]).toMatchObject({ stopCode: code, containers: [container ?? {}] })
      expect(failed[0]?.startedAt).toBeUndefined()
    },
  )

  test('without rollback stops launching and leaves the old tasks alone', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } }
    await at.open({ deploymentConfiguration })
    await at.update({ taskDefinition: await at.revision('web:none') })
    await at.clock.advance(60 * MINUTE)
    expect(rows(await at.service())).toEqual([
      'PRIMARY FAILED web:2 0/2',
      'ACTIVE COMPLETED web:1 2/2',
    ])
    const [stopped] = await at.history()
    expect(stopped?.status).toBe('STOPPED')
    expect(stopped?.stoppedAt).toBeDefined()
  })

  test('of a first deployment has nowhere to go back to', async () => {
    await at.open({ taskDefinition: await at.revision('web:none') })
    await at.clock.advance(60 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY FAILED web:1 0/2'])
  })

  test('switched off tries for ever, ever more slowly', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: false, rollback: false } }
    await at.open({ deploymentConfiguration })
    await at.update({ taskDefinition: await at.revision('web:none') })
    const starts = async () =>
      told(await at.service()).filter((text) => text.startsWith('has started')).length
    await at.clock.advance(30 * MINUTE)
    const early = await starts()
    await at.clock.advance(30 * MINUTE)
    const late = await starts()
    expect(rows(await at.service())[0]).toMatch(/^PRIMARY IN_PROGRESS web:2 /)
    expect(early).toBeGreaterThan(4)
    expect(late - early).toBeLessThan(early)
    expect(told(await at.service())).toContain(
      'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
    )
  })
})

describe('StopServiceDeployment', () => {
  const stop = (serviceDeploymentArn: string) =>
    at.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }))

  test('takes a running deployment back, again and again, but not a finished one', async () => {
    at.push('web:2')
    await at.open({ deploymentConfiguration: {} })
    const good = (await at.service()).deployments?.[0]?.id
    await at.update({ taskDefinition: await at.revision('web:2') })
    await at.clock.advance(57_000)
    const arn = (await at.history())[0]?.serviceDeploymentArn ?? ''
    expect(await stop(arn)).toMatchObject({ serviceDeploymentArn: arn })
    expect((await at.history())[0]?.status).toBe('ROLLBACK_REQUESTED')
    expect(await stop(arn)).toMatchObject({ serviceDeploymentArn: arn })
    await at.clock.advance(5000)
    expect((await at.history())[0]?.status).toBe('ROLLBACK_IN_PROGRESS')
    await at.clock.advance(10 * MINUTE)
    expect((await at.history())[0]?.status).toBe('ROLLBACK_SUCCESSFUL')
    const service = await at.service()
    expect(rows(service)).toEqual(['PRIMARY COMPLETED web:1 2/2'])
    expect(service.deployments?.[0]?.id).toBe(good)
    expect((await failure(stop(arn))).name).toBe('ConflictException')
  })

  test('keeps the digests of the old revision although its tag has moved', async () => {
    const old = at.push('web:latest', 'old')
    await at.open({ taskDefinition: await at.revision('web:latest') })
    const bad = at.push('web:latest', 'bad')
    await at.update({ forceNewDeployment: true })
    await at.clock.advance(70_000)
    expect(new Set(await digests())).toEqual(new Set([bad]))
    await stop((await at.history())[0]?.serviceDeploymentArn ?? '')
    await at.clock.advance(10 * MINUTE)
    expect(await digests()).toEqual([old, old])
  })

  test('of a first deployment fails: there is nothing to go back to', async () => {
    at.runtime.behave('web:1', { kind: 'unhealthy', status: 503 })
    await at.open({ deploymentConfiguration: {} })
    await stop((await at.history())[0]?.serviceDeploymentArn ?? '')
    await at.clock.advance(MINUTE)
    expect((await at.history())[0]?.status).toBe('ROLLBACK_FAILED')
  })
})

describe('images', () => {
  test('a moved tag reaches running services with their next deployment only', async () => {
    const old = at.push('web:latest', 'old')
    const taskDefinition = await at.revision('web:latest')
    await at.open({ taskDefinition })
    const moved = at.push('web:latest', 'new')
    await at.update({ desiredCount: 3 })
    await at.clock.advance(5 * MINUTE)
    expect(await digests()).toEqual([old, old, old])
    await at.update({ forceNewDeployment: true })
    await at.clock.advance(10 * MINUTE)
    expect(await digests()).toEqual([moved, moved, moved])
  })

  test('can be named by digest', async () => {
    const digest = at.push('web:1', 'web:1')
    at.push('web:1', 'other')
    await at.open({ taskDefinition: await at.revision(`web@${digest}`) })
    expect(await digests()).toEqual([digest, digest])
  })
})

describe('tasks', () => {
  test('that crash after they were healthy are replaced, and the deployment stays completed', async () => {
    await at.open()
    at.runtime.processes[0]?.crash(139)
    await at.clock.advance(1000)
    const [crashed] = await at.tasks('STOPPED')
    expect(crashed).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 139 }],
    })
    await at.clock.advance(2 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
    expect(await at.tasks()).toHaveLength(2)
  })

  test('that become unhealthy are replaced after a replacement is healthy', async () => {
    await at.open()
    at.runtime.behave('web:1', { kind: 'unhealthy', status: 500 })
    await at.clock.advance(MINUTE)
    at.runtime.behave('web:1', { kind: 'healthy' })
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('go away with desired count 0 and come back with another', async () => {
    await at.open()
    await at.update({ desiredCount: 0 })
    await at.clock.advance(10 * MINUTE)
    expect(await at.tasks()).toEqual([])
    expect(at.runtime.processes.filter((one) => one.alive())).toEqual([])
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 0/0'])
    await at.update({ desiredCount: 2 })
    await at.clock.advance(2 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
    expect(await at.history()).toHaveLength(1)
  })

  test('without a load balancer count as healthy 40 seconds after RUNNING', async () => {
    at.push('web:2')
    await at.open({ loadBalancers: [] })
    await at.update({ taskDefinition: await at.revision('web:2') })
    await at.clock.advance(75_000)
    expect(rows(await at.service())).toEqual([
      'PRIMARY IN_PROGRESS web:2 2/2',
      'ACTIVE COMPLETED web:1 2/2',
    ])
    await at.clock.advance(60_000)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })

  test('that ignore SIGTERM are killed after their stopTimeout', async () => {
    at.runtime.behave('web:1', { kind: 'stubborn' })
    await at.open()
    await at.update({ desiredCount: 0 })
    await at.clock.advance(10 * MINUTE)
    const stopped = await at.tasks('STOPPED')
    expect(stopped.map((task) => task.containers?.[0]?.exitCode)).toEqual([137, 137])
    const [task] = stopped
    const took = (task?.executionStoppedAt?.getTime() ?? 0) - (task?.stoppingAt?.getTime() ?? 0)
    expect(took).toBe(330_000)
  })
})

describe('waiting', () => {
  /** Moves the time while something waits on real timers. */
  async function during<T>(waiting: Promise<T>): Promise<T> {
    let over = false
    const end = waiting.finally(() => {
      over = true
    })
    while (!over) {
      await at.clock.advance(5000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return end
  }
  const waiter = () => ({ client: at.client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.02 })
  const web = { cluster: 'prod', services: ['web'] }

  test("the SDK's services-stable waiter ends when the old tasks are gone", async () => {
    at.push('web:2')
    await at.open()
    await at.update({ taskDefinition: await at.revision('web:2') })
    const { state } = await during(waitUntilServicesStable(waiter(), web))
    expect(state).toBe('SUCCESS')
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })

  test("the SDK's services-inactive waiter ends when a deleted service has drained", async () => {
    await at.open()
    const { service } = await at.client.send(
      new DeleteServiceCommand({ cluster: 'prod', service: 'web', force: true }),
    )
    expect(service?.status).toBe('DRAINING')
    const { state } = await during(waitUntilServicesInactive(waiter(), web))
    expect(state).toBe('SUCCESS')
    expect((await at.service()).status).toBe('INACTIVE')
  })
})

test('reads may be stale for a while after a change', async () => {
  const stale = await shop({ staleReadsMs: 4000 })
  stale.push('web:2')
  await stale.open()
  await stale.update({ taskDefinition: await stale.revision('web:2') })
  expect(rows(await stale.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  await stale.clock.advance(4000)
  expect(rows(await stale.service())[0]).toBe('PRIMARY IN_PROGRESS web:2 0/2')
  await stale.close()
})
