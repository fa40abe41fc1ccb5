import { afterEach, expect, test } from '@jest/globals'
import { parseDestination } from '#ecs'
import { CLUSTER, MINUTE, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

interface Listed {
  readonly to: string
  readonly taskDefinition: string
  readonly containers: readonly { readonly name: string; readonly digest: string | null }[]
  readonly status: string
  readonly grade: string
  readonly eligible: boolean
  readonly against: readonly string[]
}

const list = { mode: 'list', destination: undefined } as const
const listed = (given: string | undefined, service = 'web') =>
  (JSON.parse(given ?? '{}') as { readonly [service: string]: readonly Listed[] })[service] ?? []

async function deploy(image: string): Promise<void> {
  const service = image.split(':')[0] ?? ''
  await at.update(service, { taskDefinition: await at.register(service, image) })
  await at.clock.advance(20 * MINUTE)
}

test('shows for every service what ran, with grade, verdict and the reason why not', async () => {
  at = await scene({ names: ['web', 'api'] })
  await at.clock.advance(60 * MINUTE)
  await deploy('web:gone')
  at.push('web:v3')
  await deploy('web:v3')
  const result = await at.run({ ...list, withoutStore: true })
  expect(result.outcome).toBe('done')
  const rows = listed(result.outputs?.candidates)
  expect(
    rows.map(({ taskDefinition, grade, eligible }) => [taskDefinition, grade, eligible]),
  ).toEqual([
    ['web:3', 'G1', false],
    ['web:2', 'G0', false],
    ['web:1', 'G2', true],
  ])
  expect(rows.map(({ status }) => status)).toEqual([
    'SUCCESSFUL',
    'ROLLBACK_SUCCESSFUL',
    'SUCCESSFUL, ECS went back to it',
  ])
  expect(rows[0]?.against).toEqual(['it is what is undone'])
  expect(rows[1]?.against).toContain('ECS took it back')
  expect(rows[2]?.containers[0]?.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(listed(result.outputs?.candidates, 'api')).toHaveLength(1)
  expect(result.next).toEqual([
    expect.stringContaining('web to web:1: services: web, to: '),
    expect.stringContaining('api: nothing is eligible'),
  ])
})

test('names what is to be given in to, and that goes there', async () => {
  at = await scene()
  await at.deployBad()
  const result = await at.run({ ...list, withoutStore: true })
  const to = listed(result.outputs?.candidates).find(({ eligible }) => eligible)?.to ?? ''
  const parsed = parseDestination(to)
  if (!parsed.ok) throw new Error(parsed.expected)
  const done = await at.run({ destination: parsed.value, withoutStore: true })
  expect([done.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
})

test('knows by the store what is verified', async () => {
  at = await scene()
  await at.takePoint()
  await at.deployBad()
  const result = await at.run(list)
  expect(listed(result.outputs?.candidates).map(({ grade }) => grade)).toEqual(['G1', 'G3'])
})

test('changes nothing, and asks for nothing that could', async () => {
  at = await scene()
  await at.deployBad()
  at.gateway.faults.set([
    { effect: 'denied', service: 'ecs', operation: 'UpdateService' },
    { effect: 'denied', service: 'ecs', operation: 'RegisterTaskDefinition' },
  ])
  const result = await at.run(list)
  expect([result.outcome, await at.deployments('web'), at.entries]).toEqual(['done', 2, []])
})

test('works beside a service that is gone, and on one that cannot start', async () => {
  at = await scene()
  await at.clock.advance(60 * MINUTE)
  await at.update('web', {
    taskDefinition: await at.register('web', 'web:gone'),
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: false, rollback: false } },
  })
  await at.clock.advance(5 * MINUTE)
  const result = await at.run({ ...list, services: ['web', 'gone'], withoutStore: true })
  expect(result.outcome).toBe('done')
  expect(listed(result.outputs?.candidates).map(({ eligible }) => eligible)).toEqual([false, true])
  expect(result.lines).toContainEqual(
    expect.stringContaining('gone is left out: it does not exist'),
  )
})

test('says which permission it lacks, and shows what is known without it', async () => {
  at = await scene()
  await at.deployBad()
  at.gateway.faults.set([
    { effect: 'denied', service: 'ecs', operation: 'ListServiceDeployments' },
    { effect: 'denied', service: 'ecs', operation: 'DescribeServiceRevisions' },
  ])
  const result = await at.run({ ...list, withoutStore: true })
  expect(result.outcome).toBe('done')
  expect(JSON.stringify(result.sections)).toContain('ecs:DescribeServiceRevisions is denied')
})

test('reads a long history page by page, looks at the newest hundred and says so', async () => {
  at = await scene({ service: { desiredCount: 1 } })
  for (let index = 0; index < 102; index++) {
    await at.update('web', { forceNewDeployment: true })
    await at.clock.advance(5 * MINUTE)
  }
  const result = await at.run({ ...list, withoutStore: true })
  expect(result.lines).toContainEqual(
    expect.stringContaining('only the newest 100 deployments were looked at'),
  )
  expect(listed(result.outputs?.candidates)).toHaveLength(101)
})

test('looks no further back than ECS keeps its history', async () => {
  at = await scene()
  for (let index = 0; index < 12; index++) {
    await at.update('web', { forceNewDeployment: true })
    await at.clock.advance(10 * 24 * 60 * MINUTE)
  }
  const result = await at.run({ ...list, withoutStore: true })
  expect(result.outcome).toBe('done')
  expect(listed(result.outputs?.candidates).length).toBeGreaterThanOrEqual(9)
})

test('a cluster that is not there is refused', async () => {
  at = await scene()
  const result = await at.run({ ...list, cluster: `${CLUSTER}uction` })
  expect([result.outcome, result.headline]).toEqual([
    'refused',
    'there is no cluster production in this account and region; nothing was changed',
  ])
})
