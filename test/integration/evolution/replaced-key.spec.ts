import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

interface Seat {
  id: number;
  place: number;
  guest: string;
}

/** By one of its columns, or both. */
const seat = (...key: string[]): EntitySchema<Seat> =>
  new EntitySchema<Seat>({
    name: 'Seat',
    columns: {
      id: { type: 'int', primary: key.includes('id') },
      place: { type: 'int', primary: key.includes('place') },
      guest: { type: 'text' },
    },
  });

describe('a release with another key', () => {
  let database: TestDatabase;
  let former: DataSource;
  let before: Backstory;
  let opened: DataSource[];

  beforeEach(async () => {
    database = await createTestDatabase();
    opened = [];
    former = await open('id');
    await former.query(`create table seat (id int primary key, place int not null unique, guest text not null);
      insert into seat values (1, 3, 'ann'), (2, 1, 'bob'), (3, 2, 'eve')`);
    before = await createBackstory(former, { stagePollMs: 10 });
    await before.backfill();
    await before.verify();
    await before.stages.set('seat', 'replay', { force: true });
  });

  afterEach(async () => {
    for (const each of opened) await each.destroy();
    await database.drop();
  });

  async function open(...key: string[]): Promise<DataSource> {
    const dataSource = new DataSource({ type: 'postgres', url: database.url, entities: [seat(...key)] });
    opened.push(await dataSource.initialize());
    return dataSource;
  }

  const seats = async (from: DataSource): Promise<string[]> => {
    const found = await from.getRepository<Seat>('Seat').find({ order: { place: 'ASC' } });
    return found.map(({ id, place, guest }) => `${place} ${guest} ${id}`);
  };

  it('gets no values of another row, whose stream has the id that the row has now, and replays after a clean verify', async () => {
    await former.query(`alter table seat drop constraint seat_pkey, add primary key (place)`);
    const dataSource = await open('place');
    const backstory = await createBackstory(dataSource, { stagePollMs: 10 });
    const rows = ['1 bob 2', '2 eve 3', '3 ann 1'];
    expect(await seats(dataSource)).toEqual(rows);
    const [first] = await dataSource.getRepository<Seat>('Seat').find({ where: { place: 1 } });
    await dataSource.getRepository<Seat>('Seat').save({ ...(first as Seat), guest: 'dan' });
    expect(await dataSource.query(`select guest from seat where place = 1`)).toEqual([{ guest: 'dan' }]);
    expect(await backstory.verify()).toMatchObject({ clean: false });
    expect((await backstory.doctor()).filter(({ severity }) => severity === 'fault')).toHaveLength(1);

    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    // replayed from now on: what was changed behind the triggers isn't read
    await dataSource.query(
      `alter table seat disable trigger user; update seat set guest = 'behind'; alter table seat enable trigger user`,
    );
    await backstory.stages.set('seat', 'replay', { force: true });
    expect(await seats(dataSource)).toEqual(['1 dan 2', '2 eve 3', '3 ann 1']);
  });

  it.each([
    ['more columns', ['id', 'place']],
    ['the same', ['id']],
  ])('%s: what is read is what is there', async (_, key) => {
    await former.query(`alter table seat drop constraint seat_pkey, add primary key (${key.join(', ')})`);
    const dataSource = await open(...key);
    const backstory = await createBackstory(dataSource, { stagePollMs: 10 });
    expect(await seats(dataSource)).toEqual(['1 bob 2', '2 eve 3', '3 ann 1']);
    expect((await backstory.verify()).clean).toBe(key.length === 1);
    expect(await seats(former)).toEqual(['1 bob 2', '2 eve 3', '3 ann 1']);
  });
});
