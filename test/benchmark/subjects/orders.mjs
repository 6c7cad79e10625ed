import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

/** @typedef {'nothing' | 'backstory' | 'by hand'} RecordedBy */

/**
 * Orders and their lines in a database of their own.
 * @typedef {object} Orders
 * @property {string} name
 * @property {DataSource} dataSource
 * @property {import('@backstory/adapter').Backstory} [backstory]
 * @property {() => Promise<void>} tidy leaves every table without dead rows and with current statistics
 * @property {() => Promise<void>} close
 */

const orders = new EntitySchema(
  /** @type {import('typeorm').EntitySchemaOptions<any>} */ ({
    name: 'Order',
    tableName: 'purchase',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      status: { type: 'text' },
    },
    relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'order' } },
  }),
);

const lines = new EntitySchema(
  /** @type {import('typeorm').EntitySchemaOptions<any>} */ ({
    name: 'Line',
    tableName: 'line',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      product: { type: 'text' },
      quantity: { type: 'integer' },
      price: { type: 'numeric' },
    },
    relations: {
      order: {
        type: 'many-to-one',
        target: 'Order',
        inverseSide: 'lines',
        joinColumn: { name: 'order_id' },
        nullable: false,
      },
    },
    indices: [{ name: 'line_order', columns: ['order'] }],
  }),
);

/**
 * The least that a trigger can do which puts events of parts in order: it takes the lock of each stream's end, in order, looks where
 * the stream ends, and inserts a constant event. It takes the lock while the application goes on, and knows neither first events nor savepoints.
 */
const byHand = `
  create table by_hand (
    global_position bigint generated always as identity, stream_id text collate "C", stream_position bigint, recorded_at timestamptz default clock_timestamp(),
    type text not null, data json not null, metadata jsonb not null default '{}', primary key (stream_id, stream_position));
  create unique index on by_hand (global_position);
  insert into by_hand (stream_id, stream_position, type, data) select id, 1, 'OrderCreated', '{}' from purchase;
  create function record_line() returns trigger language plpgsql set enable_seqscan = off as $$
  begin
    perform pg_advisory_xact_lock(l) from (select distinct hashtext(order_id::text) & 1023 as l from changed order by 1) x;
    insert into by_hand (stream_id, stream_position, type, data)
    select e.stream_id, h.position + e.place, 'LineUpdated', '{"lines":{"4711":{"quantity":4711}}}'
    from (select order_id::text as stream_id, row_number() over (partition by order_id order by id) as place from changed) e
    cross join lateral (select coalesce(max(v.stream_position), 0) as position from by_hand v where v.stream_id = e.stream_id) h;
    return null;
  end $$;
  create trigger record_line after update on line referencing new table as changed for each statement execute function record_line()`;

/**
 * @param {string} serverUrl
 * @param {string} name
 * @param {{ recordedBy: RecordedBy, roots: number, linesOfEach: number, connections: number }} options
 * @returns {Promise<Orders>}
 */
export async function openOrders(serverUrl, name, { recordedBy, roots, linesOfEach, connections }) {
  const database = await createTestDatabase({ serverUrl });
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [orders, lines],
    synchronize: true,
    poolSize: connections + 2,
  });
  await dataSource.initialize();
  await dataSource.query(`insert into purchase (status) select 'open' from generate_series(1, $1::integer)`, [
    roots,
  ]);
  await dataSource.query(
    `insert into line (product, quantity, price, order_id) select 'Article ' || g, 1, 12.50, 1 + g % $1::integer
     from generate_series(0, $1::integer * $2::integer - 1) g`,
    [roots, linesOfEach],
  );
  const backstory =
    recordedBy === 'backstory'
      ? await createBackstory(dataSource, { aggregates: [{ entity: orders, owns: ['lines'] }] })
      : undefined;
  await backstory?.backfill({ chunkSize: 10_000 });
  if (recordedBy === 'by hand') await dataSource.query(byHand);
  const events = {
    nothing: [],
    backstory: ['backstory.events', 'backstory.pending_events'],
    'by hand': ['by_hand'],
  };
  const tables = ['purchase', 'line', ...events[recordedBy]];
  for (const table of tables) await dataSource.query(`alter table ${table} set (autovacuum_enabled = false)`);
  const tidy = async () => {
    for (const table of tables) await dataSource.query(`vacuum (analyze) ${table}`);
  };
  await tidy();
  return {
    name,
    dataSource,
    backstory,
    tidy,
    close: async () => {
      await backstory?.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** Every row of both tables read and hashed. */
export const hashOfOrders =
  'select (select sum(hashtextextended(t::text, 0)) from purchase t), (select sum(hashtextextended(t::text, 0)) from line t)';
