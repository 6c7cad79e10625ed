import { majorVersionOfRun } from '@backstory/test/postgres';
import type { Model, Table, TableName } from './model.js';
import { Picks } from './picks.js';
import { id, named, text } from './quoting.js';
import { keyCondition, keysOf, rowSql, someAssignments, someNewRows, someRows } from './row-values.js';

/** A write as random numbers; what it writes depends on the tables. */
export interface AnyWrite {
  readonly kind: WriteKind;
  readonly picks: number;
}

/** Rows in the form that COPY reads. */
export interface CopyIn {
  readonly copy: string;
  readonly data: string;
}

type Sql = string | CopyIn;

const sqlWrites = {
  insert: (model: Model, picks: Picks) => insert(...target(model, picks), picks),
  update: (model: Model, picks: Picks) => update(...target(model, picks), picks),
  remove: (model: Model, picks: Picks) => remove(...target(model, picks), picks),
  /** With a function that changes or removes a row of the table when the statement calls it. */
  calling: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const row = keyCondition(table, picks.of(table.keys));
    const count = id(table.count.name);
    const changes = picks.of([
      `update ${named(table)} set ${count} = coalesce(${count}, 0) + 1 where ${row}`,
      `delete from ${named(table)} where ${row}`,
    ]);
    const called = (given: string): string => `public.ran(${text(changes)}, ${given})`;
    return picks.chance(50)
      ? `update ${named(on)} set ${id(table.note.name)} = ${called(id(table.note.name))} where ${someRows(table, on, picks)}`
      : `with w as (${picks.of([insert, insert, update, remove])(table, on, picks)} returning 1) select ${called(`''`)}, count(*) from w`;
  },
  upsert: (model: Model, picks: Picks) => {
    const [table, into] = target(model, picks);
    const set = [table.note, table.count].map(({ name }) => `${id(name)} = excluded.${id(name)}`).join(', ');
    const keys = table.key.map(({ name }) => id(name)).join(', ');
    const action = picks.of([
      `(${keys}) do update set ${set}`,
      'do nothing',
      `(${keys}) do update set ${id(table.count.name)} = excluded.${id(table.count.name)} where false`,
    ]);
    return `${insert(table, into, picks)} on conflict ${action}`;
  },
  rename: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const to = picks.of(keysOf(table, on));
    const set = table.key.map(({ name }, n) => `${id(name)} = ${text(to[n] as string)}`);
    return `update ${only(table, on)} set ${set.join(', ')} where ${keyCondition(table, picks.of(keysOf(table, on)))}`;
  },
  shift: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const number = table.key.find(({ type }) => /^(integer|bigint|smallint|numeric.*)$/.test(type));
    if (!number || table.layout === 'inherited') return update(table, on, picks);
    return `update ${named(on)} set ${id(number.name)} = ${id(number.name)} + ${picks.of(['10', '1', '-1'])}`;
  },
  updateFrom: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const { rows, alias } = valuesOfKeys(table, on, picks);
    return `update ${named(on)} t set ${id(table.note.name)} = ${alias}.n, ${id(table.count.name)} = length(${alias}.n) from ${rows} where ${joined(table, 't', alias)}`;
  },
  removeUsing: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const { rows, alias } = valuesOfKeys(table, on, picks);
    return `delete from ${named(on)} t using ${rows} where ${joined(table, 't', alias)}`;
  },
  several: (model: Model, picks: Picks) => {
    const parts = [insert, update, remove].map(
      (write, n) => `w${n} as (${write(...target(model, picks), picks)} returning 1)`,
    );
    return `with ${parts.join(', ')} select (select count(*) from w0) as a, (select count(*) from w1) as b, (select count(*) from w2) as c`;
  },
  merge: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    if (majorVersionOfRun() < 15 || on === table.view) return update(table, on, picks);
    const { rows, alias } = valuesOfKeys(table, table, picks);
    const { columns, rows: [row = []] = [] } = someNewRows(table, table, picks, 1);
    return `merge into ${named(table)} t using ${rows} on ${joined(table, 't', alias)}
      when matched and t.${id(table.count.name)} = 3 then delete
      when matched then update set ${id(table.note.name)} = ${alias}.n
      when not matched then insert (${columns.map(({ name }) => id(name)).join(', ')}) overriding system value values ${rowSql(row)}`;
  },
  truncate: (model: Model, picks: Picks) => {
    const [table, on] = target(model, picks);
    const which = on === table.view ? table : on;
    return `truncate ${named(which)}${picks.of(['', ' restart identity'])}${picks.of([' cascade', ''])}`;
  },
  copy: (model: Model, picks: Picks): CopyIn => {
    const [table, on] = target(model, picks);
    const into = on === table.view ? table : on;
    const { columns, rows } = someNewRows(table, into, picks);
    const escaped = (value: string): string =>
      value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
    return {
      copy: `copy ${named(into)} (${columns.map(({ name }) => id(name)).join(', ')}) from stdin`,
      data: rows
        .map(
          (row) => `${row.map((value) => (typeof value === 'string' ? escaped(value) : '\\N')).join('\t')}\n`,
        )
        .join(''),
    };
  },
  deferred: () => 'set constraints all deferred',
} satisfies Record<string, (model: Model, picks: Picks) => Sql>;

