import { poolDatabase } from '../../../packages/adapter/src/connections/pool-database.js';
import type { PgPool } from '../../../packages/adapter/src/connections/pg-pool.js';
import { streamsAtATime } from '../../../packages/adapter/src/event-store/index.js';
import { future } from '../archive/subjects.js';
import { openPeople, type People } from './people.js';

describe('the search for a person', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
  });

  afterEach(() => people.close());

  it('finds the streams of a person with a short id among thousands that have it in them', async () => {
    await people.query(`insert into customer (id, name) values (4, 'Ada'), (44, 'Mary')`);
    // 14 is in each; every hundredth names 4
    await people.query(
      `insert into purchase (id, "shipTo", total, "customerId")
       select n, 'street 14', 14, case when n % 100 = 0 then 4 else 44 end from generate_series(1, 2500) n`,
    );
    await people.query(`update purchase set total = 40 where id % 2 = 0`);
    const records = await people.backstory.erasure.subject('customer:4');
    const purchases = records.filter(({ category }) => category === 'purchase');
    expect(purchases.map(({ streamId }) => Number(streamId)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 25 }, (_, n) => (n + 1) * 100),
    );
    expect(purchases.every(({ events }) => events.length === 2)).toBe(true);
    // also those of which the log has no more than what stands for them
    await people.backstory.archive.move({ aggregates: ['purchase'], before: future });
    expect(await people.backstory.erasure.subject('customer:4')).toHaveLength(records.length);
  });

  it('has no more streams in memory than come to so many events or bytes, and a larger one alone', async () => {
    await people.query(
      `insert into backstory.events (category, stream_id, stream_position, change, type, data)
       select 'long', s, n, 'u'::"char", 'LongUpdated', '{}'::json from unnest(array['a', 'b', 'c', 'd']) s, generate_series(1, 4500) n
       union all select 'long', 'e', n, 'u', 'LongUpdated', '{}' from generate_series(1, 12000) n
       union all select 'long', s, 1, 'u', 'LongUpdated', json_build_object('text', (select string_agg(md5(n::text), '') from generate_series(1, 12000) n))
       from unnest(array['f', 'g', 'h']) s`,
    );
    const pool = (people.dataSource.driver as unknown as { master: PgPool }).master;
    const ids = ['a', 'b', 'c', 'd', 'e', 'none', 'f', 'g', 'h'];
    expect(await streamsAtATime(poolDatabase(pool), 'backstory', 'long', ids)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e'],
      ['none', 'f', 'g'],
      ['h'],
    ]);
  });
});
