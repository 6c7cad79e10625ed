import { type AggregateOptions, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';
import { type Library, openLibrary } from '../library/open-library.js';

const before = new EntitySchema({
  name: 'Ticket',
  columns: { id: { type: 'int', primary: true, generated: true }, title: { type: 'text' } },
});
const after = new EntitySchema({
  name: 'Ticket',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    title: { type: 'text' },
    priority: { type: 'int', default: 3 },
  },
});

const renamed = new EntitySchema({
  name: 'Ticket',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    subject: { type: 'text' },
    priority: { type: 'int', default: 3 },
  },
});

describe('a change of a captured table', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary({ entities: [before] });
  });

  afterEach(async () => {
    await library.close();
  });

  async function withNewVersion(work: (dataSource: DataSource) => Promise<void>): Promise<void> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [after],
    }).initialize();
    await work(dataSource).finally(() => dataSource.destroy());
  }

  it('a column with a default is captured from the next install, and old rows are settled by repair', async () => {
    const old = await createBackstory(library.dataSource);
    await library.dataSource.manager.insert('Ticket', [{ title: 'a' }, { title: 'b' }]);
    await library.dataSource.query(`alter table ticket add column priority int not null default 3`);
    await old.close();
    await withNewVersion(async (dataSource) => {
      const backstory = await createBackstory(dataSource);
      expect(await backstory.doctor()).toEqual([]);
      await dataSource.manager.update('Ticket', 1, { priority: 5 });
      expect((await backstory.history('ticket', '1')).at(-1)?.data).toEqual({ priority: 5 });
      const { aggregates } = await backstory.verify();
      expect(aggregates[0]?.drift).toMatchObject([
        { streamId: '2', kind: 'value', properties: { priority: { row: 3 } } },
      ]);
      await backstory.repair({ aggregates: ['ticket'], reason: 'a column with a default' });
      expect((await backstory.history('ticket', '2')).at(-1)?.data).toEqual({ priority: 3 });
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.close();
    });
  });

  it('a declared default and a declared new name keep old streams replayable, without an event for each', async () => {
    const old = await createBackstory(library.dataSource);
    await library.dataSource.manager.insert('Ticket', [{ title: 'a' }, { title: 'b' }]);
    await library.dataSource.query(`alter table ticket add column priority int not null default 3`);
    await library.dataSource.query(`alter table ticket rename column title to subject`);
    await old.close();
    const dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [renamed],
    }).initialize();
    const backstory = await createBackstory(dataSource, {
      aggregates: [{ entity: 'Ticket', renamed: { title: 'subject' }, defaults: { priority: 3 } }],
    });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await dataSource.manager.update('Ticket', 2, { subject: 'changed', priority: 1 });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    const rows = await dataSource.manager.find('Ticket', { order: { id: 1 } });
    await backstory.stages.set('ticket', 'replay', { force: true });
    expect(await dataSource.manager.find('Ticket', { order: { id: 1 } })).toEqual(rows);
    expect(await backstory.load('Ticket', '1')).toMatchObject({ subject: 'a', priority: 3 });
    await backstory.close();
    const refused: Partial<AggregateOptions>[] = [
      { renamed: { subject: 'title' } },
      { renamed: { priority: 'subject' } },
      { defaults: { x: 1 } },
    ];
    for (const options of refused) {
      await expect(
        createBackstory(dataSource, { aggregates: [{ entity: 'Ticket', ...options }] }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }
    await dataSource.destroy();
  });

  it('a column that is dropped or renamed behind its triggers is neither missed nor in the way', async () => {
    const backstory = await createBackstory(library.dataSource);
    const { dataSource } = library;
    await dataSource.query(`insert into ticket (title) values ('a'), ('b')`);
    await dataSource.query(`alter table ticket rename column title to subject`);
    await dataSource.query(`insert into ticket (subject) values ('c')`);
    await dataSource.query(`update ticket set subject = 'd' where id = 1`);
    await dataSource.query(`update ticket set subject = subject || '!' where id <> 1`);
    await dataSource.query(`alter table ticket rename column subject to title`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.history('ticket', '1')).map(({ data }) => data)).toEqual([
      { id: 1, title: 'a' },
      { title: 'd' },
    ]);
    await dataSource.query(`alter table ticket drop column title`);
    await dataSource.query(`insert into ticket default values`);
    await dataSource.query(`update ticket set id = id + 10 where id = 2`);
    await dataSource.query(`delete from ticket where id = 3`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.close();
  });
});
