import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import pg from 'pg';
import { newArticle } from './article.mjs';
import { openSubject } from './subject.mjs';

/** @typedef {import('../harness/judged-delivery.mjs').DeliveredAt} DeliveredAt */

/**
 * A log under stress, and what its consumer got.
 * @typedef {object} DeliveryLog
 * @property {(stream: number, count: number, work: Work) => Promise<string[]>} append in one transaction; resolves with
 *   what it has committed, as stream@position
 * @property {DeliveredAt[]} delivered in this order
 * @property {(ms: number) => Promise<void>} holdUnrelatedTransaction
 * @property {() => Promise<void>} settled resolves when nothing is left to come
 * @property {() => Promise<void>} close
 */

/**
 * What the application does in its transaction after the write.
 * @typedef {object} Work
 * @property {number} openMs
 * @property {boolean} fails so that it is rolled back
 */

class RolledBack extends Error {}

/**
 * @param {string} serverUrl
 * @param {number} streams
 * @returns {Promise<DeliveryLog>}
 */
export async function inBackstory(serverUrl, streams) {
  const subject = await openSubject(serverUrl, 'backstory', {
    recordedBy: 'backstory',
    rows: streams,
    connections: 12,
  });
  const { dataSource, backstory } = subject;
  if (!backstory) throw new Error('Nothing to measure.');
  /** @type {DeliveredAt[]} */
  const delivered = [];
  backstory.consumers.define({
    name: 'listener',
    from: 'beginning',
    handlers: [
      onEvent({ categories: 'all' }, ({ streamId, streamPosition }) => {
        delivered.push({ streamId, streamPosition: Number(streamPosition), at: performance.now() });
      }),
    ],
  });
  await backstory.consumers.start();
  const url = /** @type {{ url: string }} */ (/** @type {unknown} */ (dataSource.options)).url;
  return {
    delivered,
    append: async (stream, count, { openMs, fails }) => {
      try {
        return await dataSource.transaction(async (manager) => {
          for (let n = 0; n < count; n++) {
            await manager.query('update article set stock = stock + 1 where id = $1', [stream]);
          }
          const [last] = await manager.query(
            `select max(stream_position)::int as position from backstory.events where category = 'article' and stream_id = $1`,
            [`${stream}`],
          );
          await sleep(openMs);
          if (fails) throw new RolledBack();
          return Array.from({ length: count }, (_, n) => `${stream}@${last.position - n}`);
        });
      } catch (error) {
        if (error instanceof RolledBack) return [];
        throw error;
      }
    },
    holdUnrelatedTransaction: (ms) => holdTransaction(url, ms),
    settled: () => backstory.consumers.wait('listener', undefined, { timeoutMs: 60_000 }),
    close: async () => {
      await backstory.consumers.stop();
      await subject.close();
    },
  };
}

/**
 * @param {string} serverUrl
 * @param {import('../harness/peers.mjs').Peers['emmett']} emmett
 * @param {{ batchSize?: number, pullingFrequencyInMs?: number }} pulling
 * @returns {Promise<DeliveryLog>}
 */
export async function inEmmett(serverUrl, emmett, pulling) {
  const database = await createTestDatabase({ serverUrl });
  /** @type {Map<string, Work>} what an append does before it commits */
  const works = new Map();
  const store = await emmett.open(database.url, {
    beforeCommit: async (data) => {
      const work = works.get(/** @type {{ note: string }} */ (data).note);
      await sleep(work?.openMs);
      if (work?.fails) throw new RolledBack();
    },
  });
  /** @type {DeliveredAt[]} */
  const delivered = [];
  const subscription = store.subscribe(
    (event) =>
      delivered.push({ ...event, streamId: event.streamId.slice('article-'.length), at: performance.now() }),
    pulling,
  );
  let numbered = 0;
  return {
    delivered,
    append: async (stream, count, work) => {
      const note = `append ${numbered++}`;
      works.set(note, work);
      const events = Array.from({ length: count }, () => ({
        type: 'ArticleUpdated',
        data: { ...newArticle(stream), note },
      }));
      for (;;) {
        try {
          const version = Number(await store.append(`article-${stream}`, events));
          return events.map((_, n) => `${stream}@${version - n}`);
        } catch (error) {
          if (error instanceof RolledBack) return [];
          if (!isConflict(error)) throw error;
        }
      }
    },
    holdUnrelatedTransaction: (ms) => holdTransaction(database.url, ms),
    settled: async () => {
      for (let before = -1; before !== delivered.length;) {
        before = delivered.length;
        await sleep(5000);
      }
    },
    close: async () => {
      await subscription.stop();
      await store.close();
      await database.drop();
    },
  };
}

/** Emmett's ExpectedVersionConflictError. @param {unknown} error */
function isConflict(error) {
  return error instanceof Error && 'errorCode' in error && error.errorCode === 412;
}

/**
 * A transaction that has written something else.
 * @param {string} url
 * @param {number} ms
 */
async function holdTransaction(url, ms) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin; create temporary table unrelated (id integer)');
  await sleep(ms);
  await client.query('rollback');
  await client.end();
}
