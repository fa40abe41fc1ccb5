import type { DBInstance } from '@aws-sdk/client-rds'
import { chooseInstance, snapshotFaults, toInstance, toSnapshot } from '#rds'

const at = (Address: string, Port: number, given: DBInstance = {}) =>
  toInstance({
    DBInstanceIdentifier: 'shop',
    Engine: 'postgres',
    Endpoint: { Address, Port },
    ...given,
  })
const place = { host: 'shop.abc.rds.amazonaws.com', port: 5432 }

test('an instance is found by host and port, as DNS compares host names', () => {
  const instances = [at(place.host, 5433), at('other', 5432), at(place.host, 5432)]
  expect(chooseInstance(instances, { ...place, host: 'SHOP.abc.rds.amazonaws.com.' })).toBe(
    instances[2],
  )
})

const refused: readonly (readonly [string, ReturnType<typeof at>[], RegExp])[] = [
  ['none', [], /no instance/],
  ['the same host on another port', [at(place.host, 5433)], /no instance/],
  [
    'one that is being made',
    [toInstance({ DBInstanceIdentifier: 'shop', Engine: 'postgres' })],
    /no instance/,
  ],
  [
    'two',
    [at(place.host, 5432), at(place.host, 5432, { DBInstanceIdentifier: 'b' })],
    /several.*shop, b/,
  ],
  [
    'a member of a cluster',
    [at(place.host, 5432, { DBClusterIdentifier: 'c' })],
    /not supported yet/,
  ],
  ['another engine', [at(place.host, 5432, { Engine: 'mysql' })], /mysql.*not supported yet/],
]

test.each(refused)('%s is refused with the reason', (_, instances, why) => {
  expect(chooseInstance(instances, place)).toMatch(why)
})

const since = Date.UTC(2026, 10, 22, 3, 15, 0)
const source = at(place.host, 5432, {
  DbiResourceId: 'db-1',
  EngineVersion: '18.4',
  AllocatedStorage: 20,
  StorageEncrypted: true,
  KmsKeyId: 'key',
})
const good = {
  DBSnapshotIdentifier: 's',
  DbiResourceId: 'db-1',
  Status: 'available',
  PercentProgress: 100,
  Engine: 'postgres',
  EngineVersion: '18.4',
  AllocatedStorage: 20,
  Encrypted: true,
  KmsKeyId: 'key',
  SnapshotCreateTime: new Date(since + 60_000),
}

test('a snapshot that is equal to its database is fine', () => {
  expect(snapshotFaults(toSnapshot(good), { source, since })).toEqual([])
})

const faulty: readonly (readonly [object, RegExp])[] = [
  [{ Status: 'failed' }, /is failed/],
  [{ PercentProgress: 99 }, /99 %/],
  [{ DbiResourceId: 'db-2' }, /resource id/],
  [{ Engine: 'mysql' }, /engine/],
  [{ EngineVersion: '17.1' }, /engine version/],
  [{ AllocatedStorage: 10 }, /size/],
  [{ Encrypted: false }, /encryption/],
  [{ KmsKeyId: 'other' }, /key/],
  [{ SnapshotCreateTime: new Date(since - 300_000) }, /older/],
  [{ SnapshotCreateTime: undefined }, /older/],
]

test.each(faulty)('a snapshot with %j is not usable', (given, why) => {
  expect(snapshotFaults(toSnapshot({ ...good, ...given }), { source, since }).join()).toMatch(why)
})
