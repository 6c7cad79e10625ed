import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';

/** Columns of many types, each with values that a detour through text or JSON might change. */
const kinds: Readonly<Record<string, readonly [type: string, ...values: string[]]>> = {
  json: ['json', `'{"b": 1,  "a": 2.50, "b": null}'`, `'[1e400]'`, 'null', `'null'`],
  jsonb: ['jsonb', `'{"b": 1, "a": 2.50}'`, `'"\\u00e9\\"x"'`, `'null'`],
  scaled: ['numeric(12,4)', '1.5', '-0.0001', 'null'],
  free: ['numeric', '1.500', `'NaN'`, '12345678901234567890.123456789'],
  big: ['bigint', '9007199254740993', '-1', 'null'],
  double: ['double precision', `'NaN'`, `'-0'`, '0.1', `'-Infinity'`],
  single: ['real', `'-0'`, '0.1', `'NaN'`],
  texts: ['text[]', `array['a,b', null, '"', '{}', 'é']`, `'{}'`, `array[array['a'], array['b']]`],
  numbers: ['numeric(6,2)[]', `'[0:1]={1.5,2}'`, 'array[null, 1]::numeric[]'],
  range: ['int4range', `'[1,5]'`, `'empty'`, `'(,3)'`],
  period: ['tstzrange', `'[2024-03-31 01:30+01,2024-03-31 03:30+02)'`, 'null'],
  instant: ['timestamptz', `'2024-10-27 02:30:00.123456+01'`, `'infinity'`, `'0044-03-15 12:00:00 BC'`],
  rounded: ['timestamptz(3)', `'2024-10-27 02:30:00.123456+01'`],
  local: ['timestamp', `'2024-10-27 02:30:00.1'`, `'-infinity'`],
  day: ['date', `'2024-02-29'`, `'0044-03-15 BC'`],
  clock: ['timetz', `'10:00:00.5+02'`],
  span: ['interval', `'1 mon -3 days 04:05:06.7'`],
  bytes: ['bytea', `'\\x00ff5c'`, `''`, `'é\\\\'`],
  padded: ['char(5)', `'ab'`, `''`],
  one: ['"char"', `'x'`],
  text: ['text', `E'tab\\t, "quote", \\\\, é 🙂\\n'`, `''`, 'null'],
  truth: ['boolean', 'true', 'false', 'null'],
  uuid: ['uuid', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`],
  address: ['inet', `'10.1.2.3/8'`],
  bits: ['bit varying', `B'0101'`],
  point: ['point', `'(1.5,-0)'`],
  money: ['money', `'12.5'`],
  words: ['tsvector', `'fat:1A rat'`],
  pair: ['pair', `row(1.50, 'a "b", (c)')`, `row(null, null)`, 'null'],
  pairs: ['pair[]', `array[row(1, 'x'), null]::pair[]`],
  amount: ['amount', '1.5', 'null'],
  mood: ['mood', `'so so'`, 'null'],
  moods: ['mood[]', `'{good,"so so",NULL}'`],
};
const types = `create type mood as enum ('good', 'so so'); create type pair as (n numeric(8,3), t text); create domain amount as numeric(8,3)`;
const names = Object.keys(kinds);

const columns = (names: readonly string[], more: Record<string, EntitySchemaColumnOptions> = {}) => ({
  ...more,
  ...Object.fromEntries(names.map((name) => [name, { type: 'text', nullable: true }] as const)),
});
const defined = names.map((name) => `"${name}" ${kinds[name]?.[0]}`);
const definitions = defined.join(', ');

/** Rows whose columns take their values in turn. */
const rows = Array.from({ length: 4 }, (_, row) =>
  names.map((name) => {
    const [, ...values] = kinds[name] as readonly [string, ...string[]];
    return values[row % values.length] as string;
  }),
);

interface Shape {
  readonly what: string;
  readonly entities: (table: string) => EntitySchema[];
  readonly owns?: readonly string[];
  /** Statements that make the tables, where the columns of all kinds are those of `table`. */
  readonly make: (table: string) => string;
  readonly key: readonly string[];
  /** What the name of a table beneath it ends with. */
  readonly beneath?: string;
  /** Values of the key, of a row with a number. */
  readonly id: (row: number) => string;
}

const id: Record<string, EntitySchemaColumnOptions> = { id: { type: 'int', primary: true } };
const plain = (table: string): EntitySchema[] => [
  new EntitySchema({ name: table, tableName: table, columns: columns(names, id) }),
];
const nothing = `create or replace function nothing() returns trigger language plpgsql as 'begin return new; end'`;

const shapes: readonly Shape[] = [
  {
    what: 'an aggregate of one row',
    entities: plain,
    make: (table) => `create table ${table} (id int primary key, ${definitions})`,
    key: ['id'],
    id: (row) => `${row}`,
  },
  {
    what: 'rows that triggers of the application may change',
    entities: plain,
    make: (table) =>
      `create table ${table} (id int primary key, ${definitions}); ${nothing};
       create trigger own before insert or update on ${table} for each row execute function nothing();
       create trigger later after insert or update on ${table} for each row execute function nothing()`,
    key: ['id'],
    id: (row) => `${row}`,
  },
  {
    what: 'a partitioned table, written through its root and beside it',
    entities: plain,
    make: (table) =>
      `create table ${table} (id int primary key, ${definitions}) partition by range (id);
       create table ${table}_low partition of ${table} for values from (minvalue) to (2);
       create table ${table}_high (gone int, ${[...defined].reverse().join(', ')}, id int not null);
       alter table ${table}_high drop column gone;
       alter table ${table} attach partition ${table}_high for values from (2) to (maxvalue)`,
    key: ['id'],
    beneath: '_high',
    id: (row) => `${row}`,
  },
  {
    what: 'a key of two columns',
    entities: (table) => [
      new EntitySchema({
        name: table,
        tableName: table,
        columns: columns(names, {
          room: { type: 'text', primary: true },
          shelf: { type: 'int', primary: true },
        }),
      }),
    ],
    make: (table) =>
      `create table ${table} (room text, shelf int, ${definitions}, primary key (room, shelf))`,
    key: ['room', 'shelf'],
    id: (row) => `'a:${row}%', ${row}`,
  },
  {
    what: 'parts at the second level',
    entities: (table) => [
      new EntitySchema({
        name: `${table}_root`,
        columns: id,
        relations: { lines: { type: 'one-to-many', target: `${table}_line`, inverseSide: 'root' } },
      }),
      new EntitySchema({
        name: `${table}_line`,
        columns: id,
        relations: {
          root: {
            type: 'many-to-one',
            target: `${table}_root`,
            inverseSide: 'lines',
            joinColumn: { name: 'root_id' },
          },
          details: { type: 'one-to-many', target: table, inverseSide: 'line' },
        },
      }),
      new EntitySchema({
        name: table,
        tableName: table,
        columns: columns(names, id),
        relations: {
          line: {
            type: 'many-to-one',
            target: `${table}_line`,
            inverseSide: 'details',
            joinColumn: { name: 'line_id' },
          },
        },
      }),
    ],
    owns: ['lines', 'lines.details'],
    make: (table) =>
      `create table ${table}_root (id int primary key);
       create table ${table}_line (id int primary key, root_id int not null references ${table}_root on delete cascade);
       create table ${table} (id int primary key, line_id int references ${table}_line on delete cascade default 1, ${definitions});
       insert into ${table}_root values (1); insert into ${table}_line values (1, 1)`,
    key: ['id'],
    id: (row) => `${row}`,
  },
];

describe.each(shapes)('columns that are renamed or dropped behind the triggers of $what', (shape) => {
  let library: Library;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ entities: [], synchronize: false });
    await library.dataSource.query(types);
    for (const table of ['stayed', 'moved']) await library.dataSource.query(shape.make(table));
    dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [...shape.entities('stayed'), ...shape.entities('moved')],
    }).initialize();
    const owns = shape.owns;
    backstory = await createBackstory(dataSource, {
      aggregates: owns
        ? ['stayed', 'moved'].map((table) => ({ entity: `${table}_root`, owns: [...owns] }))
        : ['stayed', 'moved'],
    });
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await library.close();
  });

  /** Written by another client than the one that would mend what it meets. */
  const write = (sql: string): Promise<unknown> => library.dataSource.query(sql);

  const tuples = (which: readonly string[][]): string =>
    which.map((values, row) => `(${[shape.id(row), ...values].join(', ')})`).join(', ');

  const asWritten = (table: string, renamed: boolean, row: readonly string[]): string[] => {
    const name = (column: string): string => (renamed ? `"${column} 2"` : `"${column}"`);
    const columns = [...shape.key, ...names.map(name)].join(', ');
    const id = shape.key.join(', ');
    return [
      `insert into ${table} (${columns}) values ${tuples(rows.slice(0, 3))}`,
      `update ${table} set ${names.map((each, n) => `${name(each)} = ${row[n]}`).join(', ')} where (${id}) = (${shape.id(0)})`,
      `update ${table} set ${name('text')} = 'several', ${name('json')} = '{"a":  1}'`,
      `update ${table} set ${name('double')} = 0 where ${name('double')} = 0`,
      `update ${table} set (${id}) = row(${shape.id(7)}) where (${id}) = (${shape.id(1)})`,
      ...(shape.beneath
        ? [`update ${table}${shape.beneath} set ${name('text')} = 'beneath', ${name('scaled')} = 7`]
        : []),
      `delete from ${table} where (${id}) = (${shape.id(2)})`,
    ];
  };

  const recorded = async (table: string): Promise<unknown[]> =>
    dataSource.query(
      `select stream_id, stream_position, change, replace(replace(type, 'Moved', ''), 'Stayed', '') as type, data::text
       from backstory.events where category like $1 order by stream_id, stream_position`,
      [`${table}%`],
    );

  it('events hold what plain capture would have held', async () => {
    await write(names.map((name) => `alter table moved rename column "${name}" to "${name} 2"`).join('; '));
    const last = rows[3] as string[];
    for (const statement of asWritten('stayed', false, last)) await write(statement);
    for (const statement of asWritten('moved', true, last)) await write(statement);
    const expected = await recorded('stayed');
    expect(expected.length).toBeGreaterThan(6);
    expect(await recorded('moved')).toEqual(expected);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.install();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await write('truncate moved, stayed');
    expect(await recorded('moved')).toEqual(await recorded('stayed'));
  });

  it('a dropped one is absent, and nothing else changes, its type dropped along', async () => {
    await write(tuplesInto('stayed'));
    await write(tuplesInto('moved'));
    for (const table of ['stayed', 'moved'])
      await write(`alter table ${table} drop column mood, drop column moods`);
    await write(`alter table moved drop column pair, drop column pairs, drop column big, drop column amount`);
    await write(`alter table stayed drop column pair, drop column pairs, drop column amount`);
    await write(`drop type mood, pair; drop domain amount`);
    await write(`update moved set text = 'x'`);
    await write(`update moved set text = 'y', free = 3 where ${shape.key.at(-1)} = 1`);
    await write(`insert into moved (${shape.key.join(', ')}, double) values (${shape.id(9)}, '-0')`);
    await write(`delete from moved where ${shape.key.at(-1)} = 2`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.install();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await write(`update moved set text = 'z'`);
    await write(`truncate moved`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  function tuplesInto(table: string): string {
    return `insert into ${table} (${[...shape.key, ...names].join(', ')}) values ${tuples(rows.slice(0, 3))}`;
  }
});
