import {
  DescribeServicesCommand,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Result } from '#core'
import { parseDestination } from '#ecs'
import { changeRecord, createDocument, envelope, keys, type Pin } from '#store'
import { MINUTE, openRecord, recordId, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

/** The settings of a destination as the input `to` names it. */
function to(given: string) {
  const parsed = parseDestination(given)
  if (!parsed.ok) throw new Error(parsed.expected)
  return { destination: parsed.value }
}

const auto = { ...to('auto'), withoutStore: true }
const previous = { ...to('previous-distinct'), withoutStore: true }

/** A release that is deployed and left alone for a while; the task definition, `web:3`. */
async function release(
  of: Scene,
  tag: string,
  given: { readonly serves?: number; readonly service?: string; readonly content?: string } = {},
): Promise<string> {
  const { serves = 60 * MINUTE, service = 'web', content } = given
  of.push(`${service}:${tag}`, content)
  const arn = await of.register(service, `${service}:${tag}`)
  await of.update(service, { taskDefinition: arn })
  await of.clock.advance(5 * MINUTE + serves)
  return arn.split('/').at(-1) ?? ''
}

/** The rows of the candidates of a service. */
const candidates = (result: Result, service = 'web') =>
  (result.sections ?? []).flatMap((section) =>
    'rows' in section && section.title === `What ${service} may go back to` ? section.rows : [],
  )

/** `web:2 G1…: …` */
const told = (result: Result) =>
  Object.fromEntries(candidates(result).map((row) => [row[0] ?? '', row[6] ?? '']))

async function numbers(of: Scene, service = 'web'): Promise<readonly string[]> {
  const found = await of.clients.ecs.send(
    new ListServiceDeploymentsCommand({ cluster: 'prod', service }),
  )
  return (found.serviceDeployments ?? []).map(
    ({ targetServiceRevisionArn }) => targetServiceRevisionArn?.split('/').at(-1) ?? '',
  )
}

const warnings = (result: { readonly lines: readonly string[] }) =>
  result.lines.filter((line) => line.startsWith('warning: '))

describe('auto without a store', () => {
  test('goes to the best of ECS’s history, and says that nothing verified it', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    const result = await at.run(auto)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(warnings(result)).toEqual([
      expect.stringContaining('web: web:1 is G2: no restore point verified it'),
    ])
  })

  test('passes over what ECS gave up on, and says so', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await at.clock.advance(30 * MINUTE)
    await release(at, 'v3')
    const result = await at.run(auto)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(told(result)).toEqual({
      'web:3': 'it is what is undone',
      'web:2': expect.stringContaining('ECS took it back'),
      'web:1': 'eligible',
    })
    expect(result.lines).toContainEqual(
      expect.stringMatching(/^web: not to web:2 .*ECS took it back/),
    )
  })

  test('prefers what served for long to what only came up', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await release(at, 'v2', { serves: MINUTE })
    await release(at, 'v3')
    const result = await at.run(auto)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(told(result)['web:2']).toBe('eligible')
  })

  test('a second run does not go forth again to the bad release', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    await at.clock.advance(60 * MINUTE)
    expect((await at.run(auto)).outcome).toBe('done')
    const again = await at.run(auto)
    expect([again.outcome, await at.shows('web')]).toEqual(['unchanged', 'web:1 2/2 COMPLETED'])
    expect((await at.run(previous)).outcome).toBe('unchanged')
    expect(await at.deployments('web')).toBe(3)
  })

  test('the bad release that came again is taken back again', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    await at.run(auto)
    await at.update('web', { taskDefinition: 'web:2' })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run(auto)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('ends unchanged where ECS itself went back already', async () => {
    at = await scene()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await at.clock.advance(20 * MINUTE)
    const result = await at.run(auto)
    expect([result.outcome, await at.deployments('web')]).toEqual(['unchanged', 2])
  })

  test('goes to what served since before ECS’s list of deployments begins', async () => {
    at = await scene()
    await at.clock.advance(100 * 24 * 60 * MINUTE)
    await at.deployBad()
    const result = await at.run(auto)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })

  test('is refused with the table where nothing ran before', async () => {
    at = await scene()
    const result = await at.run(auto)
    expect(result).toMatchObject({
      outcome: 'refused',
      headline: expect.stringContaining(
        'web:1 is the first deployment that ECS knows of: there is nothing before it',
      ),
    })
    expect(told(result)).toEqual({ 'web:1': 'it is what is undone' })
  })

  test('is refused below min-grade, and min-soak says what counts as G2', async () => {
    at = await scene()
    at.push('web:v2')
    await at.register('web', 'web:v2')
    await release(at, 'v3', { serves: 0 })
    const strict = await at.run({ ...auto, minGrade: 'G3' })
    expect([strict.outcome, told(strict)['web:1']]).toEqual([
      'refused',
      expect.stringMatching(/^G[12] is below min-grade G3$/),
    ])
    const result = await at.run({ ...auto, minGrade: 'G0', minSoak: 100 * MINUTE, dryRun: true })
    expect(result.lines).toContainEqual(expect.stringContaining('web:1 is G1'))
    expect(await at.shows('web')).toBe('web:3 2/2 COMPLETED')
  })

  test('with min-grade G0 a revision that only was registered is better than nothing', async () => {
    at = await scene()
    at.push('web:v0')
    at.push('web:v9')
    await at.register('web', 'web:v0')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v1') })
    await at.clock.advance(10 * MINUTE)
    expect((await at.run(auto)).outcome).toBe('refused')
    const result = await at.run({ ...auto, minGrade: 'G0' })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:2 2/2 COMPLETED'])
    expect(warnings(result)).toEqual([expect.stringContaining('NOTHING SHOWS THAT IT EVER SERVED')])
  })

  test('without permission for the history names it and uses what DescribeServices knows', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    at.push('web:v2')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v2') })
    await at.clock.advance(20_000)
    at.gateway.faults.set([
      { effect: 'denied', service: 'ecs', operation: 'ListServiceDeployments' },
      { effect: 'denied', service: 'ecs', operation: 'DescribeServiceDeployments' },
    ])
    const result = await at.run(auto)
    expect(warnings(result)).toContainEqual(
      expect.stringContaining('ecs:ListServiceDeployments is denied: grant'),
    )
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
  })
})

