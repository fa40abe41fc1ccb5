import { type Choice, decideResume, type LeftRecord, type Unfinished } from '#chain'
import type { Life, Verdict } from '#core'
import type { DeploymentState } from '#store'

const ended: Life = { is: 'ended', conclusion: 'cancelled' }
const alive: Life = { is: 'alive', status: 'in_progress' }
const unknown: Life = { is: 'unknown', why: 'no token' }

const unfinished = (given: Partial<Unfinished>): Unfinished => ({
  ...{ state: 'deploying', stored: undefined, onInconclusive: 'hold', record: undefined },
  runs: [{ run: '10', life: ended }],
  ...given,
})
const record = (given: Partial<LeftRecord> = {}): LeftRecord => ({
  ...{ id: 'p/10/rollback-1', consent: 'not-needed', verdict: undefined, resumes: 0 },
  safeIsBack: true,
  ...given,
})

const verdicts: readonly (Verdict | undefined)[] = [
  undefined,
  'healthy',
  'unhealthy',
  'inconclusive',
  'error',
]
/** Columns: no verdict, healthy, unhealthy, inconclusive, error. v verify, r roll-back, h hold, n nothing. */
const table: readonly (readonly [DeploymentState | undefined, string])[] = [
  [undefined, 'nnnnn'],
  ['captured', 'nnnnn'],
  ['deploying', 'rvrhh'],
  ['verified', 'nnnnn'],
  ['held', 'nnnnn'],
  ['rolled-back', 'nnnnn'],
  ['abandoned', 'nnnnn'],
]
const letters: Readonly<Record<string, Choice>> = {
  ...{ v: 'verify', r: 'roll-back', h: 'hold', n: 'nothing' },
}
const rows = table.flatMap(([state, line]) =>
  verdicts.map(
    (stored, at) => [state ?? 'no point', stored, state, letters[line[at] ?? '']] as const,
  ),
)

test.each(rows)(
  'a deployment that is %s, with %s, whose run has ended',
  (_name, stored, state, choice) => {
    expect(decideResume(unfinished({ state, stored })).choice).toBe(choice)
  },
)

test('one that nobody judged is told apart from one that was judged', () => {
  expect(decideResume(unfinished({})).trigger).toBe('no-verdict')
  expect(decideResume(unfinished({ stored: 'unhealthy' })).trigger).toBe('verdict')
})

test('on-inconclusive: roll-back counts here too', () => {
  const given = { stored: 'inconclusive', onInconclusive: 'roll-back' } as const
  expect(decideResume(unfinished(given)).choice).toBe('roll-back')
})

test.each<[string, Unfinished['runs'], Choice, RegExp]>([
  ['is alive', [{ run: '10', life: alive }], 'nothing', /run 10 is alive \(in_progress\)/],
  ['is not known', [{ run: '10', life: unknown }], 'nothing', /is not known: no token/],
  [
    'has ended, while another holds the lease',
    [
      { run: '10', life: ended },
      { run: '20', life: alive },
    ],
    'nothing',
    /run 20 is alive/,
  ],
  ['has ended', [{ run: '10', life: ended }], 'roll-back', /nobody judged/],
  ['was this one itself', [], 'roll-back', /nobody judged/],
])('when the run %s', (_name, runs, choice, why) => {
  const decision = decideResume(unfinished({ runs }))
  expect(decision.choice).toBe(choice)
  expect(decision.why).toMatch(why)
})

test.each<[string, Partial<LeftRecord>, Choice, RegExp]>([
  ['that was killed', { safeIsBack: false }, 'roll-back', /is open: it is finished first/],
  ['that failed', {}, 'roll-back', /is open/],
  ['that was given consent', { consent: 'given' }, 'roll-back', /is open/],
  ['that waits for consent', { consent: 'missing' }, 'nothing', /waits for a person/],
  ['that never may touch data', { consent: 'never' }, 'nothing', /waits for a person/],
  [
    'killed before it could wait for consent',
    { consent: 'missing', safeIsBack: false },
    'roll-back',
    /is open/,
  ],
  ['that restored something unhealthy', { verdict: 'unhealthy' }, 'nothing', /a person decides/],
  ['that is healthy and not closed', { verdict: 'healthy' }, 'roll-back', /is open/],
  ['gone on with twice', { resumes: 2 }, 'roll-back', /is open/],
  ['gone on with three times', { resumes: 3 }, 'hold', /gone on with 3 times by itself/],
])('a record %s', (_name, given, choice, why) => {
  const decision = decideResume(unfinished({ record: record(given) }))
  expect(decision.choice).toBe(choice)
  expect(decision.why).toMatch(why)
})

test('a record is left alone while its last run is alive', () => {
  const runs = [{ run: '10', life: alive }]
  expect(decideResume(unfinished({ record: record(), runs })).choice).toBe('nothing')
})
