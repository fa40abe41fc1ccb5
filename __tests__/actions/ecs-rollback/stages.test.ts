import { ContinueServiceDeploymentCommand, type DeploymentConfiguration } from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { MINUTE, type Scene, scene } from './scene.ts'
import { current, paused, strategies } from './seen.ts'

let at: Scene
afterEach(() => at.close())

const operations = () => at.entries.map(({ operation }) => operation)

/** A service whose deployments shift traffic, with one good version and a verified restore point of it. */
async function staged(deploymentConfiguration: DeploymentConfiguration): Promise<void> {
  at = await scene({ service: { deploymentConfiguration } })
  await at.takePoint()
}

/** Begins to deploy an image to web and lets some of the time pass that it takes. */
async function begin(image = 'web:v2', after = 3 * MINUTE): Promise<void> {
  at.push(image)
  await at.update('web', { taskDefinition: await at.register('web', image) })
  await at.clock.advance(after)
}

describe.each(strategies)('a service with strategy $strategy', (configuration) => {
  test('is taken back by ECS while its deployment is under way', async () => {
    await staged(configuration)
    await begin()
    const began = at.clock.now()
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect([operations(), (await current(at)).status]).toEqual([
      ['stop-deployment'],
      'ROLLBACK_SUCCESSFUL',
    ])
    expect(at.clock.now() - began).toBeLessThan(2 * MINUTE)
  })

  test('is deployed over once its deployment has ended, until all production traffic is on it', async () => {
    await staged(configuration)
    await begin('web:v2', 40 * MINUTE)
    expect((await current(at)).status).toBe('SUCCESSFUL')
    const result = await at.run({ timeout: 60 * MINUTE })
    expect([result.outcome, operations()]).toEqual(['done', ['update-service']])
    const { status, targetServiceRevision } = await current(at)
    expect([status, targetServiceRevision?.requestedProductionTrafficWeight]).toEqual([
      'SUCCESSFUL',
      100,
    ])
  })

  test('whose deployment ECS would take back to another bad version is ended first, then deployed', async () => {
    await staged(configuration)
    await begin('web:v2', 40 * MINUTE)
    await begin('web:v3')
    const result = await at.run({ timeout: 60 * MINUTE })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(operations()).toEqual(['stop-deployment', 'update-service'])
  })
})

describe('a deployment that waits at a hook', () => {
  test('is answered with ROLLBACK', async () => {
    await staged(paused)
    await begin('web:v2', 10 * MINUTE)
    expect((await current(at)).lifecycleHookDetails?.[0]?.status).toBe('AWAITING_ACTION')
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect([operations(), (await current(at)).status]).toEqual([
      ['continue-deployment'],
      'ROLLBACK_SUCCESSFUL',
    ])
  })

  test('that somebody answers before us is judged again', async () => {
    await staged(paused)
    await begin('web:v2', 10 * MINUTE)
    const { serviceDeploymentArn, lifecycleHookDetails } = await current(at)
    const hookId = lifecycleHookDetails?.[0]?.hookId
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'ContinueServiceDeployment' },
    ])
    const denied = await at.run({})
    expect([denied.outcome, denied.next?.join('\n')]).toEqual([
      'failed',
      expect.stringContaining('grant ecs:ContinueServiceDeployment'),
    ])
    at.gateway.faults.clear()
    await at.clients.ecs.send(
      new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action: 'CONTINUE' }),
    )
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect((await current(at)).status).toBe('ROLLBACK_SUCCESSFUL')
  })

  test('when it is our own says whose gate it is, keeps waiting, and goes on when somebody opens it', async () => {
    await staged(paused)
    await begin('web:v2', 10 * MINUTE)
    const first = await current(at)
    await at.clients.ecs.send(
      new ContinueServiceDeploymentCommand({
        serviceDeploymentArn: first.serviceDeploymentArn,
        hookId: first.lifecycleHookDetails?.[0]?.hookId,
        action: 'CONTINUE',
      }),
    )
    await at.clock.advance(30 * MINUTE)
    at.clock.after(10 * MINUTE, async () => {
      const { serviceDeploymentArn, lifecycleHookDetails } = await current(at)
      const hookId = lifecycleHookDetails?.[0]?.hookId
      await at.clients.ecs.send(
        new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action: 'CONTINUE' }),
      )
    })
    const result = await at.run({ timeout: 60 * MINUTE })
    expect([result.outcome, operations()]).toEqual(['done', ['update-service']])
    expect(result.lines.join('\n')).toMatch(
      /waits for somebody at hook \S+ \(else ROLLBACK at \S+\): aws ecs continue-service-deployment .* --action CONTINUE/,
    )
  })
})
