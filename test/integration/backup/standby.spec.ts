import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { runCommandLine } from '../../../packages/adapter/src/cli/command-line.js';
import { Cluster, programs } from './cluster.js';
import { fillShop, openShop, type Shop } from './orders.js';

jest.setTimeout(120_000);

/** What changes nothing, of an installation that is complete. */
async function expectToBeLookedAt({ backstory, dataSource }: Shop): Promise<void> {
  const report = await backstory.verify();
  expect(report).toMatchObject({ clean: true, unseen: [] });
  expect(report.aggregates.map(({ recorded }) => recorded)).toEqual([false, false]);
  const status = await backstory.status();
  expect(status.map(({ category, stage }) => [category, stage]).sort()).toEqual([
    ['note', 'replay'],
    ['order', 'capture'],
  ]);
  expect(await backstory.history('note', '1')).toHaveLength(1);
  expect(await backstory.load('Order', '2')).toMatchObject({ id: 2, status: 'paid' });
  expect(await backstory.load('Order', '2', { version: 1 })).toMatchObject({ id: 2 });
  expect(await dataSource.getRepository('Note').findOneBy({ id: 1 })).toMatchObject({ body: 'b' });
  expect(await dataSource.getRepository('Order').find({ relations: { lines: true } })).toHaveLength(20);
  expect(await backstory.volume()).toMatchObject({ lastPosition: expect.stringMatching(/^\d+$/) });
  expect(await backstory.admin.overview()).toBeDefined();
  expect(await backstory.stages.nextSteps()).toHaveLength(2);
  expect((await backstory.doctor()).filter(({ severity }) => severity === 'fault')).toEqual([]);
  await backstory.shadowSettled();
  await backstory.snapshotsSettled();
}

async function expectToSayWhereToWrite({ backstory }: Shop): Promise<void> {
  const writes: [string, (it: Backstory) => Promise<unknown>][] = [
    ['backfill', (it) => it.backfill()],
    ['estimate', (it) => it.estimateBackfill()],
    ['stage', (it) => it.stages.set('order', 'shadow', { force: true })],
    ['archive', (it) => it.archive.move({ aggregates: ['order'], before: new Date(), events: 2 })],
    ['restore', (it) => it.archive.restore()],
    ['snapshots', (it) => it.rebuildSnapshots()],
    [
      'consumer',
      (it) => {
        it.consumers.define({ name: 'late', handlers: [onEvent({ categories: 'all' }, () => undefined)] });
        return it.consumers.start();
      },
    ],
  ];
  for (const [what, write] of writes) {
    const refusal = await write(backstory).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect([what, refusal]).toEqual([
      what,
      expect.objectContaining({
        code: 'READ_ONLY_SERVER',
        remedy: expect.stringContaining('on the primary'),
      }),
    ]);
  }
}

