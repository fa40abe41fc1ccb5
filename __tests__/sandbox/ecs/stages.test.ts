import {
  ContinueServiceDeploymentCommand,
  type ContinueServiceDeploymentCommandInput,
  type DeploymentConfiguration,
  type LoadBalancer,
  type ServiceDeployment,
  StopServiceDeploymentCommand,
} from '@aws-sdk/client-ecs'
import { weightedRule } from '../../../packages/sandbox/balancer/rule.ts'
import { targetGroup } from '../../../packages/sandbox/balancer/targetGroup.ts'
import { virtualClock } from '../../../packages/sandbox/clock.ts'
import { checkPairs } from '../../../packages/sandbox/ecs/deploymentChecks.ts'
import { stepsOf } from '../../../packages/sandbox/ecs/stages.ts'
import { failure } from '../gateway/clients.ts'
import { MINUTE, rows, type Shop, shop } from './shop.ts'

describe('the steps of a deployment', () => {
  const text = (configuration: DeploymentConfiguration, older = 1) =>
    stepsOf(configuration, older)
      .filter(({ stage }) => /PRODUCTION|BAKE|RECONCILE/.test(stage))
      .map(({ stage, production, minutes }) =>
        [stage.replace(/_?(PRODUCTION|TRAFFIC|SHIFT)_?/g, ''), production, minutes || undefined]
          .filter((word) => word !== undefined && word !== '')
          .join(' '),
      )
      .join(', ')

  test.each<[string, DeploymentConfiguration, number, string]>([
    ['BLUE_GREEN shifts at once', { bakeTimeInMinutes: 5 }, 1, 'PRE, 100, POST, BAKE_TIME 5'],
    ['the first deployment shifts nothing', { bakeTimeInMinutes: 5 }, 0, 'POST, BAKE_TIME'],
    ['RECONCILE_SERVICE comes first', {}, 2, 'RECONCILE_SERVICE, PRE, 100, POST, BAKE_TIME'],
    [
      'CANARY takes 5 percent for ten minutes',
      { strategy: 'CANARY' },
      1,
      'PRE, 5 10, PRE, 100, POST, BAKE_TIME',
    ],
    [
      'LINEAR waits after every step but the last',
      { strategy: 'LINEAR', linearConfiguration: { stepPercent: 40, stepBakeTimeInMinutes: 2 } },
      1,
      'PRE, 40 2, PRE, 80 2, PRE, 100, POST, BAKE_TIME',
    ],
  ])('%s', (_, configuration, older, expected) => {
    expect(text(configuration, older)).toBe(expected)
  })
})

test('a listener rule shares requests exactly by weight', async () => {
  const clock = virtualClock()
  const group = (name: string) => {
    const made = targetGroup(clock, { name, arn: name })
    made.register({ id: name, port: 1, probe: async () => ({ kind: 'answer', status: 200 }) })
    return made
  }
  const [blue, green] = [group('blue'), group('green')]
  await clock.advance(0)
  const rule = weightedRule('rule', blue)
  const shares = () => {
    const ids = Array.from({ length: 100 }, () => rule.pick()?.id)
    return [ids.filter((id) => id === 'blue').length, ids.filter((id) => id === 'green').length]
  }
  expect(shares()).toEqual([100, 0])
  rule.forward([
    { group: blue, weight: 95 },
    { group: green, weight: 5 },
  ])
  expect(shares()).toEqual([95, 5])
})

let at: Shop
beforeEach(async () => {
  at = await shop()
})
afterEach(() => at.close())

/** Opens `web` behind a pair of target groups; `web:2` is there to be deployed. */
async function openPair(deploymentConfiguration: DeploymentConfiguration) {
  const place = { account: '123456789012', region: 'us-east-1' }
  const green = at.ecs.balancers.createGroup({ name: 'green', ...place })
  const rule = at.ecs.balancers.ruleOf(at.group.arn)
  at.push('web:2')
  at.push('web:3')
  await at.open({
    deploymentConfiguration,
    loadBalancers: [
      {
        targetGroupArn: at.group.arn,
        containerName: 'web',
        containerPort: 8080,
        advancedConfiguration: {
          alternateTargetGroupArn: green.arn,
          productionListenerRule: rule?.arn ?? '',
          roleArn: 'arn:aws:iam::123456789012:role/ecs-infrastructure',
        },
      },
    ],
  })
  /** Percent of requests by the name of the target group. */
  const traffic = () =>
    Object.fromEntries(rule?.weights().map((one) => [one.group.name, one.weight]) ?? [])
  return { green, traffic }
}

