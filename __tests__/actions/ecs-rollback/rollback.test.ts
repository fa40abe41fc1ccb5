import { afterEach, describe, expect, test } from '@jest/globals'
import type { Result, Section } from '#core'
import { MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

/** The column of the table of services, by service. */
function column(result: Result, name: string): Readonly<Record<string, string>> {
  const table = result.sections?.find(
    (section): section is Extract<Section, { rows: unknown }> =>
      'rows' in section && section.columns.includes(name),
  )
  const index = table?.columns.indexOf(name) ?? 0
  return Object.fromEntries((table?.rows ?? []).map((row) => [row[0] ?? '', row[index] ?? '']))
}

/** What the screen of a service that did not end well says, one line per row. */
const screenOf = (result: Result, service: string) =>
  (result.sections ?? [])
    .flatMap((section) =>
      'rows' in section && section.title.startsWith(`${service} in prod`) ? section.rows : [],
    )
    .map((row) => row.join(': '))
    .join('\n')

describe('a rollback to the restore point of the deployment', () => {
  test('ends done when the recorded digests run on every task', async () => {
    at = await scene()
    const point = await at.takePoint()
    await at.deployBad()
    const result = await at.run({})
    expect(result.outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:1 2/2 COMPLETED')
    expect(result.outputs).toEqual({
      'environment-diff': expect.stringMatching(/^\{"web":\[.*"image".*\]\}$/),
      'services-rolled-back': 'web',
      'services-unchanged': '',
      'services-failed': '',
      'live-task-definitions': '{"web":"web:1"}',
      'bad-tasks-drained': 'true',
    })
    const digest = point.components.ecs?.services[0]?.containers[0]?.digest
    expect(column(result, 'digests').web).toBe(`web@${digest?.slice(7, 19)}`)
  })

  test('leaves a service alone that runs it already, and proves it', async () => {
    at = await scene()
    await at.takePoint()
    const result = await at.run({})
    expect([result.outcome, await at.deployments('web')]).toEqual(['unchanged', 1])
  })

  test('takes thirty services back at the same time', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `service-${index}`)
    at = await scene({ names })
    await at.takePoint()
    await at.deployBad()
    const before = at.clock.now()
    const result = await at.run({})
    expect(result.outcome).toBe('done')
    expect(result.outputs?.['services-rolled-back']?.split(',')).toHaveLength(30)
    // The simulated ECS refuses an eleventh service in one DescribeServices, as AWS does.
    expect(column(result, 'outcome')).toEqual(
      Object.fromEntries(names.map((name) => [name, 'done'])),
    )
    expect(await Promise.all(names.map((name) => at.shows(name)))).toEqual(
      names.map((name) => `${name}:1 2/2 COMPLETED`),
    )
    expect(at.clock.now() - before).toBeLessThan(5 * MINUTE)
  })

  test('does nothing in a dry run but say what it would do', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({ dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(column(result, 'from → to')).toEqual({ web: 'web:2 → web:1', api: 'api:2 → api:1' })
    expect(column(result, 'does')).toEqual({ web: 'deploy', api: 'deploy' })
    expect([await at.shows('web'), at.entries]).toEqual(['web:2 2/2 COMPLETED', []])
  })

  test('never changes a desired count', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.update('web', { desiredCount: 5 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 5/5 COMPLETED'])
  })

  test('waits for its own deployment while reads still show the old one', async () => {
    at = await scene({ staleReadsMs: 30_000 })
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(await at.deployments('web')).toBe(3)
  })
})

describe('what ECS did by itself', () => {
  test('a deployment that ECS rolled back already ends unchanged after the proof', async () => {
    at = await scene()
    await at.takePoint()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await at.clock.advance(20 * MINUTE)
    expect(await at.shows('web')).toBe('web:1 2/2 COMPLETED')
    const result = await at.run({})
    expect([result.outcome, await at.deployments('web')]).toEqual(['unchanged', 2])
  })

  test('a rollback of ECS that is under way is watched and not repeated', async () => {
    at = await scene({ service: { desiredCount: 4 } })
    await at.takePoint()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await until(at, async () => (await at.shows('web')).startsWith('web:1'))
    const result = await at.run({})
    expect([result.outcome, await at.deployments('web')]).toEqual(['unchanged', 2])
    expect(await at.shows('web')).toBe('web:1 4/4 COMPLETED')
  })

  test('a bad deployment that is still under way is taken back by ECS itself', async () => {
    at = await scene()
    await at.takePoint()
    at.push('web:v2')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v2') })
    await at.clock.advance(20_000)
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('a rollback that ECS undoes ends failed and says loudly what serves', async () => {
    const deploymentConfiguration = {
      deploymentCircuitBreaker: {
        enable: true,
        rollback: true,
        thresholdConfiguration: { type: 'COUNT' as const, value: 1 },
      },
    }
    at = await scene({ service: { deploymentConfiguration, desiredCount: 1 } })
    await at.takePoint()
    await at.deployBad()
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 1000, code: 1 })
    const result = await at.run({})
    expect(result.outcome).toBe('failed')
    expect(column(result, 'why').web).toMatch(
      /^undone: the service is back on the BAD version web:2, which serves now; ECS gave up on web:1; wanted web@\w{12}; now 1 of 1 desired tasks run web:2 \(web@\w{12}\)/,
    )
    expect(screenOf(result, 'web')).toContain('serving now: 1 of 1 desired tasks run web:2')
    expect(screenOf(result, 'web')).toContain('ECS says: ROLLBACK_')
  })
})

describe('a destination that does not come up', () => {
  test('ends failed on the third crash of eight tasks, long before the circuit breaker', async () => {
    at = await scene({ service: { desiredCount: 8 } })
    await at.takePoint()
    await at.deployBad()
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 20_000, code: 137 })
    const before = at.clock.now()
    const result = await at.run({})
    expect(result.outcome).toBe('failed')
    expect(at.clock.now() - before).toBeLessThan(2 * MINUTE)
    const screen = screenOf(result, 'web')
    expect(screen).toContain('Essential container in task exited; container web, exit code 137')
    expect(screen).toContain('web:2 → web:1')
    expect(result.next?.join('\n')).toContain(
      'aws ecs describe-services --cluster prod --services web',
    )
  })

  test('ends failed with the image when it is gone', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    at.images.remove('web:v1')
    const result = await at.run({})
    expect(result.outcome).toBe('failed')
    expect(screenOf(result, 'web')).toContain('CannotPullContainerError')
  })

  test('is retried with force when ECS gave up on it before', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: true, rollback: false } }
    at = await scene({ service: { deploymentConfiguration } })
    await at.takePoint()
    await at.deployBad()
    at.runtime.behave('web:v1', { kind: 'crashes', afterMs: 1000, code: 1 })
    expect((await at.run({})).outcome).toBe('failed')
    await until(at, async () => (await at.shows('web')).endsWith('FAILED'))
    at.runtime.behave('web:v1', { kind: 'healthy' })
    const result = await at.run({})
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('beside services that came up is partial, and a repeated run touches only it', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    at.runtime.behave('api:v1', { kind: 'crashes', afterMs: 1000, code: 1 })
    const result = await at.run({})
    expect([result.outcome, column(result, 'outcome')]).toEqual([
      'partial',
      { web: 'done', api: 'failed' },
    ])
    const deployments = await at.deployments('web')
    at.runtime.behave('api:v1', { kind: 'healthy' })
    await at.clock.advance(10 * MINUTE)
    const again = await at.run({})
    expect(again.outcome).toBe('done')
    expect(column(again, 'outcome')).toEqual({ web: 'unchanged', api: 'done' })
    expect(await at.deployments('web')).toBe(deployments)
  })

  test('takes longer than there is time: inconclusive, with what was seen last', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({ timeout: 30_000 })
    expect(result.outcome).toBe('inconclusive')
    expect(column(result, 'why').web).toBe(
      'out of time; seen last: 0 of 2 tasks of web:1 run, IN_PROGRESS',
    )
    expect((await at.run({})).outcome).toBe('done')
    expect(await at.deployments('web')).toBe(3)
  })
})

