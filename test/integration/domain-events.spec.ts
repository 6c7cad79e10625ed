import {
  aggregate,
  type Backstory,
  createBackstory,
  type EventRule,
  runInContext,
  withEvent,
} from '@backstory/adapter';
import { Author, Condition, Novel, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

class WorkSold {}
class AuthorMoved {}

describe('events in the language of the business', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    const { manager } = library.dataSource;
    await manager.insert(Author, { name: 'from before', home: {} });
    backstory = await createBackstory(library.dataSource, {
      aggregates: [
        aggregate(Author, {
          types: { imported: 'AuthorImported', deleted: 'AuthorForgotten' },
          events: [
            {
              type: 'AuthorRenamedAndMoved',
              when: { allOf: [{ changed: ['name'] }, { changed: ['home.city', 'home.street'] }] },
            },
            { type: AuthorMoved, when: { changedOnly: ['home.city', 'home.street'] } },
            { type: 'AuthorBecameFamous', when: { became: { followers: '1000000' } } },
            { type: 'AuthorHidden', when: { was: { name: 'public' }, changed: ['name'] } },
            {
              type: 'AuthorDetailsChanged',
              when: { anyOf: [{ changed: ['born'] }, { changed: ['pseudonyms'] }] },
            },
            { type: 'AnonymousAuthorCreated', on: 'created', when: { became: { name: '' } } },
            { type: 'FamousAuthorForgotten', on: 'deleted', when: { was: { followers: '1000000' } } },
          ],
        }),
        aggregate(Work, {
          events: [
            { type: WorkSold, when: { became: { condition: Condition.Used } } },
            { type: 'WorkGivenAway', when: { became: { price: null } } },
            { type: 'WorkPricedAtTen', when: { became: { price: 1000 } } },
          ],
        }),
      ],
    });
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const types = async (category: string, id: number | string): Promise<string[]> =>
    (await backstory.history(category, String(id))).map(({ type }) => type);

  it('are named by rules, whoever writes and however', async () => {
    const { manager } = library.dataSource;
    const author = await manager.save(manager.create(Author, { name: 'public', home: { city: 'A' } }));
    author.home.city = 'B';
    await manager.save(author); // version and update date change with it
    await manager.update(Author, author.id, { home: { street: 'S' } });
    await library.dataSource.query(`update author set "homeCity" = 'C', name = 'other' where id = $1`, [
      author.id,
    ]);
    await manager.update(Author, author.id, { name: 'public' });
    await manager.update(Author, author.id, { name: 'private' });
    await manager.increment(Author, { id: author.id }, 'followers', 1_000_000);
    await manager.update(Author, author.id, { followers: '1000000', pseudonyms: ['x'] });
    await manager.softDelete(Author, author.id);
    await manager.delete(Author, author.id);
    expect(await types('author', author.id)).toEqual([
      'AuthorCreated',
      'AuthorMoved',
      'AuthorMoved',
      'AuthorRenamedAndMoved',
      'AuthorUpdated',
      'AuthorHidden',
      'AuthorBecameFamous',
      'AuthorDetailsChanged',
      'AuthorSoftDeleted',
      'FamousAuthorForgotten',
    ]);
  });

  it('compare values as the entity has them: enums, transformers and null', async () => {
    const { manager } = library.dataSource;
    const novel = await manager.save(manager.create(Novel, { title: 't', price: 500 }));
    await manager.update(Work, novel.id, { price: 1000 });
    await manager.update(Work, novel.id, { price: null });
    await manager.update(Work, novel.id, { condition: Condition.Used });
    expect(await types('work', novel.id)).toEqual([
      'WorkCreated',
      'WorkPricedAtTen',
      'WorkGivenAway',
      'WorkSold',
    ]);
  });

  it('name creation, import and deletion, too', async () => {
    const { manager } = library.dataSource;
    const { id } = await manager.save(manager.create(Author, { name: '', home: {} }));
    await manager.delete(Author, id);
    expect(await types('author', id)).toEqual(['AnonymousAuthorCreated', 'AuthorForgotten']);
    await manager.update(Author, 1, { followers: '5' });
    expect(await types('author', 1)).toEqual(['AuthorImported', 'AuthorUpdated']);
  });

  it('are named by a scope: the first change of each stream, with data that no column holds', async () => {
    const { manager } = library.dataSource;
    const author = await manager.save(manager.create(Author, { name: 'n', home: {} }));
    await runInContext({ actor: 'anna' }, () =>
      withEvent(
        'AuthorPromoted',
        { aggregate: Author, data: { reason: 'a prize */', name: 'not this' } },
        async () => {
          await manager.update(Author, author.id, { followers: '7' });
          await manager.update(Author, author.id, { followers: '8' });
        },
      ),
    );
    const [, promoted, later] = await backstory.history('author', String(author.id));
    expect(promoted).toMatchObject({
      type: 'AuthorPromoted',
      data: { reason: 'a prize */', followers: '7' },
      metadata: { actor: 'anna', scope: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
    expect(promoted?.data).not.toHaveProperty('name');
    expect(later).toMatchObject({ type: 'AuthorUpdated', data: { followers: '8' } });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.load(Author, String(author.id)))?.name).toBe('n');
  });

  it('are named by nested scopes: the innermost that fits, one name for each stream', async () => {
    const { manager, transaction } = { manager: library.dataSource.manager, transaction: library.dataSource };
    const author = await manager.save(manager.create(Author, { name: 'n', home: {} }));
    const other = await manager.save(manager.create(Author, { name: 'o', home: {} }));
    const novel = await manager.save(manager.create(Novel, { title: 't', author }));
    await withEvent('AuthorRetired', { aggregate: 'author', id: author.id, on: 'updated' }, () =>
      withEvent('WorkWithdrawn', { aggregate: 'Work' }, () =>
        transaction.transaction(async (inner) => {
          await inner.update(Work, novel.id, { title: 'withdrawn' });
          await inner.update(Author, other.id, { name: 'untouched by names' });
          await inner.update(Author, author.id, { name: 'retired' });
          await withEvent('AuthorHonoured', { aggregate: 'author' }, () =>
            inner.update(Author, other.id, { followers: '9' }),
          );
          await inner.update(Author, author.id, { followers: '9' });
        }),
      ),
    );
    expect(await types('work', novel.id)).toEqual(['WorkCreated', 'WorkWithdrawn']);
    expect(await types('author', author.id)).toEqual(['AuthorCreated', 'AuthorRetired', 'AuthorUpdated']);
    expect(await types('author', other.id)).toEqual(['AuthorCreated', 'AuthorUpdated', 'AuthorHonoured']);
  });

  it.each<[EventRule<Author>, RegExp]>([
    [{ type: 'X', when: { became: { nme: 'x' } as never } }, /"X" of "Author" names "nme"/],
    [{ type: 'X', on: 'created', when: { was: { name: 'x' } } }, /asks for "was" on "created"/],
    [
      { type: 'X', on: 'deleted', when: { anyOf: [{ changed: ['name'] }] } },
      /asks for "changed" on "deleted"/,
    ],
    [{ type: ' ' }, /has no event type/],
  ])('refuses rule %j', async (rule, message) => {
    const other = await openLibrary();
    await expect(
      createBackstory(other.dataSource, { aggregates: [aggregate(Author, { events: [rule] })] }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(message) });
    await other.close();
  });
});
