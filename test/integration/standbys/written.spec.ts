import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { type Cluster, programs } from '../backup/cluster.js';
import { askOf, type Standby, startPrimary, startStandby, until } from '../../postgres/start-standby.js';
import { type Note, notes, openReplicated, type ReplicatedShop } from './replicated-shop.js';

jest.setTimeout(180_000);

(programs ? describe : describe.skip)(
  'what was written, read on a standby (skipped where the programs for one are not installed)',
  () => {
    let primary: Cluster;
    let standbys: Standby[];
    let shop: ReplicatedShop;

    beforeAll(async () => {
      primary = await startPrimary({ wal_writer_delay: '10s' });
      standbys = [await startStandby(primary), await startStandby(primary)];
      const first = await openReplicated(primary.url(), [], { synchronize: true });
      await first.dataSource.query(`insert into note (body) values ('0')`);
      await first.backstory.backfill();
      await first.backstory.stages.set('note', 'replay', { force: true });
      await first.close();
      for (const each of standbys) await each.catchUp(primary);
      shop = await openReplicated(
        primary.url(),
        standbys.map((each) => each.url()),
      );
    });

    afterAll(async () => {
      await shop?.close();
      for (const each of standbys ?? []) await each.remove();
      await primary?.remove();
    });

    const write = (body: string, commit = 'on'): Promise<unknown> =>
      shop.dataSource.query(
        `begin; set local synchronous_commit = ${commit}; update note set body = '${body}' where id = 1; commit`,
      );
    const readIn =
      ({ id }: { id: number }) =>
      async (manager: ReplicatedShop['dataSource']['manager']): Promise<[unknown, boolean]> => {
        const note = await manager.getRepository<Note>('Note').findOneBy({ id });
        const [server] = await manager.query<[{ yes: boolean }]>('select pg_is_in_recovery() as yes');
        return [note?.body, server.yes];
      };

    it.each(['on', 'off'])(
      'is there once it was waited for, each time, with synchronous_commit = %s',
      async (commit) => {
        for (let round = 1; round <= 40; round++) {
          await write(`${commit} ${round}`, commit);
          const written = await shop.backstory.standbys.written();
          if (round % 2 === 0) {
            await shop.backstory.standbys.wait(written, { timeoutMs: 60_000 });
            expect(await shop.bodyOf(1)).toBe(`${commit} ${round}`);
          } else {
            const read = await shop.backstory.standbys.read(written, readIn({ id: 1 }), {
              timeoutMs: 60_000,
            });
            expect(read).toEqual([`${commit} ${round}`, true]);
          }
        }
      },
    );

    it('is there where the log ends with a page, and nothing is written behind', async () => {
      // each message is as long as it is made: the rest of a page is filled to its end
      const place = `(pg_current_wal_insert_lsn() - '0/0')::bigint % 8192`;
      const emit = (length: number): string =>
        `select pg_logical_emit_message(false, 'x', repeat('x', ${length}), true)`;
      const isAtStart = async (): Promise<boolean> =>
        (await askOf(primary, `select (${place})::text`)) === '24';
      const noFlush = emit(8).replace(', true)', ')');
      await until('the log ends with a page', async () => {
        const [at, next] = [
          Number(await askOf(primary, `select (${place})::text`)),
          Number(await askOf(primary, `with x as (${noFlush}) select (${place})::text from x`)),
        ];
        const after = Number(await askOf(primary, `select (${place})::text`));
        const overhead = after - at;
        expect(next).toBeGreaterThanOrEqual(0);
        const rest = 8192 - after;
        if (overhead <= 0 || rest < overhead + 64) return false;
        await askOf(primary, noFlush.replace('8)', `${rest - overhead + 8})`));
        return isAtStart();
      });
      const written = await shop.backstory.standbys.written();
      expect(written).toMatch(/:[0-9A-F]+\/[0-9A-F]*[02468ACE]000$/);
      await shop.backstory.standbys.wait(written, { timeoutMs: 60_000 });
    });

    it('is read on the primary where the standbys are behind, and waiting names those that are', async () => {
      await standbys[1]?.pause();
      try {
        await write('on the primary');
        const written = await shop.backstory.standbys.written();
        const late = await shop.backstory.standbys
          .wait(written, { timeoutMs: 50 })
          .catch((error: Error) => error);
        expect(late).toMatchObject({ code: 'WAIT_TIMED_OUT' });
        expect((late as Error).message).toContain(new URL((standbys[1] as Standby).url()).host);
        await standbys[0]?.pause();
        await write('on the primary alone');
        const later = await shop.backstory.standbys.written();
        const read = shop.backstory.standbys.read(later, readIn({ id: 1 }), { timeoutMs: 50 });
        expect(await read).toEqual(['on the primary alone', false]);
        // any standby as it is
        const [, isStandby] = await shop.backstory.standbys.read(undefined, readIn({ id: 1 }));
        expect(isStandby).toBe(true);
      } finally {
        for (const each of standbys) await each.resume();
      }
    });

    it('can be waited for by an application whose only server is a standby, which has written nothing itself', async () => {
      const [standby] = standbys as [Standby];
      const dataSource = await new DataSource({
        type: 'postgres',
        url: standby.url(),
        entities: [notes],
      }).initialize();
      const there = await createBackstory(dataSource, { aggregates: ['Note'] });
      try {
        await write('from elsewhere');
        const written = await shop.backstory.standbys.written();
        await there.standbys.wait(written, { timeoutMs: 60_000 });
        expect(await there.standbys.read(written, readIn({ id: 1 }))).toEqual(['from elsewhere', true]);
        await expect(there.standbys.written()).rejects.toMatchObject({ code: 'READ_ONLY_SERVER' });
        const [server, end] = written.split(':') as [string, string];
        const later = `${server}:${(parseInt(end.split('/')[0] as string, 16) + 1).toString(16)}/0`;
        await expect(there.standbys.read(later, readIn({ id: 1 }), { timeoutMs: 50 })).rejects.toMatchObject({
          code: 'WAIT_TIMED_OUT',
        });
        expect(await there.doctor()).toContainEqual(
          expect.objectContaining({ problem: expect.stringContaining('this server is a standby') }),
        );
      } finally {
        await there.close();
        await dataSource.destroy();
      }
    });

    it('is not said of a mark that is none, or another server’s', async () => {
      await expect(shop.backstory.standbys.wait('x')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
      const [, end] = (await shop.backstory.standbys.written()).split(':');
      for (const act of [
        () => shop.backstory.standbys.wait(`1:${end}`),
        () => shop.backstory.standbys.read(`1:${end}`, readIn({ id: 1 })),
      ])
        await expect(act()).rejects.toMatchObject({ code: 'NOT_A_STANDBY' });
    });

    it('without standbys there is nothing to wait for', async () => {
      const alone = await openReplicated(primary.url(), []);
      try {
        const written = await alone.backstory.standbys.written();
        await alone.backstory.standbys.wait(written, { timeoutMs: 0 });
        expect(await alone.backstory.standbys.read(written, readIn({ id: 1 }))).toEqual([
          expect.any(String),
          false,
        ]);
        expect(await alone.backstory.standbys.list()).toEqual([]);
      } finally {
        await alone.close();
      }
    });
  },
);
