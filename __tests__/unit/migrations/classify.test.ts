import { classify } from '#migrations'

const additive: readonly string[] = [
  '',
  '-- nothing\n/* at /* all */ */;;',
  'create table triggers (id serial primary key)',
  'CREATE TABLE IF NOT EXISTS app."Triggers" (id int, name text default evil());',
  'create unlogged table a (id int) with (fillfactor = 70) tablespace fast',
  "create table a (id int, note text default ';drop table users;', check (id > 0))",
  'create table a (like b including all)',
  'create table a (id int, at date) partition by range (at)',
  'create table a (b_id int references b on delete cascade)',
  'alter table triggers add column owner text',
  'alter table triggers add owner text null',
  'ALTER TABLE IF EXISTS ONLY app.triggers ADD COLUMN IF NOT EXISTS "Owner" character varying(20)',
  "alter table t add column a int not null default 0, add column b text default 'x;y'",
  'alter table t add column a timestamp(3) with time zone not null default now()',
  'alter table t add column a timestamptz default current_timestamp',
  "alter table t add column a jsonb not null default '{}'::jsonb",
  'alter table t add column a text[] not null default array[]::text[]',
  "alter table t add column a interval default interval '1 day'",
  'alter table t add column a numeric(10, 2) default -1.5e3',
  'alter table t add column a double precision default (0)',
  'alter table t add column a uuid not null default gen_random_uuid()',
  'alter table t add column a bigserial not null',
  'alter table t add column a text collate "C" default null',
  'alter table t add column "unique" int',
  'create index on triggers (owner)',
  'create index concurrently if not exists i on only app.triggers using btree (owner desc nulls last, lower(name) text_pattern_ops)',
  'create index i on t using gin (tags jsonb_path_ops) with (fastupdate = off)',
  "create index i on t (a) include (b) where deleted_at is null and kind in ('x', 'y') and not done",
  "create index i on t (a) where kind = 'x'::text",
  'create table a (id int); create unique index on a (lower(name)) where id > 0; create index on a ((1 / id))',
  'create table a (t text default $x$ ; drop table b; $$ $x$)',
  'create table a (id int) -- ; drop table b',
]

test.each(additive)('%s only adds', (sql) => {
  expect(classify(sql)).toMatchObject({ additive: true })
})

const more: readonly (readonly [string, RegExp])[] = [
  ['drop table users', /DROP TABLE/],
  ['drop table', /DROP TABLE/],
  ['truncate users', /TRUNCATE/],
  ["insert into a values ('x')", /INSERT INTO/],
  ['update a set b = 1', /UPDATE/],
  ['delete from a', /DELETE FROM/],
  ['select evil()', /SELECT EVIL/],
  ['do $$ begin drop table a; end $$', /DO/],
  ["set search_path = 'x'", /SET/],
  ['create extension citext', /CREATE EXTENSION/],
  ['create type mood as enum ()', /CREATE TYPE/],
  [
    'create or replace function f() returns int language sql as $$ select 1 $$',
    /CREATE OR REPLACE/,
  ],
  ['create table a as select evil()', /without its own columns/],
  ['create table a (id) as select evil()', /AS, INHERITS/],
  ['create table a (id int) inherits (b)', /AS, INHERITS/],
  ['create table a partition of b for values in (1)', /PARTITION OF/],
  ['create table a of mood', /OF/],
  ['create temp table users (id int)', /CREATE TEMP TABLE/],
  ['create table pg_temp.users (id int)', /schema of the system/],
  ['create table a (id int', /without its own columns/],
  ['alter table t add column a int not null', /NOT NULL without a default/],
  ['alter table t add column a int not null default null', /NOT NULL without a default/],
  ['alter table t add column a int not null default null::int', /NOT NULL without a default/],
  ['alter table t add column a int default evil()', /default of a/],
  ['alter table t add column a int default (select 1)', /default of a/],
  ['alter table t add column a int default 1 / 0', /not known to be harmless/],
  ['alter table t add column a int default public.now()', /default of a/],
  ['alter table t add column a int unique', /not known/],
  ['alter table t add column a int primary key', /not known/],
  ['alter table t add column a int check (a > 0)', /not known/],
  ['alter table t add column a int references b', /not known/],
  ['alter table t add column a int generated always as (1 / b) stored', /not known/],
  ['alter table t add column a mood', /type of a/],
  ['alter table t add column a public.text', /type of a/],
  ['alter table t add constraint c check (a > 0)', /constraint/],
  ['alter table t add unique (a)', /constraint/],
  ['alter table t add foreign key (a) references b', /constraint/],
  ['alter table t add not null a', /constraint/],
  ['alter table t add column a int, drop column b', /DROP is not ADD COLUMN/],
  ['alter table t drop column a', /DROP is not ADD COLUMN/],
  ['alter table t alter column a type bigint', /ALTER is not ADD COLUMN/],
  ['alter table t rename to u', /RENAME is not ADD COLUMN/],
  ['alter table t enable row level security', /ENABLE is not ADD COLUMN/],
  ["alter table t add column a text default ','; drop table b", /statement 2: DROP TABLE/],
  ['create unique index on t (a)', /UNIQUE index on t/],
  ['create table if not exists a (id int); create unique index on a (id)', /UNIQUE index on a/],
  ['create table app.a (id int); create unique index on a (id)', /UNIQUE index on a/],
  ['create index on t ((a / b))', /expression/],
  ['create index on t (evil(a))', /expression/],
  ["create index on t ((data ->> 'x'))", /expression/],
  ['create index on t (a) where evil(a)', /WHERE/],
  ['create index on t (a) where b::int = 1', /WHERE/],
  ['create index on t (a) where 1 / b = 1', /WHERE/],
  ['create index on t using evil (a)', /method/],
  [
    'create table a (id int) /* ; */ ; /* /* */ drop table b; */ drop table c',
    /statement 2: DROP TABLE/,
  ],
  ['create table a (id int) -- x\rdrop table b', /AS, INHERITS/],
  ['create table a (id int); -- x\r\ndrop table b', /DROP TABLE/],
  ["create table a (t text default 'x\\'); drop table b; --')", /backslash/],
  ["create table a (t text default E'x\\'; drop table b; --')", /prefix/],
  ['create table U&"a" (id int)', /prefix/],
  ["create table a (t text default 'x)", /string is not closed/],
  ['create table a (t text default $x$ )', /dollar-quoted/],
  ['create table a (id int) /* ', /comment is not closed/],
  ['create table a (id int) /*! drop table b */', /may be executed/],
  ['create table "a (id int)', /quoted name is not closed/],
  ['\\! rm -rf /', /is not read/],
  ['create\u00a0table a (id int)', /CREATE\u00a0TABLE|is not one of/],
  ['"create" table a (id int)', /it is not one of/],
  ['create table a (id int); commit; drop table b', /COMMIT/],
  ['create table a (id int)\u0000', /is not read/],
]

test.each(more)('%s does more than add', (sql, why) => {
  expect(classify(sql)).toMatchObject({ additive: false, why: expect.stringMatching(why) })
})

test('a reason names what is added, and warns of foreign keys', () => {
  const sql =
    'create table a (b_id int references app.b (id)); alter table app.t add x int; create index on a (b_id)'
  expect(classify(sql).why).toBe(
    'it creates table a (whose rows can refuse deletes from app.b), adds column app.t.x, indexes a',
  )
})

test('a reason never quotes a literal', () => {
  expect(classify("grant 's3cret' to x").why).not.toContain('s3cret')
})
