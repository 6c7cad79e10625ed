import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Between, DataSource } from 'typeorm';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { statementProfile } from '../harness/statement-profile.mjs';
import { articles, insertArticles } from '../subjects/article.mjs';
import { listByHand, loadByHand, oneByHand } from '../subjects/events-by-hand.mjs';

const lengths = [1, 9, 99, 100, 1_000, 10_000];
const floor = 'plain';
/** Events in each stream of a list of 100, which stand behind those of `lengths`. */
const lists = [1, 9, 99];
const rows = lengths.length + 100 * lists.length;

const warm = 'replay, in memory';
const cold = 'replay';
const noSnapshots = 'replay, no snapshots';

const byHand = 'events by hand';

/** @typedef {import('@backstory/adapter').Backstory} Backstory */
/** @typedef {{ name: string, dataSource: DataSource, backstory?: Backstory }} Reader */

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'An application reads through TypeORM: without Backstory (`plain`; `plain again` is the same once more: the noise), in ' +
    'stage replay of what it has read before and nobody has changed (`replay, in memory`: the default), in stage replay of what is not in memory, ' +
    'with the default snapshots (`replay`: its memory holds one state, and it has read another one before) and without (`replay, no snapshots`, and no memory), and in stage shadow with every read compared. ' +
    '`events by hand` is the least that a replay through TypeORM can do: the same query with the events as one more column, ' +
    'parsed and put over one another, without a check, a snapshot or a conversion of values.',
  measure: (run) =>
    withReaders(run, async (readers, backstories) => {
      const withoutSnapshots = /** @type {Backstory} */ (backstories.at(-1));
      const { dataSource: plain } = /** @type {Reader} */ (readers[0]);
      const handmade = [...readers, { name: byHand, dataSource: plain }];
      const sections = [
        await single(run, handmade),
        await many(run, handmade),
        await byLoad(run, withoutSnapshots, plain),
      ];
      for (const backstory of backstories) await backstory.stages.set('article', 'shadow', { force: true });
      return [...sections, await inShadow(run, readers.slice(0, 3))];
    }),
  profile: (run) =>
    withReaders(run, async (readers) => {
      const parts = [];
      for (const { name, dataSource } of [readers[0], readers[2]].filter((reader) => reader !== undefined)) {
        /** @type {[what: string, times: number, read: () => Promise<unknown>][]} */
        const reads = [
          ['findOneBy, 1 event', 1000, () => dataSource.manager.findOneBy(articles, { id: 1 })],
          ['findOneBy, 99 events', 1000, () => dataSource.manager.findOneBy(articles, { id: 3 })],
          ['find of 100, 9 events', 500, () => dataSource.manager.find(articles, hundred(9))],
        ];
        for (const [what, times, read] of reads) {
          const work = async () => {
            for (let n = 0; n < run.rounds(times); n++) await read();
          };
          await work();
          parts.push(await statementProfile(dataSource, `${name}: ${run.rounds(times)} times ${what}`, work));
        }
      }
      return parts.join('\n');
    }),
};

/**
 * @template Result
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {(readers: Reader[], backstories: readonly Backstory[]) => Promise<Result>} work
 */
async function withReaders(run, work) {
  const database = await createTestDatabase({ serverUrl: run.serverUrl });
  /** @type {Reader[]} */
  const readers = [];
  try {
    const plain = await opened(database.url);
    readers.push({ name: floor, dataSource: plain }, { name: `${floor} again`, dataSource: plain });
    await plain.synchronize();
    await plain.query(`${insertArticles} from generate_series(1, ${rows}) g`);
    const first = await createBackstory(await kept(readers, database.url, warm));
    await first.backfill();
    await lengthen(plain);
    // on the same events
    const second = await createBackstory(await kept(readers, database.url, cold), {
      replay: { cache: { entries: 1 } },
    });
    const third = await createBackstory(await kept(readers, database.url, noSnapshots), {
      aggregates: [{ entity: 'Article', snapshots: 'off' }],
      replay: { cache: false },
    });
    const backstories = [first, second, third];
    for (const [index, backstory] of backstories.entries()) {
      Object.assign(readers[2 + index] ?? {}, { backstory });
      await backstory.stages.set('article', 'replay', { force: true });
    }
    await first.rebuildSnapshots();
    await plain.query('vacuum (analyze) article');
    await plain.query('vacuum (analyze) backstory.events');
    await plain.query('vacuum (analyze) backstory.snapshots');
    return await work(readers, backstories);
  } finally {
    for (const { backstory } of readers) await backstory?.close();
    for (const { dataSource } of new Set(readers)) if (dataSource.isInitialized) await dataSource.destroy();
    await database.drop();
  }
}

/** @param {string} url */
function opened(url) {
  return new DataSource({ type: 'postgres', url, entities: [articles], poolSize: 4 }).initialize();
}

/** @param {Reader[]} readers @param {string} url @param {string} name */
async function kept(readers, url, name) {
  const dataSource = await opened(url);
  readers.push({ name, dataSource });
  return dataSource;
}