describe('what is proven', () => {
  test('a digest that nobody recorded is inconclusive', async () => {
    at = await scene()
    await at.takePoint((point) => {
      const [service] = point.components.ecs?.services ?? []
      if (!service) throw new Error('nothing captured')
      const { serviceRevision: _, ...rest } = service
      const containers = service.containers.map(({ name, image }) => ({ name, image }))
      return {
        ...point,
        components: { ecs: { cluster: 'prod', services: [{ ...rest, containers }] } },
      }
    })
    await at.deployBad()
    const result = await at.run({})
    expect(result.outcome).toBe('inconclusive')
    expect(column(result, 'why').web).toBe('the digest that container web should run is not known')
  })

  test.each(['auto', 'web:1'])(
    'a tag that has moved brings the recorded image back all the same (to %s)',
    async (to) => {
      at = await scene()
      const point = await at.takePoint()
      await at.deployBad()
      at.push('web:v1', 'something else')
      const result = await at.run(destination(to))
      expect(result.outcome).toBe('done')
      const recorded = point.components.ecs?.services[0]?.containers[0]?.digest
      expect(column(result, 'digests').web).toBe(`web@${recorded?.slice(7, 19)}`)
    },
  )

  test('a service that desires no task proves nothing', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.update('web', { desiredCount: 0 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({})
    expect(result.outcome).toBe('inconclusive')
  })

  test('without the permission to read what runs it is inconclusive and names it', async () => {
    at = await scene()
    await at.deployBad()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'DescribeServiceRevisions' },
    ])
    const result = await at.run(destination('web:1'))
    expect(result.outcome).toBe('inconclusive')
    expect(column(result, 'why').web).toContain('grant ecs:DescribeServiceRevisions')
  })
})

