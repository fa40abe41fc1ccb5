import {
  ContinueServiceDeploymentCommand,
  type DeploymentConfiguration,
  StopServiceDeploymentCommand,
} from '@aws-sdk/client-ecs'
import type { Result } from '#core'
import { observeServices, observeTasks } from '#ecs'
import type { Ports } from '#health'
import { testRun } from '../../support/run.ts'
import { CLUSTER, MINUTE, type Scene, scene } from '../ecs-rollback/scene.ts'
import { current, paused, strategies } from '../ecs-rollback/seen.ts'
import { act, noPorts, settingsOf, stocked } from './stage.ts'

let at: Scene
afterEach(() => at.close())

const portsOf = ({ clients }: Scene): Ports => ({
  ...noPorts,
  services: (where) => observeServices(clients, where),
  tasks: (where) => observeTasks(clients, where),
})

/** A service whose deployments shift traffic, and the beginning of a release. */
async function release(deploymentConfiguration: DeploymentConfiguration, image = 'web:v2') {
  at = await scene({ service: { deploymentConfiguration } })
  const takenAt = new Date(at.clock.now()).toISOString()
  const { store } = await stocked(testRun({ clock: at.clock }), { takenAt })
  await at.clock.advance(1_000)
  at.push(image)
  await at.update('web', { taskDefinition: await at.register('web', image) })
  return (watch: string): Promise<Result> => {
    const settings = settingsOf({ checks: '- ecs: true', cluster: CLUSTER, services: 'web', watch })
    return act(testRun({ clock: at.clock }), portsOf(at), { settings, store })
  }
}

describe.each(strategies)('a release with strategy $strategy', (configuration) => {
  test('is healthy once its stages are over, all of which are only late', async () => {
    const verify = await release(configuration)
    const result = await verify('25m')
    expect([result.outputs?.verdict, await at.shows('web')]).toEqual([
      'healthy',
      'web:2 2/2 COMPLETED',
    ])
  })

  test('is unhealthy when it is taken back while it is watched', async () => {
    const verify = await release(configuration)
    at.clock.after(3 * MINUTE, async () => {
      const { serviceDeploymentArn } = await current(at)
      await at.clients.ecs.send(
        new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }),
      )
    })
    const began = at.clock.now()
    const result = await verify('25m')
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(at.clock.now() - began).toBeLessThan(5 * MINUTE)
  })

  test('is unhealthy when ECS had taken it back before anybody looked', async () => {
    const verify = await release(configuration)
    await at.clock.advance(3 * MINUTE)
    const { serviceDeploymentArn } = await current(at)
    await at.clients.ecs.send(
      new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }),
    )
    await at.clock.advance(30 * MINUTE)
    expect((await verify('5m')).outputs).toMatchObject({ verdict: 'unhealthy' })
  })
})

describe('a release that waits at a hook', () => {
  test('is healthy when somebody lets it go on in time', async () => {
    const verify = await release(paused)
    at.clock.after(10 * MINUTE, async () => {
      const { serviceDeploymentArn, lifecycleHookDetails } = await current(at)
      const hookId = lifecycleHookDetails?.[0]?.hookId
      await at.clients.ecs.send(
        new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action: 'CONTINUE' }),
      )
    })
    expect((await verify('25m')).outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('is held against nobody until the watch ends, and is not healthy then', async () => {
    const verify = await release(paused)
    const began = at.clock.now()
    const result = await verify('25m')
    expect(result.outputs?.verdict).not.toBe('healthy')
    expect(result.outputs?.reason).toContain('rollout of web:2 in progress')
    expect(at.clock.now() - began).toBeGreaterThanOrEqual(25 * MINUTE)
  })
})
