import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';

/** Kind of key, columns of the table, the key of row n, and a change of keys behind and ahead of the cursor. */
const kinds: [string, string, string, string[]][] = [
  ['int', 'k int', 'n - 500', ['k']],
  ['bigint beyond 2^53', 'k bigint', '9007199254740990 + n', ['k']],
  ['uuid', 'k uuid', 'md5(n::text)::uuid', ['k']],
  [
    'text, case-insensitive order',
    'k text collate odd',
    `case when n % 2 = 0 then 'A' else 'a' end || '-' || n`,
    ['k'],
  ],
  ['char(n)', 'k char(12)', `'c' || n`, ['k']],
  [
    'timestamp',
    'k timestamp(6)',
    `timestamp '2020-01-31 23:59:59.999' + n * interval '1 day 0.000001 s'`,
    ['k'],
  ],
  [
    'timestamptz',
    'k timestamptz',
    `timestamptz '2020-01-31 23:59:59.999+05' + n * interval '11 days'`,
    ['k'],
  ],
  ['numeric', 'k numeric', `n::numeric / 7`, ['k']],
  ['two columns, with awkward names', 'part text, last int', `'p:' || n % 5, n`, ['part', 'last']],
];

describe('the walk of a backfill by key', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await backstory?.close();
    if (dataSource?.isInitialized) await dataSource.destroy();
    await database.drop();
  });

  it.each(kinds)(
    '%s: each row once, in ranges and chunks of any size',
    async (_kind, columns, key, names) => {
      const type = (name: string) =>
        columns
          .split(', ')
          .find((column) => column.startsWith(`${name} `))!
          .split(/[ (]/)[1];
      const thing = new EntitySchema({
        name: 'thing',
        columns: {
          ...Object.fromEntries(names.map((name) => [name, { type: type(name) as 'text', primary: true }])),
          v: { type: 'int' },
        },
      });
      dataSource = new DataSource({ type: 'postgres', url: database.url, entities: [thing] });
      await dataSource.initialize();
      // a session's settings must not get into the bounds
      await dataSource.query(`alter database ${database.name} set datestyle = 'SQL, DMY'`);
      await dataSource.query(`alter database ${database.name} set timezone = 'Asia/Kathmandu'`);
      await dataSource.query(
        `create collation odd (provider = icu, locale = 'und-u-ks-level2-kf-upper');
       create table thing (${columns}, v int, primary key (${names.join(', ')}));
       insert into thing select ${key}, n from generate_series(1, 1000) n; analyze thing`,
      );
      await dataSource.destroy();
      await dataSource.initialize();
      backstory = await createBackstory(dataSource);
      let chunks = 0;
      const change = async (): Promise<void> => {
        // behind and ahead of the cursor: gone, and there under another key
        const [from, added] = [1 + ((chunks * 97) % 900), 1_000 + chunks];
        await dataSource.query(`delete from thing where v between ${from} and ${from + 3}`);
        await dataSource.query(
          `insert into thing select ${key}, n from generate_series(${added}, ${added}) n`,
        );
      };
      const changes: Promise<void>[] = [];
      const [report] = await backstory.backfill({
        parallel: 3,
        chunkSize: 37,
        onProgress: () => {
          if (chunks++ < 25) changes.push(change());
        },
      });
      await Promise.all(changes);
      expect(report?.completed).toBe(true);
      expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
      const [{ rows, firsts, streams }] = await dataSource.query(
        `select (select count(*)::int from thing) as rows, count(*) filter (where change = 'c')::int as firsts,
              count(distinct stream_id)::int as streams from backstory.events`,
      );
      expect(firsts).toBe(streams);
      expect(streams).toBeGreaterThanOrEqual(rows);
      // the ranges are disjoint and together all: what was walked is about what was there
      const [{ seen, ranges }] = await dataSource.query(
        `select sum(rows_seen)::int as seen, count(*)::int as ranges from backstory.backfill_ranges`,
      );
      expect(ranges).toBe(3);
      expect(seen).toBeGreaterThan(880);
      expect(seen).toBeLessThanOrEqual(1_025);
      // and nothing is left for another one
      expect(await backstory.backfill({ parallel: 2, chunkSize: 101 })).toMatchObject([{ rows, events: 0 }]);
    },
  );
});
