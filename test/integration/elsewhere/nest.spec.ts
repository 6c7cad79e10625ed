import { type Backstory, type Delivery, type RecordedEvent } from '@backstory/adapter';
import { BACKSTORY, BackstoryModule, EventProjection, OnEvent } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Account } from '../outbox/ledger.js';

const create = (manager: EntityManager, tables: Readonly<Record<string, string>>): unknown =>
  manager.query(`create table ${tables['totals']} (id text primary key, total int not null)`);

@Injectable()
@EventProjection({ name: 'totals', into: 'reporting', tables: ['totals'], create })
class Totals {
  @OnEvent({ category: 'account' })
  async count({ streamId }: RecordedEvent, { manager, tables }: Delivery<EntityManager>): Promise<void> {
    await manager.query(
      `insert into ${tables['totals']} as t values ($1, 1) on conflict (id) do update set total = t.total + 1`,
      [streamId],
    );
  }
}

@Injectable()
@EventProjection({ name: 'nowhere', into: { dataSource: 'nowhere' } })
class Nowhere {
  @OnEvent({ category: 'account' })
  count(): void {
    // it never comes to that
  }
}

describe('projections in another DataSource of a Nest application', () => {
  let database: TestDatabase;
  let reporting: TestDatabase;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    reporting = await createTestDatabase();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await database.drop();
    await reporting.drop();
  });

  async function start(provider: Type): Promise<INestApplication> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account],
          synchronize: true,
          retryAttempts: 0,
        }),
        TypeOrmModule.forRoot({ name: 'reporting', type: 'postgres', url: reporting.url, retryAttempts: 0 }),
        BackstoryModule.forRoot(),
      ],
      providers: [provider],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], abortOnError: false });
    return app.init();
  }

  it('are named by it, and write there', async () => {
    const { consumers } = (await start(Totals)).get<Backstory>(BACKSTORY);
    const dataSource = app?.get(DataSource) as DataSource;
    await dataSource.manager.insert(Account, { id: 1, balance: 0 });
    await dataSource.manager.update(Account, { id: 1 }, { balance: 5 });
    await consumers.wait('totals');
    const there = app?.get<DataSource>(getDataSourceToken('reporting')) as DataSource;
    expect(await there.query('select * from totals')).toEqual([{ id: '1', total: 2 }]);
  });

  it('say which one is missing', async () => {
    await expect(start(Nowhere)).rejects.toMatchObject({
      code: 'DATA_SOURCE_UNKNOWN',
      message: expect.stringContaining('Nowhere lives in the DataSource "nowhere"') as string,
    });
  });
});
