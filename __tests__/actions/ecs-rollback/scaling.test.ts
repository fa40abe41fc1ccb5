import { DeregisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling'
import { afterEach, describe, expect, test } from '@jest/globals'
import { MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

const suspended = {
  DynamicScalingInSuspended: true,
  DynamicScalingOutSuspended: true,
  ScheduledScalingSuspended: true,
}
const scheduledOnly = {
  ...{ DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false },
  ScheduledScalingSuspended: true,
}
const bounds = { MinCapacity: 2, MaxCapacity: 10 }

/** What was asked of Application Auto Scaling after the scene was made. */
const asked = () =>
  at.gateway.calls
    .list({ service: 'application-autoscaling' })
    .map(({ operation, error }) => (error ? `${operation}: ${error}` : operation))

/** What the journal says was done, in order. */
const written = () => at.entries.map(({ operation, on, detail }) => [operation, on, detail])

async function scaled(more: Parameters<Scene['autoscale']>[1] = bounds): Promise<void> {
  at = await scene()
  await at.takePoint()
  await at.autoscale('web', more)
  await at.clock.advance(5 * MINUTE)
  at.gateway.calls.clear()
}

describe('stop', () => {
  test('writes bounds and suspended state down, suspends autoscaling, then takes the service to no task', async () => {
    await scaled({ ...bounds, SuspendedState: scheduledOnly })
    const result = await at.run({ mode: 'stop' })
    expect(result.outcome).toBe('done')
    const before = { in: false, out: false, scheduled: true }
    expect(written()).toEqual([
      ['suspend-scaling', 'web', { min: 2, max: 10, suspended: before }],
      ['stop', 'web', { desiredCount: 2 }],
    ])
    expect(await at.autoscaling('web')).toBe('2 to 10, in out scheduled')
    await at.load('web', 7)
    await at.clock.advance(5 * MINUTE)
    expect(await at.shows('web')).toBe('web:1 0/0 COMPLETED')
  })

  test('records what autoscaling made of the service until it was suspended', async () => {
    await scaled()
    const inner = at.clients.scaling.send.bind(at.clients.scaling)
    // Load rises between the first look and the suspension.
    Object.assign(at.clients.scaling, {
      send: async (command: Parameters<typeof inner>[0]) => {
        if (command.constructor.name === 'RegisterScalableTargetCommand') await at.load('web', 6)
        return inner(command)
      },
    })
    await at.run({ mode: 'stop' })
    expect(written().at(-1)).toEqual(['stop', 'web', { desiredCount: 6 }])
  })

  test('again sends nothing, and start brings back the state from before the first', async () => {
    await scaled({ ...bounds, SuspendedState: scheduledOnly })
    await at.run({ mode: 'stop' })
    const count = at.entries.length
    expect((await at.run({ mode: 'stop' })).outcome).toBe('unchanged')
    expect(at.entries.slice(count)).toEqual([])
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.autoscaling('web')).toBe('2 to 10, scheduled')
  })

  test('leaves autoscaling alone that was suspended before, and so does start', async () => {
    await scaled({ ...bounds, SuspendedState: suspended })
    await at.run({ mode: 'stop' })
    await at.run({ mode: 'start' })
    expect(asked()).toEqual(['DescribeScalableTargets', 'DescribeScalableTargets'])
    expect(await at.autoscaling('web')).toBe('2 to 10, in out scheduled')
  })

  test('of services without autoscaling asks once for all of them', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`)
    at = await scene({ names, service: { desiredCount: 1 } })
    at.gateway.calls.clear()
    await at.run({ mode: 'stop', services: names })
    expect(asked()).toEqual(['DescribeScalableTargets'])
  }, 60_000)

  test('that may not read autoscaling names the permission and goes on', async () => {
    await scaled()
    at.gateway.faults.set([{ effect: 'denied', service: 'application-autoscaling' }])
    const result = await at.run({ mode: 'stop' })
    expect(result.outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 0/0 COMPLETED')
    expect(result.lines.join('\n')).toContain(
      'grant application-autoscaling:DescribeScalableTargets to the role of this job',
    )
  })

  test('that may not suspend autoscaling leaves the service and names the permission', async () => {
    await scaled()
    at.gateway.faults.set([{ effect: 'denied', operation: 'RegisterScalableTarget' }])
    const result = await at.run({ mode: 'stop' })
    expect([result.outcome, await at.shows('web')]).toEqual(['failed', 'web:1 2/2 COMPLETED'])
    expect(result.headline).toContain('its autoscaling could not be suspended')
    expect(result.next?.[0]).toContain('grant application-autoscaling:RegisterScalableTarget')
    expect(written().map(([operation]) => operation)).toEqual(['suspend-scaling'])
  })

  test('of a service without a task does not start some by suspending its autoscaling', async () => {
    await scaled()
    await at.update('web', { desiredCount: 0 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({ mode: 'stop' })
    expect(result.lines.join('\n')).toContain('at 0 tasks that would start 2')
    expect([result.outcome, await at.shows('web')]).toEqual(['unchanged', 'web:1 0/0 COMPLETED'])
    expect((await at.run({ mode: 'start' })).outcome).toBe('unchanged')
    expect(await at.shows('web')).toBe('web:1 0/0 COMPLETED')
  })

  test('of a service that scales from zero suspends that, and start resumes it', async () => {
    await scaled({ MinCapacity: 0, MaxCapacity: 4 })
    await at.update('web', { desiredCount: 0 })
    await at.clock.advance(5 * MINUTE)
    expect((await at.run({ mode: 'stop' })).outcome).toBe('done')
    await at.load('web', 3)
    expect(await at.shows('web')).toBe('web:1 0/0 COMPLETED')
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    await at.clock.advance(5 * MINUTE)
    expect(await at.shows('web')).toBe('web:1 3/3 COMPLETED')
  })

  test('in a dry run says that it would, and writes nothing', async () => {
    await scaled()
    const result = await at.run({ mode: 'stop', dryRun: true })
    expect(JSON.stringify(result.sections)).toContain(
      'its autoscaling (2 to 10 tasks) would be suspended first',
    )
    expect([at.entries, await at.autoscaling('web')]).toEqual([[], '2 to 10'])
  })

  test('without a store prints how to resume autoscaling by hand', async () => {
    await scaled()
    const { lines } = await at.run({ mode: 'stop', withoutStore: true })
    expect(lines.join('\n')).toContain(
      'aws application-autoscaling register-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/prod/web --suspended-state DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false',
    )
  })
})

describe('start', () => {
  test('starts at least the minimum of autoscaling', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    await at.autoscale('web', { MinCapacity: 4 })
    await at.update('web', { desiredCount: 0 })
    await at.clock.advance(5 * MINUTE)
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 4/4 COMPLETED')
  })

  test('that finds the tasks running resumes autoscaling all the same', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    await at.update('web', { desiredCount: 3 })
    await at.clock.advance(5 * MINUTE)
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect([await at.shows('web'), await at.autoscaling('web')]).toEqual([
      'web:1 3/3 COMPLETED',
      '2 to 10',
    ])
    const again = await at.run({ mode: 'start' })
    expect(again.outcome).toBe('unchanged')
    expect(asked().filter((operation) => operation === 'RegisterScalableTarget').length).toBe(2)
  })

  test('resumes autoscaling before the service is proven: load is there from the first task', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    await at.load('web', 7)
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 5000, code: 3 })
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, await at.autoscaling('web')]).toEqual(['failed', '2 to 10'])
  })

  test('never lets stale reads lower the count to the minimum', async () => {
    at = await scene({ staleReadsMs: 20_000, service: { desiredCount: 6 } })
    await at.takePoint()
    await at.autoscale('web')
    await at.run({ mode: 'stop' })
    await at.clock.advance(5 * MINUTE)
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect([await at.shows('web'), await at.autoscaling('web')]).toEqual([
      'web:1 6/6 COMPLETED',
      '2 to 10',
    ])
  })

  test('of more tasks than the maximum that autoscaling has ends with that many', async () => {
    at = await scene({ service: { desiredCount: 2 } })
    await at.takePoint()
    await at.autoscale('web', { MinCapacity: 1, MaxCapacity: 3 })
    await at.update('web', { desiredCount: 5 })
    await at.clock.advance(5 * MINUTE)
    await at.run({ mode: 'stop' })
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 3/3 COMPLETED')
  })

  test('leaves a suspended state that somebody changed since, and says so', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    const SuspendedState = { ...suspended, DynamicScalingOutSuspended: false }
    await at.autoscale('web', { SuspendedState })
    const result = await at.run({ mode: 'start' })
    expect(result.lines.join('\n')).toContain('its autoscaling was changed since the stop')
    expect(await at.autoscaling('web')).toBe('2 to 10, in scheduled')
  })

  test('never registers a target that is gone', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    await at.clients.scaling.send(
      new DeregisterScalableTargetCommand({
        ServiceNamespace: 'ecs',
        ResourceId: 'service/prod/web',
        ScalableDimension: 'ecs:service:DesiredCount',
      }),
    )
    const result = await at.run({ mode: 'start' })
    expect(result.lines.join('\n')).toContain('has none now')
    expect([result.outcome, await at.autoscaling('web')]).toEqual(['done', 'none'])
  })

  test('that may not resume autoscaling fails, with the permission and the command by hand', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    at.gateway.faults.set([{ effect: 'denied', operation: 'RegisterScalableTarget' }])
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, await at.shows('web')]).toEqual(['failed', 'web:1 2/2 COMPLETED'])
    expect(result.headline).toContain('its autoscaling stays suspended')
    expect(result.next?.join('\n')).toContain('--suspended-state DynamicScalingInSuspended=false')
    at.gateway.faults.set([])
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.autoscaling('web')).toBe('2 to 10')
  })

  test('in a dry run says that autoscaling would come back, and changes nothing', async () => {
    await scaled()
    await at.run({ mode: 'stop' })
    const result = await at.run({ mode: 'start', dryRun: true })
    expect(JSON.stringify(result.sections)).toContain('its autoscaling would be as before the stop')
    expect(await at.autoscaling('web')).toBe('2 to 10, in out scheduled')
  })
})

describe('a rollback', () => {
  test('keeps the count that autoscaling raised, also while it is under way, and asks nothing of autoscaling', async () => {
    await scaled()
    await at.deployBad()
    await at.load('web', 9)
    await at.clock.advance(5 * MINUTE)
    expect(await at.shows('web')).toBe('web:2 9/9 COMPLETED')
    at.gateway.calls.clear()
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 9/9 COMPLETED'])
    expect(asked()).toEqual([])
  })

  test('is followed up by autoscaling while it is under way', async () => {
    await scaled()
    await at.deployBad()
    const load = at.clock.after(30_000, () => at.load('web', 9))
    const result = await at.run({})
    load.cancel()
    await at.clock.advance(5 * MINUTE)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 9/9 COMPLETED'])
  })
})
