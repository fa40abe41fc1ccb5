import { describe, expect, test } from '@jest/globals'
import { type LedgerState, migrationsAhead, type Point } from '#store'
import { pointOf, where } from '../../support/store.ts'

const file = (version: string, additive: boolean) => ({
  ...{ version, name: version, sha256: 'x', additive, why: additive ? '' : 'DROP COLUMN' },
  undo: { is: 'lossless' as const, why: '' },
})
const ledger = (applied: string[], pending: ReturnType<typeof file>[] = []): LedgerState => ({
  ...{ tool: 'dbmate', table: 'schema_migrations', schemaFingerprint: 'f' },
  ...{ applied, pending },
})
type State = NonNullable<Point['deployment']>['state']
let hours = 0
const point = (id: string, migrations: LedgerState | undefined, state?: State): Point => {
  hours += 1
  return pointOf(where as never, id, {
    takenAt: `2026-11-22T${String(hours).padStart(2, '0')}:00:00Z`,
    components: { ...(migrations && { migrations }) },
    ...(state && { deployment: { state, history: [], journal: [] } }),
  })
}

describe('the schema is ahead of a point', () => {
  hours = 0
  const old = point('production/1/after', ledger(['1']))
  const before = point('production/2/before', ledger(['1'], [file('2', false)]), 'verified')
  const after = point('production/2/after', ledger(['1', '2']))
  const adding = point('production/3/before', ledger(['1', '2'], [file('3', true)]), 'verified')
  const breaking = (state: State) =>
    point('production/4/before', ledger(['1', '2', '3'], [file('4', false)]), state)

  test.each<[string, Point, Point[], [string, boolean][]]>([
    ['not, when nothing came since', after, [old, before, after], []],
    ['not, when only additions came', after, [after, adding, breaking('captured')], []],
    ['by what a later ledger has', old, [before, after], [['2', true]]],
    ['perhaps, by what a deployment brought that began', old, [before], [['2', false]]],
    ['perhaps, by the deployment whose own point it is', before, [before], [['2', false]]],
    [
      'perhaps, by one that was never judged',
      after,
      [adding, breaking('deploying')],
      [['4', false]],
    ],
    ['not by one that was taken back', after, [adding, breaking('rolled-back')], []],
    ['not by one that never began', after, [adding, breaking('abandoned')], []],
    ['not when nobody has a ledger', point('production/1/before', undefined), [after], []],
  ])('%s', (_, destination, points, ahead) => {
    const found = migrationsAhead(destination, points)
    expect(found.map(({ version, sure }) => [version, sure])).toEqual(ahead)
  })

  test('by a migration whose file nobody saw, and by one that disappeared', () => {
    const now = point('production/5/after', ledger(['2', '9']))
    expect(migrationsAhead(after, [now]).map(({ version, why }) => `${version}: ${why}`)).toEqual([
      '1: it disappeared from the ledger',
      '9: its file was not in the release that was captured',
    ])
  })
})
