import { describe, expect, test } from '@jest/globals'
import type { Fault } from '../../../packages/sandbox/index.ts'
import { leaks } from '../../support/chain/invariants.ts'
import {
  type Broken,
  broken,
  differences,
  first,
  rest,
  type Story,
  stories,
} from '../../support/chain/story.ts'

const all = process.env.FAULTS === 'all'
const seeds = Array.from({ length: all ? 25 : 3 }, (_, index) => index + 1)

/** Runs the rollback once under faults and says how the end differs from the end without any. */
async function under(story: Story, faults: readonly Fault[], expected: unknown) {
  const at = await broken(story)
  at.gateway.faults.set(faults)
  const { conclusion, lines } = await first(at).end
  const hits = at.gateway.faults.list().reduce((sum, { hit }) => sum + hit, 0)
  at.gateway.faults.clear()
  const differ = differences(await rest(at), expected)
  const wrong = [...differ, ...at.violations, ...leaks(at, lines)]
  if (conclusion !== 'success') wrong.push(`ended ${conclusion}: ${lines.slice(-3).join('\n')}`)
  await at.close()
  return { wrong, hits }
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
  test('with each fifth call throttled and each fifth failing, it ends as without', async () => {
    const { expected } = await calm(story)
    for (const seed of seeds) {
      const { wrong, hits } = await under(
        story,
        [
          { effect: 'throttle', probability: 0.2, seed },
          { effect: 'error500', probability: 0.2, seed: seed + 1000 },
        ],
        expected,
      )
      expect({ seed, wrong }).toEqual({ seed, wrong: [] })
      expect(hits).toBeGreaterThan(40)
    }
  }, 600_000)

  test('the answer of any one mutation lost, nothing is done twice', async () => {
    const { expected, calls } = await calm(story)
    const chosen = calls.filter(({ service, n }) => all || service !== 's3' || n % 8 === 0)
    for (const { n, service, operation } of chosen) {
      const lost = { effect: 'applied-answer-lost', mutating: true, nth: n } as const
      const { wrong, hits } = await under(story, [lost], expected)
      expect({ n, service, operation, wrong, hits }).toEqual({
        ...{ n, service, operation },
        wrong: [],
        hits: 1,
      })
    }
  }, 600_000)

  test('each tenth answer lost and each tenth connection reset, it ends as without', async () => {
    const { expected } = await calm(story)
    for (const seed of seeds) {
      const { wrong } = await under(
        story,
        [
          { effect: 'applied-answer-lost', probability: 0.1, seed },
          { effect: 'reset', probability: 0.1, seed: seed + 1000 },
        ],
        expected,
      )
      expect({ seed, wrong }).toEqual({ seed, wrong: [] })
    }
  }, 600_000)
})
