import { type Backstory, createBackstory, syncCapture } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { proposeConfiguration } from '../../../packages/adapter/src/aggregates/propose-configuration.js';

describe('what is owned by a key of which one value has several forms', () => {
  let backstory: Backstory | undefined;
  const owning = (type: Partial<EntitySchemaColumnOptions>): EntitySchema[] => [
    new EntitySchema<{ amount: string; parts: object[] }>({
      name: 'Scale',
      columns: { amount: { primary: true, ...type } as EntitySchemaColumnOptions },
      relations: { parts: { type: 'one-to-many', target: 'Weight', inverseSide: 'scale' } },
    }),
    new EntitySchema<{ id: number; scale: object }>({
      name: 'Weight',
      columns: { id: { type: 'int', primary: true } },
      relations: {
        scale: {
          type: 'many-to-one',
          target: 'Scale',
          inverseSide: 'parts',
          onDelete: 'CASCADE',
          nullable: false,
        },
      },
    }),
  ];
  let database: TestDatabase;
  let dataSource: DataSource;

  afterEach(async () => {
    await backstory?.close();
    backstory = undefined;
    await dataSource.destroy();
    await database.drop();
  });

  it.each<[string, Partial<EntitySchemaColumnOptions>]>([
    ['numeric', { type: 'numeric' }],
    ['double precision', { type: 'float8' }],
    ['a text whose collation ignores case', { type: 'text', collation: 'ignoring_case' }],
  ])('of %s: is nothing, and is not proposed', async (_name, type) => {
    database = await createTestDatabase();
    dataSource = new DataSource({ type: 'postgres', url: database.url, entities: owning(type) });
    await dataSource.initialize();
    await dataSource.query(
      `create collation ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    );
    await dataSource.synchronize();
    const rejected = await createBackstory(dataSource, {
      aggregates: [{ entity: 'Scale', owns: ['parts'] }],
    }).catch((error: unknown) => error);
    expect(rejected).toMatchObject({
      code: 'NOT_CAPTURABLE',
      message: expect.stringMatching(/"Scale" can't own "parts": its key "amount" is of type /),
    });
    const { aggregates } = await proposeConfiguration(dataSource);
    expect(aggregates).toMatchObject([
      {
        entity: 'Scale',
        owns: [],
        notOwned: [{ name: 'parts', reason: expect.stringContaining('different values are equal') }],
      },
    ]);
    backstory = await createBackstory(dataSource);
    await dataSource.query(`insert into scale values ('1'); insert into weight values (1, '1')`);
    expect(await backstory.history('weight', '1')).toHaveLength(1);
  });

  it('of numeric with a scale, the same on both sides: is in the stream of its root', async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: owning({ type: 'numeric', precision: 10, scale: 2 }),
      synchronize: true,
    });
    await dataSource.initialize();
    backstory = await createBackstory(dataSource, { aggregates: [{ entity: 'Scale', owns: ['parts'] }] });
    await dataSource.query('insert into scale values (1); insert into weight values (1, 1.0)');
    expect(await backstory.load('Scale', '1.00')).toMatchObject({ parts: [{ id: 1 }] });
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('that a migration makes so: capture ends, and says why', async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: owning({ type: 'int' }),
      synchronize: true,
    });
    await dataSource.initialize();
    backstory = await createBackstory(dataSource, { aggregates: [{ entity: 'Scale', owns: ['parts'] }] });
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('alter table scale alter column amount type numeric');
    await syncCapture(runner);
    await runner.commitTransaction();
    await runner.release();
    const [{ reason }] = await dataSource.query(
      'select reason from backstory.stage_changes order by id desc limit 1',
    );
    expect(reason).toContain('different values of its key "amount" (numeric) are equal');
    await dataSource.query('insert into scale values (1.00); insert into weight values (1, 1)');
    expect((await backstory.status())[0]?.stage).toBe('off');
  });
});
