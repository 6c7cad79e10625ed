import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { runCommand } from '../../library/run-command.js';

const id = { type: 'int', primary: true, generated: true } as const;
const text = { type: 'text', nullable: true } as const;
const Parcel = new EntitySchema({ name: 'Parcel', columns: { id, address: text } });
const WeighedParcel = new EntitySchema({ name: 'Parcel', columns: { id, weight: text } });
const Other = new EntitySchema({
  name: 'Other',
  tableName: 'parcel_of_others',
  columns: { id, address: text },
});

describe('several services on one database', () => {
  let database: TestDatabase;
  const opened: DataSource[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    const dataSource = await open();
    await dataSource.query(
      `create table parcel (id serial primary key, address text, weight text);
       create table gadget (id serial primary key, label text not null);
       create table parcel_of_others (id serial primary key, address text)`,
    );
  });

  afterEach(async () => {
    for (const dataSource of opened.splice(0)) await dataSource.destroy();
    await database.drop();
  });

  async function open(...entities: EntitySchema[]): Promise<DataSource> {
    const dataSource = await new DataSource({ type: 'postgres', url: database.url, entities }).initialize();
    opened.push(dataSource);
    return dataSource;
  }

  it('each map other columns of one table: what either maps is captured, and each reads what it knows', async () => {
    const [first, second] = [await open(Parcel), await open(WeighedParcel)];
    const posting = await createBackstory(first, { stagePollMs: 10 });
    const weighing = await createBackstory(second, { stagePollMs: 10 });
    await first.manager.insert('Parcel', { address: 'here' });
    await second.manager.update('Parcel', 1, { weight: '2 kg' });
    await first.manager.update('Parcel', 1, { address: 'there' });
    await posting.backfill();
    expect(await weighing.verify()).toMatchObject({ clean: true });
    await weighing.stages.set('parcel', 'replay', { force: true });
    expect(await first.manager.findOneBy('Parcel', { id: 1 })).toEqual({ id: 1, address: 'there' });
    expect(await second.manager.findOneBy('Parcel', { id: 1 })).toEqual({ id: 1, weight: '2 kg' });
    const [state] = await first.query<{ state: object }[]>(
      `select backstory.fold(change, data order by stream_position) as state from backstory.events where category = 'parcel'`,
    );
    expect(state?.state).toEqual({ id: 1, address: 'there', weight: '2 kg' });
  });

  it('a category that another table has, which is still there, is refused with what to do', async () => {
    await createBackstory(await open(Parcel));
    await expect(
      createBackstory(await open(Other), { aggregates: [{ entity: 'Other', category: 'parcel' }] }),
    ).rejects.toMatchObject({
      code: 'CATEGORY_TAKEN',
      message: expect.stringContaining('"public"."parcel"'),
      remedy: expect.stringContaining("category: '…'"),
    });
  });

  it('commands of one know the aggregates of all, also one whose table is gone', async () => {
    process.env['DATABASE_URL_OF_GADGETS'] = database.url;
    const file = join(__dirname, '../cli/gadgets-data-source.ts');
    const run = (...argv: string[]) => runCommand(...argv, '--data-source', file);
    await createBackstory(await open(Parcel));
    expect(await run('install')).toMatchObject({ code: 0 });
    expect((await run('status')).out).toMatch(/^gadget [^]*^parcel /m);
    expect(await run('verify')).toMatchObject({ code: 0 });
    await (await open()).query('drop table parcel');
    expect((await run('install')).out).toMatch(/^Installed\. Captured: gadget\.\nparcel is not: .* gone/);
    expect(await run('verify')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/parcel can't be compared: .* gone/),
    });
    expect(await run('doctor')).toMatchObject({
      code: 2,
      out: expect.stringContaining('npx backstory stage parcel off'),
    });
    expect(await run('stage', 'parcel', 'off')).toMatchObject({ code: 0 });
    expect(await run('verify')).toMatchObject({ code: 0 });
    expect((await run('status')).out).not.toMatch(/^parcel/m);
  });
});
