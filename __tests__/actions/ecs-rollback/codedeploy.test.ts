import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch'
import { afterEach, describe, expect, test } from '@jest/globals'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { type CodeDeployScene, codeDeployScene, makeGroup, waits } from './codedeploy-scene.ts'
import { clientsOf, MINUTE, type Transport } from './scene.ts'
import { whyOf } from './seen.ts'
import { meanwhile } from './wires.ts'

let at: CodeDeployScene
afterEach(() => at.close())

const operations = () => at.entries.map(({ operation }) => operation)

/** A YAML AppSpec with a comment and a hook, as people write it. */
const yamlOf = (arn: string) => `version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "${arn}"   # set by the pipeline
        LoadBalancerInfo:
          ContainerName: web
          ContainerPort: 8080
Hooks:
  - BeforeAllowTraffic: smoke-test
`

describe('a bad deployment that CodeDeploy has finished', () => {
  test('is undone by a new deployment that nothing undoes by itself, proven by digests, with the hooks kept', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    const bad = await at.release()
    expect(await at.sets()).toEqual(['PRIMARY web:2 2/2'])
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual([
      'done',
      expect.stringMatching(/web:1 runs on all 2 tasks of ecs-svc\/\d+, which has all traffic/),
    ])
    expect(operations()).toEqual(['create-deployment'])
    // That it is behind the other target group of its pair now is no news.
    expect(result.lines.filter((line) => line.startsWith('warning'))).toEqual([])
    const [ours = '', before] = await at.ids()
    expect(before).toBe(bad)
    const { revision, ...info } = await at.info(ours)
    expect(info).toMatchObject({
      deploymentConfigName: 'CodeDeployDefault.ECSAllAtOnce',
      autoRollbackConfiguration: { enabled: false },
      overrideAlarmConfiguration: { enabled: false },
      description: 'rollback-actions 4711.1: web back to web:1',
    })
    const appSpec = JSON.parse(revision?.appSpecContent?.content ?? '')
    expect(appSpec.Hooks).toEqual([{ AfterAllowTraffic: 'smoke-test' }])
    expect(appSpec.Resources[0].TargetService.Properties.PlatformVersion).toBe('1.4.0')
  })

  test('is undone although its old tasks are still there, which is said and keeps the database steps waiting', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(30) })
    await at.takePoint()
    await at.release('web:v2', 60 * MINUTE)
    const began = at.clock.now()
    const result = await at.run({})
    expect([result.outcome, result.outputs?.['bad-tasks-drained']]).toEqual(['done', 'false'])
    expect(at.clock.now() - began).toBeLessThan(10 * MINUTE)
    expect(whyOf(result)).toContain('2 tasks of web:2 without traffic still there')
    const [moments] = result.reached ?? []
    expect(moments).toMatchObject({
      thing: 'ecs web',
      badTrafficEnded: { already: false },
      capacityRestored: { already: false },
      steady: null,
    })
  })

  test('keeps an AppSpec in YAML byte by byte, comments and all', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    at.push('web:v2')
    await at.begin(await at.register('web', 'web:v2'), yamlOf)
    await at.clock.advance(20 * MINUTE)
    expect((await at.run({})).outcome).toBe('done')
    const [ours = ''] = await at.ids()
    const { content } = (await at.info(ours)).revision?.appSpecContent ?? {}
    expect(content).toBe(yamlOf('arn:aws:ecs:us-east-1:123456789012:task-definition/web:1'))
  })

  test('is undone without an AppSpec to look at: one is made of the load balancer', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    const inner = inProcessHandler(at.gateway)
    const clients = clientsOf({
      handle: async (request) => {
        const { response } = await inner.handle(request)
        const target = request.headers['x-amz-target'] ?? ''
        if (!target.endsWith('.BatchGetDeployments')) return { response }
        const answer = JSON.parse(await bodyOf(response.body))
        for (const one of answer.deploymentsInfo) delete one.revision
        return { response: { ...response, body: new Blob([JSON.stringify(answer)]).stream() } }
      },
    } as Transport)
    expect((await at.run({ clients })).outcome).toBe('done')
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })

  test('is undone although the good task definition is INACTIVE: a copy of it is registered and deployed', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    await at.deregister('web:1')
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual([
      'done',
      ['register-task-definition', 'create-deployment'],
    ])
    expect(await at.sets()).toContain('PRIMARY web:3 2/2')
    // Run again, the copy is what should run.
    await at.clock.advance(20 * MINUTE)
    expect([(await at.run({})).outcome, await at.sets()]).toEqual([
      'unchanged',
      ['PRIMARY web:3 2/2'],
    ])
  })

  test('a dry run shows the plan and sends nothing', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    at.gateway.calls.clear()
    const result = await at.run({ dryRun: true })
    expect([result.outcome, at.gateway.calls.list({ mutating: true })]).toEqual(['planned', []])
  })

  test('is undone while the alarm that it raised still fires', async () => {
    const alarms = { enabled: true, alarms: [{ name: '5xx' }] }
    at = await codeDeployScene({ alarmConfiguration: alarms })
    await at.takePoint()
    await at.release()
    const cloudWatch = new CloudWatchClient({
      region: 'us-east-1',
      endpoint: 'http://sandbox.invalid',
      credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
      requestHandler: inProcessHandler(at.gateway),
    })
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: '5xx',
        Namespace: 'x',
        MetricName: 'x',
        Period: 60,
        EvaluationPeriods: 1,
        Statistic: 'Sum',
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    )
    const StateReason = 'it answers 5xx'
    await cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: '5xx', StateValue: 'ALARM', StateReason }),
    )
    const theirs = await at.begin('web:2')
    await at.clock.advance(MINUTE)
    expect((await at.info(theirs)).errorInformation?.code).toBe('ALARM_ACTIVE')
    expect((await at.run({})).outcome).toBe('done')
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })
})

