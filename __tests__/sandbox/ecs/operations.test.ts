import {
  CreateServiceCommand,
  DeleteClusterCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListServicesCommand,
  ListTagsForResourceCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  type RegisterTaskDefinitionCommandInput,
  RunTaskCommand,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-ecs'
import { failureThreshold } from '../../../packages/sandbox/ecs/breaker.ts'
import { failure } from '../gateway/clients.ts'
import { MINUTE, rows, type Shop, shop } from './shop.ts'

let at: Shop
beforeEach(async () => {
  at = await shop()
})
afterEach(() => at.close())

const name = (arn: string | undefined) => arn?.split('/').at(-1)

describe('task definitions', () => {
  test.each<[string, Partial<RegisterTaskDefinitionCommandInput>, RegExp]>([
    ['a bad family', { family: 'no spaces' }, /Family contains invalid characters/],
    ['no container', { containerDefinitions: [] }, /Container list cannot be empty/],
    ['no image', { containerDefinitions: [{ name: 'a' }] }, /Container.image should not be null/],
    [
      'the same name twice',
      {
        containerDefinitions: [
          { name: 'a', image: 'a' },
          { name: 'a', image: 'b' },
        ],
      },
      /names must be unique/,
    ],
    ['Fargate without awsvpc', { networkMode: 'bridge' }, /only supports network mode/],
    ['Fargate without cpu', { cpu: undefined }, /requires that 'cpu' be defined/],
    [
      'secrets without an execution role',
      {
        containerDefinitions: [
          { name: 'a', image: 'a', secrets: [{ name: 'A', valueFrom: 'arn:x' }] },
        ],
      },
      /executionRoleArn/,
    ],
  ])('with %s are refused', async (_, more, message) => {
    const { name, message: text } = await failure(at.revision('web:1', more))
    expect(name).toBe('ClientException')
    expect(text).toMatch(message)
  })

  test('are listed by exact family, in the order of their numbers, in pages', async () => {
    for (let count = 0; count < 12; count++) await at.revision('web:1')
    await at.revision('web:1', { family: 'web-admin' })
    const list = (more: object) =>
      at.client.send(new ListTaskDefinitionsCommand({ familyPrefix: 'web', ...more }))
    const first = await list({ sort: 'DESC', maxResults: 5 })
    expect(first.taskDefinitionArns?.map(name)).toEqual([12, 11, 10, 9, 8].map((n) => `web:${n}`))
    const second = await list({ sort: 'DESC', maxResults: 5, nextToken: first.nextToken })
    expect(second.taskDefinitionArns?.map(name)).toEqual([7, 6, 5, 4, 3].map((n) => `web:${n}`))
    const all = await list({})
    expect([all.taskDefinitionArns?.map(name)[0], all.taskDefinitionArns?.length]).toEqual([
      'web:1',
      12,
    ])
    expect((await failure(list({ nextToken: 'invented' }))).name).toBe('InvalidParameterException')
  })

  test('are described by family, revision and ARN, with tags when asked', async () => {
    await at.revision('web:1', { tags: [{ key: 'sha', value: 'abc' }] })
    const arn = await at.revision('web:1')
    const describe = (taskDefinition: string, include?: ['TAGS']) =>
      at.client.send(new DescribeTaskDefinitionCommand({ taskDefinition, include }))
    expect((await describe('web')).taskDefinition?.revision).toBe(2)
    expect((await describe(arn)).taskDefinition?.revision).toBe(2)
    expect((await describe('web:1')).tags).toBeUndefined()
    expect((await describe('web:1', ['TAGS'])).tags).toEqual([{ key: 'sha', value: 'abc' }])
    expect((await failure(describe('web:9'))).message).toBe('Unable to describe task definition.')
    const foreign = arn.replace('us-east-1', 'eu-west-1')
    expect((await failure(describe(foreign))).name).toBe('ClientException')
  })

  test('that are deregistered can be described but not deployed or run', async () => {
    at.push('web:2')
    await at.open()
    const taskDefinition = await at.revision('web:2')
    await at.client.send(new DeregisterTaskDefinitionCommand({ taskDefinition }))
    const described = await at.client.send(new DescribeTaskDefinitionCommand({ taskDefinition }))
    expect(described.taskDefinition?.status).toBe('INACTIVE')
    expect(described.taskDefinition?.deregisteredAt).toBeInstanceOf(Date)
    expect(await failure(at.update({ taskDefinition }))).toEqual({
      name: 'ClientException',
      message: 'TaskDefinition is inactive',
    })
    const run = at.client.send(new RunTaskCommand({ cluster: 'prod', taskDefinition }))
    expect((await failure(run)).name).toBe('InvalidParameterException')
    expect(await failure(at.update({ taskDefinition: 'web:9' }))).toEqual({
      name: 'ClientException',
      message: 'TaskDefinition not found.',
    })
    const listed = await at.client.send(
      new ListTaskDefinitionsCommand({ familyPrefix: 'web', status: 'INACTIVE' }),
    )
    expect(listed.taskDefinitionArns).toEqual([taskDefinition])
  })

  test('that became INACTIVE keep serving, also through a rollback made by ECS', async () => {
    await at.open()
    const old = (await at.service()).taskDefinition
    await at.update({ taskDefinition: await at.revision('web:none') })
    await at.client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: old }))
    await at.clock.advance(20 * MINUTE)
    expect(rows(await at.service())).toEqual(['PRIMARY COMPLETED web:1 2/2'])
  })
})

