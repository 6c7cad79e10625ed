import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Cluster, programs } from './cluster.js';
import { expectToGoOn, fillShop, log, openShop, type Shop } from './orders.js';

jest.setTimeout(120_000);

(programs ? describe : describe.skip)(
  'a copy of the server (skipped where its programs are not installed)',
  () => {
    let primary: Cluster;
    let copy: Cluster;
    let shop: Shop;
    let before: unknown[];

    beforeAll(async () => {
      primary = await Cluster.prepare();
      await primary.initialise();
      await primary.start({
        wal_level: 'logical',
        archive_mode: 'on',
        archive_command: `test -d ${join(primary.data, '../archive')} || mkdir ${join(primary.data, '../archive')}; cp %p ${join(primary.data, '../archive')}/%f`,
      });
      shop = await openShop(primary.url(), { create: true });
      await fillShop(shop);
    });

    beforeEach(async () => {
      copy = await Cluster.prepare();
      before = await log(shop);
    });

    afterEach(() => copy.remove());

    afterAll(async () => {
      await shop.close();
      await primary.remove();
    });

    const query = async (url: string, ...statements: string[]): Promise<unknown[]> => {
      const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
      try {
        let rows: unknown[] = [];
        for (const statement of statements) rows = await dataSource.query(statement);
        return rows;
      } finally {
        await dataSource.destroy();
      }
    };

    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      for (const deadline = Date.now() + 30_000; !(await isSo()); await sleep(100))
        if (Date.now() > deadline) throw new Error('it has not come to be in half a minute');
    };

    const goesOn = async (): Promise<void> => {
      const restored = await openShop(copy.url());
      try {
        await expectToGoOn(restored, before);
      } finally {
        await restored.close();
      }
    };

    it('that was a standby, and is promoted', async () => {
      await copy.copy(primary, '-R');
      await copy.start({ archive_mode: 'off' });
      await shop.dataSource.query(`insert into note (body) values ('of before the failover')`);
      before = await log(shop);
      await until(
        async () => (await query(copy.url(), 'select from backstory.events')).length === before.length,
      );
      await copy.run('pg_ctl', '-D', copy.data, '-w', 'promote');
      await goesOn();
    });

    it('that is recovered to a moment: tables and events are of the same one', async () => {
      await copy.copy(primary);
      await shop.dataSource.query(`insert into note (body) values ('right')`);
      before = await log(shop);
      const [{ now }] = (await query(primary.url(), 'select now()::text as now')) as [{ now: string }];
      await sleep(50);
      await shop.dataSource.query('delete from note');
      await primary.archiveAll();
      copy.recoverAtStart();
      await copy.start({
        archive_mode: 'off',
        restore_command: `cp ${join(primary.data, '../archive')}/%f %p`,
        recovery_target_time: now,
        recovery_target_action: 'promote',
      });
      await until(async () => {
        const [row] = (await query(copy.url(), 'select pg_is_in_recovery() as yes')) as [{ yes: boolean }];
        return !row.yes;
      });
      await goesOn();
    });

    it('by logical replication, after its sequences were set', async () => {
      await copy.initialise();
      await copy.start({});
      await copy.run('pg_dump', '--schema-only', `--file=${join(copy.data, '../schema.sql')}`, primary.url());
      await copy.run('psql', '-q', '-f', join(copy.data, '../schema.sql'), copy.url());
      await query(primary.url(), 'create publication everything for all tables');
      await query(
        copy.url(),
        `create subscription everything connection '${primary.url()}' publication everything`,
      );
      await until(async () => {
        const pending = await query(copy.url(), `select from pg_subscription_rel where srsubstate <> 'r'`);
        return pending.length === 0;
      });
      await shop.dataSource.query(`insert into note (body) values ('replicated')`);
      await shop.dataSource.query(`update "order" set status = 'replicated' where id = 9`);
      before = await log(shop);
      await until(
        async () => (await query(copy.url(), 'select from backstory.events')).length === before.length,
      );
      await query(copy.url(), 'drop subscription everything');
      await query(
        copy.url(),
        `select setval(format('%I.%I', n.nspname, s.relname)::regclass, (xpath('/row/max/text()',
         query_to_xml(format('select coalesce(max(%I), 1) as max from %I.%I', a.attname, tn.nspname, t.relname), false, true, '')))[1]::text::bigint)
       from pg_class s join pg_namespace n on n.oid = s.relnamespace
       join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
       join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
       where s.relkind = 'S'`,
      );
      await goesOn();
    });
  },
);