describe('a bad deployment that is under way', () => {
  test.each([
    ['while its tasks start', 30_000],
    ['when it has all traffic', 5 * MINUTE],
  ])(
    '%s, is stopped, and CodeDeploy goes back to the good tasks that are still there',
    async (_, after) => {
      at = await codeDeployScene()
      await at.takePoint()
      await at.release('web:v2', after)
      const began = at.clock.now()
      const result = await at.run({})
      expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment']])
      expect(at.clock.now() - began).toBeLessThan(2 * MINUTE)
      expect(await at.history()).toEqual([
        expect.stringMatching(/^codeDeployRollback (Succeeded|InProgress)$/),
        'user Stopped',
      ])
      expect(await at.sets()).toContain('PRIMARY web:1 2/2')
    },
  )

  test('of which CodeDeploy would go elsewhere, is stopped first, then the destination is deployed', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release('web:v2')
    await at.release('web:v3', 30_000)
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual([
      'done',
      ['stop-deployment', 'create-deployment'],
    ])
    expect(await at.history()).toEqual([
      expect.stringMatching(/^user (Succeeded|InProgress)$/),
      'user Stopped',
      'user Succeeded',
    ])
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })

  test('that ends well before the stop arrives, is undone by a new deployment', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release('web:v2', 5 * MINUTE)
    const clients = meanwhile(at, 'StopDeployment', () => at.clock.advance(20 * MINUTE))
    const result = await at.run({ clients })
    expect([result.outcome, operations()]).toEqual([
      'done',
      ['stop-deployment', 'create-deployment'],
    ])
  })

  test('that CodeDeploy is taking back already, is watched and nothing is sent', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    const bad = await at.release('web:v2', 5 * MINUTE)
    await at.stopDeployment(bad, true)
    await at.clock.advance(2_000)
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['unchanged', []])
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })
})

