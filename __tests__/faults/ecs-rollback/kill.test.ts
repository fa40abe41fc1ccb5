import {
  type DeploymentConfiguration,
  DescribeServicesCommand,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from '@jest/globals'
import type { EcsClients, EcsSettings, Mode } from '#ecs'
import {
  CLUSTER,
  clientsOf,
  keptJournal,
  MINUTE,
  type Scene,
  scene,
} from '../../actions/ecs-rollback/scene.ts'
import { type Mortal, mortal } from '../../support/mortal.ts'

interface Machine extends Mortal {
  readonly clients: EcsClients
}

const mutating =
  /\.(UpdateService|StopServiceDeployment|ContinueServiceDeployment|RegisterTaskDefinition|RegisterScalableTarget)$/

function machine(at: Scene, k: number, when: 'before' | 'after'): Machine {
  const on = mortal({ gateway: at.gateway, journal: keptJournal(at), mutating }, k, when)
  return { ...on, clients: clientsOf(on.transport) }
}

/** Runs the modes one after the other on a machine, until the end or its death. */
async function runAll(
  at: Scene,
  { modes, settings }: Pick<Case, 'modes' | 'settings'>,
  on: Machine,
): Promise<'dead' | 'alive'> {
  const work = async () => {
    for (const mode of modes) {
      const result = await at.run({ mode, ...settings, clients: on.clients, journal: on.journal })
      if (!['done', 'unchanged'].includes(result.outcome)) throw new Error(result.headline)
    }
    return 'alive' as const
  }
  return Promise.race([work(), on.death])
}

const names = ['web', 'api', 'worker']
const two = ['web', 'api']

async function broken(of: readonly string[] = names): Promise<Scene> {
  const at = await scene({ names: of })
  await at.takePoint()
  await at.deployBad()
  if (of.includes('worker')) await at.update('worker', { desiredCount: 5 })
  // Two of them are scaled, one of which is suspended in part; load stays where it is.
  if (of.includes('worker')) await at.autoscale('worker')
  await at.autoscale('web', {
    ...{ MinCapacity: 1, MaxCapacity: 4 },
    SuspendedState: { ScheduledScalingSuspended: true },
  })
  await at.clock.advance(300_000)
  if (of.includes('worker')) await at.load('worker', 5)
  return at
}

/** Bad releases that are under way. */
async function underWay(
  deploymentConfiguration: DeploymentConfiguration = {},
  after = 20_000,
): Promise<Scene> {
  const at = await scene({ names: two, service: { deploymentConfiguration } })
  await at.takePoint()
  for (const name of two) {
    at.push(`${name}:v2`)
    await at.update(name, { taskDefinition: await at.register(name, `${name}:v2`) })
  }
  await at.clock.advance(after)
  return at
}

/** Bad releases that wait at a hook. */
const pausedAtHook = () =>
  underWay(
    {
      strategy: 'BLUE_GREEN',
      lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'] }],
    },
    10 * MINUTE,
  )

/** Bad releases whose tools deregistered what ran before. */
async function deregistered(): Promise<Scene> {
  const at = await broken(two)
  for (const name of two) await at.deregister(`${name}:1`)
  return at
}

/** Bad releases, and the tags of the good ones name other images. */
async function movedTags(): Promise<Scene> {
  const at = await broken(two)
  for (const name of two) at.push(`${name}:v1`, 'something else')
  return at
}

/** What must be the same in the end: tasks, deployments, revisions, and ECS's own rollback switched on. */
async function state(at: Scene): Promise<readonly string[]> {
  const { ecs } = at.clients
  return Promise.all(
    at.names.map(async (name) => {
      const listed = await ecs.send(new ListTaskDefinitionsCommand({ familyPrefix: name }))
      const found = await ecs.send(
        new DescribeServicesCommand({ cluster: CLUSTER, services: [name] }),
      )
      const breaker = found.services?.[0]?.deploymentConfiguration?.deploymentCircuitBreaker
      return [
        await at.shows(name),
        `${await at.deployments(name)} deployments`,
        `${listed.taskDefinitionArns?.length} revisions`,
        `breaker ${JSON.stringify(breaker)}`,
        `autoscaling ${await at.autoscaling(name)}`,
      ].join(', ')
    }),
  )
}

interface Case {
  readonly what: string
  readonly modes: readonly Mode[]
  readonly settings?: Partial<EcsSettings>
  readonly town: () => Promise<Scene>
}

describe.each<Case>([
  { what: 'a rollback', modes: ['rollback'], town: () => broken() },
  { what: 'a stop', modes: ['stop'], town: () => broken() },
  { what: 'a stop and a start', modes: ['stop', 'start'], town: () => broken() },
  { what: 'a rollback with a stop', modes: ['stop', 'rollback', 'start'], town: () => broken() },
  { what: 'a redeployment', modes: ['redeploy'], town: () => broken() },
  { what: 'a rollback of deployments under way', modes: ['rollback'], town: () => underWay() },
  { what: 'a rollback of deployments at a hook', modes: ['rollback'], town: pausedAtHook },
  { what: 'a rollback to INACTIVE task definitions', modes: ['rollback'], town: deregistered },
  { what: 'a rollback to moved tags', modes: ['rollback'], town: movedTags },
  {
    what: 'a protected rollback',
    modes: ['rollback'],
    settings: { protectRollback: true },
    town: () => broken(two),
  },
  {
    what: 'a rollback in declared order',
    modes: ['rollback'],
    settings: { order: 'declared' },
    town: () => broken(two),
  },
])('$what killed at any mutating call and run again', ({ modes, settings = {}, town }) => {
  test.each(['before', 'after'] as const)(
    '%s it arrived ends as if never killed',
    async (when) => {
      const does = { modes, settings }
      const whole = await town()
      const machineOfWhole = machine(whole, Number.POSITIVE_INFINITY, when)
      await runAll(whole, does, machineOfWhole)
      const [expected, calls] = [await state(whole), machineOfWhole.count()]
      await whole.close()
      expect(calls).toBeGreaterThan(whole.names.length)
      for (let k = 1; k <= calls; k++) {
        const at = await town()
        const first = await runAll(at, does, machine(at, k, when))
        const second = await runAll(at, does, machine(at, Number.POSITIVE_INFINITY, when))
        expect({ k, first, second, state: await state(at) }).toEqual({
          k,
          first: 'dead',
          second: 'alive',
          state: expected,
        })
        await at.close()
      }
    },
    180_000,
  )
})

test('a stop that was killed at any mutating call is undone by start, with the autoscaling that was there', async () => {
  const untouched = await broken()
  const expected = await state(untouched)
  const counted = machine(untouched, Number.POSITIVE_INFINITY, 'after')
  await runAll(untouched, { modes: ['stop'] }, counted)
  await untouched.close()
  for (let k = 1; k <= counted.count(); k++) {
    const at = await broken()
    const first = await runAll(at, { modes: ['stop'] }, machine(at, k, 'after'))
    const second = await runAll(
      at,
      { modes: ['start'] },
      machine(at, Number.POSITIVE_INFINITY, 'after'),
    )
    expect({ k, first, second, state: await state(at) }).toEqual({
      k,
      first: 'dead',
      second: 'alive',
      state: expected,
    })
    await at.close()
  }
}, 180_000)
