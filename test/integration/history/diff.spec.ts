import { createBackstory, diff, type HistoryEntry, type RecordedEvent } from '@backstory/adapter';
import { Author, Shelf, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';
import { type Backstory } from '@backstory/adapter';

const owning = { aggregates: [{ entity: Author, owns: ['works'] }, Shelf] };
const brief = (entries: readonly HistoryEntry[]) =>
  entries.map(({ position, kind, changes, parts }) => [
    position,
    kind,
    Object.fromEntries(
      changes
        .filter(({ property }) => property === 'name' || property === 'followers')
        .map(({ property, ...values }) => [property, values]),
    ),
    parts.map(({ path, id, change, changes: own }) => [
      `${path}[${id === '' ? '' : 'x'}] ${change}`,
      Object.fromEntries(
        own
          .filter(({ property }) => property === 'title')
          .map(({ property, ...values }) => [property, values]),
      ),
    ]),
  ]);

describe('the differences that a history tells', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const save = async (name: string): Promise<Author> =>
    library.dataSource.manager.save(
      library.dataSource.manager.create(Author, {
        name,
        home: {},
        works: [library.dataSource.manager.create(Work, { title: 'first' })],
      }),
    );

  it('are who, when and each property before and after, also of parts', async () => {
    backstory = await createBackstory(library.dataSource, owning);
    const { manager } = library.dataSource;
    await backstory.runInContext({ actor: 'ada' }, async () => {
      const { works } = await save('one');
      await manager.update(Author, 1, { name: 'two' });
      await manager.update(Work, works[0]!.id, { title: 'second' });
      await manager.delete(Work, works[0]!.id);
      await manager.delete(Author, 1);
    });
    const entries = diff(await backstory.history(Author, '1'));
    expect(
      entries.every(({ actor, at, origin }) => actor === 'ada' && at instanceof Date && origin === 'capture'),
    ).toBe(true);
    expect(brief(entries)).toEqual([
      [1, 'created', { name: { after: 'one' }, followers: { after: '0' } }, []],
      [2, 'changed', {}, [['works[x] added', { title: { after: 'first' } }]]],
      [3, 'changed', { name: { before: 'one', after: 'two' } }, []],
      [4, 'changed', {}, [['works[x] changed', { title: { before: 'first', after: 'second' } }]]],
      [5, 'changed', {}, [['works[x] removed', { title: { before: 'second' } }]]],
      [6, 'deleted', { name: { before: 'two' }, followers: { before: '0' } }, []],
    ]);
    expect(entries.some(({ incomplete }) => incomplete)).toBe(false);
  });

  it('say that what a backfill has found was there before, and that its past is unknown', async () => {
    await save('old');
    backstory = await createBackstory(library.dataSource, owning);
    await backstory.backfill();
    await library.dataSource.manager.update(Author, 1, { name: 'new' });
    expect(brief(diff(await backstory.history(Author, '1')))).toEqual([
      [
        1,
        'first-known',
        { name: { after: 'old', beforeIs: 'unknown' }, followers: { after: '0', beforeIs: 'unknown' } },
        [['works[x] first-known', { title: { after: 'first', beforeIs: 'unknown' } }]],
      ],
      [2, 'changed', { name: { before: 'old', after: 'new' } }, []],
    ]);
  });

  it('guess nothing where the beginning of a history is not there', async () => {
    backstory = await createBackstory(library.dataSource, owning);
    const { works } = await save('one');
    const { manager } = library.dataSource;
    for (const name of ['two', 'three']) await manager.update(Author, 1, { name });
    await manager.update(Work, works[0]!.id, { title: 'second' });
    await manager.delete(Author, 1);
    const entries = diff(await backstory.history(Author, '1', { after: 2 }));
    expect(brief(entries)).toEqual([
      [3, 'changed', { name: { after: 'two', beforeIs: 'unknown' } }, []],
      [4, 'changed', { name: { before: 'two', after: 'three' } }, []],
      [5, 'changed', {}, [['works[x] first-known', { title: { after: 'second', beforeIs: 'unknown' } }]]],
      [6, 'deleted', { name: { before: 'three' } }, []],
      [7, 'changed', {}, [['works[x] removed', { title: { before: 'second' } }]]],
    ]);
    expect(entries.map(({ incomplete }) => incomplete)).toEqual([true, true, true, true, true]);
    // what is archived is part of a history
    const whole = diff(await backstory.history(Author, '1'));
    await backstory.archive.move({ before: new Date(Date.now() + 86_400_000), events: 2 });
    expect(diff(await backstory.history(Author, '1'))).toEqual(whole);
    await unseen(library.dataSource, 'delete from backstory.archived_events where stream_position < 4');
    const left = diff(await backstory.history(Author, '1'));
    expect(left[0]).toMatchObject({
      position: 4,
      changes: [{ property: 'name', after: 'three', beforeIs: 'unknown' }, {}, {}],
    });
  });

  it('keep what was erased erased, and say so', async () => {
    backstory = await createBackstory(library.dataSource, owning);
    await save('Ada');
    const { manager } = library.dataSource;
    await manager.update(Author, 1, { name: 'Augusta', followers: '5' });
    await backstory.erase(Author, '1', { properties: ['name', 'works.title'], by: 'ops', reason: 'request' });
    await manager.update(Author, 1, { name: 'Anonymous' });
    const entries = diff(await backstory.history(Author, '1'));
    expect(JSON.stringify(entries)).not.toMatch(/Ada|Augusta|first/);
    expect(brief(entries)).toEqual([
      [1, 'created', { name: { after: null, afterIs: 'erased' }, followers: { after: '0' } }, []],
      [2, 'changed', {}, [['works[x] added', { title: { after: null, afterIs: 'erased' } }]]],
      [
        3,
        'changed',
        {
          name: { before: null, after: null, beforeIs: 'erased', afterIs: 'erased' },
          followers: { before: '0', after: '5' },
        },
        [],
      ],
      [4, 'erased', {}, []],
      [5, 'changed', { name: { before: null, after: 'Anonymous', beforeIs: 'erased' } }, []],
    ]);
    expect(entries[3]).toMatchObject({ actor: 'ops', reason: 'request', type: 'AuthorErased' });
  });

  it('are of today: through upcasters, former types and without what is excluded by now', async () => {
    backstory = await createBackstory(library.dataSource, { aggregates: [Author] });
    await save('one');
    await library.dataSource.manager.update(Author, 1, { name: 'two' });
    await backstory.close();
    backstory = await createBackstory(library.dataSource, {
      aggregates: [
        {
          entity: Author,
          exclude: ['followers', 'home.city'],
          schemaVersion: 2,
          upcasters: {
            '*': {
              1: (data) => ('name' in data ? { ...data, name: String(data['name']).toUpperCase() } : data),
            },
          },
        },
      ],
    });
    await library.dataSource.manager.update(Author, 1, { name: 'THREE' });
    const entries = diff(await backstory.history(Author, '1'));
    expect(brief(entries)).toEqual([
      [1, 'created', { name: { after: 'ONE' } }, []],
      [2, 'changed', { name: { before: 'ONE', after: 'TWO' } }, []],
      [3, 'changed', { name: { before: 'TWO', after: 'THREE' } }, []],
    ]);
    expect(entries[0]?.changes.map(({ property }) => property)).not.toContain('home.city');
    // what only code can fold is restored from that
    const report = await backstory.restore(Author, '1', { version: 2 });
    expect(report.changes).toEqual([{ property: 'name', before: 'THREE', after: 'TWO' }]);
    expect(await library.dataSource.query('select name, followers from author')).toEqual([
      { name: 'TWO', followers: '0' },
    ]);
    expect(diff(await backstory.history(Author, '1')).at(-1)).toMatchObject({
      kind: 'changed',
      origin: 'restore',
      restoredTo: 2,
    });
  });

  it('know what a repair has found, and what it can not know', async () => {
    backstory = await createBackstory(library.dataSource, { aggregates: [Author] });
    await save('one');
    await backstory.backfill();
    await library.dataSource.manager.update(Author, 1, { name: 'two' });
    await library.dataSource.manager.update(Author, 1, { name: 'three' });
    await unseen(
      library.dataSource,
      `delete from backstory.events where stream_position = 2 and category = 'author';
       insert into author (name, version) values ('unseen', 1)`,
    );
    await backstory.repair();
    expect(brief(diff(await backstory.history(Author, '1'))).slice(0, 3)).toEqual([
      [1, 'created', { name: { after: 'one' }, followers: { after: '0' } }, []],
      [2, 'lost', {}, []],
      [3, 'changed', { name: { after: 'three', beforeIs: 'unknown' } }, []],
    ]);
    expect(brief(diff(await backstory.history(Author, '2')))).toEqual([
      [
        1,
        'first-known',
        { name: { after: 'unseen', beforeIs: 'unknown' }, followers: { after: '0', beforeIs: 'unknown' } },
        [],
      ],
    ]);
  });

  it('are of events from elsewhere where somebody says which are parts, and of one stream in order', async () => {
    backstory = await createBackstory(library.dataSource, owning);
    await save('one');
    await library.dataSource.manager.update(Author, 1, { name: 'two' });
    const history = await backstory.history(Author, '1');
    const sent = JSON.parse(JSON.stringify(history)) as RecordedEvent[];
    expect(() => diff(sent)).toThrow(/don't come from backstory.history/);
    expect(brief(diff(sent, { parts: ['works'] }))).toEqual(brief(diff(history)));
    expect(diff([])).toEqual([]);
    expect(() => diff([...history].reverse())).toThrow(/comes behind position/);
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 1 });
    const others = await backstory.history(Shelf, 'a:1');
    expect(() => diff([...history, ...others] as RecordedEvent[])).toThrow(
      /events of "author-1" and of "shelf-a:1"/,
    );
  });
});
