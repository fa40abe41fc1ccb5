import {
  type Consent,
  chooseProfile,
  decideConsent,
  ordered,
  type Parts,
  stepsOf,
  subjectText,
  type WayEvidence,
} from '#chain'
import type { LedgerState, PendingMigration, Profile, SnapshotState } from '#store'

type Undo = PendingMigration['undo']['is']
const ledger = (applied: string[], pending: [string, boolean, Undo?][] = []): LedgerState => ({
  tool: 'dbmate',
  table: 'schema_migrations',
  applied,
  schemaFingerprint: applied.join(),
  pending: pending.map(([version, additive, undo = 'impossible']) => ({
    version,
    name: version,
    sha256: '',
    additive,
    why: additive ? 'additions' : 'DROP COLUMN',
    undo: {
      is: undo,
      why: { impossible: 'the column is gone', lossy: 'drops t.c', lossless: 'renames' }[undo],
    },
  })),
})
const snapshot: SnapshotState = {
  id: 'pre-migration-1',
  instance: 'shop',
  resourceId: 'db-1',
  status: 'available',
  at: '2026-11-22T03:00:00Z',
}
const evidence = (given: Partial<WayEvidence>): WayEvidence => {
  const before = ledger(['1', '2'])
  return {
    destination: before,
    before,
    now: before,
    snapshot,
    between: [],
    gone: [],
    ...given,
  }
}

test.each<[string, Partial<WayEvidence>, Profile, RegExp]>([
  ['no migrations are named', { destination: undefined }, 'A', /not touched/],
  ['the ledger is equal', {}, 'A', /no migration/],
  [
    'only additions',
    { before: ledger(['1', '2'], [['3', true]]), now: ledger(['1', '2', '3']) },
    'A',
    /additions/,
  ],
  [
    'one of two is not additive',
    {
      before: ledger(
        ['1', '2'],
        [
          ['3', true],
          ['4', false],
        ],
      ),
      now: ledger(['1', '2', '3', '4']),
    },
    'C',
    /4: DROP COLUMN/,
  ],
  [
    'a migration whose file nobody judged',
    { now: ledger(['1', '2', '9']) },
    'C',
    /9: its file was not/,
  ],
  ['a migration disappeared', { now: ledger(['1']) }, 'C', /disappeared: 2/],
  [
    'a migration whose down loses nothing',
    { before: ledger(['1'], [['2', false, 'lossless']]), destination: ledger(['1']) },
    'B',
    /2: DROP COLUMN; its down takes it back and loses nothing/,
  ],
  [
    'a migration whose down drops what was written since',
    { before: ledger(['1'], [['2', false, 'lossy']]), destination: ledger(['1']) },
    'B',
    /its down loses \(2: drops t.c\)/,
  ],
  [
    'an addition beside a migration with a down, and the addition loses its column too',
    {
      destination: ledger(['1']),
      before: ledger(
        ['1'],
        [
          ['2', false, 'lossless'],
          ['3', true, 'lossy'],
        ],
      ),
      now: ledger(['1', '2', '3']),
    },
    'B',
    /its down loses \(3: drops t.c\)/,
  ],
  [
    'one of two has no way back',
    {
      destination: ledger(['1']),
      before: ledger(
        ['1'],
        [
          ['2', false, 'lossless'],
          ['3', false],
        ],
      ),
      now: ledger(['1', '2', '3']),
    },
    'C',
    /no down takes it back \(3: the column is gone\)/,
  ],
  [
    'a service that is gone, and the schema may stay',
    { gone: ['service web'] },
    'D',
    /gone: service web; no migration/,
  ],
  [
    'the ledger cannot be read',
    { now: { unreadable: 'connection refused' } },
    'C',
    /cannot be read: connection refused/,
  ],
])('%s', (_name, given, profile, why) => {
  const choice = chooseProfile(evidence(given))
  expect(choice).toMatchObject({ profile, why: expect.stringMatching(why) })
  expect(choice.impossible).toBeUndefined()
})

const breaking = { before: ledger(['1', '2'], [['3', false]]), now: ledger(['1', '2', '3']) }

test.each<[string, Partial<WayEvidence>]>([
  ['without a snapshot', { snapshot: undefined }],
  [
    'with a snapshot that never became available',
    { snapshot: { ...snapshot, status: 'intended' } },
  ],
])('data cannot go back %s', (_name, given) => {
  expect(chooseProfile(evidence({ ...breaking, ...given })).impossible).toMatch(/snapshot/)
})