describe('auto with a store', () => {
  test('without any verified point ECS’s history decides, and is named as such', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    const result = await at.run(to('auto'))
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(result.lines).toContainEqual(
      expect.stringContaining('this environment has no verified restore point, so ECS'),
    )
  })

  test('a before that was judged unhealthy holds it: history is not asked', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.takePoint((point) => ({
      ...point,
      verified: { is: false, held: true, why: 'it answered 5xx' },
    }))
    await at.deployBad()
    const result = await at.run(to('auto'))
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('was judged unhealthy before the deployment'),
    ])
  })

  test('last-verified never asks ECS’s history', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    expect((await at.run(to('last-verified'))).outcome).toBe('refused')
  })
})

describe('previous-distinct', () => {
  test('is not the forced redeploy of the same images', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    await at.update('web', { forceNewDeployment: true })
    await at.clock.advance(10 * MINUTE)
    const result = await at.run(previous)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(told(result)['web:2']).toMatch(
      /its images are those of what is undone|it is what is undone/,
    )
  })

  test('is the newest that differs, however long the one before it served', async () => {
    at = await scene()
    await at.clock.advance(600 * MINUTE)
    await release(at, 'v2', { serves: 0 })
    await release(at, 'v3')
    const result = await at.run(previous)
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:2 2/2 COMPLETED'])
  })

  test('counts a new sidecar as a new release, and an old sidecar not as the image', async () => {
    at = await scene()
    const pair = async (app: string, proxy: string) => {
      at.push(app)
      at.push(proxy)
      const { taskDefinition } = await at.clients.ecs.send(
        new RegisterTaskDefinitionCommand({
          ...{ family: 'web', networkMode: 'awsvpc', cpu: '256', memory: '512' },
          requiresCompatibilities: ['FARGATE'],
          containerDefinitions: [
            { name: 'envoy', image: proxy },
            { name: 'web', image: app },
          ],
        }),
      )
      await at.update('web', { taskDefinition: taskDefinition?.taskDefinitionArn ?? '' })
      await at.clock.advance(60 * MINUTE)
    }
    await pair('web:v1', 'envoy:1')
    await pair('web:v2', 'envoy:1')
    await pair('web:v2', 'envoy:2')
    const goes = async (change: string) => {
      const { sections } = await at.run({ ...previous, dryRun: true })
      expect(sections).toContainEqual(
        expect.objectContaining({ rows: [expect.arrayContaining([change])] }),
      )
    }
    await goes('web:4 → web:3')
    await pair('web:v3', 'envoy:2')
    await goes('web:5 → web:4')
  })
})

