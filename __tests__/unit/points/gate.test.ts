import { type GateEvidence, refusals } from '#points'
import type { Lease, Pin, Point } from '#store'
import { pointOf, where } from '../../support/store.ts'

const sha = 'a'.repeat(40)
const pin: Pin = {
  kind: 'pin',
  version: 1,
  ...where,
  sha,
  record: 'production/1/rollback-1',
  reason: 'answers 5xx',
  at: '2026-11-22T03:00:00Z',
  by: 'ada',
}
const lease: Lease = {
  kind: 'lease',
  version: 1,
  ...where,
  owner: 'deployment',
  deployment: 'production/9',
  run: '9',
  attempt: 1,
  generation: 1,
  until: '2026-11-22T05:00:00Z',
}
const deployment = (given: Partial<NonNullable<Point['deployment']>>): Point =>
  pointOf(where as never, 'production/9/before', {
    deployment: { state: 'deploying', history: [], journal: [], ...given },
  })
const verdict = (word: 'healthy' | 'unhealthy') => ({
  verdict: word,
  why: '',
  at: '2026-11-22T03:00:00Z',
  run: '9',
})

const earlier = (given: Partial<NonNullable<Point['deployment']>>): Point => ({
  ...deployment(given),
  id: 'production/10/before',
  takenAt: '2026-11-22T02:00:00Z',
})

const evidence = (given: Partial<GateEvidence>): GateEvidence => ({
  run: '10',
  sha,
  environment: { kind: 'environment', version: 1, ...where },
  pin: undefined,
  lease: undefined,
  holder: undefined,
  now: Date.parse('2026-11-22T04:00:00Z'),
  latest: undefined,
  own: undefined,
  problems: [],
  ...given,
})
const open = (id: string) => ({
  kind: 'environment' as const,
  version: 1 as const,
  ...where,
  open: id,
})

test.each<[string, Partial<GateEvidence>]>([
  ['nothing stands against it', {}],
  ['the pin was released', { pin: { ...pin, released: { at: pin.at, by: 'ada', why: 'fixed' } } }],
  ['the lease was given back', { lease: { ...lease, owner: 'nobody' } }],
  ['the lease lapsed', { lease: { ...lease, until: '2026-11-22T03:00:00Z' } }],
  [
    'the lease has not lapsed, and its run has ended',
    { lease, holder: { is: 'ended', conclusion: 'cancelled' } },
  ],
  ['the lease is its own', { lease: { ...lease, run: '10' } }],
  [
    'the deployment before was judged healthy and only not marked',
    { latest: deployment({ verdict: verdict('healthy') }) },
  ],
  [
    'the deployment before is held',
    { latest: deployment({ state: 'held', verdict: verdict('unhealthy') }) },
  ],
  ['the deployment before was rolled back', { latest: deployment({ state: 'rolled-back' }) }],
  ['its first attempt was killed while it deployed', { own: earlier({}) }],
  ['its first attempt was held', { own: earlier({ state: 'held' }) }],
  ['its first attempt was abandoned', { own: earlier({ state: 'abandoned' }) }],
  [
    'its first attempt was healthy and only not marked',
    { own: earlier({ verdict: verdict('healthy') }) },
  ],
])('a deployment may start when %s', (_name, given) => {
  expect(refusals(evidence(given))).toEqual([])
})

test.each<[string, Partial<GateEvidence>, RegExp]>([
  [
    'its commit is pinned',
    { pin },
    /aaaaaaaaaaaa was rolled back \(production\/1\/rollback-1\): answers 5xx/,
  ],
  [
    'a record is open',
    { environment: open('production/9/rollback-1') },
    /rollback production\/9\/rollback-1 is open/,
  ],
  ['another run holds the lease', { lease }, /deployment of run 9/],
  [
    'another run holds the lease and is alive',
    { lease, holder: { is: 'alive', status: 'in_progress' } },
    /deployment of run 9/,
  ],
  [
    'a rollback left the lease behind',
    { lease: { ...lease, owner: 'rollback' }, holder: { is: 'ended', conclusion: 'failure' } },
    /rollback of run 9/,
  ],
  [
    'the deployment before was never judged',
    { latest: deployment({}) },
    /production\/9 began and was never judged/,
  ],
  [
    'the deployment before is bad and not yet rolled back',
    { latest: deployment({ verdict: verdict('unhealthy') }) },
    /never judged/,
  ],
  [
    'another one came after its first attempt',
    { own: earlier({ state: 'held' }), latest: deployment({ state: 'verified' }) },
    /production\/9 was deployed after the first attempt of production\/10/,
  ],
  ['its first attempt was verified', { own: earlier({ state: 'verified' }) }, /is over/],
  ['its first attempt was rolled back', { own: earlier({ state: 'rolled-back' }) }, /is over/],
  [
    'its first attempt was unhealthy and is not rolled back',
    { own: earlier({ verdict: verdict('unhealthy') }) },
    /judged unhealthy and is not rolled back yet/,
  ],
  ['a component could not be rolled back', { problems: ['snapshot quota is used up'] }, /quota/],
])('a deployment is refused when %s', (_name, given, why) => {
  const found = refusals(evidence(given))
  expect(found.map((refusal) => refusal.why).join()).toMatch(why)
  expect(found.every((refusal) => refusal.next !== '')).toBe(true)
})

test('a pinned commit has two ways out: a fix that contains it, and a command', () => {
  const [refusal] = refusals(evidence({ pin }))
  expect(refusal?.next).toMatch(/verified healthy the pin goes by itself/)
  expect(refusal?.next).toContain(
    `gh workflow run rollback.yml -f environment=production -f release-pin=${sha} -f dry-run=false -f reason=`,
  )
})

test('all reasons are given at once', () => {
  const given = { pin, lease, environment: open('production/9/rollback-1'), problems: ['p'] }
  expect(refusals(evidence(given)).length).toBe(4)
})
