import {
  type Consent,
  chooseProfile,
  type DatabaseEvidence,
  decideConsent,
  stepsOf,
  subjectText,
} from '#chain'
import type { LedgerState, SnapshotState } from '#store'

const ledger = (applied: string[], pending: [string, boolean][] = []): LedgerState => ({
  tool: 'dbmate',
  table: 'schema_migrations',
  applied,
  schemaFingerprint: applied.join(),
  pending: pending.map(([version, additive]) => ({
    version,
    name: version,
    sha256: '',
    additive,
    why: additive ? 'additions' : 'DROP COLUMN',
    undo: { is: 'impossible', why: 'the column is gone' },
  })),
})
const snapshot: SnapshotState = {
  id: 'pre-migration-1',
  instance: 'shop',
  resourceId: 'db-1',
  status: 'available',
  at: '2026-11-22T03:00:00Z',
}
const evidence = (given: Partial<DatabaseEvidence>): DatabaseEvidence => {
  const before = ledger(['1', '2'])
  return { destination: before, before, now: before, snapshot, database: undefined, ...given }
}

test.each<[string, Partial<DatabaseEvidence>, 'A' | 'C', RegExp]>([
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

test.each<[string, Partial<DatabaseEvidence>]>([
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

test.each<['A' | 'C', 'ask' | 'automatic' | 'never', string | undefined, Consent]>([
  ['A', 'ask', undefined, 'not-needed'],
  ['C', 'ask', undefined, 'missing'],
  ['C', 'ask', 'other', 'missing'],
  ['C', 'ask', 'plan', 'given'],
  ['C', 'automatic', undefined, 'automatic'],
  ['C', 'never', 'plan', 'never'],
])('profile %s, data-restore %s, consent %s: %s', (profile, restore, given, consent) => {
  expect(decideConsent(profile, restore, { given, planId: 'plan' })).toBe(consent)
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

const environment = { services: true, whileWaiting: 'stopped' as const }
test.each<['A' | 'C', Consent, object]>([
  ['A', 'not-needed', { stop: false, restore: false, code: true, start: false, verify: true }],
  ['C', 'given', { stop: true, restore: true, code: true, start: true, verify: true }],
  ['C', 'missing', { stop: true, restore: false, code: true, start: false, verify: false }],
  ['C', 'never', { stop: true, restore: false, code: true, start: false, verify: false }],
])('profile %s with consent %s', (profile, consent, steps) => {
  expect(stepsOf(profile, consent, environment)).toEqual(steps)
})

test('while-waiting: running leaves everything as it is until somebody consents', () => {
  const steps = stepsOf('C', 'missing', { ...environment, whileWaiting: 'running' })
  expect(Object.values(steps)).toEqual([false, false, false, false, false])
})