test('data cannot go back past what the snapshot holds', () => {
  const choice = chooseProfile(evidence({ ...breaking, destination: ledger(['1']) }))
  expect(choice.impossible).toMatch(/2 would stay applied/)
})

test('additions that the snapshot holds beyond the destination do not stand in the way', () => {
  const choice = chooseProfile(evidence({ ...breaking, destination: ledger(['1'], [['2', true]]) }))
  expect(choice).toMatchObject({ profile: 'C', added: ['2', '3'] })
  expect(choice.impossible).toBeUndefined()
})

test('with something gone and a schema that may not stay nothing is begun', () => {
  const choice = chooseProfile(evidence({ ...breaking, gone: ['service web'] }))
  expect(choice).toMatchObject({ profile: 'D' })
  expect(choice.impossible).toMatch(/gone: service web; 3: DROP COLUMN/)
})

test.each<[boolean, 'ask' | 'automatic' | 'never', string | undefined, Consent]>([
  [false, 'ask', undefined, 'not-needed'],
  [false, 'never', undefined, 'not-needed'],
  [true, 'ask', undefined, 'missing'],
  [true, 'ask', 'other', 'missing'],
  [true, 'ask', 'plan', 'given'],
  [true, 'automatic', undefined, 'automatic'],
  [true, 'never', 'plan', 'never'],
])('something lost: %s, data-restore %s, consent %s: %s', (lost, restore, given, consent) => {
  expect(decideConsent(lost, restore, { given, planId: 'plan' })).toBe(consent)
})

test('the plan id does not change with the order of the ledger', () => {
  const subject = { resourceId: 'db-1', snapshot: 's', destination: 'p/1/before', removed: [] }
  expect(subjectText({ ...subject, added: ['3', '4'] })).toBe(
    subjectText({ ...subject, added: ['4', '3'] }),
  )
  expect(subjectText({ ...subject, added: ['3'] })).not.toBe(
    subjectText({ ...subject, added: ['4'] }),
  )
})

describe('the steps', () => {
  const everything: Parts = {
    services: true,
    config: true,
    site: true,
    whileWaiting: 'stopped',
    same: new Set(),
    only: undefined,
  }
  const stepsIn = (profile: Profile, consent: Consent, given: Partial<Parts> = {}) =>
    ordered(profile, stepsOf(profile, consent, { ...everything, ...given })).join(' ')

  test.each<[Profile, Consent, string]>([
    ['A', 'not-needed', 'site config code readers verify'],
    ['B', 'not-needed', 'stop migrations config code readers start site verify'],
    ['B', 'given', 'stop migrations config code readers start site verify'],
    ['B', 'missing', 'stop config code readers site'],
    ['C', 'given', 'stop config restore code readers start site verify'],
    ['C', 'automatic', 'stop config restore code readers start site verify'],
    ['C', 'missing', 'stop config code readers site'],
    ['C', 'never', 'stop config code readers site'],
    ['D', 'not-needed', 'site config code readers verify'],
  ])('of profile %s with consent %s', (profile, consent, steps) => {
    expect(stepsIn(profile, consent)).toBe(steps)
  })

  test.each<[string, Profile, Partial<Parts>, string]>([
    ['only the front end differs', 'A', { same: new Set(['services', 'config']) }, 'site verify'],
    [
      'only configuration differs',
      'A',
      { same: new Set(['services', 'site']) },
      'config readers verify',
    ],
    ['only services differ', 'A', { same: new Set(['config', 'site']) }, 'code verify'],
    ['the environment has services only', 'A', { config: false, site: false }, 'code verify'],
    [
      'stopped services are looked at though they are the same',
      'B',
      { same: new Set(['services', 'config', 'site']) },
      'stop migrations code start verify',
    ],
    ['an environment without services', 'B', { services: false }, 'migrations config site verify'],
  ])('when %s', (_name, profile, given, steps) => {
    expect(stepsIn(profile, 'not-needed', given)).toBe(steps)
  })

  test.each<Profile>(['B', 'C'])(
    'while-waiting: running leaves everything as it is until somebody consents (%s)',
    (profile) => {
      expect(stepsIn(profile, 'missing', { whileWaiting: 'running' })).toBe('')
    },
  )
})