const ofTypeorm = [
  'ormInsert',
  'ormSave',
  'ormCopy',
  'ormUpdate',
  'ormDelete',
  'ormRemove',
  'ormUpsert',
  'ormSoft',
] as const;

type SqlKind = keyof typeof sqlWrites;
export type OrmKind = (typeof ofTypeorm)[number];
type WriteKind = SqlKind | OrmKind;

const often: WriteKind[] = [
  'insert',
  'insert',
  'update',
  'insert',
  'update',
  'remove',
  'upsert',
  'rename',
  'insert',
  'update',
];
export const writeKinds: readonly WriteKind[] = [
  ...often,
  ...(Object.keys(sqlWrites) as SqlKind[]),
  ...ofTypeorm,
];

/** What a write is in SQL; undefined for one that TypeORM does. */
export function sqlOf(model: Model, { kind, picks }: AnyWrite): Sql | undefined {
  return kind in sqlWrites ? sqlWrites[kind as SqlKind](model, new Picks(picks)) : undefined;
}

/** A table, and what of it a statement names: itself, its view, or one that is beneath it. */
function target(model: Model, picks: Picks): [Table, TableName] {
  const table = picks.of(model.tables);
  return [
    table,
    picks.chance(25) ? picks.of([table, ...table.beneath, ...(table.view ? [table.view] : [])]) : table,
  ];
}

function only(table: Table, on: TableName): string {
  return `${table.layout === 'inherited' && on !== table.view ? 'only ' : ''}${named(on)}`;
}

function insert(table: Table, into: TableName, picks: Picks): string {
  const { columns, rows } = someNewRows(table, into, picks);
  return `insert into ${named(into)} (${columns.map(({ name }) => id(name)).join(', ')}) overriding system value values ${rows.map(rowSql).join(', ')}`;
}

function update(table: Table, on: TableName, picks: Picks): string {
  const set = someAssignments(table, on, picks);
  const setsKey = set.some((each) => table.key.some(({ name }) => each.startsWith(`${id(name)} = `)));
  return `update ${setsKey ? only(table, on) : named(on)} set ${set.join(', ')} where ${someRows(table, on, picks)}`;
}

function remove(table: Table, on: TableName, picks: Picks): string {
  return `delete from ${named(on)} where ${someRows(table, on, picks)}`;
}

function valuesOfKeys(table: Table, on: TableName, picks: Picks): { rows: string; alias: string } {
  const keys = keysOf(table, on);
  const chosen = [picks.of(keys), ...picks.some(keys, 40)];
  const rows = [...new Set(chosen)].map(
    (values, n) =>
      `(${[...table.key.map(({ type }, place) => `${text(values[place] as string)}::${type}`), text('m'.repeat(n + 1))].join(', ')})`,
  );
  return {
    rows: `(values ${rows.join(', ')}) s (${table.key.map((_, n) => `k${n}`).join(', ')}, n)`,
    alias: 's',
  };
}

function joined(table: Table, alias: string, values: string): string {
  return table.key.map(({ name }, n) => `${alias}.${id(name)} = ${values}.k${n}`).join(' and ');
}
