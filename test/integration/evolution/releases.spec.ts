import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';

type Columns = Record<string, EntitySchemaColumnOptions>;
const text: EntitySchemaColumnOptions = { type: 'text', nullable: true };
const ticket = (columns: Columns): EntitySchema =>
  new EntitySchema({ name: 'Ticket', columns: { id: { type: 'int', primary: true }, ...columns } });

interface Instance {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
}

describe('several releases on one database', () => {
  let library: Library;
  let open: Instance[];

  beforeEach(async () => {
    library = await openLibrary({ entities: [] });
    await library.dataSource.query(`create table ticket (id int primary key, title text)`);
    open = [];
  });

  afterEach(async () => {
    for (const { dataSource, backstory } of open) {
      await backstory.close();
      await dataSource.destroy();
    }
    await library.close();
  });

  async function start(columns: Columns, options: BackstoryOptions = {}): Promise<Instance> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [ticket(columns)],
    }).initialize();
    const backstory = await createBackstory(dataSource, { stagePollMs: 50, ...options });
    const instance = { dataSource, backstory };
    open.push(instance);
    return instance;
  }

  const sql = (statement: string): Promise<unknown> => library.dataSource.query(statement);
  const seen = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
  const faults = async (backstory: Backstory): Promise<unknown[]> =>
    (await backstory.doctor()).filter(({ severity }) => severity === 'fault');
  const events = async (): Promise<unknown[]> =>
    library.dataSource.query(`select stream_id as id, data from backstory.events order by global_position`);

  it('an older one that starts again takes nothing away, in capture and in replay', async () => {
    await start({ title: text });
    await sql('alter table ticket add note text');
    const { dataSource, backstory } = await start({ title: text, note: text });
    await dataSource.getRepository('Ticket').insert({ id: 1, title: 'a', note: 'first' });
    await start({ title: text });
    await start({ title: text }, { install: 'check' });
    await dataSource.getRepository('Ticket').update(1, { note: 'second' });
    expect(await events()).toEqual([
      { id: '1', data: { id: 1, title: 'a', note: 'first' } },
      { id: '1', data: { note: 'second' } },
    ]);
    await backstory.backfill();
    await backstory.stages.set('ticket', 'replay', { force: true });
    const older = await start({ title: text });
    await seen();
    await dataSource.getRepository('Ticket').update(1, { note: 'third' });
    await older.dataSource.getRepository('Ticket').update(1, { title: 'b' });
    const row = { id: 1, title: 'b', note: 'third' };
    expect(await dataSource.getRepository('Ticket').findOneBy({ id: 1 })).toEqual(row);
    expect(await older.dataSource.getRepository('Ticket').findOneBy({ id: 1 })).toEqual({
      id: 1,
      title: 'b',
    });
    expect(await backstory.load('Ticket', '1')).toEqual(row);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.doctor()).toEqual([]);
  });

  it('eight that start at once, older and newer', async () => {
    await sql('alter table ticket add note text');
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => start(n % 2 === 0 ? { title: text } : { title: text, note: text })),
    );
    await sql(`insert into ticket values (1, 'a', 'n')`);
    expect(await events()).toEqual([{ id: '1', data: { id: 1, title: 'a', note: 'n' } }]);
    for (const { backstory } of open) {
      expect(await faults(backstory)).toEqual([]);
      expect(await backstory.verify()).toMatchObject({ clean: true });
    }
  });

  it('two that call one column differently record it under one name, which both understand', async () => {
    const old = await start({ title: text });
    await sql(`insert into ticket values (1, 'a')`);
    await old.backstory.backfill();
    await old.backstory.stages.set('ticket', 'replay', { force: true });
    const next = await start({ headline: { ...text, name: 'title' } });
    await seen();
    await next.dataSource.getRepository('Ticket').update(1, { headline: 'b' });
    await next.dataSource.getRepository('Ticket').insert({ id: 2, headline: 'c' });
    await old.dataSource.getRepository('Ticket').update(2, { title: 'd' });
    expect(await old.dataSource.getRepository('Ticket').find({ order: { id: 'ASC' } })).toEqual([
      { id: 1, title: 'b' },
      { id: 2, title: 'd' },
    ]);
    expect(await next.dataSource.getRepository('Ticket').find({ order: { id: 'ASC' } })).toEqual([
      { id: 1, headline: 'b' },
      { id: 2, headline: 'd' },
    ]);
    expect(await next.backstory.load('Ticket', '2')).toEqual({ id: 2, headline: 'd' });
    for (const data of (await events()) as { data: object }[])
      expect(data.data).not.toHaveProperty('headline');
    expect(await next.backstory.verify()).toMatchObject({ clean: true });
    expect(await old.backstory.verify()).toMatchObject({ clean: true });
  });

  it('a new column under the name of one that was dropped has nothing of its values', async () => {
    const old = await start({ title: text });
    await sql(`insert into ticket values (1, 'former'), (2, 'former')`);
    await old.backstory.backfill();
    await sql('alter table ticket drop title; alter table ticket add title text');
    const next = await start({ title: text });
    await sql(`update ticket set title = 'today' where id = 1`);
    await sql(`insert into ticket values (3, 'three')`);
    expect(await next.backstory.verify()).toMatchObject({ clean: true });
    await next.backstory.stages.set('ticket', 'replay', { force: true });
    expect(await next.dataSource.getRepository('Ticket').find({ order: { id: 'ASC' } })).toEqual([
      { id: 1, title: 'today' },
      { id: 2, title: null },
      { id: 3, title: 'three' },
    ]);
    expect(await next.backstory.load('Ticket', '2')).toEqual({ id: 2, title: null });
  });

  it('what one excludes is in events no more, and what it merely lacks is until it narrows', async () => {
    await sql('alter table ticket add note text; alter table ticket add secret text');
    await start({ title: text, note: text, secret: text });
    const next = await start(
      { title: text, secret: text },
      { aggregates: [{ entity: 'Ticket', exclude: ['secret'] }] },
    );
    await sql(`insert into ticket values (1, 'a', 'n', 's')`);
    expect(await events()).toEqual([{ id: '1', data: { id: 1, title: 'a', note: 'n' } }]);
    await next.backstory.install({ narrow: true });
    await sql(`insert into ticket values (2, 'a', 'n', 's')`);
    expect((await events()).at(-1)).toEqual({ id: '2', data: { id: 2, title: 'a' } });
    expect(await next.backstory.verify()).toMatchObject({ clean: true });
    expect(await faults(next.backstory)).toEqual([]);
  });
});
