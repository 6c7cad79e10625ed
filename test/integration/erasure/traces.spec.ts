import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent } from '@backstory/adapter';
import { majorVersionOfRun } from '@backstory/test/postgres';
import { Customer, openPeople, type People, Purchase } from './people.js';

/** pg_dump reads servers up to its own version. */
function canDump(): boolean {
  try {
    const version = /\d+/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }))?.[0];
    return Number(version) >= majorVersionOfRun();
  } catch {
    return false;
  }
}

const secrets = ['Ada Lovelace', 'ada@example.org', 'Byron', 'St James', 'for Ada'];

describe('of somebody who was erased', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople({
      aggregates: [
        { entity: Customer, personal: ['name', 'email', 'settings'], snapshots: { every: 2 } },
        { entity: Purchase, owns: ['lines'], subject: 'customer.id', personal: 'all' },
        { entity: 'PurchaseLine', personal: ['engraving'] },
      ],
    });
    const { manager } = people.dataSource;
    await manager.insert(Customer, [
      { id: 42, name: 'Ada Lovelace', email: 'ada@example.org', settings: { pet: 'Byron' } },
      { id: 7, name: 'Charles Babbage', email: 'charles@example.org' },
    ]);
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'Ada, St James Square',
      customer: { id: 42 },
      lines: [{ id: 'l', engraving: 'for Ada' }],
    });
  });

  afterEach(() => people.close());

  /** Handled by nobody, whose errors repeat what was in the events. */
  const failingConsumer = async (): Promise<void> => {
    const { consumers } = people.backstory;
    consumers.define({
      name: 'mailer',
      attempts: 1,
      handlers: [
        onEvent({ category: 'customer' }, ({ data }) => {
          throw new Error(`no letter to ${String(data['name'])}`);
        }),
      ],
    });
    await consumers.start();
  };

  (canDump() ? it : it.skip)(
    'a dump of the database has nothing, and a proof of the rest (skipped without pg_dump)',
    async () => {
      const { manager } = people.dataSource;
      await failingConsumer();
      await manager.update(Customer, 42, { name: 'Ada Lovelace, Countess' });
      await people.backstory.consumers.wait('mailer').catch(() => undefined);
      for (
        let tries = 0;
        (await people.query('select from backstory.parked_events')).length === 0 && tries < 100;
        tries++
      )
        await sleep(50);
      await people.backstory.consumers.stop();
      await people.backstory.load(Customer, '42');
      await people.backstory.snapshotsSettled();
      for (let n = 0; n < 3; n++) await manager.update(Customer, 7, { credit: String(n) });
      const before = await people.backstory.history('customer', '7');
      await manager.delete(Purchase, 1);
      await manager.delete(Customer, 42);
      expect(secrets.filter((secret) => dump().includes(secret))).toEqual(secrets);
      const reports = await people.backstory.erasure.eraseSubject('customer:42', { by: 'dpo' });
      expect(reports.map(({ stillInTable }) => stillInTable)).toEqual([[], []]);
      expect(secrets.filter((secret) => dump().includes(secret))).toEqual([]);
      expect(dump()).toContain('Charles Babbage');
      expect((await people.backstory.verify()).clean).toBe(true);
      expect(await people.backstory.history('customer', '7')).toEqual(before);
      expect(await people.backstory.load(Customer, '7')).toMatchObject({
        name: 'Charles Babbage',
        credit: '2',
      });
      expect(await people.query('select error from backstory.parked_events')).toEqual(
        expect.arrayContaining([{ error: 'erased' }]),
      );
    },
  );

  it('no error of a handler is kept that held an event of before, nor one that names the person by another event', async () => {
    const { consumers, erasure } = people.backstory;
    const { manager } = people.dataSource;
    await manager.insert(Purchase, { id: 2, shipTo: null, customer: { id: 42 } });
    let [enter, go] = [(): void => undefined, (): void => undefined];
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const gate = new Promise<void>((resolve) => (go = resolve));
    consumers.define({
      name: 'slow',
      attempts: 1,
      from: 'beginning',
      handlers: [
        onEvent({ category: 'customer' }, async ({ data, streamId, type }) => {
          if (streamId !== '42' || type === 'CustomerErased') return;
          enter();
          await gate;
          throw new Error(`no letter to ${String(data['name'])}`);
        }),
      ],
    });
    consumers.define({
      name: 'shipper',
      attempts: 1,
      from: 'beginning',
      handlers: [
        onEvent({ category: 'purchase' }, ({ streamId }) => {
          if (streamId === '2') throw new Error('cannot ship to Ada Lovelace');
        }),
      ],
    });
    await consumers.start();
    await entered;
    const errors = (): Promise<object[]> =>
      people.query('select consumer, error from backstory.parked_events where error is not null order by 1');
    for (let tries = 0; (await errors()).length === 0 && tries < 100; tries++) await sleep(50);
    expect(await errors()).toEqual([{ consumer: 'shipper', error: 'Error: cannot ship to Ada Lovelace' }]);
    await erasure.eraseSubject('customer:42');
    go();
    for (let tries = 0; (await errors()).length < 2 && tries < 100; tries++) await sleep(50);
    await consumers.stop();
    expect(await errors()).toEqual([
      { consumer: 'shipper', error: 'erased' },
      { consumer: 'slow', error: 'erased' },
    ]);
    // with an event of which nothing is left to erase
    await people.query(`update backstory.parked_events set error = 'of Ada' where consumer = 'shipper'`);
    const again = await erasure.eraseSubject('customer:42');
    expect(again.map(({ events }) => events)).toEqual([0, 0, 0]);
    expect(await errors()).toContainEqual({ consumer: 'shipper', error: 'erased' });
  });

  it('an error of a stream that has nothing of them goes where it has a value of theirs, and no other text does', async () => {
    const { consumers, erasure } = people.backstory;
    const { manager } = people.dataSource;
    let mayGo = false;
    let introducing = 'Ada Lovelace, ada@example.org';
    consumers.define({
      name: 'greeter',
      attempts: 1,
      from: 'beginning',
      handlers: [
        onEvent({ category: 'customer' }, ({ streamId }) => {
          if (streamId === '7' && !mayGo) throw new Error(`who introduced him? ${introducing}`);
        }),
      ],
    });
    await consumers.start();
    const texts = async (): Promise<unknown[]> =>
      (await consumers.parked('greeter')).map(({ error }) => error).filter((error) => error !== null);
    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      for (let tries = 0; tries < 200 && !(await isSo()); tries++) await sleep(50);
    };
    await until(async () => (await texts()).length > 0);
    await erasure.erase('customer', '42', { properties: ['settings'] });
    expect(await texts()).toEqual(['Error: who introduced him? Ada Lovelace, ada@example.org']);
    await consumers.discardParked('greeter', {}, { reason: 'greeted by hand' });
    await erasure.eraseSubject('customer:42');
    const discarded = `select error from backstory.discarded_events where consumer = 'greeter'`;
    expect(await people.query(discarded)).toEqual([{ error: 'erased' }]);

    // what says no more than a few letters of a name can't be told from other words
    introducing = 'Al, 7';
    await manager.insert(Customer, { id: 9, name: 'Al', email: 'al@example.org' });
    await manager.update(Customer, 7, { name: 'Charles' });
    await until(async () => (await texts()).length > 0);
    await erasure.eraseSubject('customer:9');
    expect(await texts()).toEqual(['Error: who introduced him? Al, 7']);
    mayGo = true;
    await consumers.retryParked('greeter');
    await until(async () => (await consumers.parked('greeter')).length === 0);
    expect(await consumers.parked('greeter')).toEqual([]);
    await consumers.stop();
  });

  it('the data files have the former versions of the events until they are vacuumed', async () => {
    const { manager } = people.dataSource;
    await manager.delete(Purchase, 1);
    await manager.delete(Customer, 42);
    await people.backstory.erasure.eraseSubject('customer:42');
    const inFiles = async (): Promise<boolean> => {
      await people.query('checkpoint');
      const [row] = await people.query<{ there: boolean }>(
        `select strpos(encode(pg_read_binary_file(pg_relation_filepath('backstory.events')), 'escape'), 'Ada Lovelace') > 0 as there`,
      );
      return row!.there;
    };
    expect(await inFiles()).toBe(true);
    // what a transaction of before may still see stays: PostgreSQL's own have to end, too
    for (let tries = 0; tries < 50 && (await inFiles()); tries++) {
      await sleep(100);
      await people.query('vacuum full backstory.events');
    }
    expect(await inFiles()).toBe(false);
  });

  it('nothing but values can be taken out of an event, and by nobody but who may', async () => {
    const update = (set: string) => people.query(`update backstory.events set ${set}`);
    await expect(update(`data = '{}'`)).rejects.toThrow(/append-only, UPDATE is refused/);
    const inDisguise = (set: string) =>
      people.dataSource.transaction(async (manager) => {
        await manager.query(`set local backstory.erasing = 'on'`);
        await manager.query(`update backstory.events set ${set} where category = 'customer'`);
      });
    for (const set of [
      `data = '{"name": "other"}'`,
      `data = '{}'`,
      `data = (replace(data::text, 'Ada', 'Eve'))::json`,
      `type = 'CustomerInvented'`,
      `recorded_at = now()`,
      `stream_id = stream_id || '8'`,
      `metadata = metadata || '{"actor": "somebody else"}'`,
      `metadata = metadata || '{"origin": "repair"}'`,
    ])
      await expect(inDisguise(set)).rejects.toThrow(/does more than erase/);
    const call = (redactions: object) =>
      people.query(
        `select * from backstory.erase_events('purchase', '1', $1, 'PurchaseErased', 1::smallint, null, null)`,
        [JSON.stringify([{ position: 1, ...redactions }])],
      );
    for (const tree of [{ id: null }, { lines: null }, { lines: { l: null } }])
      await expect(call({ tree })).rejects.toThrow(/tells rows apart/);
    const role = `clerk_${Date.now()}`;
    await people.query(`create role ${role}; grant usage on schema backstory to ${role}`);
    try {
      await expect(
        people.dataSource.transaction(async (manager) => {
          await manager.query(`set local role ${role}`);
          await manager.query(
            `select backstory.erase_events('purchase', '1', '[]', 'X', 1::smallint, null, null)`,
          );
        }),
      ).rejects.toThrow(/permission denied for function erase_events/);
    } finally {
      await people.query(`drop owned by ${role}; drop role ${role}`);
    }
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('a statement that says so of itself is not believed', async () => {
    const { manager } = people.dataSource;
    await people.backstory.runInContext({ actor: 'x', erased: ['name', 'email'] }, () =>
      manager.update(Customer, 7, { name: null }),
    );
    const [event] = await people.query<{ metadata: object }>(
      `select metadata from backstory.events where category = 'customer' and stream_id = '7' and stream_position = 2`,
    );
    expect(event?.metadata).toEqual({ actor: 'x' });
    await people.query(
      `alter table customer disable trigger user; update customer set name = 'behind' where id = 7; alter table customer enable trigger user`,
    );
    expect((await people.backstory.verify()).clean).toBe(false);
  });

  function dump(): string {
    return execFileSync('pg_dump', ['--dbname', people.url], { encoding: 'utf8', maxBuffer: 1 << 28 });
  }
});
