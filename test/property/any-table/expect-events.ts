import type { Client } from 'pg';
import { foldEvents } from './fold-events.js';
import type { Column, Model, Table } from './model.js';
import { belongsSql } from './belongs-sql.js';
import { id, named, text } from './quoting.js';
import { stored } from './unique-names.js';

const own = [
  'int2',
  'int4',
  'bool',
  'text',
  'varchar',
  'bpchar',
  'name',
  'uuid',
  'timestamp',
  'timestamptz',
  'date',
];

/** The fold of all events is the rows, in the test's own text forms. */
export async function expectEvents(client: Client, model: Model): Promise<void> {
  await client.query(
    `set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1; set lc_monetary = 'C'`,
  );
  for (const root of model.roots) {
    const tables = model.tables.filter(({ category }) => category === root.category);
    const paths = tables.map(({ path }) => path).filter(Boolean);
    const folded = await foldEvents(client, model.backstorySchema, root.category, paths);
    for (const table of tables) {
      // where no foreign key guards it, as beneath a table that others INHERIT from, a part may have no root: then it is in no state
      const told = [...folded.values()].flatMap(({ root: state, parts }) => {
        if (!state) return [];
        return table.path === '' ? [state] : [...(parts.get(table.path)?.values() ?? [])];
      });
      const states = told.map((state) => JSON.stringify([...state].sort(byName))).sort();
      expect({ of: named(table), states }).toEqual({ of: named(table), states: await rowsOf(client, table) });
    }
  }
}

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1;
}

async function rowsOf(client: Client, table: Table): Promise<string[]> {
  const { rows: types } = await client.query<{ name: string; type: string; kind: string }>(
    `with recursive t as (
       select a.attname, p.typname, p.typtype, p.typbasetype, p.typnamespace = 'pg_catalog'::regnamespace as own from pg_attribute a join pg_type p on p.oid = a.atttypid
       where a.attrelid = ${text(named(table))}::regclass and a.attnum > 0 and not a.attisdropped
       union all select t.attname, p.typname, p.typtype, p.typbasetype, p.typnamespace = 'pg_catalog'::regnamespace from t join pg_type p on p.oid = t.typbasetype)
     select attname as name, case when own then typname else '' end as type, typtype as kind from t where typbasetype = 0`,
  );
  const members = table.columns
    .filter(({ role }) => role === 'captured')
    .map((column): [string, string] => {
      const type = types.find(({ name }) => name === stored(column.name))!;
      return [
        propertyIn(table, column),
        formSql(type.kind === 'e' ? 'text' : type.type, `t.${id(column.name)}`),
      ];
    });
  const { rows } = await client.query<{ state: string[] }>(
    `select array[${members.map(([, sql]) => `coalesce(${sql}, 'null')::text`).join(', ')}] as state from ${named(table)} t ${belongsSql(table)}`,
  );
  return rows
    .map(({ state }) =>
      JSON.stringify(members.map(([name], n): [string, string] => [name, state[n] as string]).sort(byName)),
    )
    .sort();
}

function propertyIn({ reference }: Table, column: Column): string {
  const at = reference && !reference.explicit ? reference.columns.indexOf(column) : -1;
  return at < 0
    ? column.property
    : `${reference!.up}.${propertyIn(reference!.parent, reference!.parent.key[at] as Column)}`;
}

function formSql(type: string, value: string): string {
  if (type === 'float4' || type === 'float8')
    return `case when ${value}::text = '-0' then '"-0"' else to_jsonb(${value}) end`;
  if (type === 'jsonb') return value;
  return own.includes(type)
    ? `to_jsonb(${value}${type === 'text' ? '::text' : ''})`
    : `to_jsonb(case when ${value} is not distinct from null then null else format('%s', ${value}) end)`;
}
