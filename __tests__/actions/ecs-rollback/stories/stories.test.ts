import { DeleteServiceCommand } from '@aws-sdk/client-ecs'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { awsJson } from '../../../sandbox/gateway/clients.ts'
import type { Ended } from '../../../support/bundle.ts'
import { CANARY, eventually, openStage, type Stage, type Street } from './stage.ts'

/** What an on-call engineer is told in each case, by the bundle as the runner starts it. */
let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 20_000)
afterAll(() => stage.close())

/** What is told at the end of a story. */
interface Told {
  readonly outcome: string
  /** Undefined where nothing went wrong. */
  readonly class?: string
  /** What the screen names. */
  readonly names?: RegExp
  /** Who serves, asked of ECS. */
  readonly serves: string
  /** The calls of the bundle that changed something, in order. */
  readonly changed: readonly string[]
  readonly outputs?: Readonly<Record<string, string>>
}

interface Story {
  readonly name: string
  /** Settings of the service. */
  readonly service?: Parameters<Stage['open']>[1]
  /** Everything up to the bundle, which it runs; what goes on beside it too. */
  play(at: Street): Promise<Ended>
  readonly told: Told
}

/** A bad release that has come up well. */
async function bad(at: Street): Promise<void> {
  await at.deploy()
  await at.reaches('SUCCESSFUL')
}

/** A bad release that stays under way, because there is no place for its tasks. */
async function stuck(at: Street): Promise<void> {
  at.trouble({ is: 'no-capacity', taskDefinition: 'web:2' })
  await at.deploy()
  await at.reaches('IN_PROGRESS')
}

/** Runs the bundle over a finished bad release in which the good one has a trouble. */
const troubled = (rule: Parameters<Street['trouble']>[0]) => async (at: Street) => {
  await bad(at)
  at.trouble(rule)
  return at.run()
}

/** Does something once the bundle has sent its first change. */
async function beside(
  at: Street,
  work: () => Promise<unknown> | unknown,
  env: Parameters<Street['run']>[1] = {},
): Promise<Ended> {
  const [ended] = await Promise.all([
    at.run({}, env),
    eventually('the bundle has begun', () => at.changed().length > 0).then(work),
  ])
  return ended
}

/** The credentials of a session, as a job has them. */
async function session({ stage, account }: Street): Promise<Record<string, string>> {
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  const sts = new STSClient({ endpoint: stage.url, region: 'us-east-1', credentials })
  const RoleArn = `arn:aws:iam::${account}:role/rollback`
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job' }))
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  }
}

/** How the bundle's call is on its way: it was matched by a fault. */
const asked = ({ stage: { cloud }, account }: Street, operation: string) =>
  eventually(`${operation} is asked`, () =>
    cloud.faults
      .list()
      .some(({ rule, hit }) => rule.account === account && rule.operation === operation && hit > 0),
  )

const back = { 'services-rolled-back': 'web', 'services-failed': '' }
const failed = { 'services-rolled-back': '', 'services-failed': 'web' }

