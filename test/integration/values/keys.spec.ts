import { Client } from 'pg';
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { expectExactReplay, type History, openHistory } from '../../values/history.js';

interface Keyed {
  key: unknown;
  value: string | null;
}

/** Types of a primary key: as SQL, as TypeORM, values, and the ids of their streams. */
const keys: Record<string, [string, Partial<EntitySchemaColumnOptions>, Record<string, string>]> = {
  Text: ['text', { type: 'text' }, { 'a:b%3A': 'a:b%3A', '': '', 'ä 🐈': 'ä 🐈' }],
  Varchar: ['varchar(9)', { type: 'varchar' }, { 'a ': 'a ' }],
  Char: ['char(5)', { type: 'char', length: 5 }, { ab: 'ab   ', abcde: 'abcde' }],
  Citext: ['citext', { type: 'citext' }, { aB: 'aB' }],
  Uuid: [
    'uuid',
    { type: 'uuid' },
    { 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11': 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' },
  ],
  Integer: ['integer', { type: 'int' }, { '-1': '-1', '2147483647': '2147483647' }],
  Bigint: ['bigint', { type: 'bigint' }, { '9223372036854775807': '9223372036854775807' }],
  Oid: ['oid', { type: 'int' }, { '0': '0', '4294967295': '4294967295' }],
  Numeric: [
    'numeric',
    { type: 'numeric' },
    { '1.00': '1.00', '123456789012345678901.5': '123456789012345678901.5' },
  ],
  Double: [
    'float8',
    { type: 'float8' },
    { '-0': '-0', '1e15': '1e+15', '0.00001': '1e-05', NaN: 'NaN', '0.1': '0.1' },
  ],
  Real: ['real', { type: 'real' }, { '1e6': '1e+06', '0.1': '0.1', infinity: 'Infinity' }],
  Boolean: ['boolean', { type: 'boolean' }, { t: 'true', f: 'false' }],
  Enum: ['mood', { type: 'enum', enum: ['ok', 'not: ok'] }, { 'not: ok': 'not: ok' }],
  Bytea: ['bytea', { type: 'bytea' }, { '\\x00ff': '\\x00ff' }],
  Inet: ['inet', { type: 'inet' }, { '10.0.0.1': '10.0.0.1', '10.0.0.1/8': '10.0.0.1/8' }],
  Time: ['time', { type: 'time' }, { '24:00': '24:00:00' }],
  Positive: ['positive', { type: 'int' }, { '7': '7' }],
  Day: [
    'date',
    { type: 'date' },
    {
      '2024-02-29': '2024-02-29',
      '0044-03-15 BC': '0044-03-15 BC',
      '0001-12-31 BC': '0001-12-31 BC',
      '0099-01-01': '0099-01-01',
      '12345-01-01': '12345-01-01',
      infinity: 'infinity',
      '-infinity': '-infinity',
    },
  ],
  Instant: [
    'timestamptz(3)',
    { type: 'timestamptz', precision: 3 },
    {
      '2024-01-01 02:00:00.120+02': '2024-01-01T00:00:00.12+00:00',
      '2024-01-01 00:00:10+00': '2024-01-01T00:00:10+00:00',
      '0044-03-15 00:00:00+00 BC': '0044-03-15T00:00:00+00:00 BC',
      '12345-01-01 00:00:00+00': '12345-01-01T00:00:00+00:00',
    },
  ],
  Micros: [
    'timestamptz',
    { type: 'timestamptz' },
    { '2024-01-01 00:00:00.123456+00': '2024-01-01T00:00:00.123456+00:00' },
  ],
  Local: ['timestamp', { type: 'timestamp' }, { '2021-03-28 02:30:00.5': '2021-03-28T02:30:00.5' }],
};

const schemaOf = (name: string): EntitySchema<Keyed> =>
  new EntitySchema<Keyed>({
    name: `${name}Key`,
    tableName: `key_${name}`,
    columns: {
      key: { ...keys[name]![1], primary: true } as EntitySchemaColumnOptions,
      value: { type: 'text', nullable: true },
    },
  });

