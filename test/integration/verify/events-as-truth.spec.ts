import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { Author } from '../../library/entities.js';
import { fillLibrary } from '../../library/fill-library.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';
import { expectExactSpecimens, openSpecimens } from '../../values/specimens.js';
import { valueTypes } from '../../values/value-types.js';

describe('repair with the events as the truth', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works'] }],
    });
    await fillLibrary(library.dataSource.manager);
    await backstory.backfill();
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const tables = async (): Promise<unknown> =>
    Promise.all(
      ['author', 'work', 'shelf', 'subject'].map((table) =>
        library.dataSource.query(`select t::text from ${table} t order by 1`),
      ),
    );

  it('writes back what was changed, deleted and inserted behind everybody’s back', async () => {
    const before = await tables();
    await unseen(
      library.dataSource,
      `update author set name = 'forged', followers = 1, preferences = 'null', "homeCity" = null, version = 99 where id = 1`,
      `delete from work where "authorId" = 2`,
      `delete from author where id = 2`,
      `insert into author (id, name, version) values (77, 'smuggled in', 1)`,
      `insert into work (title, kind, "authorId") values ('smuggled in', 'Novel', 77), ('too', 'Novel', 3)`,
      `update work set price = 1, duration = '1 day' where "authorId" = 3`,
      `update shelf set barcode = null, dusted = null`,
      `delete from subject where code = 'b'`,
    );
    expect(await tables()).not.toEqual(before);
    const dry = await backstory.repair({ truth: 'events', dryRun: true });
    expect(dry.flatMap(({ repaired }) => repaired)).not.toHaveLength(0);
    expect(await backstory.verify()).toMatchObject({ clean: false });

    await backstory.repair({ truth: 'events', by: 'ops', reason: 'a script went wrong' });
    expect(await tables()).toEqual(before);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    const last = (await backstory.history('author', '1')).at(-1);
    expect(last).toMatchObject({
      type: 'AuthorUpdated',
      metadata: { origin: 'repair', actor: 'ops', reason: 'a script went wrong' },
    });
  });

  it('leaves a stream with a gap, and says so', async () => {
    await unseen(
      library.dataSource,
      `delete from backstory.events where category = 'author' and stream_id = '1' and stream_position = 1`,
    );
    const [report] = await backstory.repair({ aggregates: ['author'], truth: 'events' });
    expect(report).toMatchObject({ repaired: [], left: [{ streamId: '1', kind: 'gap' }] });
  });

  it('passes on what the application’s constraints say, and leaves everything as it was', async () => {
    await library.dataSource.query('alter table author add constraint short check (length(name) < 12)');
    await unseen(
      library.dataSource,
      `update author set name = 'short' where id = 1`,
      `update backstory.events set data = '{"name": "longer than allowed"}'
       where category = 'author' and stream_id = '1' and stream_position = 2`,
    );
    const before = await tables();
    await expect(backstory.repair({ truth: 'events' })).rejects.toMatchObject({ code: '23514' });
    expect(await tables()).toEqual(before);
  });

  it('refuses a side that there isn’t', async () => {
    await expect(backstory.repair({ truth: 'both' as 'table' })).rejects.toThrow(
      /truth: "both" is neither side/,
    );
  });
});

describe('beside columns that PostgreSQL alone gives a value', () => {
  class Parcel {
    id: number;
    serial: number;
    label: string;
    shouted: string;
  }

  const parcels = new EntitySchema<Parcel>({
    name: 'Parcel',
    target: Parcel,
    columns: {
      id: { type: 'int', primary: true },
      serial: { type: 'int', insert: false, update: false },
      label: { type: 'text' },
      shouted: { type: 'text', insert: false, update: false },
    },
  });

  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({ type: 'postgres', url: database.url, entities: [parcels] });
    await dataSource.initialize();
    await dataSource.query(
      `create table parcel (id int primary key, serial int generated always as identity, label text not null,
         shouted text generated always as (upper(label)) stored)`,
    );
    backstory = await createBackstory(dataSource);
    await dataSource.query(`insert into parcel (id, label) values (1, 'a'), (2, 'b'), (3, 'c')`);
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('writes back what was changed and deleted', async () => {
    await unseen(
      dataSource,
      `update parcel set label = 'forged' where id = 1`,
      `delete from parcel where id = 3`,
    );
    await backstory.repair({ truth: 'events' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await dataSource.query('select * from parcel order by id')).toEqual([
      { id: 1, serial: 1, label: 'a', shouted: 'A' },
      { id: 2, serial: 2, label: 'b', shouted: 'B' },
      { id: 3, serial: 3, label: 'c', shouted: 'C' },
    ]);
  });

  it('says what to do where such a column itself was changed', async () => {
    await unseen(
      dataSource,
      'delete from parcel where id = 2',
      `insert into parcel (id, serial, label) overriding system value values (2, 99, 'b')`,
    );
    await expect(backstory.repair({ truth: 'events' })).rejects.toMatchObject({
      code: 'REPAIR_FAILED',
      message: expect.stringMatching(/"public"."parcel" can't be made .*"serial"/),
      remedy: expect.stringContaining('SET GENERATED BY DEFAULT'),
    });
    await dataSource.query('alter table parcel alter serial set generated by default');
    await backstory.repair({ truth: 'events' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });
});

it('repair writes back the exact value of every type', async () => {
  const history = await openSpecimens();
  try {
    const { dataSource } = history;
    const names = Object.keys(valueTypes);
    for (const [name, { edges }] of Object.entries(valueTypes)) {
      for (const [index, edge] of edges.entries()) {
        // to events, as to JavaScript, the null of JSON is that of SQL
        if (edge === 'null') continue;
        await dataSource.query(`insert into specimen (id, "${name}") values ($1, $2)`, [
          `${name} ${index}`,
          edge,
        ]);
      }
    }
    const rows = (): Promise<unknown> => dataSource.query('select t::text from specimen t order by id');
    const before = await rows();
    await unseen(
      dataSource,
      `update specimen set ${names.map((name) => `"${name}" = null`).join(', ')} where hashtext(id) % 2 = 0`,
      `delete from specimen where hashtext(id) % 2 <> 0`,
    );
    await history.backstory.repair({ truth: 'events' });
    expect(await rows()).toEqual(before);
    await expectExactSpecimens(history);
  } finally {
    await history.close();
  }
});
