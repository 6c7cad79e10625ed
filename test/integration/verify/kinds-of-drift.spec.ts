import { type Backstory, createBackstory, type Drift } from '@backstory/adapter';
import { Author, Shelf } from '../../library/entities.js';
import { fillLibrary } from '../../library/fill-library.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';

describe('verify tells the kinds of drift apart, and repair settles them', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works'] }],
    });
    await fillLibrary(library.dataSource.manager);
    await library.dataSource.manager.update(Author, { id: 2 }, { name: 'renamed' });
    await backstory.backfill();
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const tamper = (...statements: string[]): Promise<void> => unseen(library.dataSource, ...statements);
  const drift = async (): Promise<Drift[]> =>
    (await backstory.verify()).aggregates.flatMap((aggregate) => [...aggregate.drift]);
  const eventsOf = `category = 'author' and stream_id = '2'`;

  const expectSettled = async (): Promise<void> => {
    await backstory.repair({ by: 'ops' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    for (const id of ['1', '2', '3']) {
      const events = await backstory.history('author', id);
      expect(events.map(({ streamPosition }) => streamPosition)).toEqual(events.map((_, index) => index + 1));
      const row = await library.dataSource.manager.findOneBy(Author, { id: Number(id) });
      const replayed = await backstory.load(Author, id);
      expect(replayed && { ...replayed, works: undefined }).toEqual(row && { ...row, works: undefined });
    }
  };

  it('nothing: clean, with what was compared', async () => {
    const { clean, aggregates } = await backstory.verify();
    expect(clean).toBe(true);
    expect(aggregates.find(({ category }) => category === 'author')).toEqual({
      category: 'author',
      rows: 18,
      streams: 6,
      drifted: 0,
      drift: [],
      withoutFirstEvent: 0,
      complete: true,
      recorded: true,
    });
  });

  it.each([
    ['in the middle', 2, [2]],
    ['at the beginning', 1, [1]],
  ])('a gap %s', async (_where, position, positions) => {
    await tamper(`delete from backstory.events where ${eventsOf} and stream_position = ${position}`);
    expect((await drift())[0]).toMatchObject({ streamId: '2', kind: 'gap', positions });
    await expect(backstory.load(Author, '2')).rejects.toMatchObject({ code: 'REPLAY_FAILED' });
    await expectSettled();
    const filled = (await backstory.history('author', '2'))[position - 1];
    expect(filled).toMatchObject({
      type: 'AuthorCorrected',
      data: {},
      metadata: { origin: 'repair', actor: 'ops', filled: true },
    });
  });

  it('a gap of several positions, and the whole beginning of a stream', async () => {
    await tamper(`delete from backstory.events where ${eventsOf} and stream_position < 3`);
    expect((await drift())[0]).toMatchObject({ streamId: '2', kind: 'gap', positions: [1, 2] });
    await expectSettled();
  });

  it('a stream without any event', async () => {
    await tamper(`delete from backstory.events where category = 'shelf'`);
    expect(await drift()).toMatchObject([{ category: 'shelf', kind: 'missing event', properties: {} }]);
    await expectSettled();
  });

  it('events in another order in the log: reported, and left', async () => {
    await tamper(
      `with taken as (delete from backstory.events where ${eventsOf} and stream_position = 2 returning *)
       insert into backstory.events overriding system value
       select e.* from taken, jsonb_populate_record(null::backstory.events,
         to_jsonb(taken) || jsonb_build_object('global_position', -taken.global_position)) e`,
    );
    const found = [{ streamId: '2', kind: 'order', positions: [2], properties: {} }];
    expect(await drift()).toMatchObject(found);
    const reports = await backstory.repair({ aggregates: ['author'] });
    expect(reports).toMatchObject([{ repaired: [], left: found }]);
    await tamper(`update author set name = 'also another value' where id = 2`);
    expect(await drift()).toMatchObject([{ streamId: '2', kind: 'value', positions: [2] }]);
    await backstory.repair();
    expect(await drift()).toMatchObject(found);
  });

  it('a missing row, and a row without a living stream', async () => {
    await tamper(
      `delete from author where id = 1`,
      `insert into backstory.events (category, stream_id, stream_position, change, type, data)
       select 'author', '3', max(stream_position) + 1, 'd', 'AuthorDeleted', '{}' from backstory.events
       where category = 'author' and stream_id = '3'`,
    );
    expect((await drift()).map(({ streamId, kind, part }) => [streamId, kind, part?.path])).toEqual([
      ['1', 'missing row', undefined],
      ['3', 'missing event', undefined],
    ]);
    await expectSettled();
  });

  it('a value that differs only in its scale', async () => {
    await library.dataSource.manager.update(Author, { id: 1 }, { preferences: { n: 1 } });
    await tamper(`update author set preferences = '{"n": 1.0}' where id = 1`);
    expect(await drift()).toMatchObject([{ kind: 'value', properties: { preferences: {} } }]);
    await expectSettled();
  });

  it('parts: one changed, one gone, one that nobody has heard of', async () => {
    const works: { id: string }[] = await library.dataSource.query(
      `select id from work where "authorId" = 2 order by id`,
    );
    await tamper(
      `update work set title = 'another' where id = '${works[0]?.id}'`,
      `delete from work where id = '${works[1]?.id}'`,
      `insert into work (title, kind, "authorId") values ('unheard of', 'Novel', 2)`,
    );
    const found = await drift();
    expect(found.map(({ streamId, kind, part }) => [streamId, kind, part?.path])).toEqual(
      expect.arrayContaining([
        ['2', 'value', 'works'],
        ['2', 'missing row', 'works'],
        ['2', 'missing event', 'works'],
      ]),
    );
    expect(found).toHaveLength(3);
    await expectSettled();
  });

  it('data that a scope has added to an event is no drift', async () => {
    await library.dataSource.query(
      `/*backstory {"$events":[{"aggregate":"Shelf","type":"ShelfMounted","scope":"s","data":{"by":"Ann"}}]}*/
       insert into shelf (room, number) values ('cellar', 1)`,
    );
    const [event] = await backstory.history('shelf', 'cellar:1');
    expect(event).toMatchObject({ type: 'ShelfMounted', data: { by: 'Ann' } });
    expect(await library.dataSource.manager.countBy(Shelf, { room: 'cellar' })).toBe(1);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });
});