describe('services', () => {
  const create = (more: object) =>
    at.client.send(
      new CreateServiceCommand({
        cluster: 'prod',
        serviceName: 'api',
        taskDefinition: 'web',
        desiredCount: 1,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
        ...more,
      }),
    )

  test.each<[string, object, string, RegExp]>([
    ['in an unknown cluster', { cluster: 'none' }, 'ClusterNotFoundException', /Cluster not found/],
    [
      'without network',
      { networkConfiguration: undefined },
      'InvalidParameterException',
      /Network/,
    ],
    ['with no task definition', { taskDefinition: 'x' }, 'ClientException', /not found/],
    [
      'with an unknown target group',
      { loadBalancers: [{ targetGroupArn: 'arn:x', containerName: 'web', containerPort: 8080 }] },
      'InvalidParameterException',
      /target group with targetGroupArn arn:x does not exist/,
    ],
    [
      'with percentages that block deployments',
      { deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } },
      'InvalidParameterException',
      /will block deployments/,
    ],
    [
      'of strategy DAEMON with a desired count',
      { schedulingStrategy: 'DAEMON' },
      'InvalidParameterException',
      /desired count must not be specified/,
    ],
    [
      'with hooks that call a function',
      {
        deploymentConfiguration: {
          strategy: 'BLUE_GREEN',
          lifecycleHooks: [{ hookTargetArn: 'arn:x', lifecycleStages: ['POST_SCALE_UP'] }],
        },
      },
      'UnsupportedFeatureException',
      /does not simulate: lifecycle hooks that call a function/,
    ],
    ['that exist', { serviceName: 'web' }, 'InvalidParameterException', /not idempotent/],
  ])('%s are refused', async (_, more, code, message) => {
    await at.open()
    const refused = await failure(create(more))
    expect(refused.name).toBe(code)
    expect(refused.message).toMatch(message)
  })

  test('a load balancer must find its container and port in a new task definition', async () => {
    await at.open()
    const other = [{ name: 'other', image: 'web:1', portMappings: [{ containerPort: 8080 }] }]
    const moved = [{ name: 'web', image: 'web:1', portMappings: [{ containerPort: 9090 }] }]
    for (const containerDefinitions of [other, moved]) {
      const taskDefinition = await at.revision('web:1', { containerDefinitions })
      const refused = await failure(at.update({ taskDefinition }))
      expect(refused.name).toBe('InvalidParameterException')
    }
  })

  test('that are missing are a failure entry of a successful answer', async () => {
    await at.open()
    const answer = await at.client.send(
      new DescribeServicesCommand({ cluster: 'prod', services: ['web', 'none'] }),
    )
    expect(answer.services?.map((one) => one.serviceName)).toEqual(['web'])
    expect(answer.failures).toEqual([
      { arn: 'arn:aws:ecs:us-east-1:123456789012:service/prod/none', reason: 'MISSING' },
    ])
    const eleven = Array.from({ length: 11 }, (_, index) => `s${index}`)
    const many = at.client.send(new DescribeServicesCommand({ cluster: 'prod', services: eleven }))
    expect((await failure(many)).name).toBe('InvalidParameterException')
    const update = at.update({ service: 'none' })
    expect((await failure(update)).name).toBe('ServiceNotFoundException')
  })

  test('must be scaled to zero before they are deleted, and are INACTIVE when drained', async () => {
    await at.open()
    const remove = (force: boolean) =>
      at.client.send(new DeleteServiceCommand({ cluster: 'prod', service: 'web', force }))
    expect((await failure(remove(false))).message).toContain('scaled above 0')
    const cluster = () => at.client.send(new DeleteClusterCommand({ cluster: 'prod' }))
    expect((await failure(cluster())).name).toBe('ClusterContainsServicesException')
    await remove(true)
    expect((await failure(at.update({ desiredCount: 1 }))).name).toBe('ServiceNotActiveException')
    expect((await failure(cluster())).name).toBe('ClusterContainsTasksException')
    await at.clock.advance(10 * MINUTE)
    expect((await at.service()).status).toBe('INACTIVE')
    const listed = await at.client.send(new ListServicesCommand({ cluster: 'prod' }))
    expect(listed.serviceArns).toEqual([])
    await at.open()
    expect((await at.service()).status).toBe('ACTIVE')
  })

  test('and their parts carry tags', async () => {
    await at.open({ tags: [{ key: 'team', value: 'shop' }], propagateTags: 'SERVICE' })
    const resourceArn = (await at.service()).serviceArn ?? ''
    await at.client.send(
      new TagResourceCommand({ resourceArn, tags: [{ key: 'stage', value: 'prod' }] }),
    )
    await at.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }))
    const { tags } = await at.client.send(new ListTagsForResourceCommand({ resourceArn }))
    expect(tags).toEqual([{ key: 'stage', value: 'prod' }])
    const [task] = await at.tasks()
    const taskTags = await at.client.send(
      new ListTagsForResourceCommand({ resourceArn: task?.taskArn ?? '' }),
    )
    expect(taskTags.tags).toEqual([{ key: 'team', value: 'shop' }])
  })

  test('of another account or region are not seen', async () => {
    await at.open()
    const foreign = new DescribeServiceDeploymentsCommand({
      serviceDeploymentArns: [
        ((await at.history())[0]?.serviceDeploymentArn ?? '').replace(
          '123456789012',
          '2'.repeat(12),
        ),
      ],
    })
    const { failures, serviceDeployments } = await at.client.send(foreign)
    expect([serviceDeployments, failures?.[0]?.reason]).toEqual([[], 'MISSING'])
  })
})

