import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { Author, entities, Shelf } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

describe('installation', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
  });

  afterEach(async () => {
    await library.close();
  });

  const countEvents = async (): Promise<number> =>
    Number((await library.dataSource.query(`select count(*) as n from backstory.events`))[0].n);

  it('is idempotent and changes nothing the second time', async () => {
    const first = await createBackstory(library.dataSource);
    const installedAt = await library.dataSource.query(
      `select category, installed_at from backstory.aggregates order by 1`,
    );
    expect(installedAt.map(({ category }: { category: string }) => category)).toEqual([
      'author',
      'shelf',
      'subject',
      'work',
      'workSubjectsSubject',
    ]);
    expect(await first.install()).toEqual({ migrations: [], captured: [] });
    await first.close();
    await (await createBackstory(library.dataSource)).close();
    expect(
      await library.dataSource.query(`select category, installed_at from backstory.aggregates order by 1`),
    ).toEqual(installedAt);
  });

  it('is safe when eight instances start at once, while others write', async () => {
    let writing = true;
    const writer = (async () => {
      let written = 0;
      while (writing) {
        await library.dataSource.manager.insert(Author, { name: `n${written}`, home: {} });
        written++;
      }
      return written;
    })();
    const instances = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const dataSource = await new DataSource({
          type: 'postgres',
          url: library.url,
          entities,
          poolSize: 3,
        }).initialize();
        return { dataSource, backstory: await createBackstory(dataSource) };
      }),
    );
    writing = false;
    expect(await writer).toBeGreaterThan(0);
    const [first] = instances;
    await first?.backstory.backfill();
    expect(await first?.backstory.verify()).toMatchObject({ clean: true });
    for (const { backstory, dataSource } of instances) {
      await backstory.close();
      await dataSource.destroy();
    }
  });

  it('waits for a transaction that has written, and loses nothing of it', async () => {
    const runner = library.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.insert(Author, { name: 'open', home: {} });
    const warnings: string[] = [];
    const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
    const creating = createBackstory(library.dataSource, { aggregates: [Author], logger });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await runner.manager.update(Author, { name: 'open' }, { name: 'committed' });
    await runner.commitTransaction();
    await runner.release();
    const backstory = await creating;
    expect(warnings.join()).toMatch(
      /Waiting to capture "public"."author": process \d+ \(.*transaction open for/,
    );
    await backstory.backfill();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.history('author', '1')).toMatchObject([
      { type: 'AuthorCreated', data: { name: 'committed' } },
    ]);
    await backstory.close();
  });

  it('with install "check" changes nothing and says what to run', async () => {
    await expect(createBackstory(library.dataSource, { install: 'check' })).rejects.toMatchObject({
      code: 'NOT_INSTALLED',
      remedy: expect.stringContaining('npx backstory install'),
    });
    expect(await library.dataSource.query(`select to_regnamespace('backstory') as schema`)).toEqual([
      { schema: null },
    ]);
    const backstory = await createBackstory(library.dataSource);
    await library.dataSource.query(`drop trigger "00_backstory_update" on author`);
    await expect(createBackstory(library.dataSource, { install: 'check' })).rejects.toMatchObject({
      code: 'CAPTURE_OUTDATED',
      message: expect.stringContaining('"public"."author"'),
    });
    expect(await backstory.install()).toEqual({ migrations: [], captured: ['author'] });
    await backstory.close();
    await (await createBackstory(library.dataSource, { install: 'check' })).close();
  });

  it('captures tables that were dropped and made again, and ends the streams of their rows', async () => {
    const before = await createBackstory(library.dataSource);
    await library.dataSource.manager.save(Shelf, { room: 'a', number: 1 });
    await before.close();
    await library.dataSource.synchronize(true);
    const after = await createBackstory(library.dataSource);
    expect(
      (await after.history('shelf', 'a:1')).map(({ type, metadata }) => [type, metadata.origin]),
    ).toEqual([
      ['ShelfCreated', 'capture'],
      ['ShelfDeleted', 'repair'],
    ]);
    await library.dataSource.manager.save(Shelf, { room: 'a', number: 1 });
    expect((await after.history('shelf', 'a:1')).at(-1)).toMatchObject({
      type: 'ShelfCreated',
      streamPosition: 3,
    });
    await after.backfill();
    expect(await after.verify()).toMatchObject({ clean: true });
    await after.close();
  });

  it('works for applications with dropSchema and synchronize, start after start', async () => {
    for (let start = 1; start <= 3; start++) {
      const dataSource = await new DataSource({
        type: 'postgres',
        url: library.url,
        entities,
        synchronize: true,
        dropSchema: true,
      }).initialize();
      const backstory = await createBackstory(dataSource);
      await dataSource.manager.insert(Shelf, { room: 'x', number: 1 });
      expect((await backstory.history('shelf', 'x:1')).at(-1)?.type).toBe('ShelfCreated');
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.close();
      await dataSource.destroy();
    }
  });

  it('keeps events when capture is installed anew, and refuses to change them', async () => {
    const backstory = await createBackstory(library.dataSource);
    await library.dataSource.manager.insert(Shelf, { room: 'x', number: 1 });
    expect(await countEvents()).toBe(1);
    await expect(library.dataSource.query(`update backstory.events set data = '{}'`)).rejects.toThrow(
      /append-only/,
    );
    await expect(library.dataSource.query(`delete from backstory.events`)).rejects.toThrow(/append-only/);
    await expect(library.dataSource.query(`truncate backstory.events`)).rejects.toThrow(/append-only/);
    expect(await countEvents()).toBe(1);
    await backstory.close();
  });

  it('captures until the stage is off, and again when it is back', async () => {
    const backstory = await createBackstory(library.dataSource, {
      aggregates: [Author, { entity: 'Shelf', category: 'rack', stage: 'off' }],
    });
    const { manager } = library.dataSource;
    await manager.insert(Shelf, { room: 'x', number: 1 });
    expect(await countEvents()).toBe(0);
    await expect(backstory.backfill({ aggregates: ['rack'] })).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
    });
    await backstory.stages.set('rack', 'capture');
    await backstory.backfill({ aggregates: ['rack'] });
    await manager.insert(Shelf, { room: 'x', number: 2 });
    expect(await countEvents()).toBe(2);
    await backstory.stages.set('rack', 'off', { by: 'operator', reason: 'pause' });
    await manager.update(Shelf, { room: 'x', number: 2 }, { barcode: Buffer.from('b') });
    await backstory.stages.set('rack', 'capture');
    // the backfill of before the pause proves nothing any more
    await expect(backstory.stages.set('rack', 'shadow')).rejects.toThrow(/backfill is not complete/);
    await backstory.backfill({ aggregates: ['rack'] });
    expect(await backstory.verify({ aggregates: ['rack'] })).toMatchObject({ clean: false });
    await backstory.repair({ aggregates: ['rack'] });
    expect(await backstory.verify({ aggregates: ['rack'] })).toMatchObject({ clean: true });
    await backstory.close();
  });
});

