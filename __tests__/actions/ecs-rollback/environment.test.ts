import { afterEach, describe, expect, test } from '@jest/globals'
import type { Result } from '#core'
import { MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

const CANARY = 'hunter2-canary'
const secret = (version: string) =>
  `arn:aws:secretsmanager:us-east-1:123456789012:secret:app/jwt-AbCdEf:::${version}`

/** Services whose bad release has another environment than the one of the restore point. */
async function broken(names: readonly string[] = ['web']): Promise<Scene> {
  const opened = await scene({ names })
  await opened.takePoint()
  for (const name of names) {
    opened.push(`${name}:v2`)
    const taskDefinition = await opened.register(name, `${name}:v2`, {
      environment: [
        { name: 'PASSWORD', value: CANARY },
        { name: 'MODE', value: 'new' },
      ],
      secrets: [{ name: 'TOKEN', valueFrom: secret('v2') }],
      command: ['serve', `--password=${CANARY}`],
    })
    await opened.update(name, { taskDefinition })
  }
  await opened.clock.advance(10 * MINUTE)
  return opened
}

const changes = (result: Result) =>
  result.sections?.find(({ title }) => title === 'What changes in the environment of the tasks')

/** The output without its digests. */
function named(result: Result) {
  const output = JSON.parse(result.outputs?.['environment-diff'] ?? '') as Record<
    string,
    readonly Record<string, string>[] | null
  >
  return Object.fromEntries(
    Object.entries(output).map(([service, all]) => [
      service,
      all?.map(({ container, kind, name, change }) => `${container} ${kind} ${name} ${change}`),
    ]),
  )
}

const expected = [
  'web image  changed',
  'web command  removed',
  'web environment PASSWORD removed',
  'web environment MODE removed',
  'web secret TOKEN removed',
]

describe('a rollback', () => {
  test.each([true, false])(
    'tells what changes in the environment of the tasks (dry run: %s), and no value',
    async (dryRun) => {
      at = await broken()
      const result = await at.run({ dryRun })
      expect(result.outcome).toBe(dryRun ? 'planned' : 'done')
      expect(named(result)).toEqual({ web: expected })
      const section = changes(result)
      const rows = section && 'rows' in section ? section.rows : []
      expect(rows.map((row) => row.slice(0, 5).join(' '))).toEqual([
        'web web image  changed',
        'web web command  removed',
        'web web environment PASSWORD removed',
        'web web environment MODE removed',
        'web web secret TOKEN removed',
      ])
      expect(result.data).toMatchObject({ environment: { web: expect.any(Array) } })
      expect(JSON.stringify([result, at.entries])).not.toContain(CANARY)
      expect(JSON.stringify([result, at.entries])).not.toContain('secretsmanager')
    },
  )

  test('tells it of each service that it deploys, and only of those', async () => {
    at = await broken(['web', 'api'])
    await at.update('api', { taskDefinition: 'api:1' })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({})
    expect(named(result)).toEqual({ web: expected })
  })

  test('to a task definition that says the same changes nothing', async () => {
    at = await scene()
    await at.takePoint()
    await at.update('web', { taskDefinition: await at.register('web', 'web:v1') })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run({})
    expect([result.outcome, named(result)]).toEqual(['done', { web: [] }])
    const section = changes(result)
    expect(section && 'rows' in section && section.rows).toEqual([
      ['web', '', 'web:2 → web:1', '', 'nothing', ''],
    ])
  })

  test('goes on without it where the running task definition may not be read', async () => {
    at = await broken()
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'DescribeTaskDefinition', match: 'web:2' },
    ])
    const result = await at.run({})
    expect([result.outcome, result.outputs?.['environment-diff']]).toEqual(['done', '{"web":null}'])
    expect(JSON.stringify(changes(result))).toContain('grant ecs:DescribeTaskDefinition')
  })

  test('that has nothing to deploy has nothing to tell', async () => {
    at = await scene()
    await at.takePoint()
    const result = await at.run({})
    expect([result.outcome, result.outputs?.['environment-diff'], changes(result)]).toEqual([
      'unchanged',
      '{}',
      undefined,
    ])
  })
})