describe('keys', () => {
  let history: History;
  const schemas = Object.fromEntries(Object.keys(keys).map((name) => [name, schemaOf(name)]));

  beforeAll(async () => {
    history = await openHistory({
      entities: Object.values(schemas),
      synchronize: false,
      sql: [
        `create extension citext; create type mood as enum ('ok', 'not: ok')`,
        'create domain positive as integer check (value > 0)',
        ...Object.entries(keys).map(
          ([name, [sql]]) => `create table "key_${name}" (key ${sql} primary key, value text)`,
        ),
      ].join(';'),
    });
  });

  afterAll(() => history.close());

  it.each(Object.keys(keys))('%s: SQL and JavaScript name the same stream', async (name) => {
    const table = `"key_${name}"`;
    const values = keys[name]![2];
    for (const key of Object.keys(values)) {
      await history.dataSource.query(`insert into ${table} values ($1, $2)`, [key, `of ${key}`]);
    }
    await history.dataSource.query(`update ${table} set value = value || '!'`);
    const streams: { stream_id: string }[] = await history.dataSource.query(
      'select stream_id from backstory.events where category = $1 group by 1 having count(*) = 2',
      [`${name.charAt(0).toLowerCase()}${name.slice(1)}Key`],
    );
    expect(streams.map(({ stream_id }) => stream_id).sort()).toEqual(Object.values(values).sort());
    await expectExactReplay(history, schemas[name]!, `update ${table} set value = null`);
  });

  it.each(['Micros', 'Instant', 'Bytea'])(
    '%s: a session without standard_conforming_strings, too',
    async (name) => {
      const client = new Client(history.url);
      await client.connect();
      try {
        // its functions are parsed anew in each session
        await client.query('set standard_conforming_strings = off; set escape_string_warning = off');
        for (const key of name === 'Bytea' ? ['7', "'"] : ['1999-01-01 00:00+00', '0099-01-01 00:00+00 BC']) {
          await client.query(`insert into "key_${name}" values ($1, 'x')`, [key]);
          await client.query(`update "key_${name}" set value = 'y' where key = $1`, [key]);
        }
      } finally {
        await client.end();
      }
      await expectExactReplay(history, schemas[name]!, `update "key_${name}" set value = null`);
    },
  );

  it('a query that is asked for the stream id, too, means and returns the same', async () => {
    const { dataSource, backstory } = history;
    const schema = schemas['Micros']!;
    await dataSource.query(
      `insert into "key_Micros" select '2025-01-01'::timestamptz + n * interval '1 microsecond', 'v' || n from generate_series(1, 9) n`,
    );
    const query = () =>
      dataSource
        .createQueryBuilder(schema, 'm')
        .where('m.value like :text', { text: 'v%' })
        .orderBy('m.value')
        .skip(2)
        .take(4);
    const distinct = () =>
      dataSource.createQueryBuilder(schema, 'm').select('m.value').distinct(true).orderBy('m.value');
    const read = async (): Promise<Record<string, unknown>> => ({
      page: await query().getManyAndCount(),
      raw: await query().getRawAndEntities(),
      joined: await query().innerJoinAndMapMany('m.same', 'MicrosKey', 's', 's.key = m.key').getMany(),
      partial: await dataSource.manager.find(schema, { select: ['key'], order: { value: 1 } }),
      distinct: await distinct().getMany(),
      count: await query().getCount(),
    });
    const rows = await read();
    await backstory.stages.set('microsKey', 'replay', { force: true });
    expect(await read()).toEqual(rows);
    await backstory.stages.set('microsKey', 'shadow', { force: true });
    expect(await read()).toEqual(rows);
    await backstory.shadowSettled();
    const [reads] = await dataSource.query<{ compared: number; drifted: number }[]>(
      `select compared::int, drifted::int from backstory.shadow_reads where category = 'microsKey'`,
    );
    expect(reads?.drifted).toBe(0);
    expect(reads?.compared).toBeGreaterThan(8);
  });

  it('composite keys of any type, with separators in them', async () => {
    const Composite = new EntitySchema<{ a: string; b: string; c: string; value: string | null }>({
      name: 'Composite',
      columns: {
        a: { type: 'text', primary: true },
        b: { type: 'date', primary: true },
        c: { type: 'char', length: 3, primary: true },
        value: { type: 'text', nullable: true },
      },
    });
    const composite = await openHistory({ entities: [Composite] });
    try {
      await composite.dataSource.query(
        `insert into composite values ('x:%', '2024-01-01', 'a', '1'), ('x', '0001-01-01 BC', ':', '2'), ('', 'infinity', '', '3')`,
      );
      expect(
        await composite.dataSource.query(
          `select stream_id as id from backstory.events order by data ->> 'value'`,
        ),
      ).toEqual([{ id: 'x%3A%25:2024-01-01:a  ' }, { id: 'x:0001-01-01 BC:%3A  ' }, { id: ':infinity:   ' }]);
      await expectExactReplay(composite, Composite, 'update composite set value = null');
    } finally {
      await composite.close();
    }
  });
});
