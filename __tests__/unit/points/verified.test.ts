import type { Verdict } from '#core'
import { fingerprint, judgeBefore, runningCommit } from '#points'
import type { Components } from '#store'
import { pointOf, where } from '../../support/store.ts'

const last = pointOf(where as never, 'production/1/after', {
  fingerprint: 'same',
  runs: 'c'.repeat(40),
})
const baseline = (verdict: Verdict) => ({ verdict, why: 'http' })

test.each<[string, string, Verdict | undefined, { is: boolean; held: boolean }]>([
  ['equal to the last verified, no checks', 'same', undefined, { is: true, held: false }],
  [
    'equal to the last verified, checks in doubt',
    'same',
    'inconclusive',
    { is: true, held: false },
  ],
  [
    'equal to the last verified, but unhealthy just then',
    'same',
    'unhealthy',
    { is: false, held: true },
  ],
  ['another one, healthy just then', 'other', 'healthy', { is: true, held: false }],
  ['another one, no checks', 'other', undefined, { is: false, held: false }],
  ['another one, checks in doubt', 'other', 'inconclusive', { is: false, held: false }],
  ['another one, unhealthy', 'other', 'unhealthy', { is: false, held: true }],
])('a before that is %s', (_name, mark, verdict, expected) => {
  expect(judgeBefore(mark, last, verdict && baseline(verdict))).toMatchObject(expected)
})

test('the running commit is known only from an equal verified point', () => {
  expect(runningCommit('same', last)).toBe('c'.repeat(40))
  expect(runningCommit('other', last)).toBeUndefined()
})

const service = (given: object = {}) => ({
  name: 'web',
  taskDefinition: 'web:7',
  desiredCount: 2,
  containers: [{ name: 'app', image: 'app:1', digest: `sha256:${'1'.repeat(64)}` }],
  ...given,
})
const components = (given: Components = {}): Components => ({
  ecs: { cluster: 'c', services: [service(), service({ name: 'worker' })] },
  migrations: {
    tool: 'dbmate',
    table: 'schema_migrations',
    applied: ['1', '2'],
    schemaFingerprint: 'f',
    pending: [],
  },
  ...given,
})
const ecs = (...services: ReturnType<typeof service>[]) =>
  components({ ecs: { cluster: 'c', services } })
const ledger = (given: object) =>
  components({
    migrations: {
      tool: 'dbmate',
      table: 'schema_migrations',
      applied: ['1', '2'],
      schemaFingerprint: 'f',
      pending: [],
      ...given,
    },
  })

test.each<[string, Components]>([
  ['the desired count', ecs(service({ desiredCount: 9 }), service({ name: 'worker' }))],
  ['the order of services', ecs(service({ name: 'worker' }), service())],
  [
    'files that wait to be applied',
    ledger({ pending: [{ version: '3', name: 'x', sha256: '', additive: true, why: '' }] }),
  ],
])('the fingerprint does not depend on %s', (_name, other) => {
  expect(fingerprint(other)).toBe(fingerprint(components()))
})

test.each<[string, Components]>([
  ['the task definition', ecs(service({ taskDefinition: 'web:8' }), service({ name: 'worker' }))],
  [
    'a digest below the same tag',
    ecs(
      service({
        containers: [{ name: 'app', image: 'app:1', digest: `sha256:${'2'.repeat(64)}` }],
      }),
      service({ name: 'worker' }),
    ),
  ],
  ['a service', ecs(service())],
  ['the ledger', ledger({ applied: ['1'] })],
  ['the schema', ledger({ schemaFingerprint: 'g' })],
])('the fingerprint depends on %s', (_name, other) => {
  expect(fingerprint(other)).not.toBe(fingerprint(components()))
})
