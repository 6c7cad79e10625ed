import { Author, Shelf, Subject } from '../../library/entities.js';
import { MemoryLibrary, warm } from './memory-library.js';

describe('replayed states that are kept in memory', () => {
  const memory = new MemoryLibrary();

  it('are found by lists, by reads of one and by load, until somebody writes', async () => {
    const now = await memory.open();
    await memory.subjects(5);
    await memory.list();
    expect(memory.replays.at(-1)).toMatchObject({ streams: 5, events: 5, fromMemory: 0 });
    await memory.list();
    expect(memory.replays.at(-1)).toMatchObject({ streams: 5, events: 0, fromMemory: 5 });
    await warm(() => memory.list());
    expect(memory.found()).toBe(5);
    expect(await memory.one('s3')).toMatchObject({ label: 'S' });
    expect(memory.found()).toBe(1);
    await now.load(Subject, 's3');
    expect(memory.replays.at(-1)).toMatchObject({ streams: 1, events: 0, fromMemory: 1 });
    await memory.plain.query(`update subject set label = 'T' where code = 's3'`);
    expect((await memory.list()).map(({ label }) => label)).toEqual(['S', 'S', 'T', 'S', 'S']);
    expect(memory.found()).toBe(4);
    expect(await now.load(Subject, 's3')).toMatchObject({ label: 'T' });
    expect(await now.state(Subject, 's3')).toEqual({ state: { code: 's3', label: 'T' }, position: 2 });
    expect(memory.found()).toBe(1);
  });

  it('bring their ends in the query once they are () => memory.found(), and save the second one', async () => {
    await memory.open();
    await memory.subjects(3);
    await warm(() => memory.list());
    const asked: string[] = [];
    const { query } = Object.getPrototypeOf(memory.library.dataSource.createQueryRunner()) as {
      query: (...args: unknown[]) => unknown;
    };
    const client = (await (
      memory.library.dataSource.driver as unknown as { master: { connect: () => Promise<object> } }
    ).master.connect()) as {
      query: (...args: unknown[]) => unknown;
      release: () => void;
    };
    expect(query).toBeDefined();
    const send = client.query.bind(client);
    client.query = (...args) => {
      asked.push(JSON.stringify(args[0]));
      return send(...args);
    };
    client.release();
    await memory.list();
    expect(asked.filter((text) => text.includes('backstory_end_0'))).toHaveLength(1);
    expect(asked.filter((text) => text.includes('stream_tails'))).toHaveLength(0);
    // a page behind rows that it passes by brings none: PostgreSQL would look for theirs, too
    asked.length = 0;
    await memory.library.dataSource.manager.find(Subject, { order: { code: 1 }, skip: 1, take: 2 });
    expect(asked.filter((text) => text.includes('backstory_end_0'))).toHaveLength(0);
    expect(memory.found()).toBe(2);
  });

  it('are nobody else’s: what an application does with its entities stays with it', async () => {
    const now = await memory.open();
    const at = '2026-01-02 03:04:05.678901';
    await memory.plain.query(
      `insert into author (name, preferences, pseudonyms, version)
       values ('Ada', '{"list":[1,{"deep":[2]}],"__proto__":{"x":1}}', '{a,b}', 1);
       insert into shelf (room, number, barcode, dusted) values ('a', 1, '\\x0102', '${at}')`,
    );
    const { manager } = memory.library.dataSource;
    const reads = [
      () => manager.findOneByOrFail(Author, { id: 1 }),
      async () => (await manager.find(Author))[0]!,
      async () => (await now.load(Author, '1'))!,
    ];
    const first = JSON.stringify(await memory.plain.manager.findOneByOrFail(Author, { id: 1 }));
    for (let n = 0; n < 15; n++) {
      for (const read of reads) {
        const author = await read();
        expect(JSON.stringify(author)).toBe(first);
        const preferences = author.preferences as { list: [number, { deep: number[] }] } & object;
        preferences.list[1].deep.push(3);
        preferences.list.pop();
        Object.assign(preferences, { more: true });
        author.pseudonyms.push('c');
        author.createdAt.setTime(0);
        author.home.city = 'elsewhere';
      }
      const shelf = await manager.findOneByOrFail(Shelf, { room: 'a', number: 1 });
      expect([shelf.barcode, shelf.dusted?.getMilliseconds()]).toEqual([Buffer.from([1, 2]), 678]);
      shelf.barcode?.fill(9);
      shelf.dusted?.setTime(0);
      const { state } = await now.state(Author, '1');
      expect(state).toMatchObject({ preferences: { list: [1, { deep: [2] }] } });
      (state as { preferences: { list: number[] } }).preferences.list.push(4);
    }
    expect(memory.found()).toBe(1);
  });

  it('are not shared by the aliases of one query', async () => {
    await memory.open();
    await memory.plain.query(
      `insert into author (name, preferences, version) values ('Ada', '{"a":{"b":1}}', 1)`,
    );
    const read = () =>
      memory.library.dataSource.manager
        .createQueryBuilder(Author, 'a')
        .innerJoinAndMapOne('a.self', Author, 'b', 'b.id = a.id')
        .getOneOrFail() as Promise<Author & { self: Author }>;
    for (let n = 0; n < 12; n++) {
      const author = await read();
      expect(author.self.preferences).toEqual({ a: { b: 1 } });
      expect(author.preferences).toEqual({ a: { b: 1 } });
      Object.assign(author.preferences, { a: 2 });
      expect(author.self.preferences).toEqual({ a: { b: 1 } });
    }
    expect(memory.found()).toBe(1);
  });

  it('see a transaction’s own writes and those of nobody who was later, and are left by a rollback', async () => {
    await memory.open();
    await memory.subjects(2);
    await warm(() => memory.list());
    const { dataSource } = memory.library;
    await dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('select 1 from subject');
      await memory.plain.query(`update subject set label = 'later' where code = 's1'`);
      expect(await memory.one('s1')).toMatchObject({ label: 'later' });
      expect(await manager.findOneBy(Subject, { code: 's1' })).toMatchObject({ label: 'S' });
      expect((await manager.find(Subject)).map(({ label }) => label)).toEqual(['S', 'S']);
      await manager.update(Subject, 's2', { label: 'own' });
      expect(await manager.findOneBy(Subject, { code: 's2' })).toMatchObject({ label: 'own' });
      expect(await memory.one('s2')).toMatchObject({ label: 'S' });
    });
    const undone = dataSource.transaction(async (manager) => {
      await manager.update(Subject, 's2', { label: 'never' });
      expect(await manager.findOneBy(Subject, { code: 's2' })).toMatchObject({ label: 'never' });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await memory.one('s2')).toMatchObject({ label: 'own' });
    await memory.plain.query(`update subject set label = 'at last' where code = 's2'`);
    expect(await memory.one('s2')).toMatchObject({ label: 'at last' });
  });

  it('are not read under a lock that has waited for a change', async () => {
    await memory.open();
    await memory.subjects(1);
    await warm(() => memory.list());
    await warm(() => memory.one('s1'));
    const writer = memory.plain.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`update subject set label = 'changed' where code = 's1'`);
    const locked = [{ where: { code: 's1' }, take: 1 }, { where: { code: 's1' } }].map((options) =>
      memory.library.dataSource.transaction((manager) =>
        manager.find(Subject, { ...options, lock: { mode: 'pessimistic_write' } }),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writer.commitTransaction();
    await writer.release();
    expect(await Promise.all(locked)).toMatchObject([[{ label: 'changed' }], [{ label: 'changed' }]]);
  });

  it('are told apart from others that come to have the same position', async () => {
    const now = await memory.open();
    await memory.subjects(1);
    await warm(() => memory.one('s1'));
    await memory.plain.query(`update subject set label = 'lost' where code = 's1'`);
    expect(await memory.one('s1')).toMatchObject({ label: 'lost' });
    expect(await now.load(Subject, 's1')).toMatchObject({ label: 'lost' });
    // as after a crash that has lost the commit: another event is the second of the stream, and has the same number
    await memory.plain.query(`
      set session_replication_role = replica;
      with lost as (delete from backstory.events where category = 'subject' and stream_position = 2 returning *)
      insert into backstory.events (global_position, stream_position, recorded_at, change, category, stream_id, type, data)
      overriding system value select global_position, 2, clock_timestamp(), 'u', 'subject', 's1', 'SubjectUpdated', '{"label":"another"}' from lost;
      update subject set label = 'another';
      set session_replication_role = origin`);
    expect(await memory.one('s1')).toMatchObject({ label: 'another' });
    expect((await memory.list())[0]).toMatchObject({ label: 'another' });
    expect(await now.load(Subject, 's1')).toMatchObject({ label: 'another' });
  });
});
