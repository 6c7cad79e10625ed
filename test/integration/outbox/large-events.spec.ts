import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createBackstory, onEvent } from '@backstory/adapter';
import { GapAwareReader } from '../../../packages/adapter/src/outbox/gap-aware-reader.js';
import { poolDatabase } from '../../../packages/adapter/src/connections/pool-database.js';
import { poolOf } from '../../../packages/adapter/src/connections/pg-pool.js';
import { Account, type Ledger, Letter, openLedger } from './ledger.js';

const everything = { categories: [], types: [] };
/** Text that can't be compressed: what it has of characters it takes of bytes, or a little more. */
const text = (characters: number): string =>
  `(select left(string_agg(md5(l.n::text || m), ''), ${characters}) from generate_series(1, ${Math.ceil(characters / 32)}) m)`;

describe('large events', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  const query = (sql: string): Promise<unknown> => ledger.dataSource.query(sql);

  /** All pages from the beginning on, each as the positions of its events. */
  async function pages(): Promise<number[][]> {
    const database = poolDatabase(poolOf(ledger.dataSource));
    const reader = new GapAwareReader(database, 'backstory', { position: 0n, gaps: [] }, everything, 1000);
    const read: number[][] = [];
    for (;;) {
      const { events, full } = await reader.next();
      read.push(events.map(({ globalPosition }) => Number(globalPosition)));
      if (!full) return read;
    }
  }

  it('come in pages of a megabyte, alone where one is larger, between small ones that come as before', async () => {
    await query('insert into account select n, 0 from generate_series(1, 300) n');
    await query(
      `insert into letter select 'l' || l.n, ${text(300_000)} from generate_series(1, 6) l (n);
       insert into letter select 'large', ${text(1_200_000)} from (values (9)) l (n);
       insert into account select n, 0 from generate_series(301, 600) n`,
    );
    const read = await pages();
    expect(read.flat()).toEqual(Array.from({ length: 607 }, (_, index) => index + 1));
    const letters = read.map((page) => page.filter((position) => position > 300 && position <= 307).length);
    expect(letters.filter((count) => count > 0)).toEqual([3, 3, 1]);
    expect(read[0]).toHaveLength(303);
    expect(read.at(-1)).toHaveLength(300);
  });

  it('come late without one being missed, where a transaction has stayed open before them', async () => {
    await query(`insert into letter select 'l' || l.n, ${text(400_000)} from generate_series(1, 4) l (n)`);
    const late = ledger.dataSource.createQueryRunner();
    await late.startTransaction();
    await late.query(
      `insert into letter select 'late' || l.n, ${text(700_000)} from generate_series(5, 8) l (n)`,
    );
    await query('insert into account select n, 0 from generate_series(1, 10) n');
    const database = poolDatabase(poolOf(ledger.dataSource));
    const reader = new GapAwareReader(database, 'backstory', { position: 0n, gaps: [] }, everything, 1000);
    const seen: number[] = [];
    const readAll = async (): Promise<void> => {
      for (;;) {
        const { events, full } = await reader.next();
        seen.push(...events.map(({ globalPosition }) => Number(globalPosition)));
        if (!full) return;
      }
    };
    await readAll();
    expect(seen).toEqual([1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    await late.commitTransaction();
    await late.release();
    await readAll();
    expect(seen.slice(14)).toEqual([5, 6, 7, 8]);
  });

  it('reach a consumer with far less memory than they are together', async () => {
    await query(
      `insert into letter select 'l' || n, repeat(md5(n::text), 3 * 1024 * 1024 / 32) from generate_series(1, 80) n`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--max-old-space-size=192',
      '-r',
      join(__dirname, '../../typescript-process.cjs'),
      join(__dirname, 'large-events-process.ts'),
      ledger.url,
      '80',
    ]);
    expect(JSON.parse(stdout)).toEqual({ events: 80, characters: 80 * 3 * 1024 * 1024 });
  }, 300_000);

  it('of 40 MB are captured, delivered, replayed and verified as any other', async () => {
    const characters = 40_000_000;
    let delivered = 0;
    ledger.backstory.consumers.define({
      name: 'of-letters',
      from: 'beginning',
      handlers: [onEvent({ entity: Letter }, ({ data }) => void (delivered = data.text?.length ?? 0))],
    });
    await query(`insert into letter values ('huge', repeat('0123456789abcdef', ${characters / 16}))`);
    await ledger.backstory.consumers.start();
    await ledger.backstory.consumers.wait('of-letters', undefined, { timeoutMs: 280_000 });
    expect(delivered).toBe(characters);
    const [event] = await ledger.backstory.history(Letter, 'huge');
    expect((event?.data as { text: string }).text).toHaveLength(characters);
    expect((await ledger.backstory.load(Letter, 'huge'))?.text).toHaveLength(characters);
    const { aggregates } = await ledger.backstory.verify({ aggregates: ['letter'] });
    expect(aggregates).toMatchObject([{ rows: 1, drifted: 0 }]);
  }, 300_000);

  it('are verified where code replays them, and none is passed by', async () => {
    await query(
      `insert into letter select 'l' || l.n, ${text(300_000)} from generate_series(1, 12) l (n);
       insert into letter select 's' || n, 'short' from generate_series(1, 20) n`,
    );
    await ledger.backstory.close();
    const backstory = await createBackstory(ledger.dataSource, {
      aggregates: [Account, { entity: Letter, schemaVersion: 2, upcasters: { '*': { 1: (data) => data } } }],
    });
    const [report] = (await backstory.verify({ aggregates: ['letter'] })).aggregates;
    expect(report).toMatchObject({ rows: 32, streams: 32, drifted: 0 });
    await query(`alter table letter disable trigger user; update letter set text = 'other' where id = 'l7';
      alter table letter enable trigger user`);
    const { aggregates } = await backstory.verify({ aggregates: ['letter'] });
    expect(aggregates[0]?.drift.map(({ streamId }) => streamId)).toEqual(['l7']);
    await backstory.close();
  });
});
