import type { Result } from '#core'
import { captureServices, observeServices, observeTasks } from '#ecs'
import { baseline, type Ports } from '#health'
import { testRun } from '../../support/run.ts'
import { type CodeDeployScene, codeDeployScene, waits } from '../ecs-rollback/codedeploy-scene.ts'
import { CLUSTER, MINUTE } from '../ecs-rollback/scene.ts'
import { act, noPorts, settingsOf, stocked } from './stage.ts'

let at: CodeDeployScene
afterEach(() => at.close())

const portsOf = ({ clients }: CodeDeployScene): Ports => ({
  ...noPorts,
  services: (where) => observeServices(clients, where),
  tasks: (where) => observeTasks(clients, where),
})

const checks = { checks: '- ecs: true', cluster: CLUSTER, services: 'web' }

/** A store whose restore point has what runs now; its time is the end of this minute. */
async function pointed(run: ReturnType<typeof testRun>) {
  const { state } = await captureServices(at.clients, { cluster: CLUSTER, names: ['web'] })(run)
  const takenAt = new Date(at.clock.now()).toISOString()
  const components = state === undefined ? {} : { ecs: state }
  return (await stocked(run, { takenAt, components })).store
}

/** Verifies what `release` brings, after a restore point was taken. */
async function verifyAfter(
  release: () => Promise<unknown>,
  more: { readonly [name: string]: string } = {},
): Promise<Result> {
  const run = testRun({ clock: at.clock })
  const store = await pointed(run)
  await at.clock.advance(1_000)
  await release()
  const settings = settingsOf({ ...checks, watch: '10m', ...more })
  return act(testRun({ clock: at.clock }), portsOf(at), { settings, store })
}

const begin = async (image = 'web:v2') => {
  at.push(image)
  return at.begin(await at.register('web', image))
}

describe('a release by CodeDeploy', () => {
  test('is healthy while its old tasks wait for their end', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
    const result = await verifyAfter(() => at.release('web:v2', 10 * MINUTE))
    expect(await at.sets()).toEqual(['PRIMARY web:2 2/2', 'ACTIVE web:1 2/2'])
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('is healthy when nobody waited for it: its traffic comes while it is watched', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
    const result = await verifyAfter(begin)
    expect(await at.sets()).toEqual(['PRIMARY web:2 2/2', 'ACTIVE web:1 2/2'])
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('is healthy when its old tasks end while it is watched', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(5) })
    const result = await verifyAfter(begin)
    expect(await at.sets()).toEqual(['PRIMARY web:2 2/2'])
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('is not healthy while it waits for a person to let the traffic go', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60, true) })
    const result = await verifyAfter(() => at.release('web:v2', 10 * MINUTE))
    expect(result.outputs?.verdict).not.toBe('healthy')
    expect(result.outputs?.reason).toContain('CodeDeploy deploys web:2, 2 of 2 running')
  })

  test('is unhealthy when its tasks crash, an hour before CodeDeploy gives it up', async () => {
    at = await codeDeployScene()
    at.runtime.behave('web:v2', { kind: 'crashes', afterMs: 1_000, code: 1 })
    const began = at.clock.now()
    const result = await verifyAfter(begin)
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('tasks failed')
    expect(at.clock.now() - began).toBeLessThan(5 * MINUTE)
  })

  test.each([
    ['before it had traffic', MINUTE / 4],
    ['with traffic on it', 10 * MINUTE],
  ])(
    'is unhealthy when it was stopped %s and taken back before anybody looked',
    async (_, after) => {
      at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
      const result = await verifyAfter(async () => {
        await at.stopDeployment(await at.release('web:v2', after), true)
        await at.clock.advance(20 * MINUTE)
      })
      expect(await at.sets()).toEqual(['PRIMARY web:1 2/2'])
      expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
      expect(result.outputs?.reason).toContain('the task set of web:2 was given up')
    },
  )

  test('is unhealthy when it is taken back while it is watched', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
    const result = await verifyAfter(async () => {
      const deployment = await at.release('web:v2', 10 * MINUTE)
      at.clock.after(2 * MINUTE, () => at.stopDeployment(deployment, true))
    })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toMatch(/web:1 (serves|took the place of web:2)/)
  })

  test('that is taken back leaves a healthy service, with the bad tasks still waiting', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
    await at.takePoint()
    await at.release('web:v2', 90 * MINUTE)
    expect((await at.run({})).outcome).toBe('done')
    const settings = settingsOf({ ...checks, watch: '2m', expect: 'restored' })
    const run = testRun({ clock: at.clock })
    const result = await act(run, portsOf(at), { settings, store: undefined })
    expect(await at.sets()).toContain('ACTIVE web:2 2/2')
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('that was stopped before it had traffic and left its task set is healthy after the rollback, not as a release', async () => {
    at = await codeDeployScene()
    await at.takePoint()
    const stop = async () => at.stopDeployment(await at.release('web:v2', MINUTE / 4), false)
    const released = await verifyAfter(stop)
    expect(released.outputs?.verdict).not.toBe('healthy')
    expect((await at.run({})).outcome).toBe('unchanged')
    expect(await at.sets()).toEqual(['ACTIVE web:2 2/2', 'PRIMARY web:1 2/2'])
    const settings = settingsOf({ ...checks, watch: '2m', expect: 'restored' })
    const run = testRun({ clock: at.clock })
    const restored = await act(run, portsOf(at), { settings, store: undefined })
    expect(restored.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('leaves a healthy baseline for the next one, before its old tasks have ended', async () => {
    at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
    await at.release('web:v2', 10 * MINUTE)
    const { plan } = settingsOf(checks)
    const run = testRun({ clock: at.clock })
    expect(await baseline(run, portsOf(at), plan)).toMatchObject({ verdict: 'healthy' })
  })
})