(programs ? describe : describe.skip)(
  'a server that takes no writes (skipped where the programs for a standby are not installed)',
  () => {
    let primary: Cluster;
    let standby: Cluster;
    let shop: Shop;

    beforeAll(async () => {
      primary = await Cluster.prepare();
      standby = await Cluster.prepare();
      await primary.initialise();
      await primary.start({ wal_level: 'logical' });
      shop = await openShop(primary.url(), { create: true });
      await fillShop(shop);
      await standby.copy(primary, '-R');
      await standby.start({ hot_standby: 'on' });
    });

    afterAll(async () => {
      await shop.close();
      await standby.remove();
      await primary.remove();
    });

    const caughtUp = async (other: DataSource, statement: string): Promise<void> => {
      const wanted = JSON.stringify(await shop.dataSource.query(statement));
      for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
        if (JSON.stringify(await other.query(statement).catch(() => undefined)) === wanted) return;
        if (Date.now() > deadline) throw new Error('the standby has not caught up in half a minute');
      }
    };

    it('a standby is opened, verified, read and looked at, and what has to write says where', async () => {
      const there = await openShop(standby.url());
      try {
        await caughtUp(there.dataSource, 'select count(*) from backstory.events');
        await expectToBeLookedAt(there);
        await expectToSayWhereToWrite(there);
      } finally {
        await there.close();
      }
    });

    it('the command line does what it can there, and says the rest', async () => {
      const run = async (...args: string[]): Promise<[number, string, string]> => {
        process.env['URL_OF_ORDERS'] = standby.url();
        jest.resetModules();
        const streams = {
          stdout: new PassThrough().setEncoding('utf8'),
          stderr: new PassThrough().setEncoding('utf8'),
        };
        const code = await runCommandLine(
          [...args, '--data-source', join(__dirname, 'orders-data-source.ts')],
          streams,
        );
        return [code, (streams.stdout.read() ?? '') as string, (streams.stderr.read() ?? '') as string];
      };
      expect(await run('verify')).toEqual([
        0,
        expect.stringMatching(
          /The result is not recorded: this server takes no writes[^]*Every replay equals its row/,
        ),
        '',
      ]);
      expect(await run('status')).toEqual([
        0,
        expect.stringContaining('replay'),
        expect.stringMatching(/^Next: npx backstory verify .*\n$/),
      ]);
      expect(await run('history', 'note', '1')).toEqual([0, expect.stringContaining('NoteCreated'), '']);
      // nobody has verified on the primary: a proof that was made here is none
      expect(await run('doctor')).toEqual([0, expect.stringContaining('never been verified'), '']);
      expect((await run('install'))[0]).toBe(0);
      for (const args of [['backfill'], ['stage', 'order', 'shadow', '--force']]) {
        expect(await run(...args)).toEqual([1, '', expect.stringMatching(/read-only[^]*on the primary/)]);
      }
    });

    it('drift is found there, and repaired on the primary', async () => {
      await shop.dataSource.query(
        `alter table note disable trigger user; update note set body = 'behind' where id = 2; alter table note enable trigger user`,
      );
      const there = await openShop(standby.url());
      try {
        await caughtUp(there.dataSource, 'select body from note where id = 2');
        expect(await there.backstory.verify({ aggregates: ['note'] })).toMatchObject({
          clean: false,
          aggregates: [{ drifted: 1, recorded: false }],
        });
        await expect(there.backstory.repair()).rejects.toMatchObject({ code: 'READ_ONLY_SERVER' });
        await shop.backstory.repair();
        await caughtUp(there.dataSource, 'select count(*) from backstory.events');
        expect(await there.backstory.verify()).toMatchObject({ clean: true });
      } finally {
        await there.close();
      }
    });

    it.each([
      ['nothing is installed', 'backstory_of_nobody', /missing or old/],
      ['a table is not captured', 'backstory', /triggers of "public"\."note"/],
    ])('where %s, it is said that this is for the primary', async (_, schema, problem) => {
      const off = shop.dataSource;
      if (schema === 'backstory') await off.query('drop trigger "00_backstory_insert" on note');
      const there = await new DataSource({
        type: 'postgres',
        url: standby.url(),
        entities: off.options.entities as never,
      }).initialize();
      try {
        await caughtUp(there, `select count(*) from pg_trigger`);
        const opened = createBackstory(there, {
          schema,
          aggregates: [{ entity: 'Order', owns: ['lines'] }, 'Note'],
        });
        await expect(opened).rejects.toMatchObject({
          code: 'READ_ONLY_SERVER',
          message: expect.stringMatching(problem),
          remedy: expect.stringContaining('on the primary'),
        });
      } finally {
        await there.destroy();
        await shop.backstory.install();
      }
    });

    it('the same of a primary whose default is read-only', async () => {
      await shop.dataSource.query(`alter database postgres set default_transaction_read_only = on`);
      const there = await openShop(primary.url());
      try {
        await expectToBeLookedAt(there);
        await expectToSayWhereToWrite(there);
      } finally {
        await there.close();
        await shop.dataSource.query(
          `set default_transaction_read_only = off; alter database postgres reset default_transaction_read_only`,
        );
      }
    });
  },
);