const current = async (): Promise<ServiceDeployment> => (await at.history())[0] ?? {}
/** `IN_PROGRESS BAKE_TIME 0/100`: status, stage, production weight of source and target. */
const shown = (one: ServiceDeployment) =>
  [
    one.status,
    one.lifecycleStage,
    `${one.sourceServiceRevisions?.[0]?.requestedProductionTrafficWeight}/${one.targetServiceRevision?.requestedProductionTrafficWeight}`,
  ].join(' ')
const deploy = async (image: string) => at.update({ taskDefinition: await at.revision(image) })

/** Moves the time until the deployment shows what is asked for. */
async function until(
  is: (one: ServiceDeployment) => boolean,
  limit = 60 * MINUTE,
): Promise<ServiceDeployment> {
  for (let passed = 0; passed < limit; passed += 2000) {
    const one = await current()
    if (is(one)) return one
    await at.clock.advance(2000)
  }
  throw new Error(`never so: ${shown(await current())}`)
}
const stage = (name: string) => (one: ServiceDeployment) => one.lifecycleStage === name
const ended = (one: ServiceDeployment) => one.finishedAt !== undefined

describe('BLUE_GREEN', () => {
  const BLUE_GREEN = { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 5 } as const

  test('brings the new revision up beside the old one, shifts all traffic, bakes, and cleans up', async () => {
    const { traffic } = await openPair(BLUE_GREEN)
    expect(shown(await current())).toBe('SUCCESSFUL CLEAN_UP undefined/100')
    await deploy('web:2')
    const before = await until(stage('POST_SCALE_UP'))
    expect(shown(before)).toBe('IN_PROGRESS POST_SCALE_UP 100/0')
    expect(rows(await at.service())).toEqual([
      'PRIMARY IN_PROGRESS web:2 2/2',
      'ACTIVE COMPLETED web:1 2/2',
    ])
    expect(traffic()).toEqual({ web: 100, green: 0 })
    const baking = await until(stage('BAKE_TIME'))
    expect(shown(baking)).toBe('IN_PROGRESS BAKE_TIME 0/100')
    expect(traffic()).toEqual({ web: 0, green: 100 })
    await at.clock.advance(4 * MINUTE)
    expect((await current()).lifecycleStage).toBe('BAKE_TIME')
    expect(rows(await at.service())[1]).toBe('ACTIVE COMPLETED web:1 2/2')
    await until(ended)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:2 2/2'])
    expect(shown(await current())).toBe('SUCCESSFUL CLEAN_UP 0/100')
    await deploy('web:3')
    await until(ended)
    expect(traffic()).toEqual({ web: 100, green: 0 })
  })

  test('taken back while it bakes has the old traffic at once, under the old deployment and revision', async () => {
    const { traffic } = await openPair(BLUE_GREEN)
    const good = (await at.service()).deployments?.[0]?.id
    await deploy('web:2')
    const { serviceDeploymentArn } = await until(stage('BAKE_TIME'))
    await at.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))
    await at.clock.advance(5000)
    expect(traffic()).toEqual({ web: 100, green: 0 })
    expect(shown(await current())).toMatch(/^ROLLBACK_IN_PROGRESS \w+ 100\/0$/)
    expect((await at.tasks()).map((task) => task.startedBy)).toEqual([good, good])
    const over = await until(ended)
    expect(shown(over)).toMatch(/^ROLLBACK_SUCCESSFUL \w+ 100\/0$/)
    expect(over.rollback?.serviceRevisionArn).toBe(over.sourceServiceRevisions?.[0]?.arn)
    expect((await at.service()).deployments?.map((one) => one.id)).toEqual([good])
  })

  test('taken back during CLEAN_UP starts the old tasks again and shifts traffic when they are good', async () => {
    const { traffic } = await openPair(BLUE_GREEN)
    await deploy('web:2')
    const { serviceDeploymentArn } = await until(stage('CLEAN_UP'))
    await at.clock.advance(10_000)
    expect((await at.tasks()).length).toBe(2)
    await at.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))
    await at.clock.advance(20_000)
    expect(traffic()).toEqual({ web: 0, green: 100 })
    await until(ended)
    expect(traffic()).toEqual({ web: 100, green: 0 })
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })

  test('whose new tasks fail never gets traffic, and the circuit breaker takes it back', async () => {
    const { traffic } = await openPair({
      ...BLUE_GREEN,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    })
    at.runtime.behave('web:2', { kind: 'unhealthy', status: 500 })
    await deploy('web:2')
    await until((one) => one.status === 'ROLLBACK_IN_PROGRESS')
    expect(traffic()).toEqual({ web: 100, green: 0 })
    expect(rows(await at.service())[0]).toBe('PRIMARY IN_PROGRESS web:1 2/2')
    expect((await until(ended)).status).toBe('ROLLBACK_SUCCESSFUL')
  })

  test('replaced by a newer one ends STOPPED, and the newer one reconciles first', async () => {
    const { traffic } = await openPair(BLUE_GREEN)
    await deploy('web:2')
    await until(stage('POST_SCALE_UP'))
    await deploy('web:3')
    await until(stage('RECONCILE_SERVICE'))
    expect((await at.history()).map((one) => one.status)).toEqual([
      'IN_PROGRESS',
      'STOPPED',
      'SUCCESSFUL',
    ])
    expect(traffic().web).toBe(100)
    await until(ended)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:3 2/2'])
    expect(traffic()).toEqual({ web: 0, green: 100 })
  })

  test('after a rolling deployment starts from the revision that serves then', async () => {
    const { traffic } = await openPair(BLUE_GREEN)
    const taskDefinition = await at.revision('web:2')
    await at.update({ taskDefinition, deploymentConfiguration: { strategy: 'ROLLING' } })
    await until(ended)
    expect((await current()).lifecycleStage).toBeUndefined()
    expect(traffic()).toEqual({ web: 100 })
    await at.update({
      taskDefinition: await at.revision('web:3'),
      deploymentConfiguration: BLUE_GREEN,
    })
    expect(shown(await until(stage('POST_SCALE_UP')))).toBe('IN_PROGRESS POST_SCALE_UP 100/0')
    expect(traffic()).toEqual({ web: 100, green: 0 })
    await until(ended)
    expect(traffic().green).toBe(100)
  })

  test('replaces a task of the old revision that dies while both run', async () => {
    await openPair(BLUE_GREEN)
    await deploy('web:2')
    await until(stage('BAKE_TIME'))
    at.runtime.processes[0]?.crash(1)
    await at.clock.advance(2 * MINUTE)
    expect(rows(await at.service())[1]).toBe('ACTIVE COMPLETED web:1 2/2')
  })
})

