import { createBackstoryForTenants } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { type Cluster, programs } from '../backup/cluster.js';
import { type Standby, startPrimary, startStandby, until } from '../../postgres/start-standby.js';
import {
  type Note,
  notes,
  openReplicated,
  type ReplicatedShop,
  writeBehindTriggers,
} from './replicated-shop.js';

jest.setTimeout(180_000);

(programs ? describe : describe.skip)(
  'servers that come and go (skipped where the programs for a standby are not installed)',
  () => {
    let primary: Cluster;
    let standby: Standby;
    let shop: ReplicatedShop;

    beforeEach(async () => {
      primary = await startPrimary();
      standby = await startStandby(primary);
      const first = await openReplicated(primary.url(), [], { synchronize: true });
      await first.dataSource.query(`insert into note (body) values ('told by events')`);
      await first.backstory.backfill();
      await first.backstory.verify();
      await first.backstory.stages.set('note', 'replay', { force: true });
      await writeBehindTriggers(first, 'told by the row');
      await first.close();
      await standby.catchUp(primary);
      shop = await openReplicated(primary.url(), [standby.url()]);
    });

    afterEach(async () => {
      await shop?.close();
      await standby?.remove();
      await primary?.remove();
    });

    const readAgain = (): Promise<string | undefined> => shop.bodyOf(1).catch(() => undefined);

    it('without the primary, reads go on by replay', async () => {
      expect(await shop.bodyOf(1)).toBe('told by events');
      await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
      await until('the outage is noticed', () => Promise.resolve(shop.warnings.length > 0));
      for (let times = 0; times < 10; times++) expect(await shop.bodyOf(1)).toBe('told by events');
    });

    it('a standby that is promoted meanwhile is asked again: what it has decided counts', async () => {
      expect(await shop.bodyOf(1)).toBe('told by events');
      await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
      await standby.promote();
      const there = await openReplicated(standby.url(), []);
      try {
        await there.backstory.stages.set('note', 'capture');
      } finally {
        await there.close();
      }
      // this instance knows nothing of it: the server that it asks for stages is gone
      await until('the rows are returned', async () => (await shop.bodyOf(1)) === 'told by the row');
    });

    it('a standby that is killed: its reads fail as they do without Backstory, read() goes to the primary, and doctor names it', async () => {
      expect(await shop.bodyOf(1)).toBe('told by events');
      await standby.kill();
      const read = (): Promise<string | undefined> =>
        shop.backstory.standbys.read(
          undefined,
          async (manager) => (await manager.getRepository<Note>('Note').findOneBy({ id: 1 }))?.body,
        );
      await expect(shop.bodyOf(1)).rejects.toThrow();
      // a connection of before the kill may be given once
      await until(
        'it is read on the primary',
        async () => (await read().catch(() => undefined)) === 'told by events',
      );
      const { host } = new URL(standby.url());
      expect(await shop.backstory.standbys.list()).toMatchObject([{ server: host, reachable: false }]);
      expect(await shop.backstory.doctor()).toContainEqual(
        expect.objectContaining({
          severity: 'fault',
          problem: expect.stringContaining(`standby ${host} can't be asked`),
        }),
      );
      const written = await shop.backstory.standbys.written();
      await expect(shop.backstory.standbys.wait(written, { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'WAIT_TIMED_OUT',
        message: expect.stringContaining(host),
      });
      await standby.startAgain();
      await shop.backstory.standbys.wait(written, { timeoutMs: 60_000 });
      await until('it is read there again', async () => (await readAgain()) === 'told by events');
    });

    it('another server instead of a standby: nothing of it is replayed, and nobody waits for it', async () => {
      const other = await startPrimary();
      try {
        const its = await openReplicated(other.url(), [], { synchronize: true });
        await its.dataSource.query(`insert into note (body) values ('another row')`);
        await its.close();
        const mixed = await openReplicated(primary.url(), [other.url()]);
        try {
          expect(await mixed.bodyOf(1)).toBe('another row');
          const written = await mixed.backstory.standbys.written();
          await expect(mixed.backstory.standbys.wait(written)).rejects.toMatchObject({
            code: 'NOT_A_STANDBY',
          });
          expect(await mixed.backstory.doctor()).toContainEqual(
            expect.objectContaining({ problem: expect.stringContaining('is no copy of this server') }),
          );
        } finally {
          await mixed.close();
        }
      } finally {
        await other.remove();
      }
    });

    it('where a history is not there yet, rows are returned, also in a transaction, and of tenants; later they are replayed', async () => {
      await shop.dataSource.query(
        `create schema acme; create table acme.note (like note including all); insert into acme.note values (1, 'told by events')`,
      );
      await standby.catchUp(primary);
      await standby.pause();
      const dataSource = await new DataSource({
        type: 'postgres',
        replication: { master: { url: primary.url() }, slaves: [{ url: standby.url() }] },
        entities: [notes],
        extra: { options: '-c search_path=acme' },
      }).initialize();
      const bodyOfStandby = async (): Promise<string | undefined> => {
        const queryRunner = dataSource.createQueryRunner('slave');
        await queryRunner.startTransaction();
        try {
          await queryRunner.manager.findOneBy<Note>('Note', { id: 1 });
          return (await queryRunner.manager.findOneBy<Note>('Note', { id: 1 }))?.body;
        } finally {
          await queryRunner.commitTransaction();
          await queryRunner.release();
        }
      };
      const tenants = await createBackstoryForTenants(dataSource, {
        aggregates: ['Note'],
        tenants: ['acme'],
        stagePollMs: 50,
      });
      try {
        const acme = await tenants.of('acme');
        await acme.backfill();
        await acme.verify();
        await acme.stages.set('note', 'replay', { force: true });
        expect(await bodyOfStandby()).toBe('told by events');
        await dataSource.query(
          `begin; set local session_replication_role = replica; update note set body = 'told by the row'; commit`,
        );
        await standby.resume();
        await standby.catchUp(primary);
        expect(await bodyOfStandby()).toBe('told by events');
      } finally {
        await tenants.close();
        await dataSource.destroy();
      }
    });
  },
);
