import { randomBytes } from 'node:crypto';
import { createBackstory, environmentKeys } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';

const EVENTS = 50_000;
const floor = 'as it is';

const buyers = new EntitySchema({
  name: 'Buyer',
  columns: {
    id: { type: 'integer', primary: true },
    name: { type: 'text' },
    email: { type: 'text' },
    visits: { type: 'integer', default: 0 },
  },
});

const sales = new EntitySchema({
  name: 'Sale',
  columns: {
    id: { type: 'integer', primary: true },
    buyerId: { type: 'integer' },
    shipTo: { type: 'text' },
    note: { type: 'text' },
    total: { type: 'integer', default: 0 },
  },
});

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `A relay to nobody comes through ${EVENTS.toLocaleString('en')} updates of two personal properties, in batches of 1000: as they are, ` +
    'and with both encrypted for their subject. Of buyers, who are subjects themselves; of sales with 10 events each, whose buyer is in the ' +
    'first of them; and of sales with 1000 events each. With keys that are there, and, in the first relay, with 1000 keys to be made.',
  measure: async (run) => {
    process.env['BACKSTORY_KEYS'] = randomBytes(32).toString('base64');
    const database = await createTestDatabase({ serverUrl: run.serverUrl });
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [buyers, sales],
      synchronize: true,
    }).initialize();
    const backstory = await createBackstory(dataSource, {
      aggregates: [
        { entity: buyers, personal: ['name', 'email'] },
        { entity: sales, subject: { buyer: 'buyerId' }, personal: ['shipTo', 'note'] },
      ],
      encryption: { keys: environmentKeys() },
    });
    try {
      const events = run.rounds(EVENTS);
      const operations = await write(dataSource, events);
      let numbered = 0;
      const times = new Map();
      for (const [operation, range] of operations) {
        const variants = [floor, 'encrypted', 'encrypted, keys are made'];
        const samples = await interleave({
          variants,
          rounds: 5,
          warmUp: 1,
          random: run.random,
          turn: async (variant, round) => {
            run.progress(`${operation}, ${variant}, round ${round}`);
            if (variant === 'encrypted, keys are made') {
              await dataSource.query(
                'alter table backstory.subject_keys disable trigger user; truncate backstory.subject_keys; alter table backstory.subject_keys enable trigger user',
              );
            }
            const name = `relay${numbered++}`;
            backstory.consumers.relay({
              name,
              from: range.from,
              filter: { categories: [range.category] },
              batchSize: 1000,
              encrypt: variant === floor ? 'none' : 'personal',
              publisher: { publish: async () => {} },
            });
            const time = await timed(async () => {
              await backstory.consumers.start();
              await backstory.consumers.wait(name, range.to, { timeoutMs: 600_000 });
            });
            await backstory.consumers.stop();
            backstory.consumers.forget(name);
            return [time];
          },
        });
        for (const variant of variants) times.set(`${operation} ${variant}`, samples.get(variant));
      }
      const measurements = operations.flatMap(([operation, { count }]) =>
        [floor, 'encrypted', 'encrypted, keys are made'].map((variant) => ({
          operation,
          variant,
          samples: times.get(`${operation} ${variant}`) ?? [],
          perSecond: count,
        })),
      );
      return [
        comparison('Relay with encryption', floor, measurements, [
          'Two values for each event. A publisher that sends them over a network takes most of the time of either.',
        ]),
      ];
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    }
  },
};

/**
 * @typedef {object} Range
 * @property {string} category
 * @property {`${bigint}`} from
 * @property {string} to
 * @property {number} count
 */

/**
 * @param {DataSource} dataSource
 * @param {number} events
 * @returns {Promise<[operation: string, range: Range][]>}
 */
async function write(dataSource, events) {
  const long = Math.max(1, Math.round(events / 1000));
  const short = Math.max(1, Math.round(events / 10));
  await dataSource.query(
    `insert into buyer select g, 'Name of buyer ' || g, 'buyer' || g || '@example.org' from generate_series(1, 1000) g`,
  );
  await dataSource.query(
    `insert into sale select g, 1 + g % 1000, 'Street ' || g, 'note', 1 from generate_series(1, $1::integer) g`,
    [long + short],
  );
  /** @type {[string, string, string, number][]} */
  const written = [
    [
      'updates of buyers',
      'buyer',
      `update buyer set name = 'Name ' || $1::text || id, email = $1::text || email`,
      1000,
    ],
    [
      'updates of sales, 10 each',
      'sale',
      `update sale set shipTo = 'Street ' || $1::text, note = $1::text where id > ${long}`,
      short,
    ],
    [
      'updates of sales, 1000 each',
      'sale',
      `update sale set shipTo = 'Street ' || $1::text, note = $1::text where id <= ${long}`,
      long,
    ],
  ];
  /** @type {[string, Range][]} */
  const ranges = [];
  for (const [operation, category, statement, rows] of written) {
    const from = await last(dataSource);
    for (let n = 0; n < Math.ceil(events / rows); n++)
      await dataSource.query(statement.replace('shipTo =', '"shipTo" ='), [n]);
    ranges.push([
      operation,
      {
        category,
        from: `${BigInt(from)}`,
        to: await last(dataSource),
        count: Math.ceil(events / rows) * rows,
      },
    ]);
  }
  await dataSource.query('vacuum analyze backstory.events');
  return ranges;
}

/** @param {DataSource} dataSource @returns {Promise<string>} */
async function last(dataSource) {
  const [{ position }] = await dataSource.query(
    'select max(global_position)::text as position from backstory.events',
  );
  return position;
}
