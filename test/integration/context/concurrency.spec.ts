import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory, currentContext, runInContext } from '@backstory/adapter';
import { Author, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

interface DriverPool {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

describe.each([1, 2])('the context of concurrent writes on a pool of %i', (poolSize) => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary({ poolSize });
    backstory = await createBackstory(library.dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const actorOf = async (room: string, number: number): Promise<unknown> =>
    (await backstory.history('shelf', `${room}:${number}`)).map(({ metadata }) => metadata.actor);

  /** Runs each write in a context of its own, every fourth in none, and expects it on the shelf's event. */
  async function expectOwnContexts(
    room: string,
    write: (number: number) => Promise<unknown>,
    count = 40,
  ): Promise<void> {
    const inContext = (n: number): Promise<unknown> =>
      n % 4 === 0 ? write(n) : runInContext({ actor: `user ${n}` }, () => write(n));
    await Promise.all(Array.from({ length: count }, (_, n) => inContext(n)));
    for (let n = 0; n < count; n++)
      expect([n, await actorOf(room, n)]).toEqual([n, [n % 4 === 0 ? undefined : `user ${n}`]]);
  }

  it('is of each autocommit write alone', async () => {
    await expectOwnContexts('autocommit', async (number) => {
      await sleep(number % 3);
      await library.dataSource.manager.insert(Shelf, { room: 'autocommit', number });
    });
  });

  it('is of each transaction alone, and ends with it', async () => {
    await expectOwnContexts('transaction', (number) =>
      library.dataSource.transaction(async (manager) => {
        await sleep(number % 3);
        await manager.insert(Shelf, { room: 'transaction', number });
      }),
    );
  });

  it('is not left on the connection by one that fails or is rolled back', async () => {
    for (let number = 0; number < 8; number += 2) {
      const failing = runInContext({ actor: 'mallory' }, () =>
        library.dataSource.transaction(async (manager) => {
          await manager.insert(Shelf, { room: 'failing', number });
          await manager.query('select 1 / 0');
        }),
      );
      await expect(failing).rejects.toThrow('division by zero');
      await library.dataSource.manager.insert(Shelf, { room: 'failing', number: number + 1 });
      expect(await actorOf('failing', number)).toEqual([]);
      expect(await actorOf('failing', number + 1)).toEqual([undefined]);
    }
  });

  it('is of each query alone where they queue on one connection', async () => {
    const runner = library.dataSource.createQueryRunner();
    await runner.connect();
    await Promise.all(
      [1, 2, 3, 4].map((number) =>
        runInContext(number === 4 ? {} : { actor: `user ${number}` }, () =>
          runner.query(`insert into shelf (room, number) values ('queued', $1)`, [number]),
        ),
      ),
    );
    await runner.startTransaction();
    await Promise.all(
      [5, 6, 7].map((number) =>
        runInContext({ actor: `user ${number}` }, () =>
          runner.manager.insert(Shelf, { room: 'queued', number }),
        ),
      ),
    );
    await runner.commitTransaction();
    await runner.release();
    for (const number of [1, 2, 3, 5, 6, 7])
      expect(await actorOf('queued', number)).toEqual([`user ${number}`]);
    expect(await actorOf('queued', 4)).toEqual([undefined]);
  });

  it('is of all statements of one simple query', async () => {
    await runInContext({ actor: 'anna' }, () =>
      library.dataSource.query(
        `insert into shelf (room, number) values ('simple', 1); select 1;
         insert into shelf (room, number) values ('simple', 2); -- a comment
         update shelf set dusted = now() where room = 'simple' and number = 1`,
      ),
    );
    expect(await actorOf('simple', 1)).toEqual(['anna', 'anna']);
    expect(await actorOf('simple', 2)).toEqual(['anna']);
  });

  it('goes with cascades of foreign keys, of each delete alone', async () => {
    const { manager } = library.dataSource;
    const authors = await manager.save(
      Array.from({ length: 12 }, (_, n) => manager.create(Author, { name: `${n}`, home: {} })),
    );
    for (const { id } of authors)
      await manager.query(`insert into work (kind, title, "authorId") values ('Novel', 't', $1)`, [id]);
    await Promise.all(
      authors.map(({ id }) => runInContext({ actor: `user ${id}` }, () => manager.delete(Author, { id }))),
    );
    const works: { author: string; actor: string }[] = await manager.query(
      `select c.data->>'author.id' as author, d.metadata->>'actor' as actor from backstory.events c
       join backstory.events d using (category, stream_id)
       where category = 'work' and c.change = 'c' and d.change = 'd'`,
    );
    expect(works).toHaveLength(authors.length);
    for (const { author, actor } of works) expect(actor).toBe(`user ${author}`);
  });

  // pg's pool calls back in the context of whoever has released the connection.
  it('is of each query alone that another library sends to the pool itself', async () => {
    const { master } = library.dataSource.driver as unknown as { master: DriverPool };
    await expectOwnContexts('pool', (number) =>
      master.query(`insert into shelf (room, number) values ('pool', $1)`, [number]),
    );
  });

  it('is at each moment that of whoever writes, where contexts are nested', async () => {
    const { manager } = library.dataSource;
    await runInContext({ actor: 'outer' }, async () => {
      await manager.insert(Shelf, { room: 'nested', number: 1 });
      await runInContext({ actor: 'inner' }, () => manager.insert(Shelf, { room: 'nested', number: 2 }));
      await manager.insert(Shelf, { room: 'nested', number: 3 });
    });
    expect(currentContext()).toBeUndefined();
    expect([await actorOf('nested', 1), await actorOf('nested', 2), await actorOf('nested', 3)]).toEqual([
      ['outer'],
      ['inner'],
      ['outer'],
    ]);
  });
});