/** Article n has as many events as the n-th of `lengths`; the others, hundred by hundred, as `lists` says. @param {DataSource} dataSource */
async function lengthen(dataSource) {
  for (const [index, length] of lengths.entries()) {
    await dataSource.query(
      `do $$ begin for n in 2..${length} loop update article set stock = n, title = 'Article ' || n where id = ${index + 1}; end loop; end $$`,
    );
  }
  for (const [index, length] of lists.entries()) {
    const first = lengths.length + 100 * index + 1;
    await dataSource.query(
      `do $$ begin for n in 2..${length} loop update article set stock = n where id between ${first} and ${first + 99}; end loop; end $$`,
    );
  }
}

/** The articles with so many events. @param {number} length */
function hundred(length) {
  const first = lengths.length + 100 * lists.indexOf(length) + 1;
  return {
    where: { id: Between(first, first + 99) },
    order: { id: /** @type {const} */ ('DESC') },
    take: 100,
  };
}

/** @param {import('../harness/benchmark.mjs').Run} run @param {Reader[]} readers */
async function single(run, readers) {
  const measurements = [];
  for (const [index, length] of lengths.entries()) {
    run.progress(`findOneBy, ${length} events`);
    const samples = await interleave({
      variants: readers.filter(
        ({ name }) => (length <= 1_000 || name !== noSnapshots) && (name !== byHand || !hasSnapshot(length)),
      ),
      rounds: run.rounds(100),
      random: run.random,
      turn: async ({ name, dataSource }) => {
        const repository = dataSource.getRepository(articles);
        const id = index + 1;
        const work = name === byHand ? () => oneByHand(dataSource, id) : () => repository.findOneBy({ id });
        const times = [];
        for (let n = 0; n < 10; n++) {
          if (name === cold) await repository.findOneBy({ id: rows });
          times.push(await timed(work));
        }
        return times;
      },
    });
    for (const [{ name }, times] of samples) {
      measurements.push({
        operation: `findOneBy, ${length.toLocaleString('en')} events`,
        variant: name,
        samples: times,
        ...goalOf(name, 1.15, 1.5),
      });
    }
  }
  return comparison('One entity', floor, measurements);
}

/** With the default interval. @param {number} length */
function hasSnapshot(length) {
  return length >= 100;
}

/** @param {import('../harness/benchmark.mjs').Run} run @param {Reader[]} readers */
async function many(run, readers) {
  const measurements = [];
  for (const length of lists) {
    run.progress(`find of 100, ${length} events`);
    const samples = await interleave({
      variants: readers,
      rounds: run.rounds(60),
      random: run.random,
      turn: async ({ name, dataSource }) => {
        const work = () =>
          name === byHand
            ? listByHand(dataSource, hundred(length).where)
            : dataSource.manager.find(articles, hundred(length));
        return [await timed(work), await timed(work)];
      },
    });
    for (const [{ name }, times] of samples) {
      measurements.push({
        operation: `find of 100, ${length} events`,
        variant: name,
        samples: times,
        ...goalOf(name, 1.4, 2),
      });
    }
  }
  return comparison('Many entities', floor, measurements);
}

/** @param {string} name @param {number} inMemory @param {number} otherwise */
function goalOf(name, inMemory, otherwise) {
  if (name === warm) return { goal: inMemory };
  return name === cold ? { goal: otherwise } : {};
}

/** @param {import('../harness/benchmark.mjs').Run} run @param {Backstory} backstory @param {DataSource} dataSource */
async function byLoad(run, backstory, dataSource) {
  run.progress('load without snapshots');
  const variants = [1, 100, 1_000, 10_000].flatMap((length) => [
    { length, name: byHand },
    { length, name: 'load()' },
  ]);
  const samples = await interleave({
    variants,
    rounds: run.rounds(40),
    random: run.random,
    turn: async ({ length, name }) => {
      const id = `${lengths.indexOf(length) + 1}`;
      const work = name === byHand ? () => loadByHand(dataSource, id) : () => backstory.load('Article', id);
      return [await timed(work)];
    },
  });
  const measurements = [...samples].map(([{ length, name }, times]) => ({
    operation: `${length.toLocaleString('en')} events`,
    variant: name,
    samples: times,
    ...(length === 1_000 && name !== byHand && { remark: 'goal: 3 ms' }),
  }));
  return comparison('Cold replay, without a snapshot', byHand, measurements);
}

/** @param {import('../harness/benchmark.mjs').Run} run @param {Reader[]} readers */
async function inShadow(run, readers) {
  run.progress('findOneBy in shadow');
  const samples = await interleave({
    variants: readers,
    rounds: run.rounds(100),
    random: run.random,
    turn: async ({ dataSource, backstory }, round) => {
      const id = 50 + (round % 100);
      const time = await timed(() => dataSource.manager.findOneBy(articles, { id }));
      await backstory?.shadowSettled();
      // The first read after a rest is slower, with Backstory or without, and a comparison takes a while: all rest alike.
      await sleep(10);
      return [time];
    },
  });
  const measurements = [...samples].map(([{ name }, times]) => ({
    operation: 'findOneBy',
    variant: name === warm ? 'shadow' : name,
    samples: times,
    ...(name === warm && { goal: 1.1 }),
  }));
  return comparison('Shadow reads, on the path of the request', floor, measurements);
}