const dispatch: readonly Story[] = [
  {
    name: 'under way: ECS takes it back',
    play: async (at) => {
      await stuck(at)
      return at.run()
    },
    told: {
      ...{ outcome: 'done', serves: 'web:1 2/2', changed: ['StopServiceDeployment'] },
      outputs: { ...back, 'bad-tasks-drained': 'true' },
    },
  },
  {
    name: 'paused at a hook: ContinueServiceDeployment with ROLLBACK',
    play: async (at) => {
      const strategy = 'BLUE_GREEN' as const
      const hook = { targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] } as const
      await at.update({
        deploymentConfiguration: { strategy, lifecycleHooks: [hook as never] },
      })
      await at.deploy()
      await at.pauses()
      return at.run()
    },
    told: { outcome: 'done', serves: 'web:1 2/2', changed: ['ContinueServiceDeployment'] },
  },
  {
    name: 'already going back: watched without a call',
    service: { deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 100 } },
    play: async (at) => {
      await stuck(at)
      await eventually('one task less', async () => (await at.serves()) === 'web:1 1/2')
      const end = at.trouble({ is: 'no-capacity', taskDefinition: 'web:1' })
      await at.takeBack()
      await at.reaches('ROLLBACK_IN_PROGRESS')
      at.fault({ effect: 'slow', ms: 0, operation: 'ListTasks' })
      const [ended] = await Promise.all([at.run(), asked(at, 'ListTasks').then(end)])
      return ended
    },
    told: {
      ...{ outcome: 'unchanged', serves: 'web:1 2/2', changed: [] },
      outputs: { 'services-unchanged': 'web' },
    },
  },
  {
    name: 'already taken back: proven without a call',
    play: async (at) => {
      await stuck(at)
      await at.takeBack()
      await at.reaches('ROLLBACK_SUCCESSFUL')
      return at.run()
    },
    told: { outcome: 'unchanged', serves: 'web:1 2/2', changed: [] },
  },
  {
    name: 'finished: UpdateService',
    play: async (at) => {
      await bad(at)
      return at.run()
    },
    told: {
      ...{ outcome: 'done', serves: 'web:1 2/2', changed: ['UpdateService'] },
      outputs: { ...back, 'live-task-definitions': '{"web":"web:1"}' },
    },
  },
  {
    name: 'superseded: the fix of somebody else stays',
    play: async (at) => {
      await bad(at)
      return beside(at, () => at.deploy('v3'))
    },
    told: {
      ...{ outcome: 'superseded', class: 'superseded', serves: 'web:3 2/2' },
      ...{ changed: ['UpdateService'], names: /somebody else deployed web:3/, outputs: failed },
    },
  },
  {
    name: 'the first deployment ever: there is nothing to go back to',
    play: (at) => at.run({ to: 'previous-distinct' }),
    told: {
      outcome: 'refused',
      serves: 'web:1 2/2',
      changed: [],
      names:
        /web:1 is the first deployment that ECS knows of.*What web may go back to.*it is what is undone/s,
    },
  },
  {
    name: 'ended between look and call: judged again',
    play: async (at) => {
      at.trouble({ is: 'slow-stop', ms: 0 })
      const end = at.trouble({ is: 'no-capacity', taskDefinition: 'web:2' })
      await at.deploy()
      await at.reaches('IN_PROGRESS')
      at.fault({ effect: 'slow', ms: 8000 * 60, operation: 'StopServiceDeployment', nth: 1 })
      const [ended] = await Promise.all([at.run(), asked(at, 'StopServiceDeployment').then(end)])
      return ended
    },
    told: {
      ...{ outcome: 'done', serves: 'web:1 2/2' },
      changed: ['StopServiceDeployment', 'UpdateService'],
    },
  },
  {
    name: 'of an EXTERNAL controller: refused before anything is changed',
    service: { deploymentController: { type: 'EXTERNAL' } },
    play: (at) => at.run(),
    told: { outcome: 'refused', serves: 'nothing, of 2', changed: [], names: /EXTERNAL/ },
  },
]

const atOnce = {
  deploymentCircuitBreaker: {
    enable: true,
    rollback: true,
    thresholdConfiguration: { type: 'COUNT', value: 1 },
  },
} as const
const atOnceOnly = {
  deploymentCircuitBreaker: { ...atOnce.deploymentCircuitBreaker, rollback: false },
} as const

