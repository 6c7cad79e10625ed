import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { Author, entities, Shelf } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

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
      remedy: expect.stringContaining('npx backstory grants --app'),
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
