import { type Choice, decide, type Evidence } from '#chain'
import type { Verdict } from '#core'
import type { DeploymentState } from '#store'

const evidence = (given: Partial<Evidence>): Evidence => ({
  state: 'deploying',
  stored: undefined,
  given: undefined,
  openRecord: undefined,
  onInconclusive: 'hold',
  asked: false,
  ...given,
})

const states: readonly (DeploymentState | undefined)[] = [
  undefined,
  'captured',
  'deploying',
  'verified',
  'held',
  'rolled-back',
  'abandoned',
]
const verdicts: readonly (Verdict | undefined)[] = [
  undefined,
  'healthy',
  'unhealthy',
  'inconclusive',
  'error',
]

/** Rows: state; columns: no verdict, healthy, unhealthy, inconclusive, error. v verify, r roll-back, h hold, n nothing. */
const table: readonly string[] = ['nnnnn', 'nvrhh', 'rvrhh', 'vvvvv', 'hvrhh', 'nnnnn', 'nnnnn']
const letters: { readonly [letter: string]: Choice } = {
  v: 'verify',
  r: 'roll-back',
  h: 'hold',
  n: 'nothing',
}

const rows = states.flatMap((state, row) =>
  verdicts.map(
    (verdict, column) =>
      [
        state ?? 'no point',
        verdict ?? 'no verdict',
        state,
        verdict,
        letters[table[row]?.[column] ?? ''],
      ] as const,
  ),
)

test.each(rows)('%s with %s', (_state, _verdict, state, verdict, choice) => {
  expect(decide(evidence({ state, stored: verdict })).choice).toBe(choice)
  expect(decide(evidence({ state, given: verdict })).choice).toBe(choice)
})

test.each<[Verdict | undefined, Verdict | undefined, Choice]>([
  ['healthy', 'unhealthy', 'roll-back'],
  ['unhealthy', 'healthy', 'roll-back'],
  ['healthy', 'inconclusive', 'hold'],
  ['unhealthy', undefined, 'roll-back'],
  ['healthy', undefined, 'verify'],
])('where the store says %s and the workflow %s, the worse counts', (stored, given, choice) => {
  expect(decide(evidence({ stored, given })).choice).toBe(choice)
})

test.each<Verdict>(['inconclusive', 'error'])(
  'on-inconclusive: roll-back turns %s into a rollback',
  (given) => {
    expect(decide(evidence({ given, onInconclusive: 'roll-back' })).choice).toBe('roll-back')
  },
)

test('an open record is finished first, whatever the verdict says', () => {
  expect(decide(evidence({ openRecord: 'p/1/rollback-1', stored: 'healthy' })).choice).toBe(
    'roll-back',
  )
})

test('a person who asks rolls back a verified deployment too', () => {
  expect(decide(evidence({ state: 'verified', stored: 'healthy', asked: true }))).toMatchObject({
    choice: 'roll-back',
    trigger: 'button',
  })
})

test('a deployment that nobody judged is told apart from one that was judged', () => {
  expect(decide(evidence({})).trigger).toBe('no-verdict')
  expect(decide(evidence({ given: 'unhealthy' })).trigger).toBe('verdict')
})