const classes: readonly Story[] = [
  {
    name: 'A, refused: names the permission',
    play: async (at) => {
      await bad(at)
      at.fault({ effect: 'denied', operation: 'UpdateService' })
      return at.run()
    },
    told: {
      ...{ outcome: 'failed', class: 'refused', serves: 'web:2 2/2', changed: ['UpdateService'] },
      ...{ names: /grant ecs:UpdateService to the role of this job/, outputs: failed },
    },
  },
  {
    name: 'B, image: names what cannot be pulled',
    play: async (at) => {
      await bad(at)
      at.stage.cloud.ecs.images.remove(`${at.cluster}:v1`)
      return at.run()
    },
    told: {
      ...{ outcome: 'failed', class: 'image', serves: 'web:2 2/2', changed: ['UpdateService'] },
      ...{ names: /CannotPullContainerError: .*:v1: not found; container web/, outputs: failed },
    },
  },
  {
    name: 'C, tasks cannot start: names the reason',
    play: troubled({ is: 'network-interface', taskDefinition: 'web:1' }),
    told: {
      ...{ outcome: 'failed', class: 'start', serves: 'web:2 2/2', changed: ['UpdateService'] },
      names: /ResourceInitializationError: unable to create network interface/,
    },
  },
  {
    name: 'D, crash: names container and exit code',
    play: troubled({ is: 'out-of-memory', taskDefinition: 'web:1' }),
    told: {
      ...{ outcome: 'failed', class: 'crash', serves: 'web:2 2/2', changed: ['UpdateService'] },
      names: /container web, exit code 137, OutOfMemoryError/,
    },
  },
  {
    name: 'E, health: names the target group and what it asks',
    play: async (at) => {
      const { targetGroupArn } = await at.stage.cloud.ecs.balancers.create({
        ...{ name: at.cluster, account: at.account, region: 'us-east-1' },
      })
      const loadBalancers = [{ targetGroupArn, containerName: 'web', containerPort: 8080 }]
      await at.update({ loadBalancers })
      await at.reaches('SUCCESSFUL')
      await bad(at)
      at.trouble({ is: 'target-unhealthy', status: 502, taskDefinition: 'web:1' })
      return at.run()
    },
    told: {
      ...{ outcome: 'failed', class: 'health', serves: 'web:2 2/2', changed: ['UpdateService'] },
      names:
        /target group \S+ asks \/ on port 8080 for 200; container web gets its traffic on 8080/,
    },
  },
  {
    name: 'F, no place: percentages that leave no move end at once, with their numbers',
    service: { desiredCount: 1 },
    play: async (at) => {
      await bad(at)
      const deploymentConfiguration = { minimumHealthyPercent: 100, maximumPercent: 150 }
      await at.update({ deploymentConfiguration })
      return at.run()
    },
    told: {
      ...{ outcome: 'failed', class: 'capacity', serves: 'web:2 1/1', changed: ['UpdateService'] },
      names: /minimumHealthyPercent 100 and maximumPercent 150 of 1 desired task/,
    },
  },
  {
    name: 'G, noise of the platform: is no failure',
    service: { desiredCount: 4 },
    play: async (at) => {
      await bad(at)
      const { script } = at.stage.cloud.ecs
      return beside(at, async () => {
        await eventually('the good release runs', async () => /web:1/.test(await at.serves()))
        const of = { service: 'web', cluster: at.cluster }
        script.interrupt({ ...of, code: 'SpotInterruption', count: 2 })
      })
    },
    told: { outcome: 'done', serves: 'web:1 4/4', changed: ['UpdateService'] },
  },
  {
    name: 'H, ECS gave up: names the state of the circuit breaker',
    service: { desiredCount: 1, deploymentConfiguration: atOnceOnly },
    play: troubled({ is: 'network-interface', taskDefinition: 'web:1' }),
    told: {
      ...{ outcome: 'failed', class: 'verdict', serves: 'web:2 1/1', changed: ['UpdateService'] },
      names: /circuit breaker TRIGGERED, 1 of 1 failures/,
    },
  },
  {
    name: 'I, undone: the bad version serves again, in capitals',
    service: { desiredCount: 1, deploymentConfiguration: atOnce },
    play: troubled({ is: 'network-interface', taskDefinition: 'web:1' }),
    told: {
      ...{ outcome: 'failed', class: 'undone', serves: 'web:2 1/1', changed: ['UpdateService'] },
      names: /UNDONE BY ECS.*back on the BAD version web:2/,
    },
  },
  {
    name: 'J, superseded: names who deployed, and when',
    play: async (at) => {
      await bad(at)
      return beside(at, () => at.deploy('v3'))
    },
    told: {
      ...{ outcome: 'superseded', class: 'superseded', serves: 'web:3 2/2' },
      ...{ changed: ['UpdateService'], names: /web:3 \(ecs-svc\/\d+\) at 20\d\d-/ },
    },
  },
  {
    name: 'K, old tasks that do not end: done for the traffic, and not drained',
    play: async (at) => {
      await bad(at)
      at.trouble({ is: 'slow-stop', ms: 3_600_000, taskDefinition: 'web:2' })
      return at.run({ timeout: '15s' })
    },
    told: {
      ...{ outcome: 'done', class: 'draining', serves: 'web:1 2/2', changed: ['UpdateService'] },
      outputs: { ...back, 'bad-tasks-drained': 'false' },
      names: /2 old tasks are still ending/,
    },
  },
  {
    name: 'L, false calm: a service that is stable with no task proves nothing',
    play: async (at) => {
      await bad(at)
      await at.update({ desiredCount: 0 })
      return at.run()
    },
    told: {
      ...{ outcome: 'inconclusive', class: 'calm', serves: 'nothing, of 0' },
      ...{ changed: ['UpdateService'], outputs: failed },
    },
  },
  {
    name: 'M, vanished: a service that is deleted meanwhile',
    play: async (at) => {
      await bad(at)
      const { cluster } = at
      const gone = new DeleteServiceCommand({ cluster, service: 'web', force: true })
      return beside(at, () => at.client.send(gone))
    },
    told: {
      ...{ outcome: 'failed', class: 'vanished', serves: 'nothing, of 0' },
      ...{ changed: ['UpdateService'], names: /it is (DRAINING|INACTIVE) in cluster/ },
    },
  },
  {
    name: 'N, cannot look: a session that ended says so, and that ECS goes on',
    play: async (at) => {
      await bad(at)
      const env = await session(at)
      const end = () => fetch(`${at.stage.url}/_sandbox/sessions`, { method: 'DELETE' })
      return beside(at, end, env)
    },
    told: {
      ...{ outcome: 'inconclusive', class: 'unseen', serves: 'web:1 2/2' },
      ...{ changed: ['UpdateService'], names: /ECS goes on with web by itself/ },
    },
  },
]

