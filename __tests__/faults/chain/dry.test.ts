import { expect, jest, test } from '@jest/globals'
import { runAction } from '../../support/chain/chain.ts'
import { commitOf } from '../../support/chain/company.ts'
import { leaks } from '../../support/chain/invariants.ts'
import { givenOf } from '../../support/chain/job.ts'
import { picture } from '../../support/chain/picture.ts'
import { broken, dies, first, type Story, stories } from '../../support/chain/story.ts'

jest.setTimeout(300_000)

const record = 'production/1001/rollback-1'

/** Every action and mode, as a person would try it in the middle of a rollback, and beside one. */
const tries: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['rollback-plan', { asked: 'true' }],
  ['rollback-plan', { verdict: 'unhealthy' }],
  ['rollback-report', { mode: 'open', plan: 'the plan' }],
  ['rollback-report', { mode: 'close', plan: 'the plan', record }],
  ['rollback-report', { mode: 'close', record, reason: 'fix forward' }],
  ['ecs-rollback', { mode: 'stop', services: 'writers', record }],
  ['ecs-rollback', { mode: 'rollback', record }],
  ['ecs-rollback', { mode: 'start', services: 'writers', record }],
  ['ecs-rollback', { mode: 'redeploy', record }],
  ['rds-snapshot-guard', { mode: 'snapshot' }],
  ['rds-snapshot-guard', { mode: 'restore', record }],
  ['restore-point', { mode: 'gate' }],
  ['restore-point', { mode: 'capture' }],
  ['restore-point', { mode: 'capture', point: 'after', record }],
  ['restore-point', { mode: 'list' }],
  ['restore-point', { mode: 'show', id: 'production/1001/before' }],
  ['verify-health', {}],
  ['verify-health', { expect: 'restored', record }],
  ['verify-health', { mode: 'baseline' }],
  ['run-script', { script: 'scripts/deploy' }],
]

test.each(['1001', '1002'])(
  'a dry run of any action sends no mutating call, in run %s',
  async (runId) => {
    const at = await broken(stories[1] as Story)
    const plan = (await first(at, dies(19, 'before')).end).steps[0]?.outputs?.plan ?? ''
    expect(plan).not.toBe('')
    const before = await picture(at)
    const run = { runId, attempt: 2, sha: commitOf(4) }
    for (const [action, given] of tries) {
      const machine = at.machine()
      const lines: string[] = []
      const named = {
        ...{ environment: 'production', config: at.config, 'poll-interval': '60s' },
        ...{ ...given, ...(given.plan && { plan }), 'dry-run': 'true' },
      }
      const step = {
        action,
        given: givenOf(action, named),
        say: (line: string) => lines.push(line),
      }
      const { outcome } = await runAction(at, { run, machine }, step)
      const sent = machine.mutations.map(({ service, operation }) => `${service}:${operation}`)
      expect({ action, given, outcome, sent }).toEqual({
        ...{ action, given, outcome: expect.not.stringMatching(/^failed$/), sent: [] },
      })
      expect(leaks(at, lines)).toEqual([])
    }
    const after = await picture(at)
    expect({ ...after, door: 0 }).toEqual({ ...before, door: 0 })
    await at.close()
  },
  120_000,
)
