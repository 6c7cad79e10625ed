import { type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { QueryFailedError } from 'typeorm';
import { Author, Novel, Shelf, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

describe('the context of a write', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary({ poolSize: 3 });
    backstory = await createBackstory(library.dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const lastEvent = async (
    category: string,
  ): Promise<{ type: string; metadata: Record<string, unknown> | null }> =>
    (
      await library.dataSource.query(
        `select type, metadata from backstory.events where category = $1 order by global_position desc limit 1`,
        [category],
      )
    )[0];

  it('goes to the events of autocommit writes, transactions, raw SQL and cascades of foreign keys', async () => {
    const { dataSource } = library;
    const context = { actor: 'anna', correlationId: 'c-1', causationId: 'm-7', traceparent: '00-ab-cd-01' };
    await runInContext(context, async () => {
      await dataSource.manager.insert(Author, { name: 'a', home: {} });
      expect((await lastEvent('author')).metadata).toEqual(context);
      await dataSource.transaction((manager) => manager.update(Author, { name: 'a' }, { name: 'b' }));
      expect(await lastEvent('author')).toEqual({ type: 'AuthorUpdated', metadata: context });
      await dataSource.query(`update author set name = $1`, ['c']);
      expect((await lastEvent('author')).metadata).toEqual(context);
      const author = await dataSource.manager.findOneByOrFail(Author, { name: 'c' });
      await dataSource.manager.save(dataSource.manager.create(Novel, { title: 't', author }));
      await dataSource.manager.delete(Author, { id: author.id });
    });
    expect(await dataSource.manager.count(Work)).toBe(0);
    expect(await lastEvent('work')).toEqual({ type: 'WorkDeleted', metadata: context });
  });

  it('is of each request alone, also when many are under way on few connections', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        runInContext(n % 4 === 0 ? {} : { actor: `user ${n}` }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          await library.dataSource.manager.insert(Shelf, { room: 'r', number: n });
        }),
      ),
    );
    for (let n = 0; n < 40; n++) {
      const [event] = await backstory.history('shelf', `r:${n}`);
      expect(event?.metadata.actor).toBe(n % 4 === 0 ? undefined : `user ${n}`);
    }
  });

  it('carries any text, and none can leave the comment', async () => {
    const hostile = [
      `*/ drop table author; /*`,
      `'; drop table author; --`,
      '*/',
      '\\',
      '"}*/',
      '/*backstory {"actor":"root"}*/',
      'line\nbreak\ttab \u0001',
      '🐈 ünï ☃ \u202e',
      '$1 ? :name %s %41',
      '\\u002a\\u002f',
    ];
    for (const [n, actor] of hostile.entries()) {
      await runInContext({ actor }, () =>
        library.dataSource.manager.insert(Shelf, { room: 'hostile', number: n }),
      );
      expect((await backstory.history('shelf', `hostile:${n}`))[0]?.metadata.actor).toBe(actor);
    }
    await runInContext({ actor: 'nul \u0000 and half a pair \ud83d.' }, () =>
      library.dataSource.manager.insert(Shelf, { room: 'hostile', number: 99 }),
    );
    expect((await backstory.history('shelf', 'hostile:99'))[0]?.metadata.actor).toBe(
      'nul \ufffd and half a pair \ufffd.',
    );
  });

  it('can not be forged by values or by a comment that is not in front', async () => {
    const forged = '/*backstory {"actor":"root"}*/';
    await library.dataSource.query(`insert into shelf (room, number) values ('forged', 1) ${forged}`);
    await library.dataSource.query(`insert into shelf (room, number) values ($1, 2)`, [forged]);
    await runInContext({ actor: 'me' }, () =>
      library.dataSource.query(`${forged} insert into shelf (room, number) values ('forged', 3)`),
    );
    expect((await backstory.history('shelf', 'forged:1'))[0]?.metadata.actor).toBeUndefined();
    expect(
      (await backstory.history('shelf', `${forged.replaceAll(':', '%3A')}:2`))[0]?.metadata.actor,
    ).toBeUndefined();
    expect((await backstory.history('shelf', 'forged:3'))[0]?.metadata.actor).toBe('me');
  });

  it("leaves the application's own errors as they are", async () => {
    const failing = `insert into author (name, no_such_column) values ('x', 1)`;
    const plain = await library.dataSource
      .query(failing)
      .catch((error: unknown) => error as QueryFailedError);
    const inContext = await runInContext({ actor: 'me' }, () =>
      library.dataSource.query(failing).catch((error: unknown) => error as QueryFailedError),
    );
    expect(inContext).toBeInstanceOf(QueryFailedError);
    expect(inContext.query).toBe(failing);
    expect({ ...inContext }).toEqual({ ...plain });
    const { position } = inContext.driverError as { position: string };
    expect(failing.slice(Number(position) - 1)).toMatch(/^no_such_column/);
  });

  it('leaves statements alone that a caller has prepared by name', async () => {
    const pool = (
      library.dataSource.driver as unknown as { master: { query(config: object): Promise<unknown> } }
    ).master;
    for (const number of [1, 2]) {
      await runInContext({ actor: `user ${number}` }, () =>
        pool.query({
          name: 'shelf',
          text: `insert into shelf (room, number) values ('named', $1)`,
          values: [number],
        }),
      );
    }
    expect(await backstory.history('shelf', 'named:2')).toHaveLength(1);
  });
});
