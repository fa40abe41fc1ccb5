import type { Result, Run } from '#core'
import { observeServices, observeTasks } from '#ecs'
import { baseline, type Ports } from '#health'
import { MINUTE, type Shop, shop } from '../../sandbox/ecs/shop.ts'
import { testRun } from '../../support/run.ts'
import { act, noPorts, settingsOf, stocked } from './stage.ts'

let opened: Shop | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

/** A simulated ECS with a running service `web`, and a run on its virtual clock. */
async function openShop(): Promise<{ street: Shop; run: Run; ports: Ports }> {
  const street = await shop()
  opened = street
  await street.open()
  const clients = { ecs: street.client, once: street.client }
  return {
    street,
    run: testRun({ clock: street.clock }),
    ports: {
      ...noPorts,
      services: (where) => observeServices(clients, where),
      tasks: (where) => observeTasks(clients, where),
    },
  }
}

const ecsSettings = (more: { readonly [name: string]: string } = {}) =>
  settingsOf({ checks: '- ecs: true', cluster: 'prod', services: 'web', watch: '10m', ...more })

const verifyEcs = (run: Run, ports: Ports, more = {}): Promise<Result> =>
  act(run, ports, { settings: ecsSettings(more), store: undefined })

describe('the ECS check, over a simulated ECS and the real client,', () => {
  test('is healthy on a service that runs', async () => {
    const { run, ports } = await openShop()
    const result = await verifyEcs(run, ports, { watch: '1m' })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect(await baseline(run, ports, ecsSettings().plan)).toMatchObject({ verdict: 'healthy' })
  })

  test('waits for a good rollout that nobody waited for', async () => {
    const { street, run, ports } = await openShop()
    street.push('web:2')
    await street.update({ taskDefinition: await street.revision('web:2') })
    const result = await verifyEcs(run, ports)
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect(run.clock.now()).toBeGreaterThan(0)
  })

  test('is unhealthy at the second crash, minutes before the circuit breaker', async () => {
    const { street, run, ports } = await openShop()
    street.push('web:6')
    street.runtime.behave('web:6', { kind: 'crashes', afterMs: 1_000, code: 1 })
    await street.update({ taskDefinition: await street.revision('web:6') })
    const began = street.clock.now()
    const result = await verifyEcs(run, ports)
    expect(result.outputs?.verdict).toBe('unhealthy')
    expect(result.outputs?.reason).toContain('tasks failed: container web exited with 1')
    expect(street.clock.now() - began).toBeLessThan(2 * MINUTE)
    const [primary] = (await street.service()).deployments ?? []
    expect(primary).toMatchObject({ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' })
  })

  test('is unhealthy when the image is missing', async () => {
    const { street, run, ports } = await openShop()
    await street.update({ taskDefinition: await street.revision('web:404') })
    const result = await verifyEcs(run, ports)
    expect(result.outputs?.reason).toContain('CannotPullContainerError')
  })

  test('is unhealthy when ECS had rolled back before anybody looked', async () => {
    const { street, run, ports } = await openShop()
    street.push('web:6')
    street.runtime.behave('web:6', { kind: 'crashes', afterMs: 1_000, code: 1 })
    await street.update({ taskDefinition: await street.revision('web:6') })
    const { store, objects } = await stocked(run)
    const key = 'production/4711/before.json'
    const point = JSON.parse(objects.content.get(key)?.text ?? '')
    const takenAt = new Date(street.clock.now()).toISOString()
    objects.content.set(key, { text: JSON.stringify({ ...point, takenAt }), etag: 'x' })
    await street.clock.advance(30 * MINUTE)
    const result = await act(testRun({ clock: street.clock }), ports, {
      settings: ecsSettings(),
      store,
    })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('rolling back to')
  })

  test('is unhealthy when somebody puts another revision in its place', async () => {
    const { street, run, ports } = await openShop()
    street.push('web:2')
    const other = await street.revision('web:2')
    street.clock.after(MINUTE, async () => void (await street.update({ taskDefinition: other })))
    const result = await verifyEcs(run, ports)
    expect(result.outputs?.reason).toContain('web:2 took the place of web:1')
  })

  test('is not unhealthy when tasks are added', async () => {
    const { street, run, ports } = await openShop()
    street.clock.after(MINUTE, async () => void (await street.update({ desiredCount: 4 })))
    expect((await verifyEcs(run, ports)).outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('is an error when the service does not exist', async () => {
    const { run, ports } = await openShop()
    const result = await verifyEcs(run, ports, { services: 'wbe' })
    expect(result).toMatchObject({ outcome: 'failed', outputs: { verdict: 'error' } })
    expect(result.headline).toContain('wbe')
    expect(result.next?.[0]).toContain('correct the names')
  })

  test('is an error when the cluster does not exist', async () => {
    const { run, ports } = await openShop()
    const result = await verifyEcs(run, ports, { cluster: 'porduction' })
    expect(result.outputs).toMatchObject({ verdict: 'error' })
  })

  test.each([
    ['always', () => true, 'inconclusive'],
    ['one time in ten', (n: number) => n % 10 === 0, 'healthy'],
  ])('throttled %s is no verdict against it', async (_, isThrottled, verdict) => {
    const { run, ports } = await openShop()
    let n = 0
    const services: Ports['services'] = async (where) => {
      n += 1
      if (isThrottled(n))
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' })
      return ports.services(where)
    }
    const result = await verifyEcs(run, { ...ports, services })
    expect(result.outputs).toMatchObject({ verdict })
  })
})