describe('something that is named', () => {
  test('a service revision by number or ARN is where its task definition goes', async () => {
    at = await scene()
    await at.deployBad()
    const [, first] = await numbers(at)
    const result = await at.run({ ...to(first ?? ''), withoutStore: true })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    const other = await at.run(to('4902341234567890123'))
    expect([other.outcome, other.headline]).toEqual([
      'refused',
      expect.stringContaining('it has no service revision 4902341234567890123'),
    ])
    const arn = `arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/${first}`
    expect((await at.run(to(arn))).outcome).toBe('unchanged')
  })

  test('a digest is found among the containers that ran it, not by tag', async () => {
    at = await scene()
    await at.deployBad()
    const digest = at.push('other:1', 'web:v1')
    const result = await at.run({ ...to(`digest:${digest}`), withoutStore: true })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    const none = await at.run(to(`digest:sha256:${'0'.repeat(64)}`))
    expect([none.outcome, none.headline]).toEqual([
      'refused',
      expect.stringContaining(`no container of it ran sha256:${'0'.repeat(64)}`),
    ])
  })

  test('a tag is looked for in what ran before it is looked for in what is registered', async () => {
    at = await scene()
    await at.deployBad()
    at.push('web:v1', 'never deployed')
    await at.register('web', 'web:v1')
    const result = await at.run({ ...to('tag:v1'), withoutStore: true, dryRun: true })
    expect(result.lines.concat(JSON.stringify(result.sections))).toContainEqual(
      expect.stringContaining('web:2 → web:1'),
    )
  })

  test('a task definition that ECS gave up on is taken, and what is known of it is said', async () => {
    at = await scene()
    await at.update('web', { taskDefinition: await at.register('web', 'web:gone') })
    await at.clock.advance(20 * MINUTE)
    at.push('web:gone')
    await release(at, 'v3')
    const result = await at.run({ ...to('web:2'), withoutStore: true })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:2 2/2 COMPLETED'])
    expect(result.lines).toContainEqual(
      expect.stringMatching(/^web goes to web:2: web:2 was named, although .*ECS took it back/),
    )
  })

  test('a restore point that was never verified may be named, and has no grade', async () => {
    at = await scene()
    const point = await at.takePoint((one) => ({
      ...one,
      verified: { is: false, held: false, why: 'nobody looked' },
    }))
    await at.deployBad()
    const result = await at.run(to(point.id))
    expect([result.outcome, warnings(result)]).toEqual(['done', []])
  })
})

