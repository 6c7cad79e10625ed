import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Invoice } from './entities.js';

const reason = 'older than ten years';

describe('who may delete without events, and beside what', () => {
  let history: History | undefined;

  afterEach(() => history?.close());

  it('is the owner, and a role to which it was granted', async () => {
    history = await openHistory({ entities: [Invoice] });
    const owner = history.dataSource;
    const role = `purger_${process.pid}_${Date.now()}`;
    await owner.query(`insert into invoice (id, title) values (1, 'a'), (2, 'b');
      create role ${role} login password 'x'; grant all on invoice to ${role};
      grant usage on schema backstory to ${role}; grant select on all tables in schema backstory to ${role};
      grant execute on function backstory.sees_stream_ends(text) to ${role}`);
    const url = new URL(history.url);
    url.username = role;
    url.password = 'x';
    const dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [Invoice],
      installExtensions: false,
    }).initialize();
    let backstory: Backstory | undefined;
    try {
      backstory = await createBackstory(dataSource, { install: 'check' });
      const purge = () =>
        backstory!.untracked(Invoice, { reason }, (manager) => manager.delete(Invoice, { id: 1 }));
      await expect(purge()).rejects.toMatchObject({
        code: 'RIGHTS_MISSING',
        message: expect.stringContaining('grants --app <this role> --untracked'),
      });
      for (const forged of [
        `insert into backstory.untracked_work (category, reason, metadata) values ('invoice', 'x', '{}')`,
        `insert into backstory.untracked_ends (work, mark, category, stream_id) values (1, 1, 'invoice', '1')`,
        `delete from backstory.untracked_ends`,
        `select backstory.end_untracked('invoice', 'x')`,
      ])
        await expect(dataSource.query(forged)).rejects.toThrow('permission denied');
      await owner.query(
        `grant execute on function backstory.begin_untracked(text, text), backstory.end_untracked(text, text) to ${role}`,
      );
      expect((await purge()).aggregates).toMatchObject([{ deleted: 1 }]);
      await expect(owner.query('update backstory.untracked_ends set mark = 0')).rejects.toThrow(
        'append-only',
      );
      expect((await history.backstory.verify()).clean).toBe(true);
    } finally {
      await backstory?.close();
      await dataSource.destroy();
      await owner.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('is a command that finds nothing, and one that creates', async () => {
    history = await openHistory(
      { entities: [Invoice] },
      {
        aggregates: [
          {
            entity: Invoice,
            evolve: {
              InvoiceIssued: (invoice: Invoice, event: object) => void Object.assign(invoice, event),
            },
          },
        ],
      },
    );
    const { backstory } = history;
    const issue = (title: string) =>
      backstory.create(Invoice, () => ({ type: 'InvoiceIssued', data: { id: 1, title } }));
    await issue('first');
    await backstory.untracked(Invoice, { reason }, (manager) => manager.delete(Invoice, { id: 1 }));
    await expect(
      backstory.handle(Invoice, 1, () => ({ type: 'InvoiceIssued', data: { title: 'x' } })),
    ).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
    expect(await issue('second')).toMatchObject({ id: 1, title: 'second' });
    expect((await backstory.history(Invoice, '1')).map(({ type, change }) => `${type} ${change}`)).toEqual([
      'InvoiceIssued created',
      'InvoiceDeleted deleted',
      'InvoiceIssued created',
    ]);
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('is a partition, by its name or not', async () => {
    const Reading = new EntitySchema<{ id: number; year: number; value: number }>({
      name: 'Reading',
      columns: {
        id: { type: 'int', primary: true },
        year: { type: 'int', primary: true },
        value: { type: 'int' },
      },
    });
    history = await openHistory({
      entities: [Reading],
      synchronize: false,
      sql: `create table reading (id int, year int, value int not null, primary key (id, year)) partition by range (year);
        create table reading_2024 partition of reading for values from (2024) to (2025);
        create table reading_2025 partition of reading for values from (2025) to (2026)`,
    });
    const { backstory, dataSource } = history;
    await dataSource.query(`insert into reading select n, 2024 + n % 2, n from generate_series(1, 20) n`);
    for (const [sql, deleted] of [
      ['delete from reading where id < 3', 2],
      ['delete from reading_2024 where id < 10', 3],
      ['truncate reading_2024', 6],
      ['truncate reading', 9],
    ] as const) {
      const { aggregates } = await backstory.untracked('reading', { reason }, (manager) =>
        manager.query(sql),
      );
      expect([sql, aggregates[0]?.deleted]).toEqual([sql, deleted]);
      const report = await backstory.verify();
      expect(report.aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    }
    await dataSource.query(`insert into reading values (1, 2025, 7), (4, 2024, 7)`);
    expect((await backstory.verify()).clean).toBe(true);
  });
});