describe('what somebody or CodeDeploy did already', () => {
  test('CodeDeploy has gone back by itself: it is proven, and unchanged', async () => {
    const events = ['DEPLOYMENT_FAILURE'] as const
    at = await codeDeployScene({
      autoRollbackConfiguration: { enabled: true, events: [...events] },
    })
    await at.takePoint()
    await at.gateway.handle({
      method: 'POST',
      url: '/_sandbox/codedeploy-hooks',
      headers: {},
      body: Buffer.from('{"smoke-test": "Failed"}'),
    })
    const bad = await at.release()
    expect((await at.info(bad)).rollbackInfo?.rollbackDeploymentId).toBeDefined()
    const result = await at.run({})
    expect([result.outcome, operations(), await at.sets()]).toEqual([
      'unchanged',
      [],
      ['PRIMARY web:1 2/2'],
    ])
  })

  test('a deployment that somebody made after this rollback is left alone', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    await at.run({})
    await at.clock.advance(20 * MINUTE)
    await at.release('web:v3')
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual([
      'superseded',
      expect.stringContaining('web:3 was deployed by somebody else'),
    ])
    expect(await at.sets()).toEqual(['PRIMARY web:3 2/2'])
  })

  test('one that somebody has begun after this rollback is left alone too', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    await at.run({})
    await at.clock.advance(20 * MINUTE)
    const fix = await at.release('web:v3', 30_000)
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual(['superseded', expect.stringContaining(fix)])
    expect((await at.info(fix)).status).toBe('InProgress')
  })

  test('one that somebody begins between the plan and our call is not stopped', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    at.push('web:v3')
    const fix = await at.register('web', 'web:v3')
    const clients = meanwhile(at, 'CreateDeployment', () => at.begin(fix))
    const result = await at.run({ clients })
    expect([result.outcome, whyOf(result)]).toEqual([
      'superseded',
      expect.stringContaining('is under way in its deployment group'),
    ])
  })

  test('one that somebody begins before our stop arrives is left alone', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release('web:v2', 5 * MINUTE)
    const clients = meanwhile(at, 'StopDeployment', async () => {
      await at.clock.advance(20 * MINUTE)
      await at.release('web:v3', 30_000)
    })
    const result = await at.run({ clients })
    expect([result.outcome, whyOf(result)]).toEqual([
      'superseded',
      expect.stringContaining('is under way in its deployment group'),
    ])
  })

  test('one that somebody has finished between the plan and our call is left alone', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    // The comparison of what changes is the last read of a task definition before the first change.
    const clients = meanwhile(at, 'DescribeTaskDefinition', () => at.release('web:v3'), 3)
    const result = await at.run({ clients })
    expect([result.outcome, whyOf(result), operations()]).toEqual([
      'superseded',
      expect.stringContaining(
        'web:3 was deployed by somebody else while this rollback was planned',
      ),
      [],
    ])
    expect(await at.sets()).toContain('PRIMARY web:3 2/2')
  })

  test('a rollback that somebody takes back is said loudest', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    const clients = meanwhile(
      at,
      'BatchGetDeployments',
      async () => {
        const [ours = ''] = await at.ids()
        await at.stopDeployment(ours, true)
      },
      6,
    )
    const result = await at.run({ clients })
    expect([result.outcome, whyOf(result)]).toEqual(['failed', expect.stringContaining('undone: ')])
    // Run again, it tries again.
    await at.clock.advance(10 * MINUTE)
    expect((await at.run({})).outcome).toBe('done')
  })
})

describe('a deployment group that wants approval', () => {
  test('parks the way back too: the command is said, and nobody but a person approves', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(5, true) })
    await at.takePoint()
    const bad = await at.release('web:v2', 5 * MINUTE)
    await at.approve(bad)
    await at.clock.advance(20 * MINUTE)
    const result = await at.run({ timeout: 30 * MINUTE })
    const [ours = ''] = await at.ids()
    const command = `aws deploy continue-deployment --deployment-id ${ours} --deployment-wait-type READY_WAIT`
    expect([result.outcome, whyOf(result)]).toEqual([
      'inconclusive',
      expect.stringContaining(`${ours} is Ready and waits for approval`),
    ])
    expect(result.next).toContainEqual(expect.stringContaining(command))
    expect(result.lines.filter((line) => line.includes(command))).toHaveLength(1)
    expect(at.gateway.calls.count({ operation: 'ContinueDeployment' })).toEqual({
      'codedeploy:ContinueDeployment': 1,
    })
    await at.approve(ours)
    expect([(await at.run({})).outcome, operations()]).toEqual(['done', ['create-deployment']])
  })

  test('approved while it is watched, it goes on', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(5, true) })
    await at.takePoint()
    const bad = await at.release('web:v2', 5 * MINUTE)
    expect((await at.info(bad)).status).toBe('Ready')
    at.clock.after(3 * MINUTE, async () => {
      const [back = ''] = await at.ids()
      await at.approve(back)
    })
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment']])
  })
})

