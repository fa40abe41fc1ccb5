import { matrix, orders, type Schema, type Situation, wayIn } from '#chain'
import type { Profile } from '#store'

/** Every situation there is, with what must come of it: profile, consent, refused. */
const expected: Readonly<Record<Schema, readonly [Profile, boolean]>> = {
  unknown: ['A', false],
  same: ['A', false],
  additions: ['A', false],
  reversible: ['B', false],
  lossy: ['B', true],
  irreversible: ['C', true],
  unreadable: ['C', true],
}
const schemas = Object.keys(expected) as Schema[]

test.each(schemas)('a schema that is %s', (schema) => {
  const [profile, consent] = expected[schema]
  const way = wayIn({ schema, incomplete: false })
  expect([way.profile, way.consent, way.refused]).toEqual([profile, consent, undefined])
})

test.each(schemas)('something gone, with a schema that is %s', (schema) => {
  const stays = expected[schema][0] === 'A'
  const way = wayIn({ schema, incomplete: true })
  expect([way.profile, way.consent, way.refused]).toEqual(['D', false, stays ? undefined : true])
})

const situations: readonly Situation[] = schemas.flatMap((schema) =>
  [true, false].map((incomplete) => ({ schema, incomplete })),
)

test('every row of the matrix is the first that applies somewhere', () => {
  expect(matrix.filter((way) => !situations.some((one) => wayIn(one) === way))).toEqual([])
})

test('nothing is lost without consent', () => {
  expect(matrix.filter(({ lost, consent }) => lost !== 'nothing' && !consent)).toEqual([])
})

test.each(Object.entries(orders))(
  'the order of %s keeps what must come before what',
  (_, steps) => {
    const at = (step: (typeof steps)[number]) => steps.indexOf(step)
    const before = (one: (typeof steps)[number], other: (typeof steps)[number]) =>
      at(one) < 0 || at(other) < 0 || at(one) < at(other)
    expect(before('stop', 'migrations')).toBe(true)
    expect(before('stop', 'restore')).toBe(true)
    expect(before('config', 'code')).toBe(true)
    expect(before('config', 'restore')).toBe(true)
    expect(before('migrations', 'code')).toBe(true)
    expect(before('restore', 'code')).toBe(true)
    expect(before('code', 'readers')).toBe(true)
    expect(before('code', 'start')).toBe(true)
    expect(at('verify')).toBe(steps.length - 1)
  },
)
