import { afterEach, describe, expect, test } from '@jest/globals'
import { MINUTE, type Scene, scene } from './scene.ts'
import { current, whyOf } from './seen.ts'
import { meanwhile } from './wires.ts'

let at: Scene
afterEach(() => at.close())

const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } }

/** Begins to deploy an image to web and lets some of the time pass that it takes. */
async function begin(image = 'web:v2', after = 20_000): Promise<void> {
  at.push(image)
  await at.update('web', { taskDefinition: await at.register('web', image) })
  await at.clock.advance(after)
}

/** How ECS calls the service deployment that is the current one. */
const status = async () => (await current(at)).status ?? ''

const operations = () => at.entries.map(({ operation }) => operation)

describe('a bad deployment that is under way', () => {
  test('is taken back by ECS to the old revision, without a new deployment', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    const began = at.clock.now()
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect([operations(), await at.deployments('web')]).toEqual([['stop-deployment'], 2])
    expect(await status()).toBe('ROLLBACK_SUCCESSFUL')
    expect(at.clock.now() - began).toBeLessThan(MINUTE)
  })

  test('is taken back by ECS also where the tag of its image has moved: the old revision keeps the digest', async () => {
    at = await scene()
    const point = await at.takePoint()
    await begin()
    at.push('web:v1', 'something else')
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment']])
    const digest = point.components.ecs?.services[0]?.containers[0]?.digest
    expect(JSON.stringify(result.data)).toContain(digest)
  })

  test('that restarts the same task definition with a moved tag is taken back to the digest', async () => {
    at = await scene()
    await at.takePoint()
    at.push('web:v1', 'something else')
    await at.update('web', { forceNewDeployment: true })
    await at.clock.advance(20_000)
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment']])
    expect(await status()).toBe('ROLLBACK_SUCCESSFUL')
  })

  test('is replaced where ECS would go back to another version', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await begin('web:v3')
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(operations()).toEqual(['update-service'])
  })

  test('is replaced, with a warning that names the permission, where its state may not be read', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'DescribeServiceDeployments' },
    ])
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['update-service']])
    expect(result.lines.join('\n')).toMatch(/warning: .*grant ecs:DescribeServiceDeployments/)
  })

  test('is replaced, with a warning that names the permission, where ECS may not be told', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'StopServiceDeployment' },
    ])
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['stop-deployment', 'update-service']])
    expect(result.lines.join('\n')).toMatch(/warning: .*grant ecs:StopServiceDeployment/)
  })

  test('that ends before ECS is told is judged again: deployed over', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    const clients = meanwhile(at, 'StopServiceDeployment', () => at.clock.advance(10 * MINUTE))
    const result = await at.run({ clients })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(operations()).toEqual(['stop-deployment', 'update-service'])
  })

  test('that somebody replaces by a fix before ECS is told is left to them', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    at.push('web:v3')
    const fix = await at.register('web', 'web:v3')
    const clients = meanwhile(at, 'StopServiceDeployment', async () => {
      await at.update('web', { taskDefinition: fix })
      await at.clock.advance(10 * MINUTE)
    })
    const result = await at.run({ clients })
    expect([result.outcome, await at.shows('web')]).toEqual(['superseded', 'web:3 2/2 COMPLETED'])
    const again = await at.run({})
    expect([again.outcome, await at.shows('web')]).toEqual(['superseded', 'web:3 2/2 COMPLETED'])
  })

  test('whose way back somebody replaces by a fix is left to them', async () => {
    at = await scene({ service: { desiredCount: 4 } })
    await at.takePoint()
    await begin('web:v2', 70_000)
    at.push('web:v3')
    const fix = await at.register('web', 'web:v3')
    at.clock.after(6000, () => at.update('web', { taskDefinition: fix }))
    const result = await at.run({})
    expect(result.outcome).toBe('superseded')
    await at.clock.advance(10 * MINUTE)
    expect((await at.run({})).outcome).toBe('superseded')
    expect(await at.shows('web')).toBe('web:3 4/4 COMPLETED')
  })

  test('is planned in a dry run, and nothing is sent', async () => {
    at = await scene()
    await at.takePoint()
    await begin()
    const result = await at.run({ dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(JSON.stringify(result.sections)).toContain('have ECS take it back')
    expect([await status(), at.entries]).toEqual(['IN_PROGRESS', []])
  })
})

describe('a deployment that ECS takes back by itself', () => {
  test('is watched without a call and ends unchanged', async () => {
    at = await scene({ service: { desiredCount: 4 } })
    await at.takePoint()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    for (let look = 0; (await status()) !== 'ROLLBACK_IN_PROGRESS'; look++) {
      if (look > 1000) throw new Error('never')
      await at.clock.advance(1000)
    }
    const result = await at.run({})
    expect([result.outcome, operations(), await status()]).toEqual([
      'unchanged',
      [],
      'ROLLBACK_SUCCESSFUL',
    ])
  })

  test('to a version that is bad too is followed by a deployment of the destination', async () => {
    at = await scene({ service: { deploymentConfiguration: breaker } })
    await at.takePoint()
    await at.deployBad()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await at.clock.advance(20 * MINUTE)
    expect([await at.shows('web'), await status()]).toEqual([
      'web:2 2/2 COMPLETED',
      'ROLLBACK_SUCCESSFUL',
    ])
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['done', ['update-service']])
    expect(await at.shows('web')).toBe('web:1 2/2 COMPLETED')
  })

  test('and cannot bring back ends failed, with the cause', async () => {
    const deploymentConfiguration = { ...breaker, minimumHealthyPercent: 0, maximumPercent: 100 }
    at = await scene({ service: { deploymentConfiguration } })
    await at.takePoint()
    await begin('web:v2', 70_000)
    at.images.remove('web:v1')
    const result = await at.run({})
    expect([result.outcome, operations()]).toEqual(['failed', ['stop-deployment']])
    expect(whyOf(result)).toContain('CannotPullContainerError')
  })
})

describe('our own deployments are not somebody else’s', () => {
  test('another destination after one that failed replaces it', async () => {
    at = await scene({ service: { deploymentConfiguration: {} } })
    await at.takePoint()
    at.push('web:v2')
    await at.register('web', 'web:v2')
    await begin('web:v3', 5 * MINUTE)
    at.images.remove('web:v2')
    const first = await at.run({ destination: { by: 'revision', taskDefinition: 'web:2' } })
    expect(first.outcome).toBe('failed')
    const second = await at.run({})
    expect([second.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('a fix of somebody else is not touched for another destination either', async () => {
    at = await scene()
    await at.takePoint()
    at.push('web:v2')
    await at.register('web', 'web:v2')
    await begin('web:v3', 5 * MINUTE)
    expect((await at.run({})).outcome).toBe('done')
    await begin('web:fix', 5 * MINUTE)
    const result = await at.run({ destination: { by: 'revision', taskDefinition: 'web:2' } })
    expect([result.outcome, await at.shows('web')]).toEqual(['superseded', 'web:4 2/2 COMPLETED'])
  })
})
