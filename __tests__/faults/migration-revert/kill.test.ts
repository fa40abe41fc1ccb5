import { connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import type { Journal } from '#core'
import { type Database, openDatabase, parseConnection } from '#sql'
import {
  type Migration,
  type Server,
  startServer,
  type Team,
  team,
} from '../../actions/migration-revert/scene.ts'

let server: Server

beforeAll(async () => {
  server = await startServer()
}, 60_000)
afterAll(() => server.close(), 60_000)

const migrations: readonly Migration[] = [
  {
    version: '1',
    name: 'base',
    up: 'create table triggers (id int, title text);',
    down: 'drop table triggers;',
  },
  {
    version: '2',
    name: 'rename',
    up: 'alter table triggers rename title to name;',
    down: 'alter table triggers rename name to title;',
  },
  {
    version: '3',
    name: 'index',
    up: 'create index by_name on triggers (name);',
    down: 'drop index by_name;',
  },
]

async function failed(tool: 'dbmate' | 'goose' | 'sqlx'): Promise<Team> {
  const one = await team(server, tool)
  const [base, ...bad] = migrations
  if (base) one.write(base)
  await one.migrate()
  for (const migration of bad) one.write(migration)
  await one.capture()
  await one.migrate()
  await one.open()
  return one
}

/** A dead machine neither sends nor hears: what it waits for never comes. */
const never = <T>() => new Promise<T>(() => {})

/**
 * A machine that dies at its k-th turn: before or after it wrote into its journal, or after a down ran and before anybody looked
 * at the ledger again.
 */
function machine(one: Team, k: number, when: 'before' | 'after') {
  let turn = 0
  let die: (value: 'dead') => void = () => {}
  let looks = 0
  const death = new Promise<'dead'>((resolve) => {
    die = resolve
  })
  const mortal = async <T>(work: () => Promise<T>): Promise<T> => {
    turn += 1
    if (turn > k) return never()
    if (turn === k && when === 'before') die('dead')
    if (turn === k && when === 'before') return never()
    const done = await work()
    if (turn !== k) return done
    die('dead')
    return never()
  }
  const journal: Journal = {
    entries: () => one.entries,
    intend: (planned) =>
      mortal(async () => {
        const at = '2026-11-22T03:00:00Z'
        one.entries.push(...planned.map((entry) => ({ ...entry, at, run: '1' })))
      }),
    beat: async () => {},
  }
  const parsed = parseConnection(one.url)
  if (!parsed.ok) throw new Error(parsed.why)
  const real = openDatabase(parsed.connection)
  const database: Database = {
    name: real.name,
    // The first look is before everything; each later one is behind a down.
    read: (work) => (++looks === 1 ? real.read(work) : mortal(() => real.read(work))),
  }
  return { journal, opener: { open: async () => database }, death, turns: () => turn }
}

async function state(one: Team): Promise<readonly unknown[]> {
  const columns = await one.sql(
    "select attname from pg_attribute where attrelid = 'triggers'::regclass and attnum > 0 order by 1",
  )
  const indexes = await one.sql(
    "select indexname from pg_indexes where schemaname = 'public' order by 1",
  )
  return [await one.versions(), columns, indexes]
}

/** Programs of the team, and our own transaction; each ledger once more is in the tests of the action. */
const ways = (
  [
    ['dbmate', true],
    ['goose', true],
    ['dbmate', false],
    ['sqlx', false],
  ] as const
).flatMap(([tool, has]) => (['before', 'after'] as const).map((when) => [tool, has, when] as const))

test.each(ways)(
  '%s (its own binary: %s) killed %s any of its turns and run again ends as if never killed',
  async (tool, has, when) => {
    const whole = await failed(tool)
    const alive = machine(whole, Number.POSITIVE_INFINITY, when)
    expect(
      (await whole.act({ has, journal: alive.journal, ports: { opener: alive.opener } })).outcome,
    ).toBe('done')
    const expected = await state(whole)
    // Two downs, each with its entry and a look behind it, and the look at the end.
    expect(alive.turns()).toBe(5)
    for (let k = 1; k <= 5; k++) {
      const one = await failed(tool)
      const mortal = machine(one, k, when)
      const work = one.act({ has, journal: mortal.journal, ports: { opener: mortal.opener } })
      const first = await Promise.race([work.then(({ outcome }) => outcome), mortal.death])
      const second = await one.act({ has })
      expect({ k, first, second: second.outcome, state: await state(one) }).toEqual({
        k,
        first: 'dead',
        second: 'done',
        state: expected,
      })
    }
  },
  120_000,
)

/** A way to the server on which everything that comes behind the sending of `commit` gets lost. */
async function losing(target: { readonly address: string; readonly port: number }) {
  const sockets: Socket[] = []
  const proxy = createServer((client) => {
    const upstream = connect(target.port, target.address)
    sockets.push(client, upstream)
    let lost = false
    client.on('data', (data) => {
      lost ||= data.includes('commit')
      upstream.write(data)
    })
    upstream.on('data', (data) => (lost ? client.destroy() : client.write(data)))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.end())
      one.on('error', () => {})
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as { port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  }
  return { port, close }
}

test('an answer to the commit that got lost is no failure: the ledger tells', async () => {
  const one = await failed('dbmate')
  const proxy = await losing(server.endpoint)
  const text = one.url.replace(/:\d+\//, `:${proxy.port}/`)
  const parsed = parseConnection(text)
  if (!parsed.ok) throw new Error(parsed.why)
  const login = async () => ({ text, connection: parsed.connection })
  const result = await one.act({ has: false, ports: { login } })
  proxy.close()
  expect(result).toMatchObject({ outcome: 'done', outputs: { reverted: '["3","2"]' } })
  expect(result.lines.join('\n')).toContain('the ledger says that it was reverted')
})

test('a transaction whose server process is ended is undone, and the next run finishes', async () => {
  const one = await failed('dbmate')
  const holder = new pg.Client({ connectionString: one.url })
  await holder.connect()
  await holder.query('begin; lock table triggers in access share mode')
  const work = one.act({ has: false, 'lock-timeout': 30_000 })
  const waiting =
    'select pg_terminate_backend(pid) as ended from pg_stat_activity where datname = current_database() and wait_event_type = $$Lock$$'
  for (;;) {
    const [row] = await one.sql(waiting)
    if (row?.ended) break
  }
  await holder.end()
  expect(await work).toMatchObject({
    outcome: 'failed',
    headline: expect.stringContaining('57P01'),
  })
  expect(await one.versions()).toEqual(['1', '2', '3'])
  expect(await one.act({ has: false })).toMatchObject({ outcome: 'done' })
})
