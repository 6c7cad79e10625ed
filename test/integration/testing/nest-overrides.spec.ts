import { Backstory } from '@backstory/adapter';
import { backstoryWithoutDatabase, eventsDuring, runOnce } from '@backstory/adapter/testing';
import { BACKSTORY, BackstoryModule, InjectBackstory, OnEvent } from '@backstory/nest-module';
import { BackstoryTestingModule } from '@backstory/nest-module/testing';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Account, Letter } from '../outbox/ledger.js';

let url = '';
const sent: string[] = [];

@Injectable()
class Histories {
  constructor(@InjectBackstory() readonly backstory: Backstory) {}

  @OnEvent('AccountCreated', 'AccountDeleted')
  write({ type, streamId }: { readonly type: string; readonly streamId: string }): void {
    sent.push(`${type} ${streamId}`);
  }
}

/** As an application has it, in a constant, so that tests may name it. */
const history = BackstoryModule.forRoot({ startConsumers: false });

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ type: 'postgres', url, entities: [Account, Letter], synchronize: true }),
    }),
    history,
  ],
  providers: [Histories],
})
class AppModule {}

@Module({ imports: [history], providers: [Histories] })
class PartModule {}

describe('tests of a Nest application', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    ({ url } = database);
  });

  afterAll(() => database.drop());

  it('run the whole of it, and its handlers by hand', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await module.init();
    const backstory = module.get<Backstory>(BACKSTORY);
    const { manager } = module.get<DataSource>(getDataSourceToken());
    const events = await eventsDuring(backstory, () => manager.insert(Account, { id: 1 }));
    expect(events).toMatchObject([{ type: 'AccountCreated', streamId: '1' }]);
    await manager.delete(Account, 1);
    await runOnce(backstory, 'handlers');
    expect(sent).toEqual(['AccountCreated 1', 'AccountDeleted 1']);
    await module.close();
  });

  it('override what services get, and leave capture as it is', async () => {
    const standIn = backstoryWithoutDatabase();
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(BACKSTORY)
      .useValue(standIn)
      .compile();
    await module.init();
    expect(module.get(Histories).backstory).toBe(standIn);
    const { manager } = module.get<DataSource>(getDataSourceToken());
    await manager.insert(Account, { id: 2 });
    const [{ count }] = await manager.query(
      `select count(*)::int as count from backstory.events where stream_id = '2'`,
    );
    expect(count).toBe(1);
    await module.close();
  });

  it('override the module where there is no DataSource', async () => {
    const module = await Test.createTestingModule({ imports: [PartModule] })
      .overrideModule(history)
      .useModule(BackstoryTestingModule.forRoot())
      .compile();
    await module.init();
    const { backstory } = module.get(Histories);
    await expect(backstory.history('account', '1')).rejects.toMatchObject({ code: 'NO_DATABASE' });
    expect(() => module.get<unknown>(getRepositoryToken(Account))).toThrow();
    await module.close();
  });
});
