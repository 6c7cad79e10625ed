import { channel } from 'node:diagnostics_channel';
import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Shelf, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

interface Replay {
  readonly streams: number;
  readonly events: number;
  readonly fromMemory: number;
}

describe('replayed states that are kept in memory', () => {
  let library: Library;
  let plain: DataSource;
  let backstory: Backstory | undefined;
  let replays: Replay[];
  const note = (operation: unknown): void => {
    const { name, onEnd } = operation as {
      name: string;
      onEnd: (listen: (end: { attributes: Replay }) => void) => void;
    };
    if (name === 'replay') onEnd(({ attributes }) => replays.push(attributes));
  };

  beforeEach(async () => {
    library = await openLibrary();
    plain = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    replays = [];
    channel('backstory:operation').subscribe(note);
  });

  afterEach(async () => {
    channel('backstory:operation').unsubscribe(note);
    await backstory?.close();
    backstory = undefined;
    await plain.destroy();
    await library.close();
  });

  async function open(options: BackstoryOptions = {}): Promise<Backstory> {
    backstory = await createBackstory(library.dataSource, options);
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    return backstory;
  }

  const subjects = (count: number, label = 'S'): Promise<unknown> =>
    plain.query(`insert into subject (code, label) select 's' || n, $2 from generate_series(1, $1::int) n`, [
      count,
      label,
    ]);
  const list = (): Promise<Subject[]> => library.dataSource.manager.find(Subject, { order: { code: 1 } });
  const one = (code: string): Promise<Subject | null> =>
    library.dataSource.manager.findOneBy(Subject, { code });
  /** How many streams of the last read were found. */
  const found = (): number | undefined => replays.at(-1)?.fromMemory;
  async function warm(read: () => Promise<unknown>): Promise<void> {
    for (let n = 0; n < 12; n++) await read();
  }

  it('are found by lists, by reads of one and by load, until somebody writes', async () => {
    const now = await open();
    await subjects(5);
    await list();
    expect(replays.at(-1)).toMatchObject({ streams: 5, events: 5, fromMemory: 0 });
    await list();
    expect(replays.at(-1)).toMatchObject({ streams: 5, events: 0, fromMemory: 5 });
    await warm(list);
    expect(found()).toBe(5);
    expect(await one('s3')).toMatchObject({ label: 'S' });
    expect(found()).toBe(1);
    await now.load(Subject, 's3');
    expect(replays.at(-1)).toMatchObject({ streams: 1, events: 0, fromMemory: 1 });
    await plain.query(`update subject set label = 'T' where code = 's3'`);
    expect((await list()).map(({ label }) => label)).toEqual(['S', 'S', 'T', 'S', 'S']);
    expect(found()).toBe(4);
    expect(await now.load(Subject, 's3')).toMatchObject({ label: 'T' });
    expect(await now.state(Subject, 's3')).toEqual({ state: { code: 's3', label: 'T' }, position: 2 });
    expect(found()).toBe(1);
  });

  it('bring their ends in the query once they are found, and save the second one', async () => {
    await open();
    await subjects(3);
    await warm(list);
    const asked: string[] = [];
    const { query } = Object.getPrototypeOf(library.dataSource.createQueryRunner()) as {
      query: (...args: unknown[]) => unknown;
    };
    const client = (await (
      library.dataSource.driver as unknown as { master: { connect: () => Promise<object> } }
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
    await list();
    expect(asked.filter((text) => text.includes('backstory_end_0'))).toHaveLength(1);
    expect(asked.filter((text) => text.includes('stream_tails'))).toHaveLength(0);
    // a page behind rows that it passes by brings none: PostgreSQL would look for theirs, too
    asked.length = 0;
    await library.dataSource.manager.find(Subject, { order: { code: 1 }, skip: 1, take: 2 });
    expect(asked.filter((text) => text.includes('backstory_end_0'))).toHaveLength(0);
    expect(found()).toBe(2);
  });

  it('are nobody else’s: what an application does with its entities stays with it', async () => {
    const now = await open();
    const at = '2026-01-02 03:04:05.678901';
    await plain.query(
      `insert into author (name, preferences, pseudonyms, version)
       values ('Ada', '{"list":[1,{"deep":[2]}],"__proto__":{"x":1}}', '{a,b}', 1);
       insert into shelf (room, number, barcode, dusted) values ('a', 1, '\\x0102', '${at}')`,
    );
    const { manager } = library.dataSource;
    const reads = [
      () => manager.findOneByOrFail(Author, { id: 1 }),
      async () => (await manager.find(Author))[0]!,
      async () => (await now.load(Author, '1'))!,
    ];
    const first = JSON.stringify(await plain.manager.findOneByOrFail(Author, { id: 1 }));
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
    expect(found()).toBe(1);
  });

  it('are not shared by the aliases of one query', async () => {
    await open();
    await plain.query(`insert into author (name, preferences, version) values ('Ada', '{"a":{"b":1}}', 1)`);
    const read = () =>
      library.dataSource.manager
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
    expect(found()).toBe(1);
  });

  it('see a transaction’s own writes and those of nobody who was later, and are left by a rollback', async () => {
    await open();
    await subjects(2);
    await warm(list);
    const { dataSource } = library;
    await dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('select 1 from subject');
      await plain.query(`update subject set label = 'later' where code = 's1'`);
      expect(await one('s1')).toMatchObject({ label: 'later' });
      expect(await manager.findOneBy(Subject, { code: 's1' })).toMatchObject({ label: 'S' });
      expect((await manager.find(Subject)).map(({ label }) => label)).toEqual(['S', 'S']);
      await manager.update(Subject, 's2', { label: 'own' });
      expect(await manager.findOneBy(Subject, { code: 's2' })).toMatchObject({ label: 'own' });
      expect(await one('s2')).toMatchObject({ label: 'S' });
    });
    const undone = dataSource.transaction(async (manager) => {
      await manager.update(Subject, 's2', { label: 'never' });
      expect(await manager.findOneBy(Subject, { code: 's2' })).toMatchObject({ label: 'never' });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await one('s2')).toMatchObject({ label: 'own' });
    await plain.query(`update subject set label = 'at last' where code = 's2'`);
    expect(await one('s2')).toMatchObject({ label: 'at last' });
  });

  it('are not read under a lock that has waited for a change', async () => {
    await open();
    await subjects(1);
    await warm(list);
    await warm(() => one('s1'));
    const writer = plain.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`update subject set label = 'changed' where code = 's1'`);
    const locked = [{ where: { code: 's1' }, take: 1 }, { where: { code: 's1' } }].map((options) =>
      library.dataSource.transaction((manager) =>
        manager.find(Subject, { ...options, lock: { mode: 'pessimistic_write' } }),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writer.commitTransaction();
    await writer.release();
    expect(await Promise.all(locked)).toMatchObject([[{ label: 'changed' }], [{ label: 'changed' }]]);
  });

  it('are told apart from others that come to have the same position', async () => {
    const now = await open();
    await subjects(1);
    await warm(() => one('s1'));
    await plain.query(`update subject set label = 'lost' where code = 's1'`);
    expect(await one('s1')).toMatchObject({ label: 'lost' });
    expect(await now.load(Subject, 's1')).toMatchObject({ label: 'lost' });
    // as after a crash that has lost the commit: another event is the second of the stream, and has the same number
    await plain.query(`
      set session_replication_role = replica;
      with lost as (delete from backstory.events where category = 'subject' and stream_position = 2 returning *)
      insert into backstory.events (global_position, stream_position, recorded_at, change, category, stream_id, type, data)
      overriding system value select global_position, 2, clock_timestamp(), 'u', 'subject', 's1', 'SubjectUpdated', '{"label":"another"}' from lost;
      update subject set label = 'another';
      set session_replication_role = origin`);
    expect(await one('s1')).toMatchObject({ label: 'another' });
    expect((await list())[0]).toMatchObject({ label: 'another' });
    expect(await now.load(Subject, 's1')).toMatchObject({ label: 'another' });
  });
});
