import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { eventually } from '../outbox/ledger.js';
import { Cluster, programs } from './cluster.js';
import { Receiver } from './receiver.js';
import {
  type Application,
  killBackend,
  openApplication,
  pay,
  payAtOnce,
  query,
} from './relaying-application.js';

jest.setTimeout(240_000);

const seed = seedOfRun();
const settings = { synchronous_commit: 'off', wal_writer_delay: '10s', autovacuum: 'off' };

/** The log, as the receiver is to have it. */
async function log(url: string): Promise<unknown[]> {
  return query(
    url,
    `select concat(category, '-', stream_id) as stream, stream_position::int as position, global_position::text as "globalPosition",
       data from backstory.events order by global_position`,
  );
}

const inOrder = (events: readonly { stream: string; position: number }[]): unknown[] =>
  [...events].sort((a, b) => a.stream.localeCompare(b.stream) || a.position - b.position);

describeWithNats(`delivery after lost commits, seed ${seed}`, () => {
  (programs ? describe : describe.skip)(
    '(skipped where the programs of the server are not installed)',
    () => {
      let nats: BrokerServer;
      let receiver: Receiver;
      const clusters: Cluster[] = [];
      let application: Application | undefined;

      beforeAll(async () => {
        nats = await startNats();
      });
      afterAll(() => nats.stop());

      beforeEach(async () => {
        receiver = await Receiver.open(nats.url);
      });
      afterEach(async () => {
        await application?.close().catch(() => undefined);
        application = undefined;
        for (const cluster of clusters.splice(0)) await cluster.remove();
        await receiver.close();
      });

      async function startPrimary(more: Record<string, string | number> = {}): Promise<Cluster> {
        const primary = await Cluster.prepare();
        clusters.push(primary);
        await primary.initialise();
        await primary.start({ ...settings, ...more });
        application = await openApplication(primary.url(), receiver, nats.url);
        await query(primary.url(), `insert into account (id) select g from generate_series(1, 10) g`);
        await pay(primary.url(), 20);
        return primary;
      }

      /** Everything that is in the log has been published. */
      async function published(url: string): Promise<void> {
        const [end] = await query(url, 'select max(global_position)::text as end from backstory.events');
        await eventually(
          'everything is published',
          async () => {
            const found = await query(
              url,
              `select from backstory.consumers where position >= ${String(end?.['end'])} and error is null`,
            ).catch(() => []);
            return found.length > 0;
          },
          60_000,
        );
      }

      /** What stands at the receiver is the log, each event once; some of it in place of what was lost. */
      async function expectToAgree(url: string): Promise<void> {
        await published(url);
        await receiver.receive();
        const events = (await log(url)) as { stream: string; position: number }[];
        expect(inOrder(await receiver.standing())).toEqual(inOrder(events));
        const handled = await receiver.handled();
        const ids = handled.map(({ stream, position, epoch }) => `${stream}@${position}~${epoch}`);
        expect(new Set(ids).size).toBe(ids.length);
        // and again: nothing but repeated ones and lost ones
        const before = receiver.outcomes.handled;
        await receiver.receive();
        expect(receiver.outcomes.handled).toBe(before);
      }

      it('a crash without synchronous_commit loses nothing that was delivered, however often', async () => {
        const random = seededRandom(seed);
        const primary = await startPrimary();
        for (let crash = 0; crash < 5; crash++) {
          let over = false;
          const writers = [1, 6].map(async (from) => {
            for (; !over;)
              await pay(primary.url(), 5, from).then(
                () => undefined,
                () => sleep(20),
              );
          });
          await sleep(random.integer(100, 900));
          // the server as a whole, or a process of it, after which it recovers without a start
          if (crash % 2 === 0) await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
          else await killBackend(primary.url());
          over = true;
          await Promise.all(writers);
          if (crash % 2 === 0) await primary.start({});
          await eventually('the server is back', () =>
            query(primary.url(), 'select 1').then(
              () => true,
              () => false,
            ),
          );
          await pay(primary.url(), random.integer(1, 10), 3);
          await expectToAgree(primary.url());
        }
        // and with nobody who brings anything to the disk but the server's own writer, until there is a loss
        await application?.backstory.consumers.stop();
        for (let written = 20; written === 20;) {
          const before = (await log(primary.url())).length;
          await pay(primary.url(), 20);
          await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
          await primary.start({});
          written = (await log(primary.url())).length - before;
        }
        await application?.backstory.consumers.start();
        await pay(primary.url(), 20, 2);
        await expectToAgree(primary.url());
        expect((await application?.backstory.consumers.epochs())?.length).toBeGreaterThan(5);
        // everything that was ever published is in the log
        expect((await receiver.handled()).filter(({ replaces }) => replaces)).toEqual([]);
        expect(receiver.outcomes.superseded).toBe(0);
      });

      /** A standby that gets nothing from here on. */
      async function cutOff(standby: Cluster): Promise<void> {
        await query(standby.url(), `alter system set primary_conninfo = ''`);
        await query(standby.url(), 'select pg_reload_conf()');
        await eventually('the standby is cut off', async () => {
          const [row] = await query(standby.url(), 'select count(*)::int as n from pg_stat_wal_receiver');
          return row?.['n'] === 0;
        });
      }

      async function standbyOf(primary: Cluster): Promise<Cluster> {
        const standby = await Cluster.prepare();
        clusters.push(standby);
        await standby.copy(primary, '-R');
        await standby.start({});
        await published(primary.url());
        const [end] = await query(
          primary.url(),
          'select max(global_position)::text as end from backstory.events',
        );
        await query(primary.url(), 'set synchronous_commit = on; create table flushed ()');
        await eventually('the standby has it', async () => {
          const [row] = await query(
            standby.url(),
            'select max(global_position)::text as end from backstory.events',
          );
          return row?.['end'] === end?.['end'];
        });
        return standby;
      }

      /** At the address of the server that is gone, so that the application goes on by itself. */
      async function takeOver(standby: Cluster, primary: Cluster): Promise<void> {
        await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
        await standby.run('pg_ctl', '-D', standby.data, '-m', 'fast', '-w', 'stop');
        await standby.start({ port: Number(new URL(primary.url()).port) });
        await standby.run('pg_ctl', '-D', standby.data, '-w', 'promote');
      }

      it.each([
        ['the relay lives through it', true],
        ['the relay starts after others have written', false],
      ])('a failover to a standby that was behind: %s', async (_, lives) => {
        const primary = await startPrimary();
        const standby = await standbyOf(primary);
        const url = primary.url();
        await cutOff(standby);
        await pay(url, 33);
        await expectToAgree(url);
        if (!lives) await application?.close();
        let over = false;
        const writers = [2, 3, 4].map(async () => {
          for (; !over;) await payAtOnce(url, 4, 2).catch(() => sleep(5));
        });
        await takeOver(standby, primary);
        await sleep(300);
        over = true;
        await Promise.all(writers);
        await pay(url, 12, 2);
        if (!lives) application = await openApplication(url, receiver, nats.url);
        await pay(url, 7, 4);
        await expectToAgree(url);
        const replaced = (await receiver.handled()).filter(({ replaces }) => replaces);
        expect(replaced.map(({ stream }) => stream).sort()).toEqual(
          [2, 3, 4, 5].map((id) => `account-${id}`),
        );
        expect(receiver.outcomes.superseded).toBeGreaterThan(0);
        const epochs = (await application?.backstory.consumers.epochs()) ?? [];
        expect(epochs.length).toBe(1);
        expect(new Set((await receiver.handled()).map(({ epoch }) => epoch))).toEqual(
          new Set(['0', epochs[0]?.number]),
        );
      });

      it('recovery to a moment', async () => {
        const primary = await startPrimary({ archive_mode: 'on' });
        const archive = join(primary.data, '../archive');
        await query(
          primary.url(),
          `alter system set archive_command = 'test -d ${archive} || mkdir ${archive}; cp %p ${archive}/%f'`,
        );
        await query(primary.url(), 'select pg_reload_conf()');
        const copy = await Cluster.prepare();
        clusters.push(copy);
        await copy.copy(primary);
        await pay(primary.url(), 10);
        const [{ now } = {}] = await query(primary.url(), 'select now()::text as now');
        await sleep(50);
        await pay(primary.url(), 17);
        await expectToAgree(primary.url());
        await primary.archiveAll();
        const url = primary.url();
        await primary.run('pg_ctl', '-D', primary.data, '-m', 'immediate', 'stop');
        copy.recoverAtStart();
        await copy.start({
          port: Number(new URL(url).port),
          archive_mode: 'off',
          restore_command: `cp ${archive}/%f %p`,
          recovery_target_time: String(now),
          recovery_target_action: 'promote',
        });
        await eventually('it is recovered', async () => {
          const [row] = await query(url, 'select pg_is_in_recovery() as yes');
          return row?.['yes'] === false;
        });
        await pay(url, 9, 3);
        await expectToAgree(url);
        expect((await receiver.handled()).some(({ replaces }) => replaces)).toBe(true);
      });

      it('an older dump that is restored, twice, with what others write before the application is back', async () => {
        const primary = await startPrimary({});
        await query(primary.url(), 'create database spare');
        const file = join(primary.data, '../dump');
        await primary.run('pg_dump', '-Fc', `--file=${file}`, primary.url());
        await pay(primary.url(), 15);
        await expectToAgree(primary.url());
        for (const from of [3, 2]) {
          await application?.close();
          const spare = primary.url('spare');
          await query(spare, 'drop database postgres');
          await query(spare, 'create database postgres');
          await primary.run('pg_restore', '-d', primary.url(), file);
          application = await openApplication(primary.url(), receiver, nats.url);
          await pay(primary.url(), 8, from);
          await expectToAgree(primary.url());
        }
        expect((await receiver.handled()).filter(({ replaces }) => replaces).length).toBeGreaterThan(5);
        expect((await application?.backstory.consumers.epochs())?.length).toBe(1);
      });
    },
  );
});
