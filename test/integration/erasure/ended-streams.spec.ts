import { Customer, openPeople, type People } from './people.js';

const future = new Date(Date.now() + 86_400_000);

describe('what is erased of a stream that has ended', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
    await people.dataSource.manager.insert(Customer, {
      id: 42,
      name: 'Ada Lovelace',
      email: 'ada@example.org',
    });
    await people.dataSource.manager.update(Customer, 42, { email: 'countess@example.org' });
  });

  afterEach(() => people.close());

  describe.each([
    ['whose events are in the log', false],
    ['whose events of before are archived', true],
  ])('%s', (_where, archived) => {
    it('leaves it ended, and the next row with that id begins it anew', async () => {
      const { backstory, dataSource } = people;
      await dataSource.manager.delete(Customer, 42);
      if (archived) await backstory.archive.move({ before: future });
      await backstory.erase(Customer, '42');
      await dataSource.manager.insert(Customer, { id: 42, name: 'Augusta' });
      const stream = await backstory.history('customer', '42');
      expect(stream.slice(-3).map(({ type, change }) => [type, change])).toEqual([
        ['CustomerDeleted', 'deleted'],
        ['CustomerErased', 'none'],
        ['CustomerCreated', 'created'],
      ]);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      expect(await backstory.load(Customer, '42')).toMatchObject({ name: 'Augusta' });
    });
  });

  it('is an update in logs that were written before: the next row with that id begins the stream anew all the same', async () => {
    const { backstory, dataSource, query } = people;
    await dataSource.manager.delete(Customer, 42);
    await query(
      `insert into backstory.events (category, stream_id, stream_position, change, type, data, metadata)
       values ('customer', '42', 4, 'u', 'CustomerErased', '{}', '{"origin":"erasure"}')`,
    );
    await dataSource.manager.insert(Customer, { id: 42, name: 'Augusta' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.load(Customer, '42')).toMatchObject({ name: 'Augusta' });
  });
});
