import { EntitySchema } from 'typeorm';
import { expectExactReplay, type History, openHistory } from '../../values/history.js';

type Row = Record<string, unknown>;

const long = (length: number, of: string): string => of + 'x'.repeat(length - of.length);

/** Names of tables and columns that TypeORM can write, which doesn't escape a double quote. */
const names: Record<string, { table: string; columns: Record<string, string> }> = {
  'spaces, upper case, quotes, backslashes': {
    table: "My 'table' \\ %s $1 'ö'",
    columns: {
      a: "It's one column",
      b: 'back\\slash',
      c: 'UPPER',
      d: 'select',
      e: 'ünï 🐈',
      f: '$$',
      g: 'a.b',
    },
  },
  'names of the generated code': {
    table: 'backstory_old_rows',
    columns: {
      a: 'backstory_new_rows',
      b: 'o',
      c: 'n',
      d: 'stream_id',
      e: 'position',
      f: 'patch',
      g: 'data',
    },
  },
  'variables of the generated code': {
    table: 'events',
    columns: { a: 'tg_op', b: 'tg_table_name', c: 'old', d: 'new', e: 'h', f: 'category', g: 'v' },
  },
  'aliases, labels and marks of the generated code': {
    table: 'marks',
    columns: { a: '$backstory$', b: '$backstory_1$', c: '$r', d: '$x', e: 'capture', f: 's', g: 'context' },
  },
  'as long as PostgreSQL lets them be': {
    table: long(63, 'table'),
    columns: { a: long(63, 'column'), [long(80, 'property')]: 'short', ['p'.repeat(63)]: 'ä'.repeat(25) },
  },
  'properties with odd names': {
    table: 'odd',
    columns: { constructor_: 'a', "it's": 'b', 'back\\slash': 'c', '"quoted"': 'd', 'ünï 🐈': 'e', $$: 'f' },
  },
};

const schemaOf = (table: string, columns: Record<string, string>): EntitySchema<Row> =>
  new EntitySchema<Row>({
    name: 'Named',
    tableName: table,
    columns: {
      id: { type: 'int', primary: true },
      ...Object.fromEntries(
        Object.entries(columns).map(([property, name]) => [property, { type: 'text', name, nullable: true }]),
      ),
    },
  });

describe('identifiers', () => {
  let history: History | undefined;

  afterEach(async () => {
    await history?.close();
    history = undefined;
  });

  const writeAndReplay = async (table: string, columns: Record<string, string>, more = ''): Promise<void> => {
    const schema = schemaOf(table, columns);
    const definitions = Object.values(columns).map((column) => `, "${column}" text`);
    history = await openHistory({
      entities: [schema],
      synchronize: false,
      sql: `create table "${table}" (id int primary key${definitions.join('')}); ${more}`,
    });
    const { manager } = history.dataSource;
    const row = Object.fromEntries(Object.keys(columns).map((property, n) => [property, `value ${n}`]));
    await manager.insert(schema, { id: 1, ...row });
    await manager.insert(schema, { id: 2 });
    const [property, column] = Object.entries(columns)[0]!;
    await manager.update(schema, { id: 1 }, { [property]: 'changed' });
    await manager.delete(schema, { id: 2 });
    const events = await history.backstory.history('named', '1');
    expect(events.map(({ data }) => data)).toEqual([{ id: 1, ...row }, { [property]: 'changed' }]);
    await expectExactReplay(history, schema, `update "${table}" set "${column}" = null`);
  };

  it.each(Object.keys(names))('%s', async (name) => {
    await writeAndReplay(names[name]!.table, names[name]!.columns);
  });

  it('those of the generated code, where it runs for each row', async () => {
    const columns = { a: '$row', b: '$r', c: '$m', d: '$v', e: '$x', f: 'cmax_', g: 'old' };
    const trigger = `create function nothing() returns trigger language plpgsql as 'begin return null; end';
      create trigger changed after update on rows for each row execute function nothing()`;
    await writeAndReplay('rows', columns, trigger);
  });

  it.each([51, 120, 260])('a table with %i columns', async (count) => {
    const columns = Array.from({ length: count }, (_, n) => [`property${n}`, `column_${n}`] as const);
    await writeAndReplay('wide', Object.fromEntries(columns));
    await history!.dataSource.query(
      `update wide set ${columns.map(([, column]) => `${column} = '${column}'`).join(', ')}`,
    );
    expect(Object.keys((await history!.backstory.history('named', '1')).at(-1)!.data)).toHaveLength(count);
    await expectExactReplay(
      history!,
      schemaOf('wide', Object.fromEntries(columns)),
      'update wide set column_7 = null',
    );
  });
});
