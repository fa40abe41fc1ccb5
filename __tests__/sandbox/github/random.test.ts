import { describe, expect, test } from '@jest/globals'
import { type Described, githubDescription } from '../../../packages/sandbox/github/description.ts'
import { seededRandom } from '../../../packages/sandbox/index.ts'
import { EVERYTHING, hub, SHOP } from './hub.ts'

type Schema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

const HOSTILE = [
  'main',
  'production',
  '__proto__',
  '',
  '\u0000',
  '::error::x',
  '😀'.repeat(80),
  '../x',
]

/** Values by a schema, mostly fitting it, drawn from a seed. */
function generator(seed: number) {
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const value = (schema: Schema): unknown => {
    if (random() < 0.05) return pick([null, 7, '', [], {}, true])
    if (schema.enum) return pick(schema.enum)
    const choices = schema.oneOf ?? schema.anyOf
    if (choices) return value(pick(choices))
    switch (schema.type) {
      case 'integer':
        return pick([0, 1, -1, 1003, 2 ** 40])
      case 'boolean':
        return random() < 0.5
      case 'array':
        return Array.from({ length: Math.floor(random() * 3) }, () => value(schema.items ?? {}))
      case 'object':
        return object(schema)
      default:
        return pick(HOSTILE)
    }
  }
  const object = ({ properties = {}, required = [] }: Schema) =>
    Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => required.includes(name) || random() < 0.5)
        .map(([name, inner]) => [name, value(inner)]),
    )
  return { pick, value, random }
}

type Generator = ReturnType<typeof generator>
type World = ReturnType<typeof hub>

/** A request to an operation: names in its path that exist, that could, and that never do. */
function request(operation: Described, world: World, known: readonly string[], draw: Generator) {
  const path = operation.path
    .replace('{owner}/{repo}', SHOP)
    .replace(/\{\w+\}/g, () =>
      encodeURIComponent(draw.pick([...known, ...HOSTILE.filter(Boolean)])),
    )
  const query = operation.parameters
    .filter((one) => one.in === 'query' && draw.random() < 0.3)
    .map((one): [string, string] => [one.name, String(draw.value(one.schema as Schema))])
  const schema = operation.requestBody?.content?.['application/json']?.schema as Schema | undefined
  const body = schema && JSON.stringify(draw.value(schema))
  return world.github.fetch(`${world.github.url}${path}?${new URLSearchParams(query)}`, {
    method: operation.method.toUpperCase(),
    headers: { authorization: `token ${world.github.token(SHOP, EVERYTHING)}` },
    ...(body !== undefined && { body }),
  })
}

/** A world in which there is something of everything. */
async function furnished() {
  const world = hub({ people: ['ann'] })
  const { shop, client, at, github } = world
  github.limit(1_000_000)
  const sha = shop.commit({ branch: 'topic' })
  shop.merge('topic')
  shop.environment('production', { reviewers: [{ type: 'User', name: 'ann' }], customRules: ['x'] })
  const path = '.github/workflows/deploy.yml'
  const jobs = [{ name: 'build' }, { name: 'deploy', needs: ['build'], environment: 'production' }]
  const workflow = shop.workflow({ path, dispatch: {}, jobs })
  const run = shop.run(path)
  const { data } = await client.rest.repos.createDeployment({ ...at, ref: 'main' })
  const deployment = 'id' in data ? data.id : 0
  const { data: list } = await client.rest.actions.listJobsForWorkflowRun({ ...at, run_id: run })
  const ids = [workflow, run, deployment, ...list.jobs.map((job) => job.id), 1, 2, 99]
  return { world, known: [...ids.map(String), sha, 'topic', 'deploy.yml', `${sha}...main`] }
}

describe('random requests', () => {
  test.each([1, 2, 11, 15])(
    'with seed %i are all answered as GitHub could',
    async (seed) => {
      const { world, known } = await furnished()
      const draw = generator(seed)
      const { operations } = githubDescription()
      const seen = new Set<number>()
      for (let n = 0; n < 1500; n += 1) {
        const answer = await request(draw.pick(operations), world, known, draw)
        seen.add(answer.status)
        await answer.arrayBuffer()
        if (draw.random() < 0.1) await world.clock.advance(draw.pick([1000, 30_000, 400_000]))
      }
      expect(world.bugs).toEqual([])
      expect([...seen]).toEqual(expect.arrayContaining([200, 201, 404, 422]))
      expect([...seen].filter((status) => status >= 500)).toEqual([])
    },
    60_000,
  )
})