describe('load balancers of a deployment by stages', () => {
  test('must have a second target group and a rule', async () => {
    const deploymentConfiguration = { strategy: 'CANARY' } as const
    expect(await failure(at.open({ deploymentConfiguration }))).toMatchObject({
      name: 'ClientException',
      message:
        'advancedConfiguration field is required for all loadBalancers when using the canary deployment strategy',
    })
  })

  test('must all have them, and different rules for production and test', () => {
    const pair = { productionListenerRule: 'r', alternateTargetGroupArn: 'g', roleArn: 'a' }
    const check = (...pairs: (LoadBalancer['advancedConfiguration'] | undefined)[]) =>
      checkPairs(
        pairs.map((advancedConfiguration) => ({ advancedConfiguration })),
        {},
      )
    expect(() => check(pair, pair)).not.toThrow()
    expect(() => check(pair, undefined)).toThrow(/Either all or none/)
    expect(() => check({ ...pair, testListenerRule: 'r' })).toThrow(/both production and test/)
  })
})

test('CANARY gives the new revision its share first, and everything after the canary bake time', async () => {
  const { traffic } = await openPair({
    strategy: 'CANARY',
    bakeTimeInMinutes: 0,
    canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 3 },
  })
  await deploy('web:2')
  const canary = await until(stage('PRODUCTION_TRAFFIC_SHIFT'))
  expect(shown(canary)).toBe('IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT 80/20')
  await at.clock.advance(170_000)
  expect(traffic()).toEqual({ web: 80, green: 20 })
  await at.clock.advance(30_000)
  expect(traffic()).toEqual({ web: 0, green: 100 })
})

test('LINEAR moves step by step', async () => {
  const { traffic } = await openPair({
    strategy: 'LINEAR',
    linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
  })
  await deploy('web:2')
  await until(stage('PRODUCTION_TRAFFIC_SHIFT'))
  expect(traffic()).toEqual({ web: 50, green: 50 })
  await until(ended)
  expect(traffic()).toEqual({ web: 0, green: 100 })
})

