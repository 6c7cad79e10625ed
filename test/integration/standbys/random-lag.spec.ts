import { type Cluster, programs } from '../backup/cluster.js';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { type Standby, startPrimary, startStandby } from '../../postgres/start-standby.js';
import { type Note, openReplicated, type ReplicatedShop } from './replicated-shop.js';

jest.setTimeout(180_000);

const rows = 8;
const steps = 300;

(programs ? describe : describe.skip)(
  'replayed reads at random lag (skipped where the programs for a standby are not installed)',
  () => {
    let primary: Cluster;
    let standbys: Standby[];
    let shop: ReplicatedShop;

    beforeAll(async () => {
      primary = await startPrimary();
      standbys = [await startStandby(primary), await startStandby(primary)];
      const first = await openReplicated(primary.url(), [], { synchronize: true });
      await first.dataSource.query(`insert into note (body) select '0' from generate_series(1, ${rows})`);
      await first.backstory.backfill();
      await first.backstory.verify();
      await first.backstory.stages.set('note', 'replay', { force: true });
      await first.close();
      for (const each of standbys) await each.catchUp(primary);
      // one memory for all servers: what is kept of one must not come up on another
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

    /** Rows and replays of one server, in one snapshot of it. */
    async function compare(mode: 'master' | 'slave'): Promise<void> {
      const queryRunner = shop.dataSource.createQueryRunner(mode);
      await queryRunner.startTransaction('REPEATABLE READ');
      try {
        const inTable = (await queryRunner.query('select id, body from note order by id')) as Note[];
        const found = await queryRunner.manager.find<Note>('Note', { order: { id: 'ASC' } });
        expect(found.map(({ id, body }) => ({ id, body }))).toEqual(inTable);
        const one = inTable[0] as Note;
        expect(await queryRunner.manager.findOneBy('Note', { id: one.id })).toMatchObject(one);
      } finally {
        await queryRunner.rollbackTransaction();
        await queryRunner.release();
      }
    }

    it('are the rows of the server that has answered, whatever the others have', async () => {
      const seed = seedOfRun();
      process.stderr.write(`random lag: BACKSTORY_SEED=${seed}\n`);
      const random = seededRandom(seed);
      const paused = standbys.map(() => false);
      let written = '';
      for (let step = 1; step <= steps; step++) {
        const which = random.integer(0, standbys.length - 1);
        const id = random.integer(1, rows);
        switch (random.integer(0, 9)) {
          case 0:
            await standbys[which]?.[paused[which] ? 'resume' : 'pause']();
            paused[which] = !paused[which];
            break;
          case 1:
            await shop.dataSource.query(`delete from note where id = ${id}`);
            await shop.dataSource.query(`insert into note (id, body) values (${id}, 'again ${step}')`);
            break;
          case 2:
            await shop.dataSource.query(`update note set body = concat(body, '.')`);
            break;
          case 3:
          case 4:
          case 5:
            await shop.dataSource.query(`update note set body = '${step}' where id = ${id}`);
            written = await shop.backstory.standbys.written();
            break;
          case 6:
            await compare('master');
            break;
          default:
            await compare('slave');
        }
      }
      for (const each of standbys) await each.resume();
      await shop.backstory.standbys.wait(written, { timeoutMs: 60_000 });
      await compare('slave');
    });
  },
);
