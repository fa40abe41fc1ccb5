import { CallError } from '#core'
import { type Comparisons, compareAll } from '#rollback'
import { type Components, type Point, recordsOf } from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import { pointOf, testStore } from '../../support/store.ts'

type Service = NonNullable<Components['ecs']>['services'][number]
const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const service = (given: Partial<Service> = {}): Service => ({
  name: 'web',
  taskDefinition: 'web:1',
  desiredCount: 2,
  containers: [{ name: 'app', image: 'web:good', digest: digest('a') }],
  ...given,
})
const ecs = (...services: Service[]) => ({ cluster: 'c', services })
const config: Components['config'] = { secrets: [{ name: 'jwt', version: 'v1' }], parameters: [] }
const site: Components['site'] = {
  bucket: 'b',
  prefix: '',
  manifest: { key: 'k', sha256: '0'.repeat(64), objects: 2, bytes: 9 },
}
const denied = new CallError(
  { action: 's3:ListBucketVersions', on: 'b', code: 'AccessDenied', next: 'grant it' },
  'no',
)
const noBucket = new CallError(
  { action: 's3:GetBucketVersioning', on: 'acme-frontend', code: 'NoSuchBucket', next: '' },
  'gone',
)

async function compare(then: Components, now: Components, comparisons: Comparisons = {}) {
  const clock = fakeClock()
  const store = await testStore(clock)
  const point: Point = pointOf(store, 'production/1/before', { components: then })
  const records = recordsOf(store)
  return compareAll(testRun({ clock }), point, { components: now }, { comparisons, records })
}

test.each<[string, Service | undefined, boolean]>([
  ['the same', service(), true],
  ['another count', service({ desiredCount: 7 }), true],
  ['another task definition', service({ taskDefinition: 'web:2' }), false],
  [
    'a copy that a rollback made of it',
    service({ taskDefinition: 'web:3', copyOf: 'web:1' }),
    true,
  ],
  [
    'the same, but CodeDeploy brings something else',
    service({ coming: { taskSet: 'ecs-svc/2', taskDefinition: 'web:2' } }),
    false,
  ],
  ['a copy of something else', service({ taskDefinition: 'web:3', copyOf: 'web:2' }), false],
  [
    'the same task definition with a tag that moved',
    service({ containers: [{ name: 'app', image: 'web:good', digest: digest('b') }] }),
    false,
  ],
  [
    'a digest that nobody knows now',
    service({ containers: [{ name: 'app', image: 'web:good' }] }),
    true,
  ],
])('services: %s', async (_name, now, same) => {
  const [compared] = await compare({ ecs: ecs(service()) }, { ecs: ecs(...(now ? [now] : [])) })
  expect(compared).toMatchObject({ component: 'services', same, gone: [] })
})

test('a service that is not there any more is gone, and a difference', async () => {
  const [compared] = await compare({ ecs: ecs(service()) }, { ecs: ecs() })
  expect(compared).toMatchObject({
    same: false,
    gone: ['service web'],
    differences: [['web', 'not there', 'web:1']],
  })
})

test.each<[string, Components, Comparisons, object]>([
  [
    'secrets that changed, stay and are gone are told apart',
    { config },
    {
      config: async () => [
        { kind: 'secret', name: 'jwt', is: 'change', from: 'v2', to: 'v1', why: '' },
        { kind: 'secret', name: 'db', is: 'stays', from: '', to: '', why: 'it was rotated since' },
        { kind: 'secret', name: 'api', is: 'gone', from: '', to: '', why: 'it is gone' },
        { kind: 'parameter', name: '/p', is: 'same', from: '', to: '', why: '' },
      ],
    },
    {
      component: 'config',
      same: false,
      differences: [['secret jwt', 'v2', 'v1']],
      stays: [['secret db', 'it was rotated since']],
      gone: ['secret api'],
    },
  ],
  [
    'a configuration that may not be read is doubt, and so different',
    { config },
    { config: () => Promise.reject(denied) },
    { component: 'config', same: false, gone: [] },
  ],
  [
    'a destination without configuration leaves it as it is',
    {},
    { config: async () => [] },
    { component: 'config', same: true, stays: [['configuration', expect.any(String)]] },
  ],
  [
    'a front end that is the same',
    { site },
    { site: async () => ({ is: 'same' }) },
    { component: 'site', same: true, differences: [] },
  ],
  [
    'a front end that differs',
    { site },
    { site: async () => ({ is: 'differs', objects: 5, documents: 1, why: '5 objects' }) },
    {
      component: 'site',
      same: false,
      differences: [['front end', '5 objects, 1 of them pages', 'as in manifest 000000000000']],
    },
  ],
  [
    'a front end that could not go back is different, with the reason',
    { site },
    { site: async () => ({ is: 'refused', why: 'versioning is off' }) },
    {
      component: 'site',
      same: false,
      differences: [['front end', 'versioning is off', 'as in manifest 000000000000']],
    },
  ],
  [
    'a bucket that is gone',
    { site },
    { site: () => Promise.reject(noBucket) },
    { component: 'site', same: false, gone: ['bucket acme-frontend'] },
  ],
])('%s', async (_name, then, comparisons, expected) => {
  expect(await compare(then, {}, comparisons)).toEqual([expect.objectContaining(expected)])
})
