import pg from 'pg'
import { judgeUndo, schemaFingerprint } from '#migrations'
import { type Server, startServer, type Team, team } from './scene.ts'

let server: Server
let one: Team

beforeAll(async () => {
  server = await startServer()
  one = await team(server, 'dbmate')
}, 60_000)
afterAll(() => server.close(), 60_000)

/** What was there before the migration: rows that a down without a loss must not touch. */
const before = `create schema app; create table a (id int, x int, y text); create table app.b (id int, x int);
  insert into a values (1, 10, 'one'), (2, 20, 'two'); insert into app.b values (1, 1);
  create index i on a (x); alter table a add constraint c check (x > 0)`

/** Statements and what takes them back exactly, on the schema above. */
const pairs: readonly (readonly [string, string])[] = [
  ['alter table a rename to a2', 'alter table a2 rename to a'],
  ['alter table a rename x to z', 'alter table a rename z to x'],
  ['alter table a2 rename y to w', 'alter table a2 rename w to y'],
  ['alter table a rename constraint c to d', 'alter table a rename constraint d to c'],
  ['alter index i rename to j', 'alter index j rename to i'],
  ['create index k on a (y)', 'drop index k'],
  ['create unique index app_u on app.b (id)', 'drop index app.app_u'],
  ['drop index i', 'create index i on a (x)'],
  ['alter table a add constraint e check (id > 0)', 'alter table a drop constraint e'],
  ['alter table a drop constraint c', 'alter table a add constraint c check (x > 0)'],
  ['alter table a alter x set default 1', 'alter table a alter x drop default'],
  ['alter table a alter x set not null', 'alter table a alter x drop not null'],
  ['alter table a add n int default 7, add m text', 'alter table a drop m, drop column n'],
  ['alter table a add n int', 'alter table a drop n'],
  ['create table t (id int primary key, n text)', 'drop table t'],
  ['create index t_n on t (n)', 'drop index t_n'],
  ['create view v as select id from app.b', 'drop view v'],
  ['create sequence s', 'drop sequence if exists s'],
  ["create type mood as enum ('a')", 'drop type mood'],
  ['create function f(n int) returns int language sql as $$ select n $$', 'drop function f(n int)'],
  [
    'create trigger g before update on a execute function suppress_redundant_updates_trigger()',
    'drop trigger g on a',
  ],
]
/** What would harm, wherever it gets in. */
const harmful = [
  'delete from a',
  'update a set x = 0',
  'truncate app.b',
  'drop table a',
  'alter table a drop y',
  'drop schema app cascade',
  'drop table t cascade',
  "select setval('s', 9)",
]

/** Numbers in [0, 1), always the same. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A migration of up to three statements with a down that is right, out of order, lacks or has something else. */
function migration(random: () => number): { readonly up: string; readonly down: string } {
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T
  const chosen = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(pairs))
  const ups = chosen.map(([up]) => up)
  let downs = chosen.map(([, down]) => down).reverse()
  const fate = random()
  if (fate < 0.1) downs = downs.reverse()
  else if (fate < 0.2) downs = downs.slice(1)
  else if (fate < 0.3) downs.push(pick([...harmful, ...pairs.flat()]))
  if (random() < 0.1) ups.push(pick(harmful))
  return { up: ups.join('; '), down: downs.join('; ') }
}

const rows =
  'select (select json_agg(a order by id) from a)::text || (select json_agg(b) from app.b)::text as rows'

test('what is judged can be undone: PostgreSQL has the same schema and the same rows behind the down', async () => {
  const client = new pg.Client({ connectionString: one.url })
  await client.connect()
  const fingerprint = async () => {
    await client.query('savepoint look')
    const found = await schemaFingerprint(async (sql, values = []) => {
      return (await client.query(sql, [...values])).rows
    })
    await client.query('rollback to look')
    return found
  }
  const random = generator(11)
  const seen = { lossless: 0, lossy: 0, impossible: 0 }
  for (let n = 0; n < 1_500; n++) {
    const { up, down } = migration(random)
    const { is } = judgeUndo({ is: 'read', parts: { up, down, transaction: true } })
    if (is === 'impossible') {
      seen.impossible += 1
      continue
    }
    await client.query(`begin; ${before}`)
    const was = [await fingerprint(), (await client.query(rows)).rows]
    const applied = await client.query(up).then(
      () => true,
      () => false,
    )
    if (applied) {
      // A down that PostgreSQL refuses changes nothing; one that runs must have taken everything back.
      const undone = await client.query(down).then(
        () => true,
        () => false,
      )
      if (undone) {
        seen[is] += 1
        expect({ up, down, now: [await fingerprint(), (await client.query(rows)).rows] }).toEqual({
          up,
          down,
          now: was,
        })
      }
    }
    await client.query('rollback')
  }
  await client.end()
  expect(Math.min(seen.lossless, seen.lossy, seen.impossible)).toBeGreaterThan(50)
}, 240_000)
