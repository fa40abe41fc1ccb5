import { expect, jest, test } from '@jest/globals'
import { runAction } from '../../support/chain/chain.ts'
import { commitOf } from '../../support/chain/company.ts'
import { leaks } from '../../support/chain/invariants.ts'
import { givenOf } from '../../support/chain/job.ts'
import { picture } from '../../support/chain/picture.ts'
import { broken, dies, first, type Story, story } from '../../support/chain/story.ts'

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
  ['config-rollback', { mode: 'capture' }],
  ['config-rollback', { mode: 'rollback', record }],
  ['config-rollback', { reason: 'compromised', secrets: 'acme/production/jwt-secret' }],
  ['s3-frontend-restore', { mode: 'capture' }],
  ['s3-frontend-restore', { mode: 'restore', record }],
  ['migration-revert', { mode: 'capture' }],
  ['migration-revert', { mode: 'revert', record }],
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

/** A rollback in which each kind of data has its turn next: before the restore is cut over, before the migration is taken back. */
const middles: readonly { readonly runId: string; readonly one: Story; readonly k: number }[] = [
  { runId: '1001', one: story.data, k: 19 },
  { runId: '1002', one: story.data, k: 19 },
  { runId: '1001', one: story.everything, k: 13 },
  { runId: '1002', one: story.everything, k: 13 },
]

test.each(middles)(
  'a dry run of any action sends no mutating call, in run $runId of a rollback of $one.name',
  async ({ runId, one, k }) => {
    const at = await broken(one)
    const plan = (await first(at, dies(k, 'before')).end).steps[0]?.outputs?.plan ?? ''
    expect(plan).not.toBe('')
    const before = await picture(at)
    const run = { runId, attempt: 2, sha: commitOf(one.release) }
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
