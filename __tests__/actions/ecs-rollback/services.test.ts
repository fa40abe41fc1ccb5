import { TagResourceCommand } from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import { parseDestination } from '#ecs'
import { MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

/** The settings of a destination as the input `to` names it. */
function to(given: string) {
  const parsed = parseDestination(given)
  if (!parsed.ok) throw new Error(parsed.expected)
  return { destination: parsed.value, withoutStore: true }
}

const tag = async (service: string, key: string, value: string) => {
  const resourceArn = `arn:aws:ecs:us-east-1:123456789012:service/prod/${service}`
  await at.clients.ecs.send(new TagResourceCommand({ resourceArn, tags: [{ key, value }] }))
}

const twelve = Array.from({ length: 12 }, (_, index) => `s${index}`)

describe('all services to one tag', () => {
  test('each goes to its own images, and one without it is a warning', async () => {
    at = await scene({ names: ['web', 'api', 'cron'] })
    await at.deployBad()
    at.push('cron:v3')
    await at.update('cron', { taskDefinition: await at.register('cron', 'cron:v3') })
    for (const name of ['web', 'api']) {
      at.push(`${name}:v4`)
      await at.update(name, { taskDefinition: await at.register(name, `${name}:v4`) })
    }
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({ ...to('tag:v3') })
    expect(result.outcome).toBe('unchanged')
    expect(result.lines.filter((line) => line.includes('is left alone'))).toHaveLength(2)
    const back = await at.run({ ...to('tag:v2') })
    expect(back.outcome).toBe('done')
    expect(await Promise.all(['web', 'api', 'cron'].map((name) => at.shows(name)))).toEqual([
      'web:2 2/2 COMPLETED',
      'api:2 2/2 COMPLETED',
      'cron:2 2/2 COMPLETED',
    ])
  })

  test('with require-all nothing is changed when one lacks it', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.deployBad()
    at.push('web:v3')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v3') })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({ ...to('tag:v3'), requireAll: true })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringMatching(/^api: nothing that ran.* tagged v3, and require-all is set/),
    ])
    expect([await at.deployments('web'), await at.deployments('api')]).toEqual([3, 2])
  })

  test('never looks at ARNs: a family that is called like the tag is none', async () => {
    at = await scene({ names: ['web-v1'] })
    at.push('web-v1:x')
    await at.update('web-v1', { taskDefinition: await at.register('web-v1', 'web-v1:x') })
    const result = await at.run({ ...to('tag:web-v1') })
    expect(result.outcome).toBe('refused')
  })
})

describe('services by tag', () => {
  test('are those of the cluster that carry it, more than ten of them', async () => {
    at = await scene({ names: [...twelve, 'other'] })
    for (const name of twelve) await tag(name, 'team', 'shop')
    await tag('other', 'team', 'billing')
    await at.deployBad()
    const result = await at.run({
      ...to('tag:v1'),
      services: [],
      tagged: { key: 'team', value: 'shop' },
    })
    expect(result.outcome).toBe('done')
    expect(result.outputs?.['services-rolled-back']?.split(',')).toEqual([...twelve].sort())
    expect(await at.shows('other')).toBe('other:2 2/2 COMPLETED')
  })

  test('that no service carries are refused', async () => {
    at = await scene()
    const tagged = { key: 'team', value: 'shop' }
    const result = await at.run({ ...to('tag:v1'), services: [], tagged })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      'no service of prod carries the tag team=shop; nothing was changed',
    ])
  })

  test('are stopped by it as well', async () => {
    at = await scene({ names: ['web', 'api'] })
    await tag('api', 'team', 'shop')
    const tagged = { key: 'team', value: 'shop' }
    const result = await at.run({ mode: 'stop', destination: undefined, services: [], tagged })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(await at.shows('api')).toContain('0/0')
  })
})

describe('services with families', () => {
  test('go to a task definition of the family that the map names', async () => {
    at = await scene()
    at.push('web:v9')
    await at.register('shop-web', 'web:v9')
    const named = { ...to('shop-web:1'), services: ['web'] }
    const refused = await at.run(named)
    expect([refused.outcome, refused.headline]).toEqual([
      'refused',
      expect.stringContaining('web: shop-web:1 is not of its family web'),
    ])
    const result = await at.run({ ...named, families: { web: 'shop-web' } })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'shop-web:1 2/2 COMPLETED'])
  })

  test('are looked for by tag in it', async () => {
    at = await scene()
    at.push('web:v9')
    await at.register('shop-web', 'web:v9')
    const result = await at.run({ ...to('tag:v9'), families: { web: 'shop-web' } })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'shop-web:1 2/2 COMPLETED'])
  })

  test('of the past do not count unless they are named', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    at.push('web:v9')
    await at.update('web', { taskDefinition: await at.register('shop-web', 'web:v9') })
    await at.clock.advance(60 * MINUTE)
    const refused = await at.run({ ...to('previous-distinct') })
    expect([refused.outcome, refused.headline]).toEqual([
      'refused',
      expect.stringContaining('it is not of the family shop-web'),
    ])
    const result = await at.run({ ...to('previous-distinct'), families: { web: 'web' } })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })
})

test('unknown services and those of another family are one refusal that lists all', async () => {
  at = await scene({ names: ['web', 'api'] })
  const result = await at.run({ ...to('web:1'), services: ['web', 'wbe', 'api', 'apii'] })
  expect([result.outcome, result.headline]).toEqual([
    'refused',
    'wbe, apii: not ACTIVE in prod, and 1 more cannot go to web:1; nothing was changed',
  ])
  expect(result.sections).toEqual([
    expect.objectContaining({
      rows: [
        ['wbe', 'it does not exist in cluster prod'],
        ['apii', 'it does not exist in cluster prod'],
        ['api', expect.stringContaining('web:1 is not of its family api')],
      ],
    }),
  ])
})
