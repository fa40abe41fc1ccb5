import { describe, expect, test } from '@jest/globals'
import type { Journal } from '#core'
import type { EcsClients, Mode } from '#ecs'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import {
  clientsOf,
  keptJournal,
  type Scene,
  scene,
  type Transport,
} from '../../actions/ecs-rollback/scene.ts'

/** A machine that dies at its k-th mutating call: writes of the journal count as ECS's calls do. */
interface Machine {
  readonly clients: EcsClients
  readonly journal: Journal
  /** How many mutating calls were begun. */
  readonly count: () => number
  /** Resolves when it dies. */
  readonly death: Promise<'dead'>
}

const mutating = /\.(UpdateService|RegisterScalableTarget)$/

/** A dead machine neither sends nor hears: what it waits for never comes. */
const never = <T>() => new Promise<T>(() => {})

function machine(at: Scene, k: number, when: 'before' | 'after'): Machine {
  let count = 0
  let dead = false
  let die: (value: 'dead') => void = () => {}
  const death = new Promise<'dead'>((resolve) => {
    die = resolve
  })
  const mutate = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) return never()
    count += 1
    const last = count === k
    dead = dead || last
    if (last && when === 'before') {
      die('dead')
      return never()
    }
    const done = await work()
    if (!last) return dead ? never() : done
    die('dead')
    return never()
  }
  const inner = inProcessHandler(at.gateway)
  const transport: Transport = {
    handle: (request) => {
      const target = request.headers['x-amz-target'] ?? ''
      if (mutating.test(target)) return mutate(() => inner.handle(request))
      return dead ? never() : inner.handle(request)
    },
  }
  const kept = keptJournal(at)
  const journal: Journal = { ...kept, intend: (planned) => mutate(() => kept.intend(planned)) }
  return { clients: clientsOf(transport), journal, count: () => count, death }
}

/** Runs the modes one after the other on a machine, until the end or its death. */
async function runAll(at: Scene, modes: readonly Mode[], on: Machine): Promise<'dead' | 'alive'> {
  const work = async () => {
    for (const mode of modes) {
      const result = await at.run({ mode, clients: on.clients, journal: on.journal })
      if (!['done', 'unchanged'].includes(result.outcome)) throw new Error(result.headline)
    }
    return 'alive' as const
  }
  return Promise.race([work(), on.death])
}

const names = ['web', 'api', 'worker']

async function broken(): Promise<Scene> {
  const at = await scene({ names })
  await at.takePoint()
  await at.deployBad()
  await at.update('worker', { desiredCount: 5 })
  // Two of them are scaled, one of which is suspended in part; load stays where it is.
  await at.autoscale('worker')
  await at.autoscale('web', {
    ...{ MinCapacity: 1, MaxCapacity: 4 },
    SuspendedState: { ScheduledScalingSuspended: true },
  })
  await at.clock.advance(300_000)
  await at.load('worker', 5)
  return at
}

async function state(at: Scene): Promise<readonly string[]> {
  return Promise.all(
    names.map(
      async (name) =>
        `${await at.shows(name)}, ${await at.deployments(name)} deployments, autoscaling ${await at.autoscaling(name)}`,
    ),
  )
}

describe.each<{ modes: readonly Mode[] }>([
  { modes: ['rollback'] },
  { modes: ['stop'] },
  { modes: ['stop', 'start'] },
  { modes: ['stop', 'rollback', 'start'] },
  { modes: ['redeploy'] },
])('$modes killed at any mutating call and run again', ({ modes }) => {
  test.each(['before', 'after'] as const)(
    '%s it arrived ends as if never killed',
    async (when) => {
      const whole = await broken()
      const machineOfWhole = machine(whole, Number.POSITIVE_INFINITY, when)
      await runAll(whole, modes, machineOfWhole)
      const [expected, calls] = [await state(whole), machineOfWhole.count()]
      await whole.close()
      expect(calls).toBeGreaterThan(names.length)
      for (let k = 1; k <= calls; k++) {
        const at = await broken()
        const first = await runAll(at, modes, machine(at, k, when))
        const second = await runAll(at, modes, machine(at, Number.POSITIVE_INFINITY, when))
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
  await runAll(untouched, ['stop'], counted)
  await untouched.close()
  for (let k = 1; k <= counted.count(); k++) {
    const at = await broken()
    const first = await runAll(at, ['stop'], machine(at, k, 'after'))
    const second = await runAll(at, ['start'], machine(at, Number.POSITIVE_INFINITY, 'after'))
    expect({ k, first, second, state: await state(at) }).toEqual({
      k,
      first: 'dead',
      second: 'alive',
      state: expected,
    })
    await at.close()
  }
}, 180_000)