interface Service {
  readonly class?: string
}

function classOf({ report }: Ended): string | undefined {
  const { services = [] } = (JSON.parse(report).data ?? {}) as { services?: readonly Service[] }
  return services[0]?.class
}

const passing = ['done', 'unchanged', 'planned']

const served = new Map<Story, Street>()

/** Plays a story and compares all that it tells. */
async function tell(story: Story, index: string): Promise<void> {
  const { outcome, class: wrong, serves, changed, outputs = {}, names = /./ } = story.told
  const at = await stage.open(index, story.service)
  const ended = await story.play(at)
  const written = [ended.log, ended.summary, ended.report, ...Object.values(ended.outputs)]
  expect({
    ...{ code: ended.code, class: classOf(ended), changed: at.changed() },
    ...{ outputs: ended.outputs },
  }).toMatchObject({
    ...{ code: passing.includes(outcome) ? 0 : 1, class: wrong, changed },
    outputs: { outcome, ...outputs },
  })
  expect(`${ended.log}\n${ended.summary}`).toMatch(names)
  expect(written.join('\n')).not.toContain(CANARY)
  // Without a store there is no other clock.
  expect(ended.log).not.toContain("this machine's clock")
  await eventually(`${index} serves ${serves}`, async () => (await at.serves()) === serves)
  served.set(story, at)
}

describe('each row of the dispatch table', () => {
  test.concurrent.each(dispatch.map((story, index) => [story.name, story, index] as const))(
    '%s',
    async (_name, story, index) => {
      await tell(story, `dispatch-${index}`)
    },
    120_000,
  )
})

describe('each class of failures', () => {
  test.concurrent.each(classes.map((story, index) => [story.name, story, index] as const))(
    '%s',
    async (_name, story, index) => {
      await tell(story, `class-${index}`)
    },
    120_000,
  )
})

test('nothing was deregistered in any of them', () => {
  expect(served.size).toBe(dispatch.length + classes.length)
  expect(Object.keys(stage.cloud.calls.count())).not.toContain('ecs:DeregisterTaskDefinition')
})

test('the AWS CLI sees the same services', async () => {
  for (const [story, at] of served) {
    if (!/^(under way|finished|J)/.test(story.name)) continue
    const where = ['--cluster', at.cluster, '--services', 'web']
    const { services } = await awsJson({ ...at.env }, 'ecs', 'describe-services', ...where)
    const { taskDefinition, runningCount, desiredCount } = services[0]
    const seen = `${taskDefinition.split('/').at(-1)} ${runningCount}/${desiredCount}`
    expect({ story: story.name, seen }).toEqual({ story: story.name, seen: story.told.serves })
  }
}, 60_000)
