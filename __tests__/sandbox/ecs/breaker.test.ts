import {
  type DeploymentCircuitBreaker,
  DeregisterTaskDefinitionCommand,
  StopServiceDeploymentCommand,
} from '@aws-sdk/client-ecs'
import { failureThreshold } from '../../../packages/sandbox/ecs/breaker.ts'
import { deployLikeCloudFormation } from './cloudformation.ts'
import { MINUTE, rows, type Shop, shop } from './shop.ts'

describe('the threshold of the circuit breaker', () => {
  test.each<[string, DeploymentCircuitBreaker['thresholdConfiguration'], number, number]>([
    ['is half of the desired count', undefined, 40, 20],
    ['is rounded up', undefined, 41, 21],
    ['is at least 3', undefined, 1, 3],
    ['is at most 200', undefined, 1000, 200],
    ['is another share when that is said', { type: 'BOUNDED_PERCENT', value: 10 }, 100, 10],
    ['has no bounds when that is said', { type: 'UNBOUNDED_PERCENT', value: 50 }, 1000, 500],
    ['may be below 3 without bounds', { type: 'UNBOUNDED_PERCENT', value: 50 }, 2, 1],
    ['is a number when that is said', { type: 'COUNT', value: 1 }, 1000, 1],
  ])('%s', (_, thresholdConfiguration, desiredCount, expected) => {
    const breaker = { enable: true, rollback: true, thresholdConfiguration }
    expect(failureThreshold(breaker, desiredCount)).toBe(expected)
  })
})

let at: Shop
beforeEach(async () => {
  at = await shop()
  for (const image of ['web:2', 'web:3']) at.push(image)
})
afterEach(() => at.close())

const deploy = async (image: string) => at.update({ taskDefinition: await at.revision(image) })
const breaker = (more: Partial<DeploymentCircuitBreaker>) => ({
  deploymentConfiguration: {
    deploymentCircuitBreaker: { enable: true, rollback: true, ...more },
  },
})
const stop = async () =>
  at.client.send(
    new StopServiceDeploymentCommand({
      serviceDeploymentArn: (await at.history())[0]?.serviceDeploymentArn,
    }),
  )

test('a count of one trips at the first failed task', async () => {
  await at.open(breaker({ thresholdConfiguration: { type: 'COUNT', value: 1 } }))
  at.ecs.script.trouble({ image: 'web:2', is: 'image-not-found' })
  await deploy('web:2')
  await at.clock.advance(MINUTE)
  expect((await at.history())[0]).toMatchObject({
    status: expect.stringMatching(/^ROLLBACK_/),
    deploymentCircuitBreaker: { status: 'TRIGGERED', threshold: 1 },
  })
})

test.each([
  ['forgets failures', undefined, 0],
  ['keeps failures if that is said', false, 2],
])('a healthy task %s', async (_, resetOnHealthyTask, failureCount) => {
  await at.open(breaker(resetOnHealthyTask === undefined ? {} : { resetOnHealthyTask }))
  at.ecs.script.trouble({ image: 'web:2', is: 'image-not-found', times: 2 })
  await deploy('web:2')
  await at.clock.advance(15 * MINUTE)
  expect((await at.history())[0]).toMatchObject({
    status: 'SUCCESSFUL',
    deploymentCircuitBreaker: { failureCount },
  })
})

test('a rollback by UpdateService that trips the breaker is undone: the bad revision is back', async () => {
  await at.open()
  const good = (await at.service()).taskDefinition
  await deploy('web:2')
  await at.clock.advance(10 * MINUTE)
  const bad = (await at.service()).deployments?.[0]?.id
  at.ecs.script.trouble({ taskDefinition: 'web:1', is: 'log-driver' })
  await at.update({ taskDefinition: good })
  await at.clock.advance(30 * MINUTE)
  const after = await at.service()
  expect(rows(after)).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  expect(after.deployments?.[0]?.id).toBe(bad)
  expect((await at.history())[0]?.status).toBe('ROLLBACK_SUCCESSFUL')
})

test('a rollback whose tasks fail as well ends ROLLBACK_FAILED', async () => {
  await at.open({
    deploymentConfiguration: {
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    },
  })
  at.ecs.script.trouble({ service: 'web', is: 'registry-timeout' })
  await deploy('web:2')
  await at.clock.advance(60 * MINUTE)
  expect((await at.history())[0]).toMatchObject({
    status: 'ROLLBACK_FAILED',
    targetServiceRevision: { runningTaskCount: 0 },
  })
})

test('StopServiceDeployment goes to the last completed revision, not to a source that never completed', async () => {
  await at.open()
  await deploy('web:2')
  await at.clock.advance(20_000)
  await deploy('web:3')
  await at.clock.advance(20_000)
  await stop()
  await at.clock.advance(10 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
})

test('StopServiceDeployment can be made to go to the source', async () => {
  at.ecs.script.stopGoesTo('source')
  await at.open()
  await deploy('web:2')
  await at.clock.advance(20_000)
  await deploy('web:3')
  await at.clock.advance(20_000)
  await stop()
  await at.clock.advance(10 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
})

test('what was completed last can be set apart from the source', async () => {
  await at.open()
  await deploy('web:2')
  await at.clock.advance(10 * MINUTE)
  await deploy('web:3')
  at.ecs.script.completedLast({ service: 'web' }, 'web:1')
  await at.clock.advance(20_000)
  await stop()
  await at.clock.advance(10 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
})

test('a service deployed as CloudFormation does runs on, and goes back to, inactive definitions', async () => {
  await at.open()
  await deployLikeCloudFormation(at, { service: 'web', taskDefinition: await at.revision('web:2') })
  const second = await at.service()
  await at.client.send(
    new DeregisterTaskDefinitionCommand({ taskDefinition: second.taskDefinition }),
  )
  at.runtime.processes.at(-1)?.crash(1)
  await at.clock.advance(3 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  at.ecs.script.trouble({ image: 'web:3', is: 'image-not-found' })
  await deploy('web:3')
  await at.clock.advance(15 * MINUTE)
  expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
  expect((await at.history())[0]?.status).toBe('ROLLBACK_SUCCESSFUL')
})
