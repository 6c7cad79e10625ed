import { migrationSql } from './migration-sql.js';

const sql =
  'create function :schema.f() as $$ select $call$:schema.g($1)$call$ $$; create table :schema.t ()';

it.each([
  [
    'backstory',
    'create function "backstory".f() as $$ select $call$"backstory".g($1)$call$ $$; create table "backstory".t ()',
  ],
  ['a$&b', 'create function "a$&b".f() as $$ select $call$"a$&b".g($1)$call$ $$; create table "a$&b".t ()'],
  [
    '$$',
    'create function "$$".f() as $backstory_1$ select $call$"$$".g($1)$call$ $backstory_1$; create table "$$".t ()',
  ],
  [
    '$call$ $backstory_1$',
    'create function "$call$ $backstory_1$".f() as $$ select $backstory_2$"$call$ $backstory_1$".g($1)$backstory_2$ $$; create table "$call$ $backstory_1$".t ()',
  ],
])('a migration for schema %s', (schema, expected) => {
  expect(migrationSql(sql, schema)).toBe(expected);
});
