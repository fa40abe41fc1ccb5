import {
  CloudWatchClient,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch'
import { type DeploymentConfiguration, UpdateTaskProtectionCommand } from '@aws-sdk/client-ecs'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { failure } from '../gateway/clients.ts'
import { MINUTE, rows, type Shop, shop, told } from './shop.ts'

let at: Shop
let cloudwatch: CloudWatchClient
beforeEach(async () => {
  at = await shop()
  at.push('web:2')
  cloudwatch = new CloudWatchClient({
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
    requestHandler: inProcessHandler(at.gateway),
    maxAttempts: 1,
  })
  const alarm = { Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' } as const
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      ...alarm,
      AlarmName: 'errors',
      Namespace: 'shop',
      MetricName: 'errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 3,
    }),
  )
  await turn('errors', 'OK')
})
afterEach(() => at.close())

const turn = (AlarmName: string, StateValue: StateValue) =>
  cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'test' }))

const alarms = (more: object = {}): DeploymentConfiguration => ({
  alarms: { alarmNames: ['errors'], enable: true, rollback: true, ...more },
})
const deploy = async (image: string) => at.update({ taskDefinition: await at.revision(image) })
const current = async () => (await at.history())[0]

describe('a deployment alarm', () => {
  test('that goes off takes the deployment back', async () => {
    await at.open({ deploymentConfiguration: alarms() })
    await at.clock.advance(5 * MINUTE)
    const good = (await at.service()).deployments?.[0]?.id
    await deploy('web:2')
    await at.clock.advance(MINUTE)
    expect((await current())?.alarms).toEqual({
      status: 'MONITORING',
      alarmNames: ['errors'],
      triggeredAlarmNames: [],
    })
    await turn('errors', 'ALARM')
    await at.clock.advance(15_000)
    expect(await current()).toMatchObject({
      status: 'ROLLBACK_IN_PROGRESS',
      alarms: { status: 'TRIGGERED', triggeredAlarmNames: ['errors'] },
    })
    expect(told(await at.service())).toContain('(deployment) deployment failed: alarm detected.')
    await at.clock.advance(10 * MINUTE)
    expect((await current())?.status).toBe('ROLLBACK_SUCCESSFUL')
    const after = await at.service()
    expect(after.deployments?.map((one) => one.id)).toEqual([good])
    expect(rows(after)).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('that goes off without rollback only stops the deployment', async () => {
    await at.open({ deploymentConfiguration: alarms({ rollback: false }) })
    await at.clock.advance(5 * MINUTE)
    await deploy('web:2')
    await at.clock.advance(30_000)
    await turn('errors', 'ALARM')
    await at.clock.advance(10 * MINUTE)
    expect((await current())?.status).toBe('STOPPED')
    expect(rows(await at.service())[0]).toMatch(/^PRIMARY FAILED web:2 /)
  })

  test('that is in ALARM at the start makes alarms count for nothing in this deployment', async () => {
    await at.open({ deploymentConfiguration: alarms() })
    await at.clock.advance(5 * MINUTE)
    await turn('errors', 'ALARM')
    await deploy('web:2')
    await at.clock.advance(30_000)
    expect((await current())?.alarms?.status).toBe('DISABLED')
    await turn('errors', 'OK')
    await turn('errors', 'ALARM')
    await at.clock.advance(10 * MINUTE)
    expect((await current())?.status).toBe('SUCCESSFUL')
  })

  test('is still watched while the deployment bakes, as long as its periods are', async () => {
    await at.open({ deploymentConfiguration: alarms() })
    await at.clock.advance(5 * MINUTE)
    await deploy('web:2')
    await at.clock.advance(8 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY IN_PROGRESS web:2 2/2'])
    await turn('errors', 'ALARM')
    await at.clock.advance(15 * MINUTE)
    expect((await current())?.status).toBe('ROLLBACK_SUCCESSFUL')
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('that stays quiet lets the deployment succeed after its bake time', async () => {
    await at.open({ deploymentConfiguration: alarms() })
    await at.clock.advance(5 * MINUTE)
    await deploy('web:2')
    await at.clock.advance(12 * MINUTE)
    expect(await current()).toMatchObject({
      status: 'SUCCESSFUL',
      alarms: { status: 'MONITORING_COMPLETE' },
    })
  })

  test('ends a blue/green deployment that bakes, and production traffic is back', async () => {
    await at.open({
      loadBalancers: [],
      deploymentConfiguration: { ...alarms(), strategy: 'BLUE_GREEN', bakeTimeInMinutes: 10 },
    })
    await deploy('web:2')
    await at.clock.advance(5 * MINUTE)
    expect(await current()).toMatchObject({
      lifecycleStage: 'BAKE_TIME',
      targetServiceRevision: { requestedProductionTrafficWeight: 100 },
    })
    await turn('errors', 'ALARM')
    await at.clock.advance(15_000)
    expect(await current()).toMatchObject({
      status: 'ROLLBACK_SUCCESSFUL',
      alarms: { status: 'TRIGGERED' },
      targetServiceRevision: { requestedProductionTrafficWeight: 0 },
    })
  })

  test('may be composite', async () => {
    const AlarmRule = 'ALARM("errors")'
    await cloudwatch.send(new PutCompositeAlarmCommand({ AlarmName: 'any', AlarmRule }))
    await at.open({ deploymentConfiguration: alarms({ alarmNames: ['any'] }) })
    await deploy('web:2')
    await at.clock.advance(30_000)
    await turn('errors', 'ALARM')
    await at.clock.advance(15_000)
    expect((await current())?.alarms?.triggeredAlarmNames).toEqual(['any'])
  })
})

test('a bake time keeps a rolling deployment IN_PROGRESS', async () => {
  await at.open({ deploymentConfiguration: { bakeTimeInMinutes: 20 } })
  await at.clock.advance(15 * MINUTE)
  expect((await current())?.status).toBe('IN_PROGRESS')
  await at.clock.advance(10 * MINUTE)
  expect((await current())?.status).toBe('SUCCESSFUL')
})

describe('early success', () => {
  const early = (cleanup: 'DEFERRED' | 'BLOCKING', healthyPercent = 50) => ({
    minimumHealthyPercent: 50,
    maximumPercent: 200,
    earlySuccessCriteria: {
      enable: true,
      healthyPercent,
      sourceServiceRevisionCleanup: cleanup,
    },
  })

  test('is declared while old tasks still drain, and they go in the background', async () => {
    await at.open({ deploymentConfiguration: early('DEFERRED'), desiredCount: 4 })
    at.ecs.script.trouble({ image: 'web:2', is: 'registry-timeout', times: 2 })
    await deploy('web:2')
    await at.clock.advance(60_000)
    const [finished] = await at.history()
    expect(finished?.status).toBe('SUCCESSFUL')
    expect(finished?.targetServiceRevision?.runningTaskCount).toBeLessThan(4)
    expect(rows(await at.service())).toHaveLength(2)
    await at.clock.advance(10 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 4/4'])
  })

  test('is declared although protected tasks stay, and these go when their protection ends', async () => {
    await at.open({ deploymentConfiguration: early('DEFERRED') })
    await at.client.send(
      new UpdateTaskProtectionCommand({
        cluster: 'prod',
        tasks: (await at.tasks()).map((task) => task.taskArn ?? ''),
        protectionEnabled: true,
        expiresInMinutes: 30,
      }),
    )
    await deploy('web:2')
    await at.clock.advance(20 * MINUTE)
    expect((await current())?.status).toBe('SUCCESSFUL')
    expect(rows(await at.service())[1]).toBe('ACTIVE COMPLETED web:1 2/2')
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  })

  test('with BLOCKING waits until the old tasks are gone', async () => {
    await at.open({ deploymentConfiguration: early('BLOCKING'), desiredCount: 4 })
    await deploy('web:2')
    await at.clock.advance(3 * MINUTE)
    expect((await current())?.status).toBe('IN_PROGRESS')
    await at.clock.advance(10 * MINUTE)
    expect((await current())?.status).toBe('SUCCESSFUL')
  })

  test.each<[string, DeploymentConfiguration]>([
    ['below the minimum healthy percent', early('DEFERRED', 40)],
    ['in a blue/green deployment', { ...early('DEFERRED'), strategy: 'BLUE_GREEN' }],
    [
      'without a percentage',
      { earlySuccessCriteria: { enable: true, sourceServiceRevisionCleanup: 'DEFERRED' } },
    ],
  ])('%s is refused', async (_, deploymentConfiguration) => {
    expect((await failure(at.open({ deploymentConfiguration }))).name).toBe(
      'InvalidParameterException',
    )
  })
})
