import { Client } from 'pg';
import { type Cluster, programs } from '../backup/cluster.js';
import { askOf, type Standby, startPrimary, startStandby, until } from '../../postgres/start-standby.js';
import { type Note, openReplicated, type ReplicatedShop, writeBehindTriggers } from './replicated-shop.js';

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
        for (const id of [1, 2, 3]) expect(await shop.bodyOf(id)).toBe('told by the row');
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
      await writeBehindTriggers(shop, 'in the table');
      await standby.ask(`alter system set max_standby_streaming_delay = '100ms'`);
      await standby.ask('select pg_reload_conf()');
      await standby.catchUp(primary);
      const own = await openReplicated(primary.url(), [standby.url()], { replay: { cache: false } });
      const bodies = async (): Promise<unknown[]> => {
        const found = await own.dataSource.getRepository<Note>('Note').find();
        return [...new Set(found.map(({ body }) => body))];
      };
      const locks = [await connected(primary.url()), await connected(primary.url())] as const;
      const hold = async (which: 0 | 1, table: string): Promise<void> => {
        await locks[which].query(`begin; lock table backstory.${table} in access exclusive mode`);
        await askOf(primary, `select pg_logical_emit_message(true, 'test', '')`);
      };
      try {
        expect(await bodies()).not.toEqual(['in the table']);
        await hold(0, 'events');
        await standby.catchUp(primary);
        const read = bodies();
        await until(
          'the read waits for the events',
          async () =>
            (await standby.ask(
              `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%stream_tails%'`,
            )) === '1',
        );
        // the read has locked these before the events
        await hold(1, 'snapshots');
        expect(await read).toEqual(['in the table']);
      } finally {
        for (const each of locks) await each.end();
        await own.close();
      }
      await standby.catchUp(primary);
      expect(await shop.bodyOf(1)).not.toBe('in the table');
    });
  },
);

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
