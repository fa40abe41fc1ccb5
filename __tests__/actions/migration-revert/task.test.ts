import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import type { TaskEnd, TaskOrder } from '#tasks'
import { type Migration, programOf, type Server, startServer, type Team, team } from './scene.ts'

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 60_000)
afterAll(() => server.close(), 60_000)

const base: Migration = {
  version: '1',
  name: 'base',
  up: 'create table triggers (id int, title text);',
  down: 'drop table triggers;',
}
const renamed: Migration = {
  version: '2',
  name: "it's a $(rename)",
  up: 'alter table triggers rename title to name;',
  down: 'alter table triggers rename name to title;',
}

/** Containers that run the ordered command for real: a shell of this machine, the tool on its PATH, the URL in `DB_URL`. */
function containers(one: Team, given: { readonly url?: string } = {}) {
  const orders: TaskOrder[] = []
  const ended = new Map<string, TaskEnd>()
  const run = async (_: unknown, order: TaskOrder): Promise<TaskEnd> => {
    orders.push(order)
    const known = ended.get(order.startedBy)
    if (known) return known
    const [command = '', ...args] = order.command
    const PATH = `${dirname(programOf(one.tool) ?? '')}:/usr/bin:/bin`
    const env = { ...order.environment, PATH, DB_URL: given.url ?? one.url }
    const { status } = spawnSync(command, args, { env })
    const exitCode = status ?? undefined
    const end = {
      is: 'ended',
      task: `t${orders.length}`,
      exitCode,
      reason: '',
      stopCode: '',
    } as const
    ended.set(order.startedBy, end)
    return end
  }
  return { orders, tasks: { runTask: run, revision: async () => 'api:7' } }
}

const task = { service: 'api', container: 'app', variable: 'DB_URL', cluster: 'acme' }

async function failed(tool: Team['tool']): Promise<Team> {
  const one = await team(server, tool)
  one.write(base)
  await one.migrate()
  one.write(renamed)
  await one.capture()
  await one.migrate()
  await one.open()
  return one
}

/** The tools that this machine has: sqlx only where somebody installed it. */
const tools = (['dbmate', 'goose', 'sqlx'] as const).filter((tool) => programOf(tool) !== undefined)

describe.each(tools)('%s in a task', (tool) => {
  test('reverts exactly the captured file, with the limits and without a secret in the order', async () => {
    const one = await failed(tool)
    const { orders, tasks } = containers(one)
    expect(await one.act({ revert: 'task', task, ports: tasks })).toMatchObject({
      outcome: 'done',
      outputs: { reverted: '["2"]' },
    })
    expect(await one.versions()).toEqual(['1'])
    expect(orders).toMatchObject([
      {
        cluster: 'acme',
        service: 'api',
        taskDefinition: 'api:7',
        container: 'app',
        environment: { PGOPTIONS: '-c lock_timeout=5000 -c statement_timeout=900000' },
      },
    ])
    expect(JSON.stringify(orders)).not.toContain('acme:')
  })

  test('a task that ended well and reverted nothing is not believed, and not taken for the next one', async () => {
    const one = await failed(tool)
    const { orders, tasks } = containers(one)
    const idle = containers(one)
    const run = async (_: unknown, order: TaskOrder) =>
      idle.tasks.runTask(_, { ...order, command: ['true'] })
    expect(
      await one.act({ revert: 'task', task, ports: { ...tasks, runTask: run } }),
    ).toMatchObject({
      outcome: 'failed',
      headline: expect.stringContaining('it ended well and the ledger is as before'),
    })
    expect(await one.act({ revert: 'task', task, ports: tasks })).toMatchObject({
      outcome: 'done',
    })
    expect(orders[0]?.startedBy).not.toBe(idle.orders[0]?.startedBy)
  })

  test('a task that fails is told, and the next run starts another one', async () => {
    const one = await failed(tool)
    const broken = containers(one, { url: 'postgres://nobody@127.0.0.1:1/none?sslmode=disable' })
    expect(await one.act({ revert: 'task', task, ports: broken.tasks })).toMatchObject({
      outcome: 'failed',
      headline: expect.stringMatching(/task t1 ended with exit code [1-9]/),
    })
    const { orders, tasks } = containers(one)
    expect(await one.act({ revert: 'task', task, ports: tasks })).toMatchObject({
      outcome: 'done',
    })
    expect(orders[0]?.startedBy).not.toBe(broken.orders[0]?.startedBy)
  })
})

const troubles: readonly (readonly [string, TaskEnd, string])[] = [
  ['not placed', { is: 'not-placed', why: 'no capacity' }, 'the task was not started: no capacity'],
  ['still running', { is: 'running', task: 't1', seen: 'PENDING' }, 'still runs (PENDING)'],
  [
    'ended without a code',
    { is: 'ended', task: 't1', exitCode: undefined, reason: 'CannotPullContainer', stopCode: '' },
    'exit code none: CannotPullContainer',
  ],
]

test.each(troubles)('a task that is %s reverts nothing and says so', async (_, end, said) => {
  const one = await failed('dbmate')
  const tasks = { runTask: async () => end, revision: async () => 'api:7' }
  expect(await one.act({ revert: 'task', task, ports: tasks })).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining(said),
  })
  expect(await one.versions()).toEqual(['1', '2'])
})

test('a service that is not there is told', async () => {
  const one = await failed('dbmate')
  const gone = {
    runTask: () => Promise.reject(new Error('not asked')),
    revision: async () => undefined,
  }
  expect(await one.act({ revert: 'task', task, ports: gone })).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('there is no service api'),
  })
})
