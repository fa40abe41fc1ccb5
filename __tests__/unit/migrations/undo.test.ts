import { judgeUndo } from '#migrations'

const judge = (up: string, down: string | undefined) =>
  judgeUndo({ is: 'read', parts: { up, down, transaction: true } })

/** Up and down of migrations whose down takes everything back and loses nothing. */
const lossless: readonly (readonly [string, string])[] = [
  ['alter table a rename to b', 'alter table b rename to a'],
  ['alter table app.a rename to b', 'alter table app.b rename to a'],
  ['alter table a rename column x to y', 'alter table a rename y to x'],
  ['alter table a rename constraint x to y', 'alter table a rename constraint y to x'],
  ['alter index i rename to j', 'alter index j rename to i'],
  ['create index i on a (x)', 'drop index i'],
  ['create unique index concurrently i on app.a (x)', 'drop index concurrently if exists app.i'],
  ['drop index i', 'create index i on a (x)'],
  ['alter table a add constraint c check (x > 0)', 'alter table a drop constraint c'],
  ['alter table a drop constraint c', 'alter table a add constraint c check (x > 0)'],
  ['alter table a alter x set default 1', 'alter table a alter column x drop default'],
  ['alter table a alter x set default 1', 'alter table a alter x set default 0'],
  ['alter table a alter x drop default', 'alter table a alter x set default 0'],
  ['alter table a alter x drop not null', 'alter table a alter x set not null'],
  ['alter table a alter x set not null', 'alter table a alter x drop not null'],
  ['create view v as select id from a', 'drop view v'],
  ['create function f(a int) returns int language sql as $$ select 1 $$', 'drop function f(a int)'],
  [
    'create or replace function f() returns int language sql as $$ select 1 $$',
    'create or replace function f() returns int language sql as $$ select 2 $$',
  ],
  ['create trigger g before update on a execute function f()', 'drop trigger g on a'],
  ["create type mood as enum ('a')", 'drop type mood'],
  ['create schema other', 'drop schema other'],
  [
    "set lock_timeout = '1s'; create index i on a (x)",
    "set local lock_timeout to '1s'; drop index i",
  ],
  [
    'alter table a rename to b; alter table b rename x to y',
    'alter table b rename y to x; alter table b rename to a',
  ],
  ['create index i on a (x); create index j on a (y)', 'drop index i; drop index j'],
  ['create index i on a (x); create index j on a (y)', 'drop index i, j'],
  ['alter table "A" rename to "b.c"', 'alter table "b.c" rename to "A"'],
]

test.each(lossless)('%s is taken back without a loss by %s', (up, down) => {
  expect(judge(up, down)).toMatchObject({ is: 'lossless', losses: [] })
})

/** Up, down, and what is lost. */
const lossy: readonly (readonly [string, string, string])[] = [
  ['create table a (id int)', 'drop table a', 'drops table a'],
  [
    'alter table events add priority int',
    'alter table events drop priority',
    'drops column events.priority',
  ],
  [
    'alter table a add x int, add y text',
    'alter table a drop y, drop column if exists x',
    'drops column a.y, drops column a.x',
  ],
  // What hangs on a table or a column goes with it.
  ['create table a (id int); create index i on a (id)', 'drop table a', 'drops table a'],
  [
    'alter table a add x int; create index i on a (lower(x))',
    'alter table a drop x',
    'drops column a.x',
  ],
  [
    'alter table a add x int; alter table a alter x set default 1',
    'alter table a drop x',
    'drops column a.x',
  ],
  [
    'alter table a add x int; alter table a add constraint c check (x > y)',
    'alter table a drop x',
    'drops column a.x',
  ],
  ['create sequence s', 'drop sequence s', 'drops sequence s'],
]

test.each(lossy)('%s is taken back by %s, which loses what was written since', (up, down, lost) => {
  expect(judge(up, down)).toMatchObject({ is: 'lossy', why: expect.stringContaining(lost) })
})

/** Why it is impossible, up, down. */
const impossible: readonly (readonly [RegExp, string, string | undefined])[] = [
  [/no down/, 'create table a (id int)', undefined],
  [/empty/, 'create table a (id int)', ''],
  [/empty/, 'create table a (id int)', '-- nothing to do\n/* really */;;'],
  [/empty/, 'create table a (id int)', "set lock_timeout = '1s'"],
  [/its down: .*SELECT/, 'create table a (id int)', 'select 1'],
  [
    /its up drops column a.x, which no down brings back/,
    'alter table a drop x',
    'alter table a add x int',
  ],
  [/its up drops table a/, 'drop table a', 'create table a (id int)'],
  [/its up drops schema a/, 'drop schema a', 'create schema a'],
  [/TRUNCATE/, 'truncate a', 'select 1'],
  [/DELETE/, 'delete from a', 'select 1'],
  [/UPDATE/, 'update a set x = 1', 'update a set x = 0'],
  [/INSERT/, 'insert into a values (1)', 'delete from a where id = 1'],
  [
    /TYPE of a.x is not understood/,
    'alter table a alter x type text',
    'alter table a alter x type int',
  ],
  [/ALTER TYPE/, "alter type mood add value 'b'", 'select 1'],
  [/DO/, 'do $$ begin drop table a; end $$', 'drop index i'],
  [/does not take back/, 'create table a (id int)', 'drop table b'],
  [
    /does not take back that the up creates table b/,
    'create table a (id int); create table b (id int)',
    'drop table a',
  ],
  [
    /does not take back that the up renames/,
    'alter table a rename to b; create index i on b (x)',
    'drop index i',
  ],
  [
    /reverse order/,
    'alter table a rename to b; alter table c rename to a',
    'alter table b rename to a; alter table a rename to c',
  ],
  [/its down creates table b/, 'create table a (id int)', 'drop table a; create table b (id int)'],
  [/its down drops table b/, 'create table a (id int)', 'drop table a; drop table b'],
  [/CASCADE/, 'create table a (id int)', 'drop table a cascade'],
  [/CASCADE/, 'alter table a add x int', 'alter table a drop x cascade'],
  [/IF NOT EXISTS/, 'create table if not exists a (id int)', 'drop table a'],
  [/IF NOT EXISTS/, 'alter table a add column if not exists x int', 'alter table a drop x'],
  [/IF NOT EXISTS/, 'create index if not exists i on a (x)', 'drop index i'],
  [/without a name/, 'create index on a (x)', 'drop index a_x_idx'],
  [/without a name/, 'alter table a add check (x > 0)', 'alter table a drop constraint a_x_check'],
  [/does not take back/, 'create or replace view v as select 1', 'drop view v'],
  [/default of x/, 'alter table a add x int default evil()', 'alter table a drop x'],
  [/AS, OF, PARTITION OF|AS, INHERITS/, 'create table a as select evil()', 'drop table a'],
  [/drops table a, which does not/, 'create table app.a (id int)', 'drop table a'],
  [/not closed/, 'create table a (id int)', "drop table a; -- '\n'"],
  [/ALTER TABLE a: /, 'alter table a set unlogged', 'alter table a set logged'],
  [/CREATE SCHEMA with more/, 'create schema s create table t (id int)', 'drop schema s'],
]

test.each(impossible)('%s: %s / %s', (why, up, down) => {
  expect(judge(up, down)).toMatchObject({ is: 'impossible', why: expect.stringMatching(why) })
})

test('a file that cannot be read is impossible to undo', () => {
  expect(judgeUndo({ is: 'unread', why: 'no blocks' })).toMatchObject({ is: 'impossible' })
})
