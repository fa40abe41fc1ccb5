import { chooseSought, imagesText, isDestination, type Point, parseSought } from '#store'
import { pointOf } from '../../support/store.ts'

/** Which restore point a tag or a commit means. */

const store = { environment: 'production', account: '123456789012', region: 'us-east-1' } as never
const digest = `sha256:${'d'.repeat(64)}`
const service = (name: string, ...images: string[]) => ({
  name,
  // What a task definition is called says nothing of what it runs.
  taskDefinition: `${name}-v9:1`,
  desiredCount: 1,
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
})
const [one, two] = ['1'.repeat(40), `12${'2'.repeat(38)}`]
const point = (id: string, images: readonly [string, string], given: Partial<Point> = {}): Point =>
  pointOf(store, id, {
    components: {
      ecs: { cluster: 'c', services: [service('api', images[0]), service('worker', images[1])] },
    },
    ...given,
  })
const unverified = { is: false, held: false, why: 'no checks' }
const held = { is: false, held: true, why: '5xx' }
const services = ['api', 'worker']
const tag = (points: readonly Point[], word: string) =>
  chooseSought(points, { by: 'tag', tag: word }, services)
const commit = (points: readonly Point[], word: string) =>
  chooseSought(points, { by: 'commit', commit: word }, services)
const old = ['r/api:v1', 'r/worker:v1'] as const

test.each<[string, readonly Point[], string]>([
  ['the only one', [point('production/1/after', old)], 'production/1/after'],
  [
    'the newest of the verified ones',
    [
      point('production/1/after', old),
      point('production/2/after', old, { takenAt: '2026-11-22T04:00:00Z' }),
      point('production/3/after', old, { takenAt: '2026-11-22T05:00:00Z', verified: unverified }),
    ],
    'production/2/after',
  ],
  [
    'an after before a before',
    [
      point('production/2/before', old, { takenAt: '2026-11-22T04:00:00Z' }),
      point('production/1/after', old),
    ],
    'production/1/after',
  ],
  [
    'one that was not judged before one that was judged unhealthy',
    [
      point('production/2/before', old, { takenAt: '2026-11-22T04:00:00Z', verified: held }),
      point('production/1/before', old, { verified: unverified }),
    ],
    'production/1/before',
  ],
  [
    'any before an after whose deployment was rolled back since',
    [
      point('production/2/after', old, { takenAt: '2026-11-22T04:00:00Z' }),
      point('production/2/before', ['r/api:v0', 'r/worker:v0'], {
        deployment: { state: 'rolled-back', history: [], journal: [] },
      }),
      point('production/1/before', old),
    ],
    'production/1/before',
  ],
  [
    'one whose tag stands beside a digest, and sidecars have other tags',
    [
      pointOf(store, 'production/1/after', {
        components: {
          ecs: {
            cluster: 'c',
            services: [
              service('api', 'envoy:9', `r/api:v1@${digest}`),
              service('worker', 'r/worker:v1'),
            ],
          },
        },
      }),
    ],
    'production/1/after',
  ],
])('a tag means %s', (_name, points, id) => {
  expect(tag(points, 'v1')).toMatchObject({ is: 'point', point: { id } })
})

test.each<[string, readonly [string, string], RegExp]>([
  [
    'one service ran another tag',
    ['r/api:v1', 'r/worker:v0'],
    /in production\/1\/after these did not: worker$/,
  ],
  ['a digest has no tag', ['r/api:v1', `r/worker@${digest}`], /these did not: worker$/],
  [
    'only the name of the task definition has it',
    ['r/api:v8', 'r/worker:v8'],
    /image with the tag v9$/,
  ],
])('a tag is not found where %s, and what each point has is told', (_name, images, why) => {
  const found = tag([point('production/1/after', images)], why.source.includes('v9') ? 'v9' : 'v1')
  expect(found).toMatchObject({ is: 'none', why: expect.stringMatching(why) })
  expect(found.is === 'none' && found.seen[0]?.[0]).toBe('production/1/after')
})

const ran = point('production/1/after', old, { runs: one, sha: one })
const other = point('production/2/after', old, { runs: two, sha: two })

test.each<[string, readonly Point[], string, string]>([
  ['what ran in an after', [ran, other], one.slice(0, 7), 'production/1/after'],
  [
    'what ran before a deployment',
    [point('production/2/before', old, { runs: one })],
    one,
    'production/2/before',
  ],
])('a commit is %s', (_name, points, word, id) => {
  expect(commit(points, word)).toMatchObject({ is: 'point', point: { id } })
})

test('a commit that a deployment was only about to bring did not run', () => {
  expect(commit([point('production/2/before', old, { sha: one })], one).is).toBe('none')
})

test('a beginning of two commits is refused with both', () => {
  const near = point('production/3/after', old, { runs: `${one.slice(0, 39)}f`, sha: 'x' })
  const found = commit([ran, near], one.slice(0, 8))
  expect(found).toMatchObject({ is: 'none', why: expect.stringContaining(one) })
  expect(found.is === 'none' && found.seen).toHaveLength(2)
})

test.each([
  ['auto', true],
  ['last-verified', true],
  ['production/1/after', true],
  ['tag:v1.2_x-3', true],
  ['sha:abcdef0', true],
  ['sha:ABCDEF0', true],
  ['sha:abcdef', false],
  ['sha:main', false],
  ['tag:', false],
  ['tag:a b', false],
  ['tag:$(reboot)', false],
  ['tag:v1\nx', false],
  ['v1', false],
  ['digest:sha256:abc', false],
  ['', false],
])('%j is a destination: %s', (to, is) => {
  expect(isDestination(to)).toBe(is)
})

test('a commit is compared without its capitals', () => {
  expect(parseSought('sha:ABCDEF0')).toEqual({ by: 'commit', commit: 'abcdef0' })
})

test('images are told by tag, else by digest, with the services that share them', () => {
  expect(
    imagesText([
      service('api', 'r/a:v1'),
      service('worker', 'r/w:v1'),
      service('db', `r/d@${digest}`),
    ]),
  ).toBe('v1: api, worker; dddddddddddd: db')
})