describe('a commit', () => {
  const good = '4f2a91c0'.padEnd(40, '0')
  const deploy = async (variable: string, value: string, tag: string) => {
    at.push(`web:${tag}`)
    const arn = await at.register('web', `web:${tag}`, {
      environment: [
        { name: variable, value },
        { name: 'PASSWORD', value: 'hunter2' },
      ],
    })
    await at.update('web', { taskDefinition: arn })
    await at.clock.advance(10 * MINUTE)
    return arn
  }

  test('is found by a variable, whose value is never shown', async () => {
    at = await scene()
    await deploy('GIT_SHA', good, 'a')
    await deploy('GIT_SHA', 'b'.repeat(40), 'b')
    const result = await at.run({ ...to('sha:4f2a91c'), withoutStore: true })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:2 2/2 COMPLETED'])
    const text = JSON.stringify(result)
    expect(text).toContain('environment variable GIT_SHA')
    expect(text).not.toContain(good)
    expect(text).not.toContain('hunter2')
  })

  test('is found by an image tag, also where the tag is shorter', async () => {
    at = await scene()
    await deploy('X', 'y', 'main-4f2a91c')
    await at.deployBad()
    const result = await at.run({ ...to(`sha:${good}`), withoutStore: true, dryRun: true })
    expect(JSON.stringify(result)).toContain('by image tag main-4f2a91c')
  })

  test('is found by a tag of the task definition', async () => {
    at = await scene()
    const arn = await deploy('X', 'y', 'a')
    await at.clients.ecs.send(
      new TagResourceCommand({ resourceArn: arn, tags: [{ key: 'git-commit', value: good }] }),
    )
    await at.deployBad()
    const result = await at.run({ ...to('sha:4f2a91c'), withoutStore: true, dryRun: true })
    expect(JSON.stringify(result)).toContain('by task definition tag git-commit')
  })

  test('is found by the restore point in which it ran', async () => {
    at = await scene()
    await at.takePoint((point) => ({ ...point, runs: good }))
    await at.deployBad()
    const result = await at.run(to('sha:4f2a91c'))
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(JSON.stringify(result)).toContain('by restore point production/4711/before')
  })

  test('that two begin with is refused with both, and without their values', async () => {
    at = await scene()
    await deploy('GIT_SHA', good, 'a')
    await deploy('COMMIT_SHA', '4f2a91cf'.padEnd(40, 'f'), 'b')
    const result = await at.run({ ...to('sha:4f2a91c'), withoutStore: true })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringMatching(
        /sha:4f2a91c is the beginning of 2 commits: web:\d \(environment variable \w+\), web:\d/,
      ),
    ])
    expect(JSON.stringify(result)).not.toContain(good)
  })

  test('that nothing names is refused', async () => {
    at = await scene()
    const result = await at.run({ ...to('sha:0123456789'), withoutStore: true })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('no image tag, task definition of web or restore point names'),
    ])
  })
})

describe('what is known to be bad', () => {
  test('a release that a pinned rollback took away is not gone back to', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    const point = await at.takePoint()
    await at.deployBad()
    await openRecord(at, point.id)
    const pin: Pin = {
      kind: 'pin',
      ...envelope(at.store),
      ...{ sha: 'b'.repeat(40), record: recordId, reason: '5xx', by: 'ada' },
      at: '2026-11-22T03:00:00Z',
    }
    await createDocument(at.store, keys.pin('production', pin.sha), pin)
    await changeTheRecord(at)
    await release(at, 'v3')
    const result = await at.run({ ...to('previous-distinct'), dryRun: true })
    expect(told(result)).toMatchObject({
      'web:2': `known to be bad: ${recordId} took it back`,
      'web:1': 'eligible',
    })
  })

  test('a bad deployment that somebody fixed since is superseded', async () => {
    at = await scene()
    await at.clock.advance(60 * MINUTE)
    await at.deployBad()
    const found = await at.clients.ecs.send(
      new DescribeServicesCommand({ cluster: 'prod', services: ['web'] }),
    )
    const badDeployment = found.services?.[0]?.currentServiceDeployment ?? ''
    await release(at, 'v3')
    const result = await at.run({ ...auto, badDeployment })
    expect([result.outcome, await at.shows('web')]).toEqual(['superseded', 'web:3 2/2 COMPLETED'])
    const id = badDeployment.split('/').at(-1)
    await at.takePoint()
    expect((await at.run({ ...to('last-verified'), badDeployment: 'x'.repeat(21) })).outcome).toBe(
      'refused',
    )
    expect((await at.run({ ...auto, badDeployment: id })).outcome).toBe('superseded')
    expect((await at.run({ ...auto, badDeployment: 'x'.repeat(21) })).headline).toContain(
      'no service of these has the service deployment',
    )
  })
})

/** Writes into the record that it took web:2 away. */
async function changeTheRecord({ store }: Scene): Promise<void> {
  await changeRecord(store, recordId, (record) => ({
    ...record,
    journal: [
      {
        ...{ at: '2026-11-22T03:00:00Z', run: '1', component: 'ecs', on: 'web' },
        operation: 'update-service',
        detail: { from: 'web:2', to: 'web:1', before: [] },
      },
    ],
  }))
}
