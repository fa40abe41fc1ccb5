import { describe, expect, test } from '@jest/globals'
import type { ConfigClients } from '#config'
import {
  chosen,
  clientsOf,
  keptJournal,
  type Scene,
  scene,
} from '../../actions/config-rollback/scene.ts'
import { type Mortal, mortal } from '../../support/mortal.ts'

interface Machine extends Mortal {
  readonly clients: ConfigClients
}

const mutating = /\.(UpdateSecretVersionStage|PutParameter)$/

function machine(at: Scene, k: number, when: 'before' | 'after'): Machine {
  const on = mortal({ gateway: at.gateway, journal: keptJournal(at), mutating }, k, when)
  return { ...on, clients: clientsOf(on.transport) }
}

async function broken(): Promise<Scene> {
  const at = await scene()
  await at.takePoint()
  await at.deployBad()
  return at
}

const parameters = ['/app/url', '/app/password', '/app/deep/list', 'flag']

/** What is in force: values, labels by role, and how many versions each parameter has. */
async function state(at: Scene): Promise<readonly unknown[]> {
  return [
    await Promise.all(chosen.secrets.map(at.secret)),
    await Promise.all(parameters.map(at.parameter)),
    await Promise.all(parameters.map(at.versions)),
    await Promise.all(
      chosen.secrets.map(async (name) => Object.values(await at.labels(name)).sort()),
    ),
  ]
}

const readers = [{ service: 'web', references: ['app/jwt', 'flag'] }]

const runs = async (at: Scene, on: Machine, mode: 'capture' | 'rollback'): Promise<string> => {
  const given = mode === 'capture' ? { environment: 'production' } : { readers }
  const work = at.run({ mode, clients: on.clients, journal: on.journal, ...given })
  return Promise.race([work.then(({ outcome }) => outcome), on.death])
}

describe.each(['rollback', 'capture'] as const)(
  '%s killed at any mutating call and run again',
  (mode) => {
    test.each(['before', 'after'] as const)(
      '%s it arrived ends as if never killed',
      async (when) => {
        const whole = await broken()
        const machineOfWhole = machine(whole, Number.POSITIVE_INFINITY, when)
        expect(await runs(whole, machineOfWhole, mode)).toBe('done')
        const [expected, calls] = [await state(whole), machineOfWhole.count()]
        expect(calls).toBe(mode === 'rollback' ? 7 : 3)
        for (let k = 1; k <= calls; k++) {
          const at = await broken()
          const first = await runs(at, machine(at, k, when), mode)
          const second = await runs(at, machine(at, Number.POSITIVE_INFINITY, when), mode)
          expect({ k, first, state: await state(at) }).toEqual({
            k,
            first: 'dead',
            state: expected,
          })
          expect(['done', 'unchanged']).toContain(second)
        }
      },
      60_000,
    )
  },
)

describe('a rollback', () => {
  test.each(['UpdateSecretVersionStage', 'PutParameter'])(
    'whose every answer to %s is lost ends as if it had come, with no version more',
    async (operation) => {
      const whole = await broken()
      await whole.run()
      const at = await broken()
      at.gateway.faults.add({ effect: 'applied-answer-lost', operation })
      expect((await at.run()).outcome).toBe('done')
      expect(await state(at)).toEqual(await state(whole))
    },
  )

  test.each(['throttle', 'error500', 'reset'] as const)(
    'goes on after %s now and then',
    async (effect) => {
      const at = await broken()
      at.gateway.faults.add({ effect, probability: 0.15, seed: 7 })
      const result = await at.run()
      at.gateway.faults.clear()
      expect([result.outcome, (await state(at))[2]]).toEqual(['done', [3, 3, 3, 3]])
    },
  )

  test.each([
    'secretsmanager:UpdateSecretVersionStage',
    'ssm:PutParameter',
    'ssm:GetParameterHistory',
    'ssm:DescribeParameters',
    'secretsmanager:DescribeSecret',
  ])('without %s names it', async (action) => {
    const at = await broken()
    const [service = '', operation = ''] = action.split(':')
    at.gateway.faults.add({ effect: 'denied', service, operation })
    const ended = await at.run().then(
      ({ outcome, next }) => ({ passes: outcome === 'done', text: next?.join() }),
      (thrown: { readonly next: string }) => ({ passes: false, text: thrown.next }),
    )
    expect(ended).toEqual({ passes: false, text: expect.stringContaining(`grant ${action}`) })
  })
})
