import { describe, expect, test } from '@jest/globals'
import type { EcsClients } from '#ecs'
import {
  type CodeDeployScene,
  codeDeployScene,
} from '../../actions/ecs-rollback/codedeploy-scene.ts'
import { clientsOf, keptJournal, MINUTE } from '../../actions/ecs-rollback/scene.ts'
import { type Mortal, mortal } from '../../support/mortal.ts'

interface Machine extends Mortal {
  readonly clients: EcsClients
}

const mutating = /\.(UpdateService|CreateDeployment|StopDeployment|ContinueDeployment)$/

function machine(at: CodeDeployScene, k: number, when: 'before' | 'after'): Machine {
  const on = mortal({ gateway: at.gateway, journal: keptJournal(at), mutating }, k, when)
  return { ...on, clients: clientsOf(on.transport) }
}

async function roll(at: CodeDeployScene, on: Machine): Promise<string> {
  const work = at.run({ clients: on.clients, journal: on.journal })
  return Promise.race([work.then(({ outcome }) => outcome), on.death])
}

/** What there is in the end: who made deployments, how they ended, and what serves. */
async function state(at: CodeDeployScene): Promise<readonly string[]> {
  await at.clock.advance(30 * MINUTE)
  return [...(await at.sets()), ...(await at.history())]
}

describe.each<{ name: string; broken: () => Promise<CodeDeployScene> }>([
  {
    name: 'a finished deployment',
    broken: async () => {
      const at = await codeDeployScene()
      await at.takePoint()
      await at.release()
      return at
    },
  },
  {
    name: 'one that is under way',
    broken: async () => {
      const at = await codeDeployScene()
      await at.takePoint()
      await at.release('web:v2', 5 * MINUTE)
      return at
    },
  },
  {
    name: 'one that is under way and goes back elsewhere',
    broken: async () => {
      const at = await codeDeployScene()
      await at.takePoint()
      await at.release()
      await at.release('web:v3', 30_000)
      return at
    },
  },
])(
  'the rollback of $name by CodeDeploy, killed at any mutating call and run again',
  ({ broken }) => {
    test.each(['before', 'after'] as const)(
      '%s it arrived ends as if never killed, with no deployment more',
      async (when) => {
        const whole = await broken()
        const on = machine(whole, Number.POSITIVE_INFINITY, when)
        expect(await roll(whole, on)).toBe('done')
        const [expected, calls] = [await state(whole), on.count()]
        await whole.close()
        expect(calls).toBeGreaterThan(1)
        for (let k = 1; k <= calls; k++) {
          const at = await broken()
          const first = await roll(at, machine(at, k, when))
          await at.clock.advance(10_000)
          const second = await roll(at, machine(at, Number.POSITIVE_INFINITY, when))
          expect({ k, first, second, state: await state(at) }).toEqual({
            k,
            first: 'dead',
            second: expect.stringMatching(/^(done|unchanged)$/),
            state: expected,
          })
          await at.close()
        }
      },
      120_000,
    )
  },
)
