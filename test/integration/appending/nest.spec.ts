import { type Backstory, type Delivery, type RecordedEvent } from '@backstory/adapter';
import {
  BACKSTORY,
  BackstoryModule,
  EventConsumer,
  InjectBackstory,
  OnEvent,
  RunInContext,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { ClsPluginTransactional, Transactional, TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { ClsModule } from 'nestjs-cls';
import { depotEntities, NoteTaken, Parcel, ReminderSent } from './parcels.js';

const handled: unknown[] = [];

@Injectable()
class Reminders {
  constructor(
    @InjectBackstory() private readonly backstory: Backstory,
    private readonly host: TransactionHost<TransactionalAdapterTypeOrm>,
  ) {}

  @Transactional()
  @RunInContext({ actor: 'nightly job' })
  async remind(id: number, fails: boolean): Promise<void> {
    await this.host.tx.update(Parcel, { id }, { status: 'reminded' });
    await this.backstory.append(this.host.tx, Parcel, id, new ReminderSent({ channel: 'sms' }));
    await this.backstory.append(this.host.tx, 'newsletter', 'w', new NoteTaken('sent'));
    if (fails) throw new Error('undone');
  }
}

@Injectable()
@EventConsumer({ name: 'reminders' })
class Listener {
  @OnEvent(ReminderSent)
  reminded(event: ReminderSent, { event: recorded }: Delivery): void {
    handled.push([event instanceof ReminderSent, event.channel, recorded.metadata.actor]);
  }

  @OnEvent({ category: 'newsletter' })
  newsletter({ type }: RecordedEvent): void {
    handled.push(type);
  }
}

describe('events of the application’s own in NestJS', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: depotEntities,
          synchronize: true,
        }),
        BackstoryModule.forRoot({ topics: ['newsletter'] }),
        ClsModule.forRoot({
          plugins: [
            new ClsPluginTransactional({
              adapter: new TransactionalAdapterTypeOrm({ dataSourceToken: getDataSourceToken() }),
            }),
          ],
        }),
      ],
      providers: [Reminders, Listener],
    })
    class DepotModule {}
    app = await NestFactory.createApplicationContext(DepotModule, { logger: false });
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('are in the transaction of @nestjs-cls/transactional, and reach @OnEvent', async () => {
    const backstory = app.get<Backstory>(BACKSTORY);
    const reminders = app.get(Reminders);
    await backstory.consumers.start();
    await app.get(getDataSourceToken()).query('insert into parcel (id) values (1)');
    await expect(reminders.remind(1, true)).rejects.toThrow('undone');
    await reminders.remind(1, false);
    await backstory.consumers.wait('reminders');
    expect(handled).toEqual([[true, 'sms', 'nightly job'], 'NoteTaken']);
    expect((await backstory.history('parcel', '1')).map(({ type }) => type)).toEqual([
      'ParcelCreated',
      'ParcelUpdated',
      'ReminderSent',
    ]);
  });
});
