import { narrowed, type Only, ordered, type ProfileChoice, type Schema, stepsOf } from '#chain'
import type { Profile } from '#store'

/** What a choice of components makes of a way back. */

const way = (
  schema: Schema,
  profile: Profile,
  given: Partial<ProfileChoice> = {},
): ProfileChoice => ({
  ...{ schema, profile, why: '2: DROP COLUMN', consent: true, lost: 'everything' },
  ...{ added: ['2'], removed: [], gone: [], ...given },
})
const stays = way('additions', 'A', { consent: false, lost: 'nothing' })
const downs = way('reversible', 'B', { consent: false, lost: 'nothing' })
const data = way('irreversible', 'C')
const blind = way('unreadable', 'C')
const half = way('irreversible', 'D', { gone: ['bucket b'], impossible: 'gone: bucket b' })
const older = /older code would run on a schema that it cannot live with/
const newer = /newer code would run on an older schema/

test.each<[string, ProfileChoice, Only, boolean, Profile, RegExp | undefined]>([
  ['everything, data back', data, undefined, false, 'C', undefined],
  ['services, the schema may stay', stays, ['services'], false, 'A', undefined],
  ['database, the schema may stay', stays, ['database'], false, 'A', undefined],
  ['services, the schema may not stay', downs, ['services'], false, 'B', older],
  ['services and configuration, data', data, ['services', 'config'], false, 'C', older],
  ['services that are back already, without the data', data, ['services'], true, 'C', older],
  ['services, and the ledger cannot be read', blind, ['services'], false, 'C', older],
  ['database alone', downs, ['database'], false, 'B', newer],
  ['database alone, and the services are back', downs, ['database'], true, 'B', undefined],
  [
    'database and front end, the services are not back',
    data,
    ['site', 'database'],
    false,
    'C',
    newer,
  ],
  ['services and database', data, ['services', 'database'], false, 'C', undefined],
  ['the front end alone', data, ['site'], false, 'A', undefined],
  ['the configuration alone', downs, ['config'], false, 'A', undefined],
  [
    'front end and configuration, though the ledger cannot be read',
    blind,
    ['config', 'site'],
    false,
    'A',
    undefined,
  ],
  ['the front end, whose bucket is gone', half, ['site'], false, 'D', undefined],
])('%s', (_name, given, only, same, profile, impossible) => {
  const found = narrowed(given, only, same)
  expect(found.profile).toBe(profile)
  if (impossible) expect(found.impossible).toMatch(impossible)
  else expect(found.impossible).toBeUndefined()
})

test('a choice that leaves the database alone loses nothing and needs no consent', () => {
  expect(narrowed(data, ['site'], false)).toMatchObject({ consent: false, lost: 'nothing' })
})

test.each<[Profile, Only, string]>([
  ['A', ['site'], 'site verify'],
  ['A', ['config'], 'config readers verify'],
  ['A', ['services'], 'code verify'],
  ['A', ['services', 'site'], 'site code verify'],
  ['A', ['database'], 'verify'],
  ['B', ['services', 'database'], 'stop migrations code start verify'],
  ['C', ['services', 'database', 'site'], 'stop restore code start site verify'],
  ['C', ['database'], 'stop restore code start verify'],
])('in profile %s only %j: %s', (profile, only, steps) => {
  const parts = { services: true, config: true, site: true, whileWaiting: 'stopped' } as const
  const consent = profile === 'A' ? 'not-needed' : 'given'
  const chosen = stepsOf(profile, consent, { ...parts, same: new Set(), only })
  expect(ordered(profile, chosen).join(' ')).toBe(steps)
})