describe('tasks', () => {
  const describe = async (arn: string | undefined) =>
    (await at.client.send(new DescribeTasksCommand({ cluster: 'prod', tasks: [arn ?? ''] })))
      .tasks?.[0]

  test('run once with overrides, resolved secrets and their exit code', async () => {
    at.push('tool:1')
    at.runtime.behave('tool:1', { kind: 'crashes', afterMs: 30_000, code: 0 })
    const taskDefinition = await at.revision('tool:1', {
      family: 'tool',
      executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
      containerDefinitions: [
        {
          name: 'tool',
          image: 'tool:1',
          environment: [{ name: 'STAGE', value: 'test' }],
          secrets: [{ name: 'TOKEN', valueFrom: 'arn:aws:secretsmanager:us-east-1:1:secret:t' }],
        },
      ],
    })
    const ran = await at.client.send(
      new RunTaskCommand({
        cluster: 'prod',
        taskDefinition,
        startedBy: 'a-job',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
        overrides: {
          containerOverrides: [
            {
              name: 'tool',
              command: ['up', '--now'],
              environment: [{ name: 'STAGE', value: 'prod' }],
            },
          ],
        },
      }),
    )
    const arn = ran.tasks?.[0]?.taskArn
    expect(ran.tasks?.[0]).toMatchObject({ lastStatus: 'PROVISIONING', startedBy: 'a-job' })
    await at.clock.advance(MINUTE)
    expect((await describe(arn))?.lastStatus).toBe('RUNNING')
    const [process] = at.runtime.processes
    expect(process?.request.command).toEqual(['up', '--now'])
    expect(process?.request.environment).toMatchObject({
      STAGE: 'prod',
      TOKEN: 'value of arn:aws:secretsmanager:us-east-1:1:secret:t',
      AWS_REGION: 'us-east-1',
    })
    await at.clock.advance(MINUTE)
    expect(await describe(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 0 }],
    })
    const listed = await at.client.send(
      new ListTasksCommand({ cluster: 'prod', startedBy: 'a-job', desiredStatus: 'STOPPED' }),
    )
    expect(listed.taskArns).toEqual([arn])
  })

  test('stopped by a person say so and are replaced', async () => {
    await at.open()
    const [task] = await at.tasks()
    await at.client.send(
      new StopTaskCommand({ cluster: 'prod', task: task?.taskArn, reason: 'a drill' }),
    )
    await at.clock.advance(10 * MINUTE)
    expect(await describe(task?.taskArn)).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'a drill',
      lastStatus: 'STOPPED',
    })
    expect(await at.tasks()).toHaveLength(2)
    await at.clock.advance(61 * MINUTE)
    expect(await describe(task?.taskArn)).toBeUndefined()
  })
})

test.each([
  ['half of the desired count, but at least 3', undefined, 2, 3],
  ['half of the desired count', undefined, 9, 5],
  ['at most 200', undefined, 1000, 200],
  ['a count as it is', { type: 'COUNT', value: 1 }, 50, 1],
  ['an own percentage with the bounds', { type: 'BOUNDED_PERCENT', value: 10 }, 10, 3],
  ['an own percentage without bounds', { type: 'UNBOUNDED_PERCENT', value: 10 }, 10, 1],
] as const)('the circuit breaker counts to %s', (_, thresholdConfiguration, desired, expected) => {
  const breaker = { enable: true, rollback: true, thresholdConfiguration }
  expect(failureThreshold(breaker, desired)).toBe(expected)
})
