import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';

const columns = { id: { type: 'int', primary: true, generated: true }, label: { type: 'text' } } as const;
const Gadget = new EntitySchema({ name: 'Gadget', columns });
const Widget = new EntitySchema({ name: 'Widget', columns });

class MakeGadget1700000000000 implements MigrationInterface {
  name = 'MakeGadget1700000000000';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('create table gadget (id serial primary key, label text not null)');
  }
  async down(): Promise<void> {}
}

describe('a start whose tables are not there yet', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory | undefined;
  const warnings: string[] = [];
  const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };

  beforeEach(async () => {
    database = await createTestDatabase();
    warnings.length = 0;
  });

  afterEach(async () => {
    await backstory?.close();
    await dataSource.destroy();
    await database.drop();
  });

  async function open(...migrations: (new () => MigrationInterface)[]): Promise<void> {
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Gadget, Widget],
      migrations,
    }).initialize();
    await dataSource.query('create table widget (id serial primary key, label text not null)');
  }

  it('captures what is there, and the rest once migrations have made it', async () => {
    await open(MakeGadget1700000000000);
    backstory = await createBackstory(dataSource, { logger });
    expect(warnings).toEqual([expect.stringMatching(/Not captured yet[^]*"public"\."gadget"/)]);
    await dataSource.manager.insert('Widget', { label: 'w' });
    expect(await backstory.history('widget', '1')).toHaveLength(1);
    await dataSource.runMigrations();
    await dataSource.manager.insert('Gadget', { label: 'g' });
    expect(await backstory.history('gadget', '1')).toHaveLength(1);
    expect((await backstory.status()).map(({ category }) => category).sort()).toEqual(['gadget', 'widget']);
    expect(warnings).toHaveLength(1);
  });

  it('waits for install() where it is told to', async () => {
    await open();
    backstory = await createBackstory(dataSource, { logger, missingTables: 'wait' });
    await expect(backstory.install()).rejects.toMatchObject({ code: 'MISSING_TABLE' });
    await dataSource.query('create table gadget (id serial primary key, label text not null)');
    expect(await backstory.install()).toMatchObject({ captured: ['gadget'] });
    await dataSource.manager.insert('Gadget', { label: 'g' });
    expect(await backstory.history('gadget', '1')).toHaveLength(1);
  });

  it('is refused where nothing says that they will come, with everything that is missing', async () => {
    await open();
    await dataSource.query('alter table widget drop column label');
    const starting = createBackstory(dataSource, { logger });
    await expect(starting).rejects.toMatchObject({
      code: 'MISSING_TABLE',
      message: expect.stringMatching(/2 things[^]*"public"\."gadget"[^]*no column "label"/),
    });
    await expect(createBackstory(dataSource, { missingTables: 'later' as 'wait' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('ends with its DataSource, whoever destroys that', async () => {
    await open();
    backstory = await createBackstory(dataSource, { logger, missingTables: 'wait', stagePollMs: 10 });
    await dataSource.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(warnings.filter((warning) => !warning.startsWith('Not captured yet'))).toEqual([]);
    await dataSource.initialize();
  });
});
