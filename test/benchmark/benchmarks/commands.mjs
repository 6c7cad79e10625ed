import { aggregate, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { articles, insertArticles } from '../subjects/article.mjs';

const EACH = 5;
const floor = 'TypeORM: load, change, save';

/** How many events a stream has before, and how many streams there are of that kind. */
const kinds = /** @type {const} */ ([
  [1, 400],
  [100, 100],
  [10_000, 8],
]);

/** @typedef {{ name: string, handle: (id: number) => Promise<unknown> }} Way */

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'One command with one event: the state is read, a rule is asked, and the change is written in one transaction. TypeORM in a table without ' +
    'history (`findOneBy`, `save`) and in a captured one, SQL by hand (`SELECT … FOR UPDATE`, `UPDATE`), `backstory.handle()`, and Emmett’s CommandHandler, ' +
    'which has no row. Streams have 1, 100 or 10,000 events before.',
  measure: async (run) => {
    const sections = [];
    for (const writers of run.connections) sections.push(await commands(run, writers));
    return sections;
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} writers
 */
async function commands(run, writers) {
  const measurements = [];
  for (const [length, streams] of kinds) {
    run.progress(`streams of ${length} are made, for ${writers} writers`);
    const { ways, tidy, close } = await openWays(run, length, streams, writers);
    const samples = await interleave({
      variants: ways,
      rounds: run.rounds(30),
      random: run.random,
      turn: async ({ name, handle }, round) => {
        run.progress(`${length} events, ${name}, ${writers} writers, round ${round}`);
        if (round % 10 === 0) await tidy();
        const ofWriters = Array.from({ length: writers }, async (_, writer) => {
          const times = [];
          for (let n = 0; n < EACH; n++) {
            // each writer has streams of its own
            const id = 1 + writer + writers * Math.floor(run.random() * Math.floor(streams / writers));
            times.push(await timed(() => handle(id)));
          }
          return times;
        });
        return (await Promise.all(ofWriters)).flat();
      },
    });
    for (const [{ name }, times] of samples)
      measurements.push({
        operation: `${length.toLocaleString('en')} ${length === 1 ? 'event' : 'events'} before`,
        variant: name,
        samples: times,
        ...(name === handleWay && { goal: 1.3 }),
      });
    await close();
  }
  return comparison(
    `One command with one event, ${writers === 1 ? 'one writer' : `${writers} writers`}`,
    floor,
    measurements,
    [
      'TypeORM and the SQL by hand say nothing of what happened; Emmett keeps no row that others can read or write.',
    ],
  );
}

const handleWay = 'backstory.handle()';

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} length
 * @param {number} streams
 * @param {number} writers
 */
async function openWays(run, length, streams, writers) {
  const plain = await openTable(run.serverUrl, streams, writers);
  const captured = await openTable(run.serverUrl, streams, writers);
  const backstory = await createBackstory(captured.dataSource, {
    aggregates: [
      aggregate(articles, {
        evolve: {
          Restocked: (article, { pieces }) => void (article.stock += pieces),
        },
      }),
    ],
  });
  await backstory.backfill();
  await captured.dataSource.query(
    `do $$ begin for n in 2..${length} loop update article set stock = n % 1000; end loop; end $$`,
  );
  const peers = await run.peers();
  const emmettDatabase = peers && (await createTestDatabase({ serverUrl: run.serverUrl }));
  const emmett = peers && emmettDatabase && (await peers.emmett.open(emmettDatabase.url));
  for (let id = 1; emmett && id <= streams; id++) {
    const restocked = { type: 'Restocked', data: { pieces: 1 } };
    for (let n = 0; n < length; n += 1_000)
      await emmett.append(`article-${id}`, Array(Math.min(1_000, length - n)).fill(restocked));
  }
  const pool = new pg.Pool({ connectionString: plain.url, max: writers });

  /** @type {Way[]} */
  const ways = [
    { name: floor, handle: (id) => loadChangeSave(plain.dataSource, id) },
    { name: `${floor}, again`, handle: (id) => loadChangeSave(plain.dataSource, id) },
    { name: `${floor}, captured`, handle: (id) => loadChangeSave(captured.dataSource, id) },
    { name: 'SQL by hand', handle: (id) => byHand(pool, id) },
    {
      name: handleWay,
      handle: (id) =>
        backstory.handle(articles, id, ({ stock }) => {
          if (stock < 0) throw new Error('sold out');
          return { type: 'Restocked', data: { pieces: 1 } };
        }),
    },
    ...(emmett ? [{ name: 'Emmett CommandHandler', handle: emmett.command }] : []),
  ];
  const tidy = async () => {
    for (const { dataSource } of [plain, captured]) await dataSource.query('vacuum (analyze) article');
    await captured.dataSource.query('vacuum (analyze) backstory.events');
  };
  const close = async () => {
    await pool.end();
    await backstory.close();
    await emmett?.close();
    await emmettDatabase?.drop();
    for (const each of [plain, captured]) await each.close();
  };
  await tidy();
  return { ways, tidy, close };
}

/**
 * @param {string} serverUrl
 * @param {number} rows
 * @param {number} writers
 */
async function openTable(serverUrl, rows, writers) {
  const database = await createTestDatabase({ serverUrl });
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [articles],
    synchronize: true,
    poolSize: writers + 2,
  }).initialize();
  await dataSource.query(`${insertArticles} from generate_series(1, $1::integer) g`, [rows]);
  await dataSource.query('alter table article set (autovacuum_enabled = false)');
  const close = async () => {
    await dataSource.destroy();
    await database.drop();
  };
  return { url: database.url, dataSource, close };
}

/**
 * @param {DataSource} dataSource
 * @param {number} id
 */
function loadChangeSave(dataSource, id) {
  return dataSource.transaction(async (manager) => {
    const article = await manager.findOneByOrFail(articles, { id });
    if (article.stock < 0) throw new Error('sold out');
    article.stock += 1;
    await manager.save(articles, article);
  });
}

/**
 * @param {pg.Pool} pool
 * @param {number} id
 */
async function byHand(pool, id) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query({
      name: 'read',
      text: 'select * from article where id = $1 for update',
      values: [id],
    });
    if (rows[0].stock < 0) throw new Error('sold out');
    await client.query({
      name: 'write',
      text: 'update article set stock = $2 where id = $1',
      values: [id, rows[0].stock + 1],
    });
    await client.query('commit');
  } finally {
    client.release();
  }
}