describe('a rollback to a named task definition', () => {
  test('needs no store, and proves the digests that ECS fixed for it', async () => {
    at = await scene()
    await at.deployBad()
    const result = await at.run({ ...destination('web:1'), withoutStore: true })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('by tag takes the newest registered with that image where none ran, and lists a service without one', async () => {
    at = await scene({ names: ['web', 'api'] })
    at.push('web:v7')
    await at.register('web', 'web:v7')
    await at.register('web', 'web:v7')
    await at.register('web', 'registry:5000/v7/web:v8')
    const result = await at.run(destination('tag:v7'))
    expect(result.outcome).toBe('done')
    expect(await at.shows('web')).toBe('web:3 2/2 COMPLETED')
    const why = 'nothing that ran, and no task definition of api, has an image tagged v7'
    expect(column(result, 'why').api).toBe(why)
    expect(await at.deployments('api')).toBe(1)
    expect(result.lines).toContain(`warning: api is left alone: ${why}`)
  })

  test.each([
    ['a tag that no service has', 'tag:v99', 'no task definition of web, has an image tagged v99'],
    ['a revision that does not exist', 'web:99', 'web: task definition web:99 does not exist'],
    ['a revision of another family', 'api:1', 'web: api:1 is not of its family web'],
    ['a point that does not exist', 'production/1/before', 'there is no restore point'],
    ['no verified point', 'auto', 'this environment has no verified restore point'],
  ])('is refused before anything is changed: %s', async (_, to, why) => {
    at = await scene()
    const result = await at.run(destination(to))
    expect(result.outcome).toBe('refused')
    expect(result.headline).toContain(why)
    expect(result.next).not.toHaveLength(0)
    expect([at.entries, await at.deployments('web')]).toEqual([[], 1])
  })
})

describe('all services are checked before the first is changed', () => {
  test('a target that is gone refuses all', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint((point) => {
      const services = (point.components.ecs?.services ?? []).map((one) =>
        one.name === 'api' ? { ...one, taskDefinition: 'api:9' } : one,
      )
      return { ...point, components: { ecs: { cluster: 'prod', services } } }
    })
    await at.deployBad()
    const result = await at.run({})
    expect(result.outcome).toBe('refused')
    expect(result.headline).toContain('api: task definition api:9 is gone')
    expect(await at.shows('web')).toBe('web:2 2/2 COMPLETED')
  })

  test('a service that does not exist refuses all, by name', async () => {
    at = await scene()
    await at.takePoint()
    const result = await at.run({ services: ['web', 'wbe'] })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      'wbe: not ACTIVE in prod; nothing was changed',
    ])
  })

  test('a point of another cluster is refused', async () => {
    at = await scene()
    await at.takePoint((point) => ({
      ...point,
      components: { ecs: { cluster: 'other', services: [] } },
    }))
    expect((await at.run({})).headline).toContain('is of cluster other, not of prod')
  })
})

describe('somebody else', () => {
  test('who deploys after the rollback began keeps the service: superseded', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    at.push('web:v3')
    const fix = await at.register('web', 'web:v3')
    at.clock.after(20_000, () => at.update('web', { taskDefinition: fix }))
    const result = await at.run({})
    expect(result.outcome).toBe('superseded')
    expect(column(result, 'outcome')).toEqual({ web: 'superseded', api: 'done' })
    await at.clock.advance(10 * MINUTE)
    expect(await at.shows('web')).toBe('web:3 2/2 COMPLETED')
    const again = await at.run({})
    expect(column(again, 'outcome')).toEqual({ web: 'superseded', api: 'unchanged' })
    expect(await at.shows('web')).toBe('web:3 2/2 COMPLETED')
  })
})

describe('a call that goes wrong', () => {
  test('an UpdateService whose answer is lost starts one deployment', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    at.gateway.faults.set([
      { effect: 'applied-answer-lost', service: 'ecs', operation: 'UpdateService', nth: 1 },
    ])
    const result = await at.run({})
    expect([result.outcome, await at.deployments('web')]).toEqual(['done', 3])
  })

  test('an UpdateService that is denied names the permission and does not stop the others', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'UpdateService', match: '"api"' },
    ])
    const result = await at.run({})
    expect([result.outcome, column(result, 'outcome')]).toEqual([
      'partial',
      { web: 'done', api: 'failed' },
    ])
    expect(result.next).toContain('grant ecs:UpdateService to the role of this job')
  })

  test('throttling and errors of ECS for one call in five end as without them', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    at.gateway.faults.set([
      { effect: 'throttle', service: 'ecs', probability: 0.1, seed: 7 },
      { effect: 'error500', service: 'ecs', probability: 0.1, seed: 8 },
    ])
    const result = await at.run({})
    at.gateway.faults.clear()
    expect(result.outcome).toBe('done')
    expect([await at.deployments('web'), await at.deployments('api')]).toEqual([3, 3])
  }, 60_000)
})

/** The settings of a destination as the input `to` names it. */
function destination(to: string) {
  const [, tag] = /^tag:(.*)$/.exec(to) ?? []
  if (tag !== undefined) return { destination: { by: 'tag' as const, tag } }
  return /:\d+$/.test(to)
    ? { destination: { by: 'revision' as const, taskDefinition: to } }
    : { destination: { by: 'point' as const, to } }
}

/** Lets time pass until it is so. */
async function until(of: Scene, so: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 1000; look++) {
    if (await so()) return
    await of.clock.advance(1000)
  }
  throw new Error('never')
}
