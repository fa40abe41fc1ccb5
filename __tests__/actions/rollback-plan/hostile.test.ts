import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oneLine } from '#core'
import { open, planSettings } from '#rollback'
import { readPin, readRecord, recordSchema } from '#store'
import { linesOf, summaryOf } from '../../../packages/action/summary.ts'
import { runBundle } from '../../support/bundle.ts'
import { commandsIn, hostile, liveIn, longHostile } from '../../support/hostile.ts'
import { fakeClock, testRun } from '../../support/run.ts'
import { testStore } from '../../support/store.ts'

/** What people type into the button is hostile text: to the shell, to the runner, to Markdown, and to whoever reads the record. */

const given = {
  ...{ environment: 'production', verdict: undefined, to: 'auto', components: 'all' },
  ...{
    consent: undefined,
    asked: true,
    resume: false,
    reason: undefined,
    'on-inconclusive': undefined,
  },
}

test('a reason is one line of five hundred characters at most, and says when it was longer', () => {
  const { reason } = planSettings({ ...given, reason: longHostile }, {} as never)
  expect(reason).toMatch(/^\$\(touch PWNED\)/)
  expect(reason).toMatch(/… \(shortened, it had \d+ characters\)$/)
  expect([...reason].length).toBeLessThan(550)
  expect(oneLine(reason)).toBe(reason.replaceAll('##[', '## ['))
  expect(planSettings({ ...given, reason: 'orders fail' }, {} as never).reason).toBe('orders fail')
})

test('record and pin keep a hostile reason and a hostile actor as text, and nothing that is printed is a command', async () => {
  const clock = fakeClock()
  const store = await testStore(clock)
  const actor = hostile
  const run = testRun({ clock, identity: { runId: '20', actor, runUrl: hostile } })
  const { reason } = planSettings({ ...given, reason: longHostile }, {} as never)
  const sha = 'b'.repeat(40)
  const result = await open(run, store, {
    ...{ version: 1, choice: 'roll-back', why: 'w', trigger: 'button', undone: 'production/10' },
    ...{ from: sha, to: 'production/10/before', profile: 'A', planId: 'p', consent: 'not-needed' },
    ...{ reason, operations: true, only: ['site'] },
  })
  const record = await readRecord(store, 'production/10/rollback-1')
  expect(recordSchema.safeParse(record).success).toBe(true)
  expect(record).toMatchObject({ reason, only: ['site'] })
  expect((await readPin(store, sha))?.reason).toBe(reason)
  expect(liveIn(summaryOf('rollback-report', result))).toEqual([])
  expect(commandsIn(linesOf(result).map(oneLine).join('\n'))).toEqual([])
})

test.each([
  ['to', { to: longHostile }],
  ['to', { to: `tag:${hostile}` }],
  ['components', { components: longHostile }],
])(
  'the bundle refuses a hostile %s as one input, in a few words',
  async (name, inputs) => {
    const cwd = mkdtempSync(join(tmpdir(), 'hostile-'))
    mkdirSync(join(cwd, '.github'))
    writeFileSync(
      join(cwd, '.github/rollback.yml'),
      [
        'version: 1',
        'store: s3://acme-rollback',
        'environments: { production: { region: us-east-1, account: "123456789012" } }',
      ].join('\n'),
    )
    const env = { GITHUB_ACTOR: hostile, GITHUB_REPOSITORY: 'acme/shop', GITHUB_RUN_ID: '20' }
    const all = { environment: 'production', asked: 'true', reason: longHostile, ...inputs }
    const ended = await runBundle('rollback-plan', { cwd, env, inputs: all })
    const executed = existsSync(join(cwd, 'PWNED'))
    rmSync(cwd, { recursive: true })
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
    expect(Object.keys(ended.outputs).sort()).toEqual(['outcome', 'report'])
    expect(ended.summary).toMatch(new RegExp(`${name}: expected`))
    expect(executed).toBe(false)
    expect(commandsIn(ended.log)).toEqual([])
    expect(liveIn(ended.summary)).toEqual([])
    expect(ended.summary.length).toBeLessThan(3_000)
  },
  30_000,
)
