import { type Backstory, createBackstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Invoice } from './entities.js';

const reason = 'older than ten years';

describe('rows that are deleted without an event for each', () => {
  let history: History;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    history = await openHistory({ entities: [Invoice] });
    ({ backstory, dataSource } = history);
    await dataSource.query(
      `insert into invoice (id, title, note) select n, 'invoice ' || n, 'x' from generate_series(1, 20) n`,
    );
    await dataSource.query(`update invoice set note = 'y' where id <= 10`);
  });

  afterEach(async () => {
    await backstory.close();
    await history.close();
  });

  const events = async (): Promise<number> =>
    Number((await dataSource.query('select count(*) from backstory.events'))[0].count);
  const purge = (sql: string): ReturnType<typeof backstory.untracked> =>
    backstory.runInContext({ actor: 'ops', correlationId: 'job-1' }, () =>
      backstory.untracked(Invoice, { reason }, (manager) => manager.query(sql)),
    );
  const clean = async (): Promise<void> => {
    const report = await backstory.verify();
    expect(report.aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect(report.clean).toBe(true);
  };

  it('leave one event, which says how many, who and why; verify counts them, and their histories end', async () => {
    const before = await events();
    const { aggregates } = await purge('delete from invoice where id <= 12');
    expect(aggregates).toMatchObject([{ category: 'invoice', deleted: 12, parts: 0 }]);
    expect(await events()).toBe(before + 1);
    const [event] = await dataSource.query(
      `select category, stream_id, type, change, data, metadata from backstory.events order by global_position desc limit 1`,
    );
    expect(event).toMatchObject({
      category: '$untracked',
      stream_id: 'invoice',
      type: 'InvoiceUntracked',
      change: 'n',
      data: { deleted: 12, category: 'invoice' },
      metadata: { origin: 'untracked', reason, actor: 'ops', correlationId: 'job-1' },
    });
    await clean();
    const [verified] = (await backstory.verify()).aggregates;
    expect(verified).toMatchObject({
      rows: 8,
      streams: 8,
      untracked: [{ reason, times: 1, streams: 12 }],
    });
    const told = await backstory.history(Invoice, '1');
    expect(told.map(({ type, streamPosition }) => [streamPosition, type])).toEqual([
      [1, 'InvoiceCreated'],
      [2, 'InvoiceUpdated'],
      [3, 'InvoiceDeleted'],
    ]);
    expect(told[2]).toMatchObject({
      change: 'deleted',
      metadata: { origin: 'untracked', reason, actor: 'ops' },
    });
    expect(await backstory.load(Invoice, '1')).toBeNull();
    expect(await backstory.load(Invoice, '1', { version: 2 })).toMatchObject({ note: 'y' });
    expect(await backstory.load(Invoice, '1', { version: 3 })).toBeNull();
    expect(await backstory.load(Invoice, '1', { asOf: told[1]!.recordedAt })).toMatchObject({ id: 1 });
    expect(await backstory.load(Invoice, '1', { asOf: new Date() })).toBeNull();
    expect((await backstory.state(Invoice, '1')).state).toBeNull();
    const all: unknown[] = [];
    for await (const each of backstory.loadAll(Invoice)) all.push(each.id);
    expect(all).toHaveLength(8);
    expect((await backstory.verify({ sinceLast: true })).clean).toBe(true);
  });

  it.each([
    ['TRUNCATE', 'truncate invoice', 20],
    ['a statement of one row', 'delete from invoice where id = 1', 1],
    ['none', 'delete from invoice where id = 99', 0],
  ])('are known whatever deletes them: %s', async (_, sql, deleted) => {
    expect((await purge(sql)).aggregates).toMatchObject([{ deleted }]);
    await clean();
  });

  it('may be the work of a repository, and of several statements', async () => {
    const { aggregates } = await backstory.untracked('invoice', { reason }, async (manager) => {
      await manager.delete(Invoice, [1, 2]);
      await manager.remove(await manager.findOneByOrFail(Invoice, { id: 3 }));
    });
    expect(aggregates).toMatchObject([{ deleted: 3 }]);
    await clean();
  });

  it('go on with their event before the one that begins them anew', async () => {
    await purge('delete from invoice where id in (1, 2, 3)');
    const at = new Date();
    await dataSource.query('select pg_sleep(0.002)');
    await dataSource.query(`insert into invoice (id, title) values (1, 'again')`);
    await dataSource.query(`insert into invoice (id, title) values (2, 'again'), (21, 'new')`);
    await dataSource.query(`update invoice set id = 3 where id = 20`);
    await clean();
    const told = await backstory.history(Invoice, '1');
    expect(told.map(({ type, change }) => `${type} ${change}`)).toEqual([
      'InvoiceCreated created',
      'InvoiceUpdated updated',
      'InvoiceDeleted deleted',
      'InvoiceCreated created',
    ]);
    expect(told[2]?.metadata).toMatchObject({ origin: 'untracked', reason });
    for (const id of ['1', '2', '3']) expect(await backstory.load(Invoice, id, { asOf: at })).toBeNull();
    expect(await backstory.load(Invoice, '1')).toEqual({ id: 1, title: 'again', note: null });
    await purge('delete from invoice where id = 1');
    await clean();
    expect((await backstory.history(Invoice, '1')).map(({ streamPosition }) => streamPosition)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  it('are as before when the work fails, or goes back to a savepoint', async () => {
    const before = await events();
    await expect(
      backstory.untracked(Invoice, { reason }, async (manager) => {
        await manager.query('delete from invoice');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await events()).toBe(before);
    await backstory.untracked(Invoice, { reason }, async (manager) => {
      await manager.query('delete from invoice where id = 1');
      await manager
        .transaction(async (inner) => {
          await inner.query('delete from invoice where id > 1');
          throw new Error('no');
        })
        .catch(() => undefined);
    });
    await clean();
    expect(await backstory.load(Invoice, '1')).toBeNull();
    expect(await backstory.load(Invoice, '2')).toMatchObject({ id: 2 });
  });

  it('may be put back by the same work', async () => {
    await backstory
      .untracked(Invoice, { reason }, async (manager) => {
        await manager.query('delete from invoice where id = 1');
        await manager.query(`insert into invoice (id, title) values (1, 'again')`);
      })
      .then(
        () => expect('accepted').toBe('refused'),
        (error: unknown) => expect(error).toMatchObject({ code: 'UNTRACKED_REFUSED' }),
      );
    await dataSource.query(`create function back() returns trigger language plpgsql as $$
      begin insert into invoice (id, title) values (old.id, 'back'); return null; end $$;
      create trigger back after delete on invoice for each row when (old.id < 3) execute function back()`);
    await backstory.install();
    await purge('delete from invoice where id < 5');
    await clean();
    expect(await backstory.load(Invoice, '1')).toMatchObject({ title: 'back' });
    expect(await backstory.load(Invoice, '4')).toBeNull();
  });

  it('are no way to write past the log: an update and an insert are refused', async () => {
    const before = await events();
    for (const sql of [
      `update invoice set title = 'x'`,
      `insert into invoice (id, title) values (99, 'x')`,
      `insert into invoice (id, title) values (1, 'x') on conflict (id) do update set title = 'x'`,
    ])
      await expect(purge(sql)).rejects.toMatchObject({ code: 'UNTRACKED_REFUSED' });
    expect(await events()).toBe(before);
    await clean();
  });

  it('can be restored, created again by a command, archived and repaired', async () => {
    await purge('delete from invoice where id < 5');
    await backstory.restore(Invoice, '1', { version: 1, by: 'ops', reason: 'too much' });
    await clean();
    expect(await backstory.load(Invoice, '1')).toMatchObject({ id: 1, note: 'x' });
    await backstory.archive.move({ before: new Date(), events: 2 });
    await clean();
    expect((await backstory.history(Invoice, '2')).at(-1)).toMatchObject({ type: 'InvoiceDeleted' });
    await dataSource.query(`begin; set local session_replication_role = replica;
      insert into invoice (id, title) values (3, 'behind its back'); commit`);
    const found = (await backstory.verify()).aggregates.flatMap(({ drift }) => drift);
    expect(found).toMatchObject([{ streamId: '3', kind: 'missing event' }]);
    await backstory.repair();
    await clean();
    expect(await backstory.load(Invoice, '3')).toMatchObject({ title: 'behind its back' });
    await backstory.erase(Invoice, '4', { properties: ['title'] });
    await clean();
    expect(await backstory.load(Invoice, '4')).toBeNull();
  });

  it('have a stream for the aggregate in the history, and what they said is the past for retention', async () => {
    await purge('delete from invoice where id < 3');
    await purge('delete from invoice where id = 3');
    const told = await backstory.history('$untracked', 'invoice');
    expect(told.map(({ type, data }) => [type, data['deleted']])).toEqual([
      ['InvoiceUntracked', 2],
      ['InvoiceUntracked', 1],
    ]);
    expect(await backstory.topics()).toEqual([]);
    await backstory.close();
    backstory = await createBackstory(dataSource, {
      aggregates: [{ entity: Invoice, retain: { after: '1 microsecond', properties: ['title'] } }],
    });
    const [report] = await backstory.erasure.retain();
    expect(report).toMatchObject({ streams: 3 });
    expect((await backstory.history(Invoice, '1'))[0]?.data).toMatchObject({ id: 1, title: null });
    await clean();
  });

  it('are gone from replayed reads, in every stage', async () => {
    for (const stage of ['shadow', 'replay'] as const) {
      await backstory.verify();
      await backstory.stages.set('invoice', stage, { force: true });
      const { manager } = dataSource;
      await manager.find(Invoice);
      const id = stage === 'shadow' ? 1 : 2;
      await purge(`delete from invoice where id = ${id}`);
      expect(await manager.findBy(Invoice, { id })).toEqual([]);
      expect(await backstory.load(Invoice, String(id))).toBeNull();
      await manager.insert(Invoice, { id, title: 'again' });
      expect(await manager.findBy(Invoice, { id })).toEqual([{ id, title: 'again', note: null }]);
      expect(await backstory.load(Invoice, String(id))).toMatchObject({ title: 'again' });
    }
    await backstory.shadowSettled();
    await clean();
  });

  it("need a reason, an aggregate that is captured, and nobody else's setting", async () => {
    for (const options of [{ reason: ' ' }, {} as { reason: string }])
      await expect(backstory.untracked(Invoice, options, () => Promise.resolve(1))).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    await dataSource.transaction(async (manager) => {
      await manager.query(`set local backstory.untracked = 'on'`);
      await manager.query('delete from invoice where id = 1');
    });
    expect((await backstory.history(Invoice, '1')).at(-1)).toMatchObject({ metadata: { origin: 'capture' } });
    await expect(
      dataSource.transaction(async (manager) => {
        await manager.query(`select backstory.begin_untracked('invoice', 'x')`);
        await manager.query('delete from invoice where id = 2');
      }),
    ).rejects.toThrow('begun and not ended');
    await backstory.stages.set('invoice', 'off');
    await expect(purge('delete from invoice')).rejects.toMatchObject({ code: 'STAGE_REFUSED' });
  });
});