describe('a pause', () => {
  const paused = (more: object = {}): DeploymentConfiguration => ({
    strategy: 'BLUE_GREEN',
    bakeTimeInMinutes: 1,
    lifecycleHooks: [
      { targetType: 'PAUSE', lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'], ...more },
    ],
  })
  const waits = (one: ServiceDeployment) =>
    one.lifecycleHookDetails?.some((hook) => hook.status === 'AWAITING_ACTION') ?? false
  const send = (more: Partial<ContinueServiceDeploymentCommandInput>) => (one: ServiceDeployment) =>
    at.client.send(
      new ContinueServiceDeploymentCommand({
        serviceDeploymentArn: one.serviceDeploymentArn,
        hookId: one.lifecycleHookDetails?.[0]?.hookId,
        ...more,
      }),
    )

  test('waits a day for an action, and is not there in the first deployment', async () => {
    await openPair(paused())
    expect((await current()).lifecycleHookDetails).toEqual([])
    await deploy('web:2')
    const one = await until(waits)
    expect(one.lifecycleStage).toBe('POST_PRODUCTION_TRAFFIC_SHIFT')
    expect(one.lifecycleHookDetails).toEqual([
      {
        hookId: expect.stringMatching(/^ecs-pause-[\w-]{43}$/),
        targetType: 'PAUSE',
        status: 'AWAITING_ACTION',
        expiresAt: expect.any(Date),
        timeoutAction: 'ROLLBACK',
      },
    ])
    const left = (one.lifecycleHookDetails?.[0]?.expiresAt?.getTime() ?? 0) - at.clock.now()
    expect(Math.ceil(left / MINUTE)).toBe(1440)
    await at.clock.advance(600 * MINUTE)
    expect(shown(await current())).toBe('IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT 0/100')
  })

  test.each([
    ['continues when nothing is said', {}, 'SUCCEEDED', 'SUCCESSFUL', 'web:2'],
    ['continues', { action: 'CONTINUE' } as const, 'SUCCEEDED', 'SUCCESSFUL', 'web:2'],
    [
      'goes back when that is said',
      { action: 'ROLLBACK' } as const,
      'FAILED',
      'ROLLBACK_SUCCESSFUL',
      'web:1',
    ],
  ])('%s', async (_, input, hook, status, revision) => {
    await openPair(paused())
    await deploy('web:2')
    await send(input)(await until(waits))
    const over = await until(ended)
    expect([over.lifecycleHookDetails?.[0]?.status, over.status]).toEqual([hook, status])
    expect(rows(await at.service())).toEqual([`PRIMARY COMPLETED ${revision} 2/2`])
    expect((await failure(send(input)(over))).name).toBe('ConflictException')
  })

  test.each([
    ['goes back unless told otherwise', undefined, 'ROLLBACK_SUCCESSFUL'],
    ['goes on if that was said', 'CONTINUE' as const, 'SUCCESSFUL'],
  ])('that nobody answers %s', async (_, action, status) => {
    const timeoutConfiguration = { timeoutInMinutes: 30, ...(action ? { action } : {}) }
    await openPair(paused({ timeoutConfiguration }))
    await deploy('web:2')
    await until(waits)
    await at.clock.advance(29 * MINUTE)
    expect(waits(await current())).toBe(true)
    const over = await until(ended)
    expect([over.lifecycleHookDetails?.[0]?.status, over.status]).toEqual(['TIMED_OUT', status])
    if (over.status === 'ROLLBACK_SUCCESSFUL')
      expect(over.rollback?.reason).toMatch(
        /^Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT lifecycle hook\(s\) failed\./,
      )
  })

  test('is ended by StopServiceDeployment too', async () => {
    await openPair(paused())
    await deploy('web:2')
    const { serviceDeploymentArn } = await until(waits)
    await at.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))
    const over = await until(ended)
    expect(over.status).toBe('ROLLBACK_SUCCESSFUL')
    expect(waits(over)).toBe(false)
  })

  test('of another deployment, or with another action, is refused', async () => {
    await openPair(paused())
    await deploy('web:2')
    const one = await until(waits)
    expect((await failure(send({ hookId: 'ecs-pause-x' })(one))).name).toBe(
      'InvalidParameterException',
    )
    const arn = `${one.serviceDeploymentArn}x`
    expect((await failure(send({ serviceDeploymentArn: arn })(one))).name).toBe(
      'ServiceDeploymentNotFoundException',
    )
  })

  test.each<[string, DeploymentConfiguration]>([
    ['while traffic shifts', paused({ lifecycleStages: ['PRODUCTION_TRAFFIC_SHIFT'] })],
    ['while test traffic shifts', paused({ lifecycleStages: ['TEST_TRAFFIC_SHIFT'] })],
    ['in a rolling deployment', { ...paused(), strategy: 'ROLLING' }],
    ['nowhere', paused({ lifecycleStages: [] })],
    ['for no time', paused({ timeoutConfiguration: { timeoutInMinutes: 0 } })],
  ])('%s is refused', async (_, configuration) => {
    expect((await failure(openPair(configuration))).name).toBe('InvalidParameterException')
  })
})
