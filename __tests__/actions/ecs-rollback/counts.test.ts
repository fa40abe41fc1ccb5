import { afterEach, describe, expect, test } from '@jest/globals'
import { MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

const both = (first: string, second: string) => [first, second]

describe('stop', () => {
  test('records the counts, then takes the services to no task and waits until nothing runs', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.update('api', { desiredCount: 3 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({ mode: 'stop' })
    expect(result.outcome).toBe('done')
    expect(at.entries.map(({ operation, on, detail }) => [operation, on, detail])).toEqual([
      ['stop', 'web', { desiredCount: 2 }],
      ['stop', 'api', { desiredCount: 3 }],
    ])
    expect(both(await at.shows('web'), await at.shows('api'))).toEqual([
      'web:1 0/0 COMPLETED',
      'api:1 0/0 COMPLETED',
    ])
    expect(at.runtime.processes.filter((process) => process.alive())).toEqual([])
  })

  test('again changes nothing and never records 0 over the count', async () => {
    at = await scene()
    await at.run({ mode: 'stop' })
    const again = await at.run({ mode: 'stop' })
    expect(again.outcome).toBe('unchanged')
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 2/2 COMPLETED')
  })

  test('that is not over in time is inconclusive and says how many tasks are left', async () => {
    at = await scene()
    at.runtime.behave('web:v1', { kind: 'stubborn' })
    const result = await at.run({ mode: 'stop', timeout: 10_000 })
    expect(result.outcome).toBe('inconclusive')
    expect(result.headline).toContain('out of time; seen last: 2 tasks are alive')
  })

  test('in a dry run changes nothing', async () => {
    at = await scene()
    const result = await at.run({ mode: 'stop', dryRun: true })
    expect([result.outcome, await at.shows('web'), at.entries]).toEqual([
      'planned',
      'web:1 2/2 COMPLETED',
      [],
    ])
  })

  test('without a store says that the counts are not kept', async () => {
    at = await scene()
    const result = await at.run({ mode: 'stop', withoutStore: true })
    expect(result.outcome).toBe('done')
    expect(result.lines.some((line) => line.includes('mode start will not find them'))).toBe(true)
  })
})

describe('start', () => {
  test('brings back the recorded count, and proves what runs', async () => {
    at = await scene()
    await at.takePoint()
    await at.run({ mode: 'stop' })
    const result = await at.run({ mode: 'start' })
    expect(result.outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 2/2 COMPLETED')
    expect((await at.run({ mode: 'start' })).outcome).toBe('unchanged')
  })

  test('never lowers a count that rose since', async () => {
    at = await scene()
    await at.run({ mode: 'stop' })
    await at.update('web', { desiredCount: 5 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, await at.shows('web')]).toEqual(['unchanged', 'web:1 5/5 COMPLETED'])
  })

  test('waits while reads still show the count before it', async () => {
    at = await scene({ staleReadsMs: 30_000 })
    await at.run({ mode: 'stop' })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('without a recorded count is refused, with the call to make by hand', async () => {
    at = await scene({ service: { desiredCount: 0 } })
    const result = await at.run({ mode: 'start' })
    expect(result.outcome).toBe('refused')
    expect(result.next?.join('\n')).toContain('--desired-count')
  })

  test('of a service that had no task leaves it so', async () => {
    at = await scene({ service: { desiredCount: 0 } })
    await at.run({ mode: 'stop' })
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, await at.shows('web')]).toEqual(['unchanged', 'web:1 0/0 COMPLETED'])
  })

  test('of tasks that crash ends failed with the cause', async () => {
    at = await scene()
    await at.run({ mode: 'stop' })
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 5000, code: 3 })
    const result = await at.run({ mode: 'start' })
    expect(result.outcome).toBe('failed')
    expect(result.headline).toContain('exit code 3')
  })
})

describe('a rollback between stop and start', () => {
  test('prepares the services without a task, and start proves the recorded digests', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    await at.run({ mode: 'stop' })
    const prepared = await at.run({})
    expect(prepared.outcome).toBe('done')
    expect(JSON.stringify(prepared.sections)).toContain('prepared, stopped: mode start finishes it')
    expect(await at.shows('web')).toBe('web:1 0/0 COMPLETED')
    expect((await at.run({ mode: 'start' })).outcome).toBe('done')
    expect(both(await at.shows('web'), await at.shows('api'))).toEqual([
      'web:1 2/2 COMPLETED',
      'api:1 2/2 COMPLETED',
    ])
  })

  test('finds at start that a tag has moved', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.run({ mode: 'stop' })
    at.push('web:v1', 'something else')
    await at.run({})
    const result = await at.run({ mode: 'start' })
    expect(result.outcome).toBe('failed')
    expect(result.headline).toContain('the tag of its image has moved')
  })
})

describe('redeploy', () => {
  test('starts new tasks of the same task definition', async () => {
    at = await scene()
    const result = await at.run({ mode: 'redeploy' })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(await at.deployments('web')).toBe(2)
  })

  test('that was sent by this run is not sent again', async () => {
    at = await scene()
    await at.run({ mode: 'redeploy', timeout: 20_000 })
    const again = await at.run({ mode: 'redeploy' })
    expect([again.outcome, await at.deployments('web')]).toEqual(['done', 2])
  })

  test.each([1, 2])('whose answer is lost %i times starts one deployment', async (times) => {
    at = await scene()
    at.gateway.faults.set([
      { effect: 'applied-answer-lost', service: 'ecs', operation: 'UpdateService', to: times },
    ])
    const result = await at.run({ mode: 'redeploy' })
    expect([result.outcome, await at.deployments('web')]).toEqual(['done', 2])
  })

  test('that never arrived is sent again', async () => {
    at = await scene()
    at.gateway.faults.set([{ effect: 'reset', service: 'ecs', operation: 'UpdateService', to: 2 }])
    const result = await at.run({ mode: 'redeploy' })
    expect([result.outcome, await at.deployments('web')]).toEqual(['done', 2])
  })

  test('of a service without a task is refused', async () => {
    at = await scene({ service: { desiredCount: 0 } })
    expect((await at.run({ mode: 'redeploy' })).outcome).toBe('refused')
  })
})
