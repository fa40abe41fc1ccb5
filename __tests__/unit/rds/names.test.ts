import { rollbackName, rootOf, snapshotName, versionId } from '#rds'

const now = Date.UTC(2026, 10, 22, 3, 15, 0)

test('a snapshot is named by what it is for, its moment in UTC, and a suffix', () => {
  expect(snapshotName('pre-migration', now)).toBe('pre-migration-20261122-031500')
  expect(snapshotName('pre-rollback', now, 'orders')).toBe('pre-rollback-20261122-031500-orders')
})

const names: readonly (readonly [string, readonly string[], string])[] = [
  ['shop', [], 'shop-rollback'],
  ['shop', ['shop-rollback'], 'shop-rollback-20261122-031500'],
  ['shop-rollback', ['shop-rollback'], 'shop-rollback-20261122-031500'],
  ['shop-rollback-20261101-000000', ['shop-rollback-20261101-000000'], 'shop-rollback'],
  ['rollback-service', [], 'rollback-service-rollback'],
  ['x'.repeat(63), [], `${'x'.repeat(54)}-rollback`],
  [`${'x'.repeat(53)}-yyyyyyyyy`, [], `${'x'.repeat(53)}-rollback`],
  ['x'.repeat(63), [`${'x'.repeat(54)}-rollback`], `${'x'.repeat(38)}-rollback-20261122-031500`],
]

test.each(names)('%s with %j taken is restored into %s', (instance, taken, expected) => {
  const name = rollbackName(instance, new Set(taken), now)
  expect(name).toBe(expected)
  expect(name.length).toBeLessThanOrEqual(63)
})

test('the root is the name before any rollback', () => {
  expect(
    ['shop', 'shop-rollback', 'shop-rollback-20261122-031500', 'shop-rollback-old'].map(rootOf),
  ).toEqual(['shop', 'shop', 'shop', 'shop-rollback-old'])
})

test('the id of a secret version is the same for the same change, and a UUID', () => {
  const id = versionId('production/1/rollback-1', 'db-X', 'v1')
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(versionId('production/1/rollback-1', 'db-X', 'v1')).toBe(id)
  const others = [
    versionId('production/1/rollback-2', 'db-X', 'v1'),
    versionId('production/1/rollback-1', 'db-Y', 'v1'),
    versionId('production/1/rollback-1', 'db-X', 'v2'),
  ]
  expect(new Set([id, ...others]).size).toBe(4)
})
