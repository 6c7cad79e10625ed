import {
  aggregate,
  Applies,
  type Backstory,
  createBackstory,
  type RecordedEvent,
  ReplayError,
  withEvent,
} from '@backstory/adapter';
import { Author, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

class AuthorMoved {
  home: { street?: string; city?: string };
}

class AuthorPrized {
  prize: string;
}

interface Biography {
  readonly name: string;
  readonly cities: readonly string[];
  readonly prizes: readonly (readonly [prize: string, by: string | undefined, typed: boolean])[];
}

class BiographyReducers {
  @Applies('AuthorCreated')
  created(_state: Biography, { data }: RecordedEvent): Biography {
    return { name: String(data['name']), cities: [String(data['home.city'])], prizes: [] };
  }

  @Applies(AuthorMoved)
  moved(state: Biography, { home }: AuthorMoved): Biography {
    return { ...state, cities: [...state.cities, home.city ?? 'unknown'] };
  }

  @Applies(AuthorPrized)
  prized(state: Biography, event: AuthorPrized, { metadata }: RecordedEvent): Biography {
    const prize = [event.prize, metadata.actor, event instanceof AuthorPrized] as const;
    return { ...state, prizes: [...state.prizes, prize] };
  }
}

const unborn: Biography = { name: '', cities: [], prizes: [] };

describe('a replay of real events into a state of the user', () => {
  let library: Library;
  let backstory: Backstory;
  let id: string;

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, {
      aggregates: [
        aggregate(Author, {
          owns: ['works'],
          // events of the first version have no prefix
          schemaVersion: 2,
          upcasters: {
            AuthorMoved: { 1: (data) => ({ ...data, 'home.city': `old ${String(data['home.city'])}` }) },
          },
          events: [{ type: AuthorMoved, when: { changedOnly: ['home.city', 'home.street'] } }],
        }),
      ],
    });
    const { manager } = library.dataSource;
    const author = await manager.save(manager.create(Author, { name: 'Ada', home: { city: 'Oslo' } }));
    id = String(author.id);
    await manager.update(Author, id, { home: { city: 'Bergen' } });
    await backstory.runInContext({ actor: 'jury' }, () =>
      withEvent(AuthorPrized, { aggregate: Author, data: { prize: 'first' } }, () =>
        manager.update(Author, id, { followers: '10' }),
      ),
    );
    await manager.save(manager.create(Work, { title: 'w', author }));
    // as a former version of the application has written it
    await library.dataSource.query(
      `insert into backstory.events (stream_position, change, category, stream_id, type, data, schema_version)
       values (5, 'u', 'author', $1, 'AuthorMoved', '{"home.city": "Rome"}', 1)`,
      [id],
    );
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  it('folds upcast events with the methods of an object, as instances of their classes', async () => {
    expect(await backstory.replay(Author, id, new BiographyReducers(), { initial: unborn })).toEqual({
      state: { name: 'Ada', cities: ['Oslo', 'Bergen', 'old Rome'], prizes: [['first', 'jury', true]] },
      position: 5,
    });
  });

  it('stops at a version or at a moment, and begins with the initial state', async () => {
    const replayed = (options: { version?: number; asOf?: Date }) =>
      backstory.replay('author', id, new BiographyReducers(), { initial: unborn, ...options });
    expect(await replayed({ version: 2 })).toEqual({
      state: { name: 'Ada', cities: ['Oslo', 'Bergen'], prizes: [] },
      position: 2,
    });
    expect(await replayed({ asOf: new Date(0) })).toEqual({ state: unborn, position: 0 });
    expect((await replayed({ asOf: new Date() })).position).toBe(5);
    await expect(replayed({ version: 1.5 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await backstory.replay(Author, '99', { AuthorMoved: () => 1 }, { initial: 0 })).toEqual({
      state: 0,
      position: 0,
    });
  });

  it('folds with functions by type, and refuses what has none where that was asked for', async () => {
    const moves = { AuthorMoved: (times: number) => times + 1 };
    expect(await backstory.replay('Author', id, moves, { initial: 0 })).toEqual({ state: 2, position: 5 });
    const refused = backstory.replay('Author', id, moves, { initial: 0, unhandled: 'refuse' });
    await expect(refused).rejects.toThrow(
      `"author-${id}" can't be replayed: the event AuthorCreated at position 1`,
    );
  });

  it('hands on the error of a reducer as the cause of one that says where', async () => {
    const thrown = new RangeError('too many prizes');
    const failing = {
      AuthorPrized: (): number => {
        throw thrown;
      },
    };
    const error: unknown = await backstory
      .replay(Author, id, failing, { initial: 0 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplayError);
    expect((error as ReplayError).cause).toBe(thrown);
    expect((error as ReplayError).message).toMatch(
      /"author-\d+".*AuthorPrized at position 3.*too many prizes/,
    );
  });

  it('refuses at compile time functions that return another state', () => {
    const never = async (): Promise<void> => {
      // @ts-expect-error a number is no string
      await backstory.replay(Author, id, { AuthorMoved: (_state: string) => 1 }, { initial: '' });
    };
    expect(never).toBeDefined();
  });

  it('gives the state with values as events have them, and parts by path and id', async () => {
    const { state, position } = await backstory.state(Author, id);
    expect(position).toBe(5);
    expect(state).toMatchObject({ name: 'Ada', followers: '10', 'home.city': 'old Rome' });
    expect(Object.values(state?.['works'] as object)).toEqual([expect.objectContaining({ title: 'w' })]);
    expect(await backstory.state('author', id, { version: 1 })).toMatchObject({
      state: { 'home.city': 'Oslo', works: {} },
      position: 1,
    });
    expect(await backstory.state('author', '99')).toEqual({ state: null, position: 0 });
  });
});
