import { describe, expect, jest, test } from '@jest/globals'
import { MINUTE } from '../../support/chain/company.ts'
import { isOfStore } from '../../support/chain/invariants.ts'
import type { JobEnd } from '../../support/chain/job.ts'
import type { Watcher } from '../../support/chain/machine.ts'
import {
  all,
  type Broken,
  broken,
  differences,
  first,
  press,
  rest,
  type Story,
  stories,
  story,
} from '../../support/chain/story.ts'

jest.setTimeout(300_000)

const bad = story.data

async function calm(story: Story) {
  const at = await broken(story)
  const { machine, end } = first(at)
  await end
  const found = { expected: await rest(at), calls: machine.mutations }
  await at.close()
  return found
}

const outcomes = ({ steps }: JobEnd) =>
  steps.filter(({ outcome }) => outcome !== 'skipped').map(({ outcome }) => outcome)

/** Does something once, when a mutation of this name has been applied. */
function once(operation: string, work: () => Promise<void>): Watcher {
  let done = false
  return {
    after: async (call) => {
      if (done || call.operation !== operation) return
      done = true
      await work()
    },
  }
}

describe('the lease lapses inside a long restore', () => {
  test('and nobody took it: the rollback goes on to its end', async () => {
    const { expected } = await calm(bad)
    const at = await broken(bad)
    const silence = once('RestoreDBInstanceFromDBSnapshot', () => at.clock.advance(40 * MINUTE))
    const { conclusion } = await first(at, silence).end
    expect(conclusion).toBe('success')
    expect([...differences(await rest(at), expected), ...at.violations]).toEqual([])
    await at.close()
  })

  test('and a rival took it and finished: nothing more is sent, and the rival stays the winner', async () => {
    const { expected } = await calm(bad)
    const at = await broken(bad)
    let rival: JobEnd | undefined
    let sent = 0
    const underway = first(
      at,
      once('RestoreDBInstanceFromDBSnapshot', async () => {
        await at.clock.advance(20 * MINUTE)
        rival = await press(at).end
        sent = underway.machine.mutations.length
      }),
    )
    const ended = await underway.end
    expect(rival?.conclusion).toBe('success')
    expect(ended.conclusion).toBe('failure')
    expect(outcomes(ended)).toContain('superseded')
    expect(underway.machine.mutations.slice(sent).map(({ path }) => path)).toEqual([])
    expect([...differences(await rest(at), expected), ...at.violations]).toEqual([])
    await at.close()
  })

  test('and a rival that took it is still at work: nothing more is sent, and the rival finishes', async () => {
    const { expected } = await calm(bad)
    const at = await broken(bad)
    let rival: Promise<JobEnd> | undefined
    let sent = 0
    let go: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const underway = first(
      at,
      once('RestoreDBInstanceFromDBSnapshot', async () => {
        await at.clock.advance(20 * MINUTE)
        await new Promise<void>((reached) => {
          const holds: Watcher = {
            before: async ({ operation }) => {
              if (operation !== 'ModifyDBInstance') return
              reached()
              await gate
            },
          }
          rival = press(at, holds).end
        })
        sent = underway.machine.mutations.length
      }),
    )
    const ended = await underway.end
    expect(outcomes(ended)).toContain('superseded')
    expect(underway.machine.mutations.slice(sent).map(({ path }) => path)).toEqual([])
    go()
    expect((await rival)?.conclusion).toBe('success')
    expect([...differences(await rest(at), expected), ...at.violations]).toEqual([])
    await at.close()
  })
})

describe.each(stories)('two rollbacks at once, $name', (story) => {
  test('whenever the second begins, one acts and the other ends without changing anything', async () => {
    const { expected, calls } = await calm(story)
    const chosen = calls.filter(({ n }) => all || n % 20 === 3)
    for (const { n } of chosen) {
      const at: Broken = await broken(story)
      let second: JobEnd | undefined
      let changed: readonly unknown[] = []
      const { end } = first(at, {
        before: async (call) => {
          if (call.n !== n || !call.mutating || second) return
          const rival = press(at)
          second = await rival.end
          changed = rival.machine.mutations.filter((call) => !isOfStore(call))
        },
      })
      const { conclusion } = await end
      // The living deployment is not pulled away; a rollback is left to finish; after it there is nothing to do.
      const closed = calls.findLast(({ path }) => path.endsWith('rollback-1.json'))?.n ?? 0
      const last = n === 1 ? 'refused' : n <= closed ? 'superseded' : 'unchanged'
      const seen = outcomes(second as JobEnd)
      expect({ n, conclusion, changed, seen: seen.includes(last) || seen }).toEqual({
        ...{ n, conclusion: 'success', changed: [], seen: true },
      })
      expect([...differences(await rest(at), expected), ...at.violations]).toEqual([])
      await at.close()
    }
  }, 600_000)
})
