import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, programs } from '../backup/cluster.js';
import { type Standby, startPrimary, startStandby } from '../../postgres/start-standby.js';
import { openReplicated, type ReplicatedShop, writeBehindTriggers } from './replicated-shop.js';

jest.setTimeout(180_000);

(programs ? describe : describe.skip)(
  'reads on a standby (skipped where the programs for one are not installed)',
  () => {
    let primary: Cluster;
    let standby: Standby;
    let shop: ReplicatedShop;

    beforeAll(async () => {
      primary = await startPrimary();
      standby = await startStandby(primary);
      const first = await openReplicated(primary.url(), [], { synchronize: true });
      await first.dataSource.query(
        `insert into note (body) select 'told by events' from generate_series(1, 5)`,
      );
      await first.backstory.backfill();
      await first.backstory.verify();
      await first.close();
      await standby.catchUp(primary);
      shop = await openReplicated(primary.url(), [standby.url()]);
    });

    afterAll(async () => {
      await shop?.close();
      await standby?.remove();
      await primary?.remove();
    });

    const stage = async (to: 'capture' | 'shadow' | 'replay'): Promise<void> =>
      void (await shop.backstory.stages.set('note', to, { force: true }));

    it('are replayed there, by one row, by a list, in a transaction and from memory', async () => {
      await stage('replay');
      await writeBehindTriggers(shop, 'told by the row');
      await standby.catchUp(primary);
      const repository = shop.dataSource.getRepository<{ id: number; body: string }>('Note');
      for (let times = 0; times < 30; times++) expect(await shop.bodyOf(1)).toBe('told by events');
      for (let times = 0; times < 30; times++)
        expect(new Set((await repository.find()).map(({ body }) => body))).toEqual(
          new Set(['told by events']),
        );
      const queryRunner = shop.dataSource.createQueryRunner('slave');
      await queryRunner.startTransaction('REPEATABLE READ');
      try {
        expect(await queryRunner.query('select pg_is_in_recovery() as yes')).toEqual([{ yes: true }]);
        expect(await queryRunner.manager.findOneBy('Note', { id: 2 })).toMatchObject({
          body: 'told by events',
        });
      } finally {
        await queryRunner.rollbackTransaction();
        await queryRunner.release();
      }
      expect(await shop.backstory.standbys.list()).toEqual([
        expect.objectContaining({
          reachable: true,
          copy: true,
          standby: true,
          upToStages: true,
          paused: false,
        }),
      ]);
    });

    it('give what the standby has, never what the primary has and it has not', async () => {
      await standby.pause();
      try {
        await shop.dataSource.query(`update note set body = 'newer' where id = 3`);
        // the state of the primary goes into memory first
        expect(await shop.backstory.load('Note', '3')).toMatchObject({ body: 'newer' });
        for (let times = 0; times < 20; times++) expect(await shop.bodyOf(3)).toBe('told by events');
        expect(
          await shop.dataSource.manager.transaction((own) => own.findOneBy('Note', { id: 3 })),
        ).toMatchObject({
          body: 'newer',
        });
      } finally {
        await standby.resume();
      }
      await standby.catchUp(primary);
      expect(await shop.bodyOf(3)).toBe('newer');
    });

    it('are of the row while the standby is at a time when nothing was captured, and do not warn of the stream', async () => {
      await stage('capture');
      await shop.backstory.repair();
      await shop.backstory.stages.set('note', 'off', { force: true });
      await standby.catchUp(primary);
      await shop.dataSource.query(`update note set body = 'nobody has captured this'`);
      await standby.catchUp(primary);
      await standby.pause();
      try {
        await stage('capture');
        await shop.backstory.install();
        await shop.backstory.backfill();
        await shop.backstory.repair();
        await shop.dataSource.query(`update note set body = 'captured again'`);
        expect(await shop.backstory.verify()).toMatchObject({ clean: true });
        await stage('replay');
        shop.warnings.length = 0;
        for (let times = 0; times < 20; times++)
          expect(await shop.bodyOf(1)).toBe('nobody has captured this');
        expect(shop.warnings).toEqual([expect.stringMatching(/does not have the stages/)]);
        expect(await shop.backstory.standbys.list()).toMatchObject([{ paused: true, upToStages: false }]);
        expect(await shop.backstory.doctor()).toContainEqual(
          expect.objectContaining({
            problem: expect.stringMatching(/has its replay paused, at .* doesn't have the stages/),
            remedy: expect.stringContaining('pg_wal_replay_resume'),
          }),
        );
      } finally {
        await standby.resume();
      }
      await standby.catchUp(primary);
      await writeBehindTriggers(shop, 'told by the row');
      await standby.catchUp(primary);
      expect(await shop.bodyOf(1)).toBe('captured again');
      expect(shop.warnings).toHaveLength(1);
    });

    it('in stage shadow are compared on the primary: lag is no drift, and what differs is recorded there', async () => {
      await stage('capture');
      await shop.backstory.repair();
      expect(await shop.backstory.verify()).toMatchObject({ clean: true });
      await stage('shadow');
      await standby.catchUp(primary);
      await shop.bodyOf(1);
      await shop.backstory.shadowSettled();
      await standby.pause();
      try {
        await shop.dataSource.query(`update note set body = 'on its way'`);
        for (const id of [1, 2, 3]) expect(await shop.bodyOf(id)).toBe('captured again');
        await shop.backstory.shadowSettled();
      } finally {
        await standby.resume();
      }
      const [before] = await shop.backstory.status();
      expect(before?.shadow).toMatchObject({ drifted: 0, failed: 0, skipped: 0 });
      expect(before?.shadow?.compared).toBeGreaterThan(3);
      await writeBehindTriggers(shop, 'told by the row');
      await standby.catchUp(primary);
      expect(await shop.bodyOf(1)).toBe('told by the row');
      await shop.backstory.shadowSettled();
      const [after] = await shop.backstory.status();
      expect(after?.shadow).toMatchObject({ drifted: 1 });
      expect(after?.differences).toEqual([expect.objectContaining({ property: 'body' })]);
      await shop.backstory.repair();
    });

    it('are not lost to what the standby has to replay: then the rows are returned', async () => {
      await stage('replay');
      await standby.catchUp(primary);
      await shop.bodyOf(1);
      await standby.ask(`select 1`);
      const own = await openReplicated(primary.url(), [standby.url()], { replay: { cache: false } });
      const holder = primary.url();
      try {
        const repository = own.dataSource.getRepository('Note');
        expect(await repository.find()).toHaveLength(5);
        expect(holder).toBe(primary.url());
      } finally {
        await own.close();
      }
      await sleep(1);
    });
  },
);
