import { describe, expect, test } from '@jest/globals'
import type { Fault } from '../../../packages/sandbox/index.ts'
import { isOfStore, leaks } from '../../support/chain/invariants.ts'
import type { Sent } from '../../support/chain/machine.ts'
import {
  again,
  all,
  type Broken,
  broken,
  differences,
  first,
  rest,
  type Story,
  stories,
} from '../../support/chain/story.ts'

const seeds = Array.from({ length: all ? 8 : 1 }, (_, index) => index + 1)

/** Runs the rollback under faults, at most so many times, and says how the end differs from the end without any. */
async function under(
  story: Story,
  given: { readonly faults: readonly Fault[]; readonly attempts?: number },
  expected: unknown,
) {
  const at = await broken(story)
  at.gateway.faults.set(given.faults)
  let end = await first(at).end
  for (let n = 1; n < (given.attempts ?? 1) && end.conclusion !== 'success'; n++)
    end = await again(at, 'the job again')
  const hits = at.gateway.faults.list().reduce((sum, { hit }) => sum + hit, 0)
  at.gateway.faults.clear()
  const differ = differences(await rest(at), expected)
  const wrong = [...differ, ...at.violations, ...leaks(at, end.lines)]
  if (end.conclusion !== 'success')
    wrong.push(`ended ${end.conclusion}: ${end.lines.slice(-3).join('\n')}`)
  await at.close()
  return { wrong, hits }
}

/** The first and the last call of each operation that changes more than the store. */
function isFirstOrLast(calls: readonly Sent[], call: Sent, index: number) {
  const same = ({ operation }: Sent) => operation === call.operation
  return !isOfStore(call) && [calls.findIndex(same), calls.findLastIndex(same)].includes(index)
}

async function calm(story: Story) {
  const at: Broken = await broken(story)
  const { machine, end } = first(at)
  expect((await end).conclusion).toBe('success')
  const found = { expected: await rest(at), calls: machine.mutations }
  await at.close()
  return found
}

describe.each(stories)('$name', (story) => {
  test.each(['throttle', 'error500', 'reset', 'applied-answer-lost'] as const)(
    'with %s for each fifth call, it ends as without',
    async (effect) => {
      const { expected } = await calm(story)
      for (const seed of seeds) {
        const faults = [{ effect, probability: 0.2, seed }]
        const { wrong, hits } = await under(story, { faults }, expected)
        expect({ seed, wrong }).toEqual({ seed, wrong: [] })
        expect(hits).toBeGreaterThan(20)
      }
    },
    600_000,
  )

  test('with two fifths of all calls refused, some eight times in a row, a few attempts end as one without', async () => {
    const { expected } = await calm(story)
    for (const seed of seeds) {
      const faults = [
        { effect: 'throttle', probability: 0.2, seed },
        { effect: 'error500', probability: 0.2, seed: seed + 1000 },
      ] as const
      const { wrong } = await under(story, { faults, attempts: 4 }, expected)
      expect({ seed, wrong }).toEqual({ seed, wrong: [] })
    }
  }, 600_000)

  test('the answer of any one mutation lost, nothing is done twice', async () => {
    const { expected, calls } = await calm(story)
    const chosen = calls.filter((call, index) => all || isFirstOrLast(calls, call, index))
    for (const { n, service, operation } of chosen) {
      const lost = { effect: 'applied-answer-lost', mutating: true, nth: n } as const
      const { wrong, hits } = await under(story, { faults: [lost] }, expected)
      expect({ n, service, operation, wrong, hits }).toEqual({
        ...{ n, service, operation },
        wrong: [],
        hits: 1,
      })
    }
  }, 600_000)
})
