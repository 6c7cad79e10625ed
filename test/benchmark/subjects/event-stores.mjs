import { randomUUID } from 'node:crypto';
import { createTestDatabase } from '@backstory/test/postgres';
import pg from 'pg';
import { newArticle } from './article.mjs';
import { openSubject } from './subject.mjs';

/**
 * A way to have events stored and read.
 * @typedef {object} EventStore
 * @property {string} name
 * @property {(worker: number, count: number) => Promise<unknown>} append so many events in one transaction
 * @property {(length: number) => Promise<unknown[]>} [read] the events of the stream that is so long
 * @property {(length: number) => Promise<unknown>} [load] the state after the last of them
 */

export const floor = 'pg INSERT';

/**
 * Opens the stores on one server, with streams of the given lengths: article n has as many events as the n-th length.
 * Backstory has no operation that appends: an event is what the application's write leaves behind. So an append is
 * the write itself, rows included, once to as many streams as there are events and once to a single stream.
 * @template Result
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {{ writers: number, lengths: readonly number[] }} options
 * @param {(stores: EventStore[]) => Promise<Result>} work
 */
export async function withEventStores(run, { writers, lengths }, work) {
  const rows = Math.max(writers, lengths.length);
  const subject = await openSubject(run.serverUrl, 'backstory', {
    recordedBy: 'backstory',
    rows,
    connections: writers,
  });
  const { dataSource, backstory } = subject;
  const url = /** @type {{ url: string }} */ (/** @type {unknown} */ (dataSource.options)).url;
  const pool = new pg.Pool({ connectionString: url, max: writers });
  const peers = await run.peers();
  const emmettDatabase = peers && (await createTestDatabase({ serverUrl: run.serverUrl }));
  const emmett = peers && emmettDatabase && (await peers.emmett.open(emmettDatabase.url));
  try {
    if (!backstory) throw new Error('Nothing to measure.');
    for (const [index, length] of lengths.entries()) {
      await dataSource.query(
        `do $$ begin for n in 2..${length} loop update article set stock = n, title = 'Article ' || n where id = ${index + 1}; end loop; end $$`,
      );
      await emmett?.append(`article-${index + 1}`, await eventsOf(backstory, index + 1));
    }
    await dataSource.query(`
      create table bare (like backstory.events including all);
      insert into bare (category, stream_id, stream_position, change, type, data, metadata)
        select category, stream_id, stream_position, change, type, data, metadata from backstory.events;
      create table plain_article (like article including all)`);
    for (const table of ['bare', 'backstory.events', 'article']) {
      await dataSource.query(`vacuum (analyze) ${table}`);
    }
    /** @param {number} length */
    const select = async (length) => {
      const { rows: events } = await pool.query({
        name: 'read',
        text: `select global_position, stream_position, recorded_at, schema_version, change, category, stream_id, type, data, metadata
               from bare where category = 'article' and stream_id = $1 order by stream_position`,
        values: [`${lengths.indexOf(length) + 1}`],
      });
      return events;
    };
    /** @type {EventStore[]} */
    const stores = [
      {
        name: floor,
        append: (_worker, count) =>
          pool.query({
            name: 'append',
            text: `insert into bare (category, stream_id, stream_position, change, type, data)
                   select 'article', $1, n, 'c', 'ArticleCreated', data from unnest($2::json[]) with ordinality e(data, n)`,
            values: [randomUUID(), articlesOf(count).map((article) => JSON.stringify(article))],
          }),
        read: select,
        load: async (length) => Object.assign({}, ...(await select(length)).map(({ data }) => data)),
      },
      { name: 'rows, no events', append: (_worker, count) => insertRows(dataSource, 'plain_article', count) },
      {
        name: 'backstory: rows and events',
        append: (_worker, count) => insertRows(dataSource, 'article', count),
        read: (length) => backstory.history('article', `${lengths.indexOf(length) + 1}`),
        load: (length) => backstory.load('Article', `${lengths.indexOf(length) + 1}`),
      },
      {
        name: 'backstory: one stream',
        append: (worker, count) => updateRow(dataSource, worker + 1, count),
      },
    ];
    if (emmett) {
      stores.push({
        name: 'emmett: new stream',
        append: (_worker, count) =>
          emmett.append(
            `article-${randomUUID()}`,
            articlesOf(count).map((data) => ({ type: 'ArticleCreated', data })),
          ),
        read: (length) => emmett.read(`article-${lengths.indexOf(length) + 1}`),
        load: (length) => emmett.load(`article-${lengths.indexOf(length) + 1}`),
      });
    }
    return await work(stores);
  } finally {
    await emmett?.close();
    await emmettDatabase?.drop();
    await pool.end();
    await subject.close();
  }
}

/** @param {number} count */
export function articlesOf(count) {
  return Array.from({ length: count }, (_, number) => newArticle(number));
}

/** @param {import('@backstory/adapter').Backstory} backstory @param {number} id */
async function eventsOf(backstory, id) {
  const events = await backstory.history('article', `${id}`);
  return events.map(({ type, data }) => ({ type, data }));
}

/**
 * @param {import('typeorm').DataSource} dataSource
 * @param {string} table
 * @param {number} count
 */
function insertRows(dataSource, table, count) {
  const rows = articlesOf(count);
  return dataSource.query(
    `insert into ${table} (title, stock, price, summary, note, attributes)
     select * from unnest($1::text[], $2::integer[], $3::numeric[], $4::text[], $5::text[], $6::jsonb[])`,
    [
      rows.map(({ title }) => title),
      rows.map(({ stock }) => stock),
      rows.map(({ price }) => price),
      rows.map(({ summary }) => summary),
      rows.map(({ note }) => note),
      rows.map(({ attributes }) => JSON.stringify(attributes)),
    ],
  );
}

/**
 * An event for each update of one row: a round trip for each.
 * @param {import('typeorm').DataSource} dataSource
 * @param {number} id
 * @param {number} count
 */
function updateRow(dataSource, id, count) {
  const update = 'update article set stock = stock + 1 where id = $1';
  if (count === 1) return dataSource.query(update, [id]);
  return dataSource.transaction(async (manager) => {
    for (let n = 0; n < count; n++) await manager.query(update, [id]);
  });
}