describe('what cannot be taken back', () => {
  test('without a deployment group it is refused with the way out, and nothing is sent', async () => {
    at = await codeDeployScene(false)
    await at.takePoint()
    at.gateway.calls.clear()
    const result = await at.run({})
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('no deployment group of this account and region names prod/web'),
    ])
    expect(at.gateway.calls.list({ mutating: true })).toEqual([])
  })

  test('with two deployment groups it is refused, and both are named', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    await makeGroup(at.clients, { deploymentGroupName: 'other' })
    const result = await at.run({})
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('shop/web, shop/other'),
    ])
    expect(operations()).toEqual([])
  })

  test('without the permission to look it is refused, and the permission is named', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    at.gateway.faults.add({ effect: 'denied', operation: 'ListApplications' })
    const result = await at.run({})
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('grant codedeploy:ListApplications'),
    ])
  })

  test('a destination that cannot start here ends on its second task, and the bad version keeps the traffic', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 1000, code: 3 })
    const began = at.clock.now()
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual([
      'failed',
      expect.stringContaining('exit code 3'),
    ])
    expect(at.clock.now() - began).toBeLessThan(10 * MINUTE)
    expect(await at.sets()).toContain('PRIMARY web:2 2/2')
  })

  test('a tag that has moved since the point is not taken for the good image', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    at.push('web:v1', 'something else')
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual([
      'failed',
      expect.stringContaining('the tag of its image has moved'),
    ])
  })
})

describe('an answer that gets lost', () => {
  test.each([
    ['CreateDeployment', 20 * MINUTE, 1],
    ['StopDeployment', 5 * MINUTE, 0],
  ])('of %s leads to no second deployment', async (operation, after, created) => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release('web:v2', after)
    at.gateway.faults.add({ effect: 'applied-answer-lost', operation, nth: 1 })
    expect((await at.run({})).outcome).toBe('done')
    const history = await at.history()
    expect(history.filter((one) => one.startsWith('user'))).toHaveLength(1 + created)
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })
})

describe('the other modes', () => {
  test('a restore point takes the task definition and digests of the PRIMARY task set', async () => {
    at = await codeDeployScene()
    const digest = at.push('web:v1')
    const { components } = await at.takePoint()
    expect(components.ecs?.services).toMatchObject([
      {
        name: 'web',
        taskDefinition: 'web:1',
        desiredCount: 2,
        containers: [{ name: 'web', image: 'web:v1', digest }],
      },
    ])
  })

  test('stop and start keep the count, and start is proven', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    expect((await at.run({ mode: 'stop' })).outcome).toBe('done')
    expect(await at.sets()).toEqual(['PRIMARY web:1 0/0'])
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.sets()).toEqual(['PRIMARY web:1 2/2'])
  })

  test('start without a restore point is proven by the digests on which all tasks agree', async () => {
    at = await codeDeployScene()
    await at.run({ mode: 'stop' })
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
  })

  test('redeploy is a deployment of the same task definition by CodeDeploy, and only its own tasks count', async () => {
    at = await codeDeployScene()
    const result = await at.run({ mode: 'redeploy' })
    expect([result.outcome, operations()]).toEqual(['done', ['redeploy']])
    const [ours = ''] = await at.ids()
    expect(whyOf(result)).toContain('web:1 runs on all 2 tasks')
    expect((await at.info(ours)).description).toBe('rollback-actions 4711.1: web anew')
    expect(await at.sets()).toEqual(['PRIMARY web:1 2/2', 'ACTIVE web:1 2/2'])
    // Run again while the old tasks wait for their end, it makes no second one.
    expect([(await at.run({ mode: 'redeploy' })).outcome, await at.ids()]).toEqual(['done', [ours]])
  })

  test('redeploy waits for nobody: somebody else’s deployment under way refuses it', async () => {
    at = await codeDeployScene()
    const theirs = await at.release('web:v2', 30_000)
    const result = await at.run({ mode: 'redeploy' })
    expect([result.outcome, result.headline, operations()]).toEqual([
      'refused',
      expect.stringContaining(`${theirs} of CodeDeploy is under way`),
      [],
    ])
  })

  test('a rollback of a stopped service prepares it, and start proves it', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    await at.release()
    await at.run({ mode: 'stop' })
    const result = await at.run({})
    expect([result.outcome, whyOf(result)]).toEqual([
      'done',
      expect.stringContaining('prepared, stopped'),
    ])
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.sets()).toContain('PRIMARY web:1 2/2')
  })
})

async function bodyOf(body: unknown): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
