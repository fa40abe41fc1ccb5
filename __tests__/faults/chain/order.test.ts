import { describe, expect, jest, test } from '@jest/globals'
import { deploy, rollBack } from '../../support/chain/chain.ts'
import { commitOf } from '../../support/chain/company.ts'
import { isOfStore, watched } from '../../support/chain/invariants.ts'
import type { JobEnd } from '../../support/chain/job.ts'
import type { Machine } from '../../support/chain/machine.ts'
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
} from '../../support/chain/story.ts'

jest.setTimeout(600_000)

const outside = ({ mutations }: Machine) =>
  mutations.filter((call) => !isOfStore(call)).map(({ operation }) => operation)

const outcomes = ({ steps }: JobEnd) =>
  steps.filter(({ outcome }) => outcome !== 'skipped').map(({ outcome }) => outcome)

/** What a refused deployment saw of the site stays in the store, as a document by its hash that nothing names. */
const seen = /^\/store\/keys\/\d+: "production\/sites\//

/** Another run's deployment of the release that is good. */
async function deployAnother(at: Broken, runId: string) {
  const machine = at.machine()
  const end = await deploy(at, { run: { runId, attempt: 1, sha: commitOf(2) }, machine })
  return { end, changed: outside(machine) }
}

describe.each(stories)('$name', (story: Story) => {
  test('a deployment that starts at any time during the rollback is refused with its reason, and the rollback ends as without it', async () => {
    const calm = await broken(story)
    const alone = first(calm)
    await alone.end
    const expected = await rest(calm)
    await calm.close()
    const open = alone.machine.mutations.findIndex(({ path }) => path.endsWith('rollback-1.json'))
    const last = alone.machine.mutations.findLastIndex(({ path }) =>
      path.endsWith('rollback-1.json'),
    )
    const chosen = alone.machine.mutations.slice(open, last).filter(({ n }) => all || n % 25 === 3)
    expect(chosen.length).toBeGreaterThan(0)
    for (const { n } of chosen) {
      const at = await broken(story)
      let late: Awaited<ReturnType<typeof deployAnother>> | undefined
      const { end } = first(at, {
        after: async (call) => {
          if (call.n === n && call.mutating) late ??= await deployAnother(at, '2001')
        },
      })
      expect([n, (await end).conclusion]).toEqual([n, 'success'])
      expect([n, late?.end.conclusion, late?.changed]).toEqual([n, 'failure', []])
      expect(outcomes(late?.end as JobEnd)).toContain('refused')
      expect(late?.end.lines.join('\n')).toMatch(/production\/1001\/rollback-1/)
      const differ = differences(await rest(at), expected).filter((one) => !seen.test(one))
      expect([n, ...differ, ...at.violations]).toEqual([n])
      await at.close()
    }
  })

  test('after a rollback that is done, its job, the button and the whole run change nothing more', async () => {
    const at = await broken(story)
    await first(at).end
    const done = await rest(at)
    const run = { ...at.run, attempt: 2 }
    const machine = at.machine(watched(at, run.runId))
    const job = await rollBack(at, { run, machine }, at.verdict)
    expect([job.conclusion, outcomes(job).at(0), outside(machine)]).toEqual([
      ...['success', 'unchanged', []],
    ])
    const pressed = press(at)
    const button = await pressed.end
    expect([button.conclusion, outside(pressed.machine)]).toEqual(['success', []])
    const deployer = at.machine()
    const whole = await deploy(at, { run: { ...run, attempt: 3 }, machine: deployer })
    expect([whole.conclusion, outside(deployer)]).toEqual(['failure', []])
    expect([...differences(await rest(at), done), ...at.violations]).toEqual([])
    await at.close()
  })

  test('a run that comes to its end after a newer one was verified takes nothing of it back', async () => {
    const at = await broken(story)
    await first(at).end
    const newer = { runId: '1005', attempt: 1, sha: at.checkout(2) }
    const good = await deploy(at, { run: newer, machine: at.machine() })
    expect(good.outputs.verdict).toBe('healthy')
    expect((await rollBack(at, { run: newer, machine: at.machine() }, 'healthy')).conclusion).toBe(
      'success',
    )
    const before = await rest(at)
    const machine = at.machine()
    const old = await rollBack(at, { run: { ...at.run, attempt: 2 }, machine }, at.verdict)
    expect(['unchanged', 'superseded']).toContain(outcomes(old).at(0))
    expect(outside(machine)).toEqual([])
    expect(differences(await rest(at), before)).toEqual([])
    await at.close()
  })
})
