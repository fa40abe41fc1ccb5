import { describe, expect, test } from '@jest/globals'
import { type Fault, seededRandom } from '../../../packages/sandbox/index.ts'
import { leaks } from '../../support/chain/invariants.ts'
import type { JobEnd } from '../../support/chain/job.ts'
import {
  type Again,
  again,
  all,
  type Broken,
  broken,
  dies,
  differences,
  first,
  rest,
  type Story,
  stories,
} from '../../support/chain/story.ts'

const seeds = Array.from({ length: all ? 50 : 3 }, (_, index) => index + 1)

type Random = () => number
const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T

/** What may happen to one attempt: noise, or something that ends it. */
function mishap(random: Random): readonly Fault[] {
  const seed = Math.floor(random() * 1e6)
  const nth = 1 + Math.floor(random() * 40)
  return pick<readonly Fault[]>(random, [
    [],
    [{ effect: 'throttle', probability: 0.3, seed }],
    [{ effect: 'error500', probability: 0.2, seed }],
    [{ effect: 'applied-answer-lost', probability: 0.1, seed }],
    [{ effect: 'reset', probability: 0.1, seed }],
    [{ effect: 'denied', from: nth, to: nth + 30 }],
    [{ effect: 'expired', from: nth }],
    [{ effect: 'error500', service: 's3', from: nth }],
    [{ effect: 'error500', mutating: true, from: nth }],
  ])
}

/** Up to four attempts that come to grief, by either way, then one that is left in peace. */
async function interleave(at: Broken, seed: number): Promise<readonly JobEnd[]> {
  const random = seededRandom(seed)
  const ends: JobEnd[] = []
  const attempts = 1 + Math.floor(random() * 4)
  for (let attempt = 0; attempt < attempts; attempt++) {
    at.gateway.faults.set(mishap(random))
    const k = 1 + Math.floor(random() * 70)
    const killer = dies(k, pick(random, ['before', 'after'] as const))
    const how = pick<Again>(random, ['the job again', 'the button'])
    const end = attempt === 0 ? first(at, killer).end : again(at, how, killer)
    ends.push(await end)
    at.gateway.faults.clear()
  }
  ends.push(await again(at, 'the button'))
  return ends
}

const told = (end: JobEnd) =>
  `${end.conclusion}: ${end.steps.map(({ name, outcome }) => `${name} ${outcome}`).join(', ')}`

describe.each(stories)('$name', (story: Story) => {
  test('whatever happens to the attempts before, the next one in peace finishes the rollback', async () => {
    const calm = await broken(story)
    await first(calm).end
    const expected = await rest(calm)
    await calm.close()
    for (const seed of seeds) {
      const at = await broken(story)
      const ends = await interleave(at, seed)
      const differ = differences(await rest(at), expected)
      const wrong = [
        ...differ,
        ...at.violations,
        ...leaks(
          at,
          ends.flatMap(({ lines }) => lines),
        ),
      ]
      await at.close()
      expect({ seed, wrong, ends: wrong.length === 0 ? [] : ends.map(told) }).toEqual({
        ...{ seed, wrong: [], ends: [] },
      })
    }
  }, 1_200_000)
})