describe('set-ups that are refused', () => {
  let library: Library;

  beforeAll(async () => {
    library = await openLibrary();
  });

  afterAll(async () => {
    await library.close();
  });

  async function openWith(entity: EntitySchema, prepare: string): Promise<DataSource> {
    await library.dataSource.query(prepare);
    return new DataSource({ type: 'postgres', url: library.url, entities: [entity] }).initialize();
  }

  it('a table without a primary key: named, with the statement that adds one', async () => {
    const Legacy = new EntitySchema({
      name: 'Legacy',
      columns: { id: { type: 'int', primary: true }, x: { type: 'text' } },
    });
    const dataSource = await openWith(Legacy, `create table legacy (id int, x text)`);
    await expect(createBackstory(dataSource)).rejects.toMatchObject({
      code: 'NO_PRIMARY_KEY',
      message: expect.stringMatching(/"public"\."legacy" of entity "Legacy" has no primary key on "id"/),
      remedy: expect.stringContaining('ALTER TABLE "public"."legacy" ADD PRIMARY KEY ("id")'),
    });
    await expect(
      createBackstory(dataSource, { exclude: ['Legacy'] }).then((b) => b.close()),
    ).resolves.toBeUndefined();
    await dataSource.destroy();
  });

  it('a view that is mapped as an entity', async () => {
    const Listing = new EntitySchema({ name: 'Listing', columns: { id: { type: 'int', primary: true } } });
    const dataSource = await openWith(Listing, `create view listing as select id from author`);
    await expect(createBackstory(dataSource)).rejects.toMatchObject({
      code: 'NOT_CAPTURABLE',
      message: expect.stringContaining('is not a table (a view'),
    });
    await dataSource.destroy();
    const view = new EntitySchema({
      name: 'AuthorNames',
      type: 'view',
      expression: 'select name from author',
      columns: { name: { type: 'text' } },
    });
    const withView = await openWith(view, `create view author_names as select name from author`);
    await expect(createBackstory(withView, { aggregates: ['AuthorNames'] })).rejects.toMatchObject({
      code: 'NOT_CAPTURABLE',
      message: expect.stringContaining('"AuthorNames" is a view'),
    });
    // among all entities a view entity is no aggregate, and no error
    await (await createBackstory(withView)).close();
    await withView.destroy();
  });

  it('a table that is not there yet', async () => {
    const Future = new EntitySchema({ name: 'Future', columns: { id: { type: 'int', primary: true } } });
    const dataSource = await openWith(Future, `select 1`);
    await expect(createBackstory(dataSource)).rejects.toMatchObject({
      code: 'MISSING_TABLE',
      remedy: expect.stringContaining('migrations'),
    });
    await dataSource.destroy();
  });

  it.each([
    [{ aggregates: ['Autor'] }, 'UNKNOWN_ENTITY', /no entity "Autor".*\n.*Author/],
    [{ exclude: ['Autor'] }, 'UNKNOWN_ENTITY', /no entity "Autor"/],
    [
      { aggregates: [Author, { entity: Shelf, category: 'author' }] },
      'DUPLICATE_CATEGORY',
      /both have the category "author"/,
    ],
    [
      { aggregates: [{ entity: Author, exclude: ['secret'] }] },
      'INVALID_OPTIONS',
      /no property "secret".*\n.*home\.street/,
    ],
    [{ aggregates: [{ entity: Author, category: 'a-b' }] }, 'INVALID_OPTIONS', /"a-b" can't be a category/],
    [{ install: 'never' as 'check' }, 'INVALID_OPTIONS', /install: "never"/],
    [{ shadow: { sample: 2 } }, 'INVALID_OPTIONS', /no share/],
  ])('options %j', async (options, code, message) => {
    await expect(createBackstory(library.dataSource, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('a DataSource that is not connected, and one of another database', async () => {
    const closed = new DataSource({ type: 'postgres', url: library.url, entities });
    await expect(createBackstory(closed)).rejects.toMatchObject({ code: 'DATA_SOURCE_NOT_INITIALIZED' });
    const other = { options: { type: 'mysql' } } as unknown as DataSource;
    await expect(createBackstory(other)).rejects.toMatchObject({ code: 'UNSUPPORTED_DRIVER' });
  });

  it('a server that has gone away', async () => {
    const database = await createTestDatabase();
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities,
      synchronize: true,
    }).initialize();
    const { port } = new URL(database.url);
    const { options } = (dataSource.driver as unknown as { master: { options: Record<string, unknown> } })
      .master;
    // as if the server were stopped: the pool's next connection is refused
    Object.assign(options, {
      connectionString: undefined,
      host: '127.0.0.1',
      port: Number(port) === 1 ? 2 : 1,
    });
    await dataSource.query(`select pg_terminate_backend(pg_backend_pid())`).catch(() => undefined);
    await expect(createBackstory(dataSource)).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      remedy: expect.stringContaining('server is running'),
    });
    await dataSource.destroy();
    await database.drop();
  });

  it('a role that may not create triggers or schemas', async () => {
    const role = `clerk_${Date.now()}`;
    const { dataSource } = library;
    await dataSource.query(`create role ${role} login password 'x'`);
    await dataSource.query(`grant select, insert, update, delete on all tables in schema public to ${role}`);
    const url = new URL(library.url);
    url.username = role;
    url.password = 'x';
    const asClerk = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities,
      poolSize: 2,
    }).initialize();
    await dataSource.query(
      `drop schema if exists backstory cascade; create schema backstory; create table backstory.migrations (id int)`,
    );
    await expect(createBackstory(asClerk)).rejects.toMatchObject({
      code: 'CAPTURE_REFUSED',
      message: expect.stringMatching(/may not use schema "backstory".*permission denied/),
      remedy: expect.stringContaining('GRANT USAGE'),
    });
    await dataSource.query(`drop schema backstory cascade`);
    await expect(createBackstory(asClerk)).rejects.toMatchObject({
      code: 'CAPTURE_REFUSED',
      message: expect.stringMatching(
        /may not create Backstory's tables in schema "backstory".*permission denied/,
      ),
      remedy: expect.stringContaining('AUTHORIZATION'),
    });
    await dataSource.query(`create schema backstory authorization ${role}`);
    await expect(createBackstory(asClerk)).rejects.toMatchObject({
      code: 'CAPTURE_REFUSED',
      message: expect.stringMatching(/may not create triggers on "public"\."author" \(entity Author\)/),
      remedy: expect.stringContaining('npx backstory install'),
    });
    await asClerk.destroy();
    await dataSource.query(`drop schema backstory cascade; drop owned by ${role}; drop role ${role}`);
  });
});
