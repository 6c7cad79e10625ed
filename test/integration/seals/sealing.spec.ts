import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Account, Letter } from '../outbox/ledger.js';
import { openSealedLedger, type SealedLedger, found } from './sealed-ledger.js';

describe('sealing a log', () => {
  let ledger: SealedLedger;

  beforeEach(async () => {
    ledger = await openSealedLedger();
    for (let id = 1; id <= 4; id++) await ledger.open(id);
    for (let n = 0; n < 8; n++) await ledger.pay((n % 4) + 1);
  });

  afterEach(() => ledger.close());

  it('makes blocks of everything that is there, once, and writes their digests', async () => {
    const { backstory, digest } = ledger;
    expect(await backstory.seals.status()).toBeNull();
    await expect(ledger.verify({})).rejects.toMatchObject({ code: 'NOT_SEALED' });
    expect(await backstory.seals.seal({ digest, blockSize: 5 })).toMatchObject({
      blocks: 3,
      events: 12,
      sealed: { to: '12', block: 3 },
      newest: '12',
      digests: 3,
    });
    expect(await backstory.seals.seal({ digest, blockSize: 5 })).toMatchObject({ blocks: 0, digests: 0 });
    const lines = readFileSync(digest, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { format: 'backstory-digest-1', block: 1, from: '1', to: '5', events: 5 },
      { block: 2, from: '6', to: '10' },
      { block: 3, from: '11', to: '12', events: 2 },
    ]);
    await ledger.pay(1);
    expect(await ledger.verify()).toEqual({
      clean: true,
      blocks: 3,
      events: 12,
      sealed: { to: '12', at: expect.any(String) as string },
      unsealed: 1,
      erased: 0,
      standIns: 0,
      digests: { compared: 3, to: '12', complete: true, unreadable: 0 },
      differing: 0,
      differences: [],
    });
    expect(await backstory.seals.status()).toMatchObject({
      blocks: 3,
      to: '12',
      newest: '13',
      unpublished: 0,
    });
  });

  it('what was rolled back is a gap; what an open transaction may still fill is waited for', async () => {
    const { dataSource, backstory, digest } = ledger;
    const failed = dataSource.transaction(async (manager) => {
      await manager.query('update account set balance = 7 where id = 1');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await ledger.pay(2);
    await ledger.seal();
    const open = dataSource.createQueryRunner();
    await open.startTransaction();
    await open.query('update account set balance = 9 where id = 1'); // draws 15
    await ledger.pay(2);
    const late = await backstory.seals.seal({ digest, patienceMs: 50 });
    expect(late).toMatchObject({ events: 0, sealed: { to: '14' }, newest: '16' });
    await open.commitTransaction();
    await open.release();
    expect(await backstory.seals.seal({ digest })).toMatchObject({ events: 2, sealed: { to: '16' } });
    expect(await ledger.verify()).toMatchObject({ clean: true, events: 15 });
    const gaps = await dataSource.query<object[]>('select gaps from backstory.seal_blocks order by number');
    expect(gaps).toEqual([{ gaps: '' }, { gaps: '' }, { gaps: '13' }, { gaps: '' }]);
  });

  it('seals an event of another transaction that came late, at a lower position', async () => {
    const { dataSource, backstory } = ledger;
    const open = dataSource.createQueryRunner();
    await open.startTransaction();
    await open.query('update account set balance = 9 where id = 1');
    await ledger.pay(2);
    const sealing = backstory.seals.seal({ patienceMs: 20_000 });
    await sleep(100);
    await open.commitTransaction();
    await open.release();
    expect(await sealing).toMatchObject({ events: 14, sealed: { to: '14' } });
    expect(await ledger.verify({})).toMatchObject({ clean: true, events: 14, digests: null });
  });

  it('sealers that run at once share the work', async () => {
    const others = await Promise.all([1, 2, 3].map(() => ledger.instance()));
    const runs = await Promise.all(
      others.map(({ backstory }) => backstory.seals.seal({ digest: ledger.digest, blockSize: 1 })),
    );
    expect(runs.reduce((sum, { events }) => sum + events, 0)).toBe(12);
    expect(await ledger.verify()).toMatchObject({
      clean: true,
      blocks: 12,
      digests: { compared: 12, to: '12' },
    });
    expect(readFileSync(ledger.digest, 'utf8').trimEnd().split('\n')).toHaveLength(12);
  });

  it('goes on by itself until it is closed', async () => {
    const { backstory, digest } = ledger;
    const running = backstory.seals.run({ digest, everyMs: 20 });
    await ledger.pay(3);
    while ((await backstory.seals.status())?.to !== '13') await sleep(10);
    await backstory.seals.stop();
    await running;
    expect(await ledger.verify()).toMatchObject({ clean: true, unsealed: 0 });
  });

  it('an event is the same in the log, in the archive and back again, and stand-ins are counted', async () => {
    const { backstory } = ledger;
    for (let n = 0; n < 30; n++) await ledger.pay(1);
    await ledger.seal();
    const before = new Date(Date.now() + 60_000);
    await backstory.archive.move({ before });
    expect(await ledger.verify()).toMatchObject({ clean: true, events: 42, standIns: 1 });
    // what is archived before it is sealed is sealed all the same
    for (let n = 0; n < 30; n++) await ledger.pay(2);
    await backstory.archive.move({ before });
    await ledger.seal();
    expect(await ledger.verify()).toMatchObject({ clean: true, events: 72, standIns: 2, unsealed: 0 });
    await backstory.archive.restore();
    expect(await ledger.verify()).toMatchObject({ clean: true, events: 72, standIns: 0 });
  });

  it('names what is not here when an archive is taken out of the database', async () => {
    for (let n = 0; n < 30; n++) await ledger.pay(1);
    await ledger.seal(100);
    await ledger.backstory.archive.move({ before: new Date(Date.now() + 60_000) });
    await ledger.dataSource.query('delete from backstory.archived_events');
    const report = await ledger.verify();
    expect(report).toMatchObject({ clean: false, differing: 33 });
    expect(found(report)[0]).toBe('missing @1 in 1');
    // at the place of the last one its state is left
    expect(report.differences.every(({ kind }) => kind === 'missing')).toBe(true);
    const all = await ledger.verify({ digest: ledger.digest, limit: 100 });
    expect(all.differences.at(-1)).toMatchObject({
      event: 'account-1@33',
      problem: /only what stands for it/ as never,
    });
  });

  it('does not depend on the settings of sessions', async () => {
    await ledger.seal();
    const [database] = await ledger.dataSource.query<{ name: string }[]>('select current_database() as name');
    await ledger.dataSource.query(`alter database "${database?.name}" set datestyle = 'German, DMY'`);
    await ledger.dataSource.query(`alter database "${database?.name}" set timezone = 'Asia/Kathmandu'`);
    await ledger.dataSource.query(`alter database "${database?.name}" set bytea_output = 'escape'`);
    await ledger.dataSource.query(`alter database "${database?.name}" set standard_conforming_strings = off`);
    const other = await ledger.instance();
    await ledger.pay(1);
    await other.backstory.seals.seal({ digest: ledger.digest });
    expect(await ledger.verify()).toMatchObject({ clean: true, events: 13 });
    expect(await other.backstory.seals.verify({ digest: ledger.digest })).toMatchObject({ clean: true });
  });

  it("seals are the owner's: nobody else reads, makes or changes them, and not even the owner by accident", async () => {
    const role = `clerk_${process.pid}_${Date.now()}`;
    const { dataSource } = ledger;
    await dataSource.query(
      `create role ${role} login password 'x'; grant usage on schema backstory to ${role};
       grant select, insert, update, delete on all tables in schema backstory, public to ${role};
       revoke all on backstory.seal_blocks, backstory.event_commitments from ${role}`,
    );
    const url = new URL(ledger.url);
    [url.username, url.password] = [role, 'x'];
    const source = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [Account, Letter],
    }).initialize();
    const backstory = await createBackstory(source, { install: 'check' });
    await expect(backstory.seals.seal()).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
    await expect(backstory.seals.verify()).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
    expect(await backstory.seals.status()).toBeNull();
    await backstory.close();
    await source.destroy();
    await ledger.seal();
    await dataSource.query(`grant insert on all tables in schema backstory to ${role}`);
    expect(await ledger.backstory.doctor()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          severity: 'hint',
          problem: `${role} has rights on the tables of seals, which belong to their owner alone`,
        }),
      ]),
    );
    await dataSource.query(`drop owned by ${role}; drop role ${role}`);
    for (const statement of [
      'update backstory.event_commitments set commitment = salt',
      'delete from backstory.event_commitments',
      'truncate backstory.event_commitments',
      'update backstory.seal_blocks set root = previous',
      'delete from backstory.seal_blocks',
    ])
      await expect(ledger.dataSource.query(statement)).rejects.toThrow('seals are append-only');
  });
});
