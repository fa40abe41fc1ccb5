import { describe, expect, jest, test } from '@jest/globals'
import { deploy } from '../../support/chain/chain.ts'
import { company } from '../../support/chain/company.ts'
import { isOfStore } from '../../support/chain/invariants.ts'
import { picture } from '../../support/chain/picture.ts'
import {
  again,
  all,
  broken,
  differences,
  first,
  rest,
  type Story,
  stories,
} from '../../support/chain/story.ts'

jest.setTimeout(300_000)

const denied = { service: 's3', effect: 'denied' } as const

test.each([
  { name: 'unreadable', faults: [denied] },
  { name: 'not writable', faults: [{ ...denied, mutating: true }] },
  { name: 'without versions', faults: [{ ...denied, operation: 'GetBucketVersioning' }] },
])('with a store that is $name nothing is deployed', async ({ faults }) => {
  const at = await company()
  const before = await picture(at)
  const sha = at.checkout(3, [2])
  at.gateway.faults.set(faults)
  const machine = at.machine()
  const ended = await deploy(at, { run: { runId: '1001', attempt: 1, sha }, machine })
  at.gateway.faults.clear()
  expect(ended.conclusion).toBe('failure')
  expect(machine.mutations.filter((call) => !isOfStore(call))).toEqual([])
  expect(ended.steps.filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThan(0)
  const after = await picture(at)
  expect(differences({ ...after, store: 0 }, { ...before, store: 0 })).toEqual([])
  await at.close()
})

describe.each(stories)('$name', (story: Story) => {
  test('a store that cannot be read from any write on ends the rollback before its next mutation', async () => {
    const calm = await broken(story)
    const whole = first(calm)
    await whole.end
    const expected = await rest(calm)
    await calm.close()
    const writes = whole.machine.mutations.filter(isOfStore)
    for (const { n } of writes.filter((_, index) => all || index % 9 === 0)) {
      const at = await broken(story)
      const { machine, end } = first(at, {
        before: (call) => {
          if (call.mutating && call.n === n) at.gateway.faults.set([denied])
        },
      })
      const { conclusion, steps } = await end
      at.gateway.faults.clear()
      const after = machine.mutations.slice(n).filter((call) => !isOfStore(call))
      expect({ n, conclusion, after }).toEqual({ n, conclusion: 'failure', after: [] })
      expect(steps.some(({ outcome }) => outcome === 'failed')).toBe(true)
      const { conclusion: second, lines } = await again(at, 'the job again')
      expect({ n, second, lines: second === 'success' ? [] : lines }).toEqual({
        ...{ n, second: 'success', lines: [] },
      })
      expect({ n, differ: [...differences(await rest(at), expected), ...at.violations] }).toEqual({
        ...{ n, differ: [] },
      })
      await at.close()
    }
  }, 600_000)
})
