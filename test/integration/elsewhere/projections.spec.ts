import { onEvent, type ProjectionDefinition, type RecordedEvent } from '@backstory/adapter';
import { DataSource, type EntityManager } from 'typeorm';
import { eventually, type Ledger, openLedger } from '../outbox/ledger.js';
import { mariaDbTargets } from '../../targets/mariadb-targets.js';
import { postgresTargets } from '../../targets/postgres-targets.js';
import type { Target } from '../../targets/target.js';
import { count, counts, fold, inBatches, read } from './counts.js';

describe.each([postgresTargets(), mariaDbTargets('projections in MariaDB')])(
  'projections in another database, $kind',
  (server) => {
    const each = server.available ? it : it.skip;
    let ledger: Ledger;
    let target: Target;
    let into: DataSource;

    beforeAll(async () => {
      if (server.available) await server.start();
    });
    afterAll(async () => {
      if (server.available) await server.stop();
    });

    beforeEach(async () => {
      if (!server.available) return;
      ledger = await openLedger();
      target = await server.open();
      into = new DataSource(target.options);
    });

    afterEach(async () => {
      if (!server.available) return;
      await ledger.close();
      if (into.isInitialized) await into.destroy();
      await target.close();
    });

    const project = (more: Partial<ProjectionDefinition<EntityManager>> = {}): void => {
      ledger.backstory.consumers.project(counts(target, into, more));
    };
    const start = (): Promise<void> => ledger.backstory.consumers.start();
    const wait = (): Promise<void> =>
      ledger.backstory.consumers.wait('counts', undefined, { timeoutMs: 60_000 });
    const failing = (
      fails: (event: RecordedEvent) => boolean,
    ): ProjectionDefinition<EntityManager>['handlers'] =>
      [
        onEvent(
          { category: 'account' },
          async (event, delivery: { manager: EntityManager; tables: Record<string, string> }) => {
            await count(target.kind, event, delivery);
            if (fails(event)) throw new Error(`not ${event.streamId}@${event.streamPosition}`);
          },
        ),
      ] as ProjectionDefinition<EntityManager>['handlers'];

    each('have everything that the log has, and say where they are', async () => {
      for (const id of [1, 2, 3]) await ledger.open(id);
      project({ partitions: 2 });
      await start();
      const position = await ledger.dataSource.transaction(async (manager) => {
        await manager.query('update account set balance = balance + 5 where id = 2');
        return ledger.backstory.consumers.positionOf(manager);
      });
      await ledger.backstory.consumers.wait('counts', position as string, { timeoutMs: 60_000 });
      expect(await read(target)).toEqual(await fold(ledger));
      expect(await read(target)).toContainEqual({ id: '2', events: 2, balance: 5 });
      const place = `${target.kind} ${String(target.dataSource.driver.database)}`;
      expect(await ledger.backstory.consumers.list()).toMatchObject([
        { name: 'counts@1', partition: 0, place },
        { name: 'counts@1', partition: 1, place },
      ]);
      const here: unknown[] = await ledger.dataSource.query(
        `select from pg_class where relname like 'counts%'`,
      );
      expect(here).toEqual([]);
    });

    each('are handled in batches, and by hand', async () => {
      for (const id of [1, 2, 3]) await ledger.open(id);
      project({ handlers: inBatches(target), batchSize: 2 });
      await start();
      await wait();
      for (let n = 0; n < 20; n++) await ledger.pay((n % 3) + 1);
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
    });

    each('write and move together: what fails leaves nothing, and is tried again', async () => {
      for (const id of [1, 2, 3]) await ledger.open(id);
      let failures = 2;
      project({ handlers: failing(({ streamId }) => streamId === '2' && failures-- > 0) });
      await start();
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
    });

    each('park what can not be handled, have it tried again, and give it up', async () => {
      for (const id of [1, 2, 3]) await ledger.open(id);
      let broken = new Set(['2', '3']);
      project({ attempts: 2, handlers: failing(({ streamId }) => broken.has(streamId)) });
      await start();
      for (const id of [1, 2, 3]) await ledger.pay(id);
      await wait();
      const { consumers } = ledger.backstory;
      const parkedOf = async (id: string) =>
        (await consumers.parked('counts', { category: 'account', streamId: id })).length;
      expect([await parkedOf('1'), await parkedOf('2'), await parkedOf('3')]).toEqual([0, 2, 2]);
      expect((await read(target)).map(({ id }) => id)).toEqual(['1']);
      broken = new Set(['3']);
      await consumers.retryParked('counts');
      await eventually('the second to be handled', async () => (await parkedOf('2')) === 0);
      await eventually('the third to have failed again', async () =>
        (await consumers.parked('counts')).every(({ retry }) => !retry),
      );
      await consumers.discardParked('counts', { category: 'account', streamId: '3' }, { reason: 'test' });
      await ledger.pay(2);
      await wait();
      expect(await read(target)).toEqual((await fold(ledger)).filter(({ id }) => id !== '3'));
      await eventually('the target to forget what was given up', async () => {
        const rows: unknown[] = await target.dataSource.query('select position from backstory_parked');
        return rows.length === 0;
      });
    });

    each('are rebuilt beside the live one, while the application writes', async () => {
      project({ partitions: 2 });
      await start();
      for (const id of [1, 2, 3]) await ledger.open(id);
      await wait();
      await target.dataSource.query('update counts_1 set events = 99');
      await ledger.backstory.consumers.rebuild('counts');
      const seen = new Set<number>();
      await eventually(
        'the change',
        async () => {
          await ledger.pay(1);
          seen.add((await read(target)).find(({ id }) => id === '2')?.events as number);
          return ledger.backstory.consumers.rebuilt('counts');
        },
        60_000,
      );
      expect([...seen].every((events) => events === 99 || events === 1)).toBe(true);
      await wait();
      expect(await read(target)).toEqual(await fold(ledger));
      expect(new Set((await ledger.backstory.consumers.list()).map(({ name }) => name))).toEqual(
        new Set(['counts@2']),
      );
      await eventually('the old table to go', () =>
        target.dataSource.query('select * from counts_1').then(
          () => false,
          () => true,
        ),
      );
    });

    each('are built the second time as the first time', async () => {
      for (const id of [1, 2]) await ledger.open(id);
      project();
      await start();
      for (let n = 0; n < 10; n++) await ledger.pay((n % 2) + 1, n);
      await wait();
      const before = await read(target);
      await ledger.backstory.consumers.rebuild('counts');
      await eventually('the change', () => ledger.backstory.consumers.rebuilt('counts'), 60_000);
      expect(await read(target)).toEqual(before);
      expect(before).toEqual(await fold(ledger));
    });
  },
);
