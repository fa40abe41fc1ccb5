import {
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionsCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { MINUTE, type Scene, scene } from './scene.ts'
import { newerAws } from './wires.ts'

let at: Scene
afterEach(() => at.close())

const operations = () => at.entries.map(({ operation }) => operation)

/** A task definition without what differs from revision to revision, and its tags. */
async function described(taskDefinition: string) {
  const found = await at.clients.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }),
  )
  const {
    taskDefinitionArn: _arn,
    revision: _revision,
    status,
    registeredAt: _at,
    registeredBy: _by,
    deregisteredAt: _off,
    ...content
  } = found.taskDefinition ?? {}
  const tags = Object.fromEntries((found.tags ?? []).map(({ key, value }) => [key, value]))
  return { content, tags, status, image: content.containerDefinitions?.[0]?.image }
}

/** How many revisions of the family there are, of any status. */
async function revisions(): Promise<number> {
  const counts = await Promise.all(
    (['ACTIVE', 'INACTIVE'] as const).map(async (status) => {
      const command = new ListTaskDefinitionsCommand({ familyPrefix: 'web', status })
      return (await at.clients.ecs.send(command)).taskDefinitionArns?.length ?? 0
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

describe('a destination that is INACTIVE', () => {
  test('is registered again with all its fields and tags, and deployed', async () => {
    at = await scene()
    const environment = [{ name: 'DATABASE_PASSWORD', value: 'hunter2-in-plain' }]
    at.push('web:v1b')
    const more = { environment, command: ['serve', '--all'], stopTimeout: 60 }
    const rich = await at.register('web', 'web:v1b', more)
    await at.clients.ecs.send(
      new TagResourceCommand({ resourceArn: rich, tags: [{ key: 'team', value: 'shop' }] }),
    )
    await at.update('web', { taskDefinition: rich })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    const original = await described('web:2')
    await at.deregister('web:2')
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:4 2/2 COMPLETED'])
    expect(operations()).toEqual(['register-task-definition', 'update-service'])
    const copy = await described('web:4')
    const digest = at.images.find('web:v1b')?.digest
    expect(copy.tags).toEqual({
      team: 'shop',
      'rollback-of': 'web:2',
      'rollback-of:web': 'web:v1b',
    })
    expect(copy.image).toBe(`web@${digest}`)
    const withImage = (content: typeof copy.content, image: string) => ({
      ...content,
      containerDefinitions: content.containerDefinitions?.map((one) => ({ ...one, image })),
    })
    expect(withImage(copy.content, '')).toEqual(withImage(original.content, ''))
    expect((await described('web:2')).status).toBe('INACTIVE')
    expect(JSON.stringify([result, at.entries, result.lines])).not.toContain('hunter2-in-plain')
  })

  test('is registered once: a repeated run finds the copy and what runs is unchanged', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    await at.run({})
    const again = await at.run({})
    expect([again.outcome, await revisions(), await at.deployments('web')]).toEqual([
      'unchanged',
      3,
      3,
    ])
  })

  test('is registered once for two rollbacks: the second takes the copy of the first', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    await at.run({})
    at.entries.length = 0
    await at.update('web', { taskDefinition: 'web:2' })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:3 2/2 COMPLETED'])
    expect([operations(), await revisions()]).toEqual([['update-service'], 3])
  })

  test('is registered once when the answer to the registration is lost', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    at.gateway.faults.set([
      {
        effect: 'applied-answer-lost',
        service: 'ecs',
        operation: 'RegisterTaskDefinition',
        nth: 1,
      },
    ])
    const result = await at.run({})
    expect([result.outcome, await revisions()]).toEqual(['done', 3])
  })

  test('needs no copy where ECS goes back by itself', async () => {
    at = await scene()
    await at.takePoint()
    at.push('web:v2')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v2') })
    await at.clock.advance(20_000)
    await at.deregister('web:1')
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment']])
    expect([await at.shows('web'), await revisions()]).toEqual(['web:1 2/2 COMPLETED', 2])
  })

  test('needs no copy where it runs already', async () => {
    at = await scene()
    await at.takePoint()
    await at.deregister('web:1')
    const result = await at.run({})
    expect([result.outcome, await revisions()]).toEqual(['unchanged', 1])
  })

  test('says in a dry run that a copy would be deployed, and registers none', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    const result = await at.run({ dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(JSON.stringify(result.sections)).toContain('web:2 → a copy of web:1')
    expect([at.entries, await revisions()]).toEqual([[], 2])
  })

  test('that may not be registered fails with the permission and leaves the service alone', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'RegisterTaskDefinition' },
    ])
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['failed', 'web:2 2/2 COMPLETED'])
    expect(result.next?.join('\n')).toContain('grant ecs:RegisterTaskDefinition')
  })
})

describe('a field that the SDK does not know', () => {
  test.each([
    [
      'container',
      { shinyNewField: { mode: 'secret-value' } },
      'containerDefinitions[0].shinyNewField',
    ],
    ['task', { shinyNewField: 'secret-value' }, 'shinyNewField'],
  ] as const)('of the %s refuses the copy, by its name', async (where, member, path) => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    const clients = newerAws(at, 'DescribeTaskDefinition', ({ taskDefinition: task }) =>
      Object.assign(where === 'task' ? task : task.containerDefinitions[0], member),
    )
    const result = await at.run({ clients })
    expect(result.outcome).toBe('refused')
    expect(result.headline).toContain(`would lose ${path}`)
    expect(result.headline).toContain('--cli-input-json')
    expect([at.entries, await revisions()]).toEqual([[], 2])
    expect(JSON.stringify(result)).not.toContain('secret-value')
  })
})

describe('a tag that has moved', () => {
  test('is named by its digest in a copy once its tasks show it: the recorded image runs', async () => {
    at = await scene()
    const point = await at.takePoint()
    await at.deployBad()
    at.push('web:v1', 'something else')
    const result = await at.run({})
    const digest = point.components.ecs?.services[0]?.containers[0]?.digest
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:3 2/2 COMPLETED'])
    expect(operations()).toEqual(['update-service', 'register-task-definition', 'update-service'])
    expect(await described('web:3')).toMatchObject({
      image: `web@${digest}`,
      tags: { 'rollback-of': 'web:1', 'rollback-of:web': 'web:v1' },
    })
    const again = await at.run({})
    expect([again.outcome, await revisions()]).toEqual(['unchanged', 3])
  })

  test('like latest, under which the bad release runs too, is seen before anything is deployed', async () => {
    at = await scene()
    at.push('web:latest', 'good')
    await at.update('web', { taskDefinition: await at.register('web', 'web:latest') })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    at.push('web:latest', 'bad')
    await at.update('web', { forceNewDeployment: true })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual([
      'done',
      ['register-task-definition', 'update-service'],
    ])
    expect(await at.shows('web')).toBe('web:3 2/2 COMPLETED')
  })

  test('in ECR is asked for before anything is deployed', async () => {
    const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v0'
    at = await scene()
    at.push(image, 'good')
    await at.update('web', { taskDefinition: await at.register('web', image) })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    at.push(image, 'something else')
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual([
      'done',
      ['register-task-definition', 'update-service'],
    ])
  })

  test('that no restore point recorded is known from the revision that ran it: the same image runs', async () => {
    at = await scene()
    const digest = at.images.find('web:v1')?.digest
    await at.deployBad()
    at.push('web:v1', 'something else')
    const to = { destination: { by: 'revision' as const, taskDefinition: 'web:1' } }
    const result = await at.run({ ...to, withoutStore: true })
    expect([result.outcome, (await described('web:3')).image]).toEqual(['done', `web@${digest}`])
  })
})
