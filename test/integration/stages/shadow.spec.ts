import { type Backstory, createBackstory } from '@backstory/adapter';
import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { Author, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { behindTheTriggers } from './behind-the-triggers.js';

describe('shadow reads', () => {
  let library: Library;
  let backstory: Backstory;
  let warnings: string[];

  const begin = async (rows: number, sample = 1): Promise<void> => {
    library = await openLibrary({ extra: { max: 4 } });
    warnings = [];
    backstory = await createBackstory(library.dataSource, {
      shadow: { sample },
      aggregates: ['all', { entity: Author, owns: ['works'], exclude: ['born'] }],
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });
    const { manager } = library.dataSource;
    for (let n = 0; n < rows; n += 1_000) {
      const part = Array.from({ length: Math.min(1_000, rows - n) }, (_, each) => `Author ${n + each}`);
      await manager.insert(
        Author,
        part.map((name) => ({ name, home: {} })),
      );
    }
    await backstory.stages.set('author', 'shadow', { force: true });
  };

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const read = ({ manager }: DataSource = library.dataSource): Promise<Author[]> => manager.find(Author);

  async function status() {
    return (await backstory.status()).find(({ category }) => category === 'author')!;
  }

  it('count drift by property, keep examples, and never a value', async () => {
    await begin(20);
    await library.dataSource.manager.save(Work, { title: 'secret title', author: { id: 3 } });
    await behindTheTriggers(
      library.dataSource,
      `update author set name = 'secret name', "homeCity" = 'secret city' where id <= 5;
       update author set followers = 7 where id = 1; update work set title = 'other title';
       insert into author (name, version) values ('secret row', 1)`,
    );
    for (let round = 1; round <= 3; round++) {
      await read();
      await backstory.shadowSettled();
    }
    const { shadow, differences } = await status();
    expect(shadow).toMatchObject({ compared: 63, skipped: 0, failed: 0 });
    expect(
      Object.fromEntries(differences.map(({ kind, property, times }) => [`${kind} ${property}`, times])),
    ).toEqual({
      'value name': 15,
      'value home.city': 15,
      'value followers': 3,
      'value works.title': 3,
      'missing event ': 3,
    });
    expect(differences.every(({ foundBy }) => foundBy === 'shadow')).toBe(true);
    const examples = await library.dataSource.query(`select * from backstory.drifts`);
    expect(examples).toHaveLength(7);
    const kept = await library.dataSource.query(
      `select to_jsonb(d)::text from backstory.drifts d union all select to_jsonb(c)::text from backstory.drift_counts c`,
    );
    expect(JSON.stringify([kept, warnings])).not.toMatch(/secret/);
  });

  it('do not see excluded columns', async () => {
    await begin(3);
    await behindTheTriggers(library.dataSource, `update author set born = '2000-01-01'`);
    await read();
    await backstory.shadowSettled();
    expect(await status()).toMatchObject({ shadow: { compared: 3, drifted: 0 }, differences: [] });
  });

  it('count nothing that is gone when it is looked at again', async () => {
    await begin(3);
    await behindTheTriggers(library.dataSource, `update author set name = 'x' where id = 1`);
    const { dataSource } = library;
    const pool = (dataSource.driver as unknown as { master: Pool }).master;
    const held = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const runner = dataSource.createQueryRunner();
        await runner.connect();
        return runner;
      }),
    );
    // The fourth connection is taken when the first comparison gives it back: the second one waits until it is let go.
    const compared = new Promise<PoolClient>((resolve, reject) => {
      let releases = 0;
      pool.on('release', () => {
        // one to ask for parsers, one to compare
        if (++releases === 2) pool.connect().then(resolve, reject);
      });
    });
    await held[0]!.manager.find(Author);
    const last = await compared;
    await held[0]!.query(
      `begin; set local session_replication_role = replica; update author set name = 'Author 0' where id = 1; commit`,
    );
    last.release();
    for (const runner of held) await runner.release();
    await backstory.shadowSettled();
    expect(await status()).toMatchObject({ shadow: { compared: 3, drifted: 0 }, differences: [] });
  });

  it('keep bounded what they write, however much drifts', async () => {
    await begin(1_500);
    await behindTheTriggers(library.dataSource, `update author set name = 'x'`);
    await read();
    await backstory.shadowSettled();
    const [{ examples }] = await library.dataSource.query(
      `select count(*)::int as examples from backstory.drifts`,
    );
    expect(examples).toBeLessThanOrEqual(1_000);
    expect(examples).toBeGreaterThan(600);
    expect((await status()).differences).toMatchObject([{ property: 'name', times: 1_500 }]);
  });

  it('skip and count what they have no room for', async () => {
    await begin(6_000);
    expect(await read()).toHaveLength(6_000);
    await backstory.shadowSettled();
    expect((await status()).shadow).toEqual({ compared: 5_000, drifted: 0, skipped: 1_000, failed: 0 });
  });

  it('compare a sample', async () => {
    await begin(2_000, 0.1);
    await read();
    await backstory.shadowSettled();
    const { shadow } = await status();
    // mean 200, standard deviation 13
    expect(shadow!.compared).toBeGreaterThan(120);
    expect(shadow!.compared).toBeLessThan(280);
  });

  it('fail on their own: the read succeeds, there is one word about it, and it is counted as soon as counting is possible', async () => {
    await begin(300);
    await library.dataSource.query(`alter table backstory.events rename to events_away`);
    for (let round = 0; round < 3; round++) {
      expect(await read()).toHaveLength(300);
      await backstory.shadowSettled();
    }
    const [counted] = await library.dataSource.query(
      `select compared::int, failed::int from backstory.shadow_reads where category = 'author'`,
    );
    expect(counted).toEqual({ compared: 0, failed: 900 });
    await library.dataSource.query(`alter table backstory.events_away rename to events`);
    expect(warnings).toEqual([
      expect.stringMatching(/^A shadow comparison failed: .*events" does not exist/),
    ]);
    await read();
    await backstory.shadowSettled();
    expect((await status()).shadow).toEqual({ compared: 300, drifted: 0, skipped: 0, failed: 900 });
  });

  it('leave the connections to the application while it waits for one', async () => {
    await begin(500);
    const { dataSource } = library;
    const held = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const runner = dataSource.createQueryRunner();
        await runner.connect();
        return runner;
      }),
    );
    const waitsForOne = dataSource.manager.count(Author);
    await held[0]!.manager.find(Author);
    // On a connection that is held: were the comparison in the pool's queue, it would come before the next query.
    const waitsToo = dataSource.manager.count(Author);
    await new Promise((resolve) => setImmediate(resolve));
    expect((dataSource.driver as unknown as { master: { waitingCount: number } }).master.waitingCount).toBe(
      2,
    );
    for (const runner of held) await runner.release();
    expect(await Promise.all([waitsForOne, waitsToo])).toEqual([500, 500]);
    await backstory.shadowSettled();
    expect((await status()).shadow).toMatchObject({ compared: 500, drifted: 0 });
  });

  it('settle while eight writers change what is compared, without a false alarm', async () => {
    await begin(50);
    const { manager } = library.dataSource;
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 40; n++) {
          if (n === 20) await backstory.shadowSettled();
          await manager.update(Author, { id: 1 + ((writer * 7 + n) % 50) }, { name: `by ${writer} ${n}` });
          if (n % 4 === 0) await read();
        }
      }),
    );
    await backstory.shadowSettled();
    const { shadow, differences } = await status();
    expect(shadow!.compared).toBeGreaterThan(50);
    expect(shadow).toMatchObject({ drifted: 0, failed: 0 });
    expect(differences).toEqual([]);
  });
});
