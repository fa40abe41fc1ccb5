import { type DeploymentConfiguration, DescribeServicesCommand } from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Result } from '#core'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { clientsOf, MINUTE, type Scene, scene, type Transport } from './scene.ts'
import { newerAws } from './wires.ts'

let at: Scene
afterEach(() => at.close())

const operations = () => at.entries.map(({ operation, on }) => `${operation} ${on}`)

function outcomes(result: Result): Readonly<Record<string, string>> {
  const data = result.data as { services: { service: string; outcome: string }[] }
  return Object.fromEntries(data.services.map(({ service, outcome }) => [service, outcome]))
}

describe('in declared order', () => {
  const names = ['web', 'api', 'worker']

  test('one service is changed after the other is back', async () => {
    at = await scene({ names })
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({ order: 'declared' })
    expect(result.outcome).toBe('done')
    expect(operations()).toEqual(names.map((name) => `update-service ${name}`))
    const times = at.entries.map((entry) => Date.parse(entry.at))
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(MINUTE / 2)
  })

  test('those after one that failed are not touched and not called unchanged; a repeated run goes on', async () => {
    at = await scene({ names })
    await at.takePoint()
    await at.deployBad()
    at.runtime.behave('api:v1', { kind: 'crashes', afterMs: 1000, code: 1 })
    const result = await at.run({ order: 'declared' })
    expect([result.outcome, outcomes(result)]).toEqual([
      'partial',
      { web: 'done', api: 'failed', worker: 'refused' },
    ])
    expect(result.outputs?.['services-failed']).toBe('api,worker')
    expect([await at.shows('worker'), await at.deployments('worker')]).toEqual([
      'worker:2 2/2 COMPLETED',
      2,
    ])
    await at.clock.advance(10 * MINUTE)
    at.runtime.behave('api:v1', { kind: 'healthy' })
    const again = await at.run({ order: 'declared' })
    expect(outcomes(again)).toEqual({ web: 'unchanged', api: 'done', worker: 'done' })
  })

  test('a refusal of the last leaves the first alone: all are planned before any is changed', async () => {
    at = await scene({ names })
    await at.takePoint((point) => {
      const services = (point.components.ecs?.services ?? []).map((one) =>
        one.name === 'worker' ? { ...one, taskDefinition: 'worker:9' } : one,
      )
      return { ...point, components: { ecs: { cluster: 'prod', services } } }
    })
    await at.deployBad()
    const result = await at.run({ order: 'declared' })
    expect([result.outcome, at.entries]).toEqual(['refused', []])
  })

  test('a fix that somebody deploys while an earlier service goes back is left to them', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    at.push('api:v3')
    const fix = await at.register('api', 'api:v3')
    at.clock.after(20_000, () => at.update('api', { taskDefinition: fix }))
    const result = await at.run({ order: 'declared' })
    expect(outcomes(result)).toEqual({ web: 'done', api: 'superseded' })
    await at.clock.advance(10 * MINUTE)
    expect(await at.shows('api')).toBe('api:3 2/2 COMPLETED')
  })
})

describe('protect-rollback', () => {
  const breaker: DeploymentConfiguration = {
    deploymentCircuitBreaker: {
      enable: true,
      rollback: true,
      thresholdConfiguration: { type: 'COUNT', value: 1 },
    },
    minimumHealthyPercent: 50,
    maximumPercent: 150,
  }

  const configuration = async () => {
    const command = new DescribeServicesCommand({ cluster: 'prod', services: ['web'] })
    return (await at.clients.ecs.send(command)).services?.[0]?.deploymentConfiguration
  }

  /** Clients that note what UpdateService is told of the circuit breaker. */
  function noting(told: unknown[]) {
    const inner = inProcessHandler(at.gateway)
    const transport: Transport = {
      handle: async (request) => {
        if ((request.headers['x-amz-target'] ?? '').endsWith('.UpdateService')) {
          const text = new TextDecoder().decode(request.body as Uint8Array)
          told.push(JSON.parse(text).deploymentConfiguration)
        }
        return inner.handle(request)
      },
    }
    return clientsOf(transport)
  }

  test('switches ECS’s own rollback off with the update and on again when it is watched', async () => {
    at = await scene({ service: { deploymentConfiguration: breaker } })
    await at.takePoint()
    await at.deployBad()
    const before = await configuration()
    const told: unknown[] = []
    const result = await at.run({ protectRollback: true, clients: noting(told) })
    expect(result.outcome).toBe('done')
    expect(told).toEqual([
      {
        ...before,
        deploymentCircuitBreaker: { ...before?.deploymentCircuitBreaker, rollback: false },
      },
      before,
    ])
    expect(await configuration()).toEqual(before)
    expect(operations()).toEqual(['update-service web', 'restore-deployment-configuration web'])
  })

  test('keeps ECS from putting the bad version back when the destination fails', async () => {
    const deploymentConfiguration = { ...breaker, maximumPercent: 200 }
    at = await scene({ service: { deploymentConfiguration, desiredCount: 1 } })
    await at.takePoint()
    await at.deployBad()
    const before = await configuration()
    at.images.remove('web:v1')
    const result = await at.run({ protectRollback: true })
    expect([result.outcome, result.headline]).toEqual([
      'failed',
      expect.not.stringContaining('undone'),
    ])
    expect(await configuration()).toEqual(before)
  })

  test('sends nothing of it where ECS has no rollback of its own', async () => {
    at = await scene({ service: { deploymentConfiguration: {} } })
    await at.takePoint()
    await at.deployBad()
    const told: unknown[] = []
    const result = await at.run({ protectRollback: true, clients: noting(told) })
    expect([result.outcome, told]).toEqual(['done', [undefined]])
  })

  test('is switched on again when the run is cut short, and there is nothing left to do at its end', async () => {
    at = await scene({ service: { deploymentConfiguration: breaker } })
    await at.takePoint()
    await at.deployBad()
    const before = await configuration()
    const left = new Set<() => Promise<void>>()
    let after: unknown
    at.clock.after(20_000, async () => {
      for (const work of left) await work()
      after = await configuration()
    })
    const onCut = (work: () => Promise<void>) => {
      left.add(work)
      return () => void left.delete(work)
    }
    await at.run({ protectRollback: true, onCut })
    expect([after, left.size]).toEqual([before, 0])
  })

  test('that cannot be put back does not pass, and a repeated run puts it back', async () => {
    at = await scene({ service: { deploymentConfiguration: breaker } })
    await at.takePoint()
    await at.deployBad()
    const before = await configuration()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'UpdateService', match: '"rollback":true' },
    ])
    const result = await at.run({ protectRollback: true })
    expect([result.outcome, result.headline]).toEqual([
      'partial',
      expect.stringContaining('own rollbacks are still switched off'),
    ])
    expect((await configuration())?.deploymentCircuitBreaker?.rollback).toBe(false)
    at.gateway.faults.clear()
    const again = await at.run({})
    expect([again.outcome, await configuration()]).toEqual(['unchanged', before])
  })

  test('is refused where it would lose a member that the SDK does not know', async () => {
    at = await scene({ service: { deploymentConfiguration: breaker } })
    await at.takePoint()
    await at.deployBad()
    const clients = newerAws(at, 'DescribeServices', ({ services }) => {
      for (const one of services) one.deploymentConfiguration.shinyNewKnob = { mode: 'x' }
    })
    const result = await at.run({ protectRollback: true, clients })
    expect([result.outcome, result.headline, at.entries]).toEqual([
      'refused',
      expect.stringContaining('would lose shinyNewKnob'),
      [],
    ])
  })
})
