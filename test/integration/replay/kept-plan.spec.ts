import { type Backstory, createBackstory } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

describe('the plan of a replay, which a connection keeps', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
    await library.dataSource.query(`alter table backstory.events set (autovacuum_enabled = false)`);
    await library.dataSource.query(`insert into subject (code, label) values ('s0', 'first')`);
    await library.dataSource.query('analyze backstory.events');
    await backstory.stages.set('subject', 'replay', { force: true });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  it.each<[string, (manager: EntityManager, code: string) => Promise<Subject[]>]>([
    ['one entity', (manager, code) => manager.find(Subject, { where: { code }, take: 1 })],
    ['a list', (manager, code) => manager.find(Subject, { where: { code } })],
  ])('of %s was made for few events, and does not read many from end to end', async (_, read) => {
    await library.dataSource.transaction(async (manager) => {
      // more often than PostgreSQL plans anew before it keeps a plan
      for (let n = 0; n < 10; n++) await read(manager, 's0');
      await manager.query(
        `insert into subject (code, label) select 's' || n, 'later' from generate_series(1, 5000) n`,
      );
      const before = await readFromEndToEnd(manager);
      expect(await read(manager, 's4000')).toMatchObject([{ label: 'later' }]);
      expect(await readFromEndToEnd(manager)).toBe(before);
    });
  });
});

/** How many events this transaction has read in scans of the whole table. */
async function readFromEndToEnd(manager: EntityManager): Promise<number> {
  const [{ events }] = await manager.query<[{ events: number }]>(
    `select seq_tup_read::int as events from pg_stat_xact_user_tables where schemaname = 'backstory' and relname = 'events'`,
  );
  return events;
}
