import { onEvent, type ProjectionDefinition } from '@backstory/adapter';
import { DataSource, type EntityManager } from 'typeorm';
import { eventually, type Ledger, openLedger } from '../outbox/ledger.js';
import { mariaDbTargets } from '../../targets/mariadb-targets.js';
import { postgresTargets } from '../../targets/postgres-targets.js';
import type { Target } from '../../targets/target.js';
import { count, counts, fold, read } from './counts.js';

describe.each([postgresTargets(), mariaDbTargets('outages and restores of MariaDB')])(
  'the database of a projection and its log, each in a state of its own, $kind',
  (server) => {
    const each = server.available ? it : it.skip;
    let ledger: Ledger;
    let target: Target;
    let into: DataSource;
    let broken: Set<string>;

    beforeAll(async () => {
      if (server.available) await server.start();
    });
    afterAll(async () => {
      if (server.available) await server.stop();
    });

    beforeEach(async () => {
      if (!server.available) return;
      broken = new Set();
      ledger = await openLedger();
      target = await server.open();
      into = new DataSource(target.options);
      ledger.backstory.consumers.project(definition());
    });

    afterEach(async () => {
      if (!server.available) return;
      await ledger.close();
      if (into.isInitialized) await into.destroy();
      await target.close();
    });

    const definition = (
      more: Partial<ProjectionDefinition<EntityManager>> = {},
    ): ProjectionDefinition<EntityManager> =>
      counts(target, into, {
        attempts: 1,
        handlers: [
          onEvent<EntityManager>({ category: 'account' }, async (event, delivery) => {
            await count(target.kind, event, delivery);
            if (broken.has(event.streamId)) throw new Error('broken');
          }),
        ],
        ...more,
      });
    const start = (): Promise<void> => ledger.backstory.consumers.start();
    const stop = (): Promise<void> => ledger.backstory.consumers.stop();
    const wait = (): Promise<void> =>
      ledger.backstory.consumers.wait('counts', undefined, { timeoutMs: 60_000 });
    const said = async (): Promise<string> => (await ledger.backstory.consumers.list())[0]?.error ?? '';
    const hints = async (): Promise<string> =>
      (await ledger.backstory.doctor()).map(({ problem }) => problem).join('\n');
    const own = ['counts_1', 'backstory_checkpoints', 'backstory_parked'];
    async function keepBackup(): Promise<void> {
      for (const table of own)
        await target.dataSource.query(`create table kept_${table} as select * from ${table}`);
    }
    async function putBack(): Promise<void> {
      for (const table of own) {
        await target.dataSource.query(`delete from ${table}`);
        await target.dataSource.query(`insert into ${table} select * from kept_${table}`);
      }
    }
    /** As a restore does: the end of the log is gone, and the positions are given out again. */
    async function putLogBack(position: number): Promise<void> {
      await ledger.dataSource.query(`
        alter table backstory.events disable trigger user;
        delete from backstory.events where global_position > ${position};
        alter table backstory.events enable trigger user;
        select setval(pg_get_serial_sequence('backstory.events', 'global_position'), ${position});
        truncate backstory.incarnation`);
    }

    each('is away when the application starts, and goes away while it runs: nobody is held up', async () => {
      await target.down();
      await start();
      for (const id of [1, 2]) await ledger.open(id);
      await eventually('the outage to be said', async () => (await said()).includes("can't be reached"));
      expect(await hints()).toContain(`Projection "counts" in ${target.kind}`);
      await expect(
        ledger.backstory.consumers.wait('counts', undefined, { timeoutMs: 50 }),
      ).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
      await target.up();
      await wait();
      await target.down();
      await ledger.pay(1);
      await eventually('the outage to be said', async () => (await said()).includes("can't be reached"));
      await target.up();
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
      expect(await said()).toBe('');
      expect(await hints()).not.toContain('Projection "counts"');
    });

    each('is put back to an older state: goes on from there, with what was parked then', async () => {
      broken = new Set(['2']);
      for (const id of [1, 2, 3]) await ledger.open(id);
      await start();
      await wait();
      await keepBackup();
      broken = new Set(['3']);
      await ledger.backstory.consumers.retryParked('counts');
      await eventually(
        'the retry',
        async () => (await ledger.backstory.consumers.parked('counts')).length === 0,
      );
      for (const id of [1, 2, 3, 1]) await ledger.pay(id);
      await wait();
      await stop();
      await putBack();
      broken = new Set();
      await start();
      await wait();
      expect(await ledger.backstory.consumers.parked('counts')).toMatchObject([
        { streamId: '2' },
        { streamId: '2' },
      ]);
      await ledger.backstory.consumers.retryParked('counts');
      await eventually(
        'the retry',
        async () => (await ledger.backstory.consumers.parked('counts')).length === 0,
      );
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
    });

    each('is empty again: it is built from the beginning', async () => {
      for (const id of [1, 2]) await ledger.open(id);
      await start();
      await wait();
      await stop();
      await target.dataSource.query('drop view counts');
      for (const table of [...own, 'backstory_target']) await target.dataSource.query(`drop table ${table}`);
      await start();
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
    });

    each('has lost its checkpoint, or its table: nothing is guessed', async () => {
      await ledger.open(1);
      await start();
      await wait();
      await stop();
      await target.dataSource.query('delete from backstory_checkpoints');
      await start();
      await eventually('it to be said', async () => (await said()).includes('has no checkpoint'));
      await stop();
      await target.dataSource.query('drop view counts');
      await target.dataSource.query('drop table counts_1');
      await start();
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
      await stop();
      await target.dataSource.query('drop view counts');
      await target.dataSource.query('drop table counts_1');
      await start();
      await eventually('it to be said', async () => (await said()).includes('no table for counts'));
    });

    each('is ahead of a log that was put back: an error, and what was built anew is right', async () => {
      for (const id of [1, 2, 3]) await ledger.open(id);
      await start();
      await wait();
      await stop();
      await putLogBack(2);
      await start();
      await eventually('it to be said', async () => (await said()).includes('are lost'));
      await ledger.dataSource.query('delete from account where id = 3');
      // by now the log is longer than before, and other events have the positions
      for (const id of [1, 2, 1, 2, 1]) await ledger.pay(id);
      await stop();
      await start();
      await eventually('it to be said', async () => (await said()).includes('are lost'));
      await ledger.backstory.consumers.rebuild('counts');
      await eventually('the change', () => ledger.backstory.consumers.rebuilt('counts'), 60_000);
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
    });

    each('has a projection of that name from another log, or had it in the log: refused', async () => {
      await ledger.open(1);
      await start();
      await wait();
      const other = await openLedger();
      try {
        other.backstory.consumers.project(definition());
        await other.backstory.consumers.start();
        await eventually('it to be said', async () =>
          ((await other.backstory.consumers.list())[0]?.error ?? '').includes('is of another log'),
        );
      } finally {
        await other.close();
      }
      await stop();
      const { consumers } = (await ledger.instance()).backstory;
      const { into: _into, ...here } = definition();
      consumers.project(here);
      await expect(consumers.start()).rejects.toThrow('has its checkpoint in');
    });
  },
);
