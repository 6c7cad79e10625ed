import { type Backstory, type BatchDelivery, type Delivery, type RecordedEvent } from '@backstory/adapter';
import {
  BACKSTORY,
  BackstoryModule,
  EventConsumer,
  EventProjection,
  OnEvent,
  OnEventBatch,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type DynamicModule, Inject, Injectable, type INestApplication, Module, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { CqrsModule, EventsHandler, type IEventHandler } from '@nestjs/cqrs';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { Account, eventually, Letter } from './ledger.js';

class AccountUpdated {
  balance: number;
}

const log: string[] = [];

@Injectable()
class Post {
  send(text: string): void {
    log.push(text);
  }
}

@Injectable()
class Welcome {
  constructor(@Inject(Post) private readonly post: Post) {}

  @OnEvent('AccountCreated')
  welcome({ streamId }: RecordedEvent): void {
    this.post.send(`welcome ${streamId}`);
  }
}

@Injectable({ scope: Scope.REQUEST })
@EventConsumer({ name: 'scoped' })
class Scoped {
  private readonly made = ++Scoped.count;
  static count = 0;

  constructor(@Inject(REQUEST) private readonly request: Delivery) {}

  @OnEvent(AccountUpdated)
  updated({ balance }: AccountUpdated): void {
    log.push(`scoped ${balance} ${this.made} ${this.request.event.streamId}`);
  }
}

@Injectable()
@EventProjection({
  name: 'totals',
  tables: ['totals'],
  create: (manager, tables) =>
    manager.query(`create table ${tables['totals']} (id text primary key, total int)`),
})
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
@EventProjection({
  name: 'totals-in-batches',
  tables: ['batch_totals'],
  create: (manager, tables) =>
    manager.query(`create table ${tables['batch_totals']} (id text primary key, total int)`),
})
class BatchTotals {
  constructor(@Inject(Post) private readonly post: Post) {}

  @OnEventBatch(AccountUpdated, 'AccountCreated')
  async count(
    events: readonly RecordedEvent[],
    { manager, tables }: BatchDelivery<EntityManager>,
  ): Promise<void> {
    this.post.send(`batch of ${events.length}`);
    await manager.query(
      `insert into ${tables['batch_totals']} as t select id, count(*) from unnest($1::text[]) id group by id
       on conflict (id) do update set total = t.total + excluded.total`,
      [events.map(({ streamId }) => streamId)],
    );
  }
}

@Injectable()
class BatchOfNoProjection {
  @OnEventBatch({ categories: 'all' })
  handle(): void {}
}

@Injectable()
@EventProjection({ name: 'mixed' })
class BatchBesideOthers {
  @OnEventBatch({ categories: 'all' })
  handle(): void {}

  @OnEvent('AccountCreated')
  created(): void {}
}

@Injectable()
@EventConsumer({ name: 'slow' })
class Slow {
  @OnEvent('LetterCreated')
  async slow(): Promise<void> {
    log.push('begun');
    await sleep(300);
    log.push('done');
  }
}

@EventsHandler(AccountUpdated)
class OnBus implements IEventHandler<AccountUpdated> {
  handle(event: AccountUpdated): void {
    log.push(`bus ${event instanceof AccountUpdated} ${event.balance}`);
  }
}

describe('@OnEvent', () => {
  let database: TestDatabase;
  let app: INestApplication;

  async function start(
    backstory: DynamicModule,
    providers: (new (...args: never[]) => object)[],
    ...imports: (DynamicModule | typeof CqrsModule)[]
  ): Promise<void> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account, Letter],
          synchronize: true,
          retryAttempts: 0,
        }),
        backstory,
        ...imports,
      ],
      providers: [Post, ...providers],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    await app.init();
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    log.length = 0;
  });

  afterEach(async () => {
    await app.close();
    await database.drop();
  });

  it('calls methods of providers, with injected and request-scoped dependencies, in named consumers', async () => {
    await start(BackstoryModule.forRoot(), [Welcome, Scoped, Totals]);
    const dataSource = app.get(DataSource);
    const { consumers } = app.get<Backstory>(BACKSTORY);
    await dataSource.manager.insert(Account, { id: 1, balance: 0 });
    for (const balance of [5, 6]) await dataSource.manager.update(Account, { id: 1 }, { balance });
    for (const name of ['handlers', 'scoped', 'totals']) await consumers.wait(name);
    expect(log.sort()).toEqual(['scoped 5 1 1', 'scoped 6 2 1', 'welcome 1']);
    expect(await dataSource.query('select * from totals')).toEqual([{ id: '1', total: 3 }]);
  });

  it('calls a method of a projection with whole batches', async () => {
    await start(BackstoryModule.forRoot({ startConsumers: false }), [BatchTotals]);
    const dataSource = app.get(DataSource);
    const { consumers } = app.get<Backstory>(BACKSTORY);
    await dataSource.manager.insert(
      Account,
      [1, 2].map((id) => ({ id, balance: 0 })),
    );
    await dataSource.manager.update(Account, { id: 1 }, { balance: 5 });
    await dataSource.manager.delete(Account, { id: 2 });
    await consumers.start();
    await consumers.wait('totals-in-batches');
    expect(log).toEqual(['batch of 3']);
    expect(await dataSource.query('select * from batch_totals order by id')).toEqual([
      { id: '1', total: 2 },
      { id: '2', total: 1 },
    ]);
  });

  it.each([
    [BatchOfNoProjection, /BatchOfNoProjection has an @OnEventBatch method, and is no projection/],
    [BatchBesideOthers, /BatchBesideOthers has an @OnEventBatch method beside other handlers/],
  ])('refuses %p', async (provider, message) => {
    await expect(start(BackstoryModule.forRoot(), [provider])).rejects.toThrow(message);
  });

  it('lets what is under way come to its end when the application closes', async () => {
    await start(BackstoryModule.forRoot(), [Slow]);
    await app.get(DataSource).manager.insert(Letter, { id: '1', text: '' });
    await eventually('the handler to begin', () => log.includes('begun'));
    const { consumers } = app.get<Backstory>(BACKSTORY);
    await app.close();
    expect(log).toEqual(['begun', 'done']);
    await expect(consumers.list()).rejects.toThrow();
  });

  it('starts nothing when told so', async () => {
    await start(BackstoryModule.forRoot({ startConsumers: false }), [Welcome]);
    const { consumers } = app.get<Backstory>(BACKSTORY);
    expect(await consumers.list()).toEqual([]);
    await consumers.start();
    expect(await consumers.list()).toMatchObject([{ name: 'handlers' }]);
  });

  it('starts nothing on the command line, which boots the application to ask and to tell', async () => {
    const marks = globalThis as Record<symbol, unknown>;
    const mark = Symbol.for('backstory:CommandLine');
    marks[mark] = true;
    try {
      await start(BackstoryModule.forRoot(), [Welcome]);
      expect(await app.get<Backstory>(BACKSTORY).consumers.list()).toEqual([]);
    } finally {
      delete marks[mark];
    }
  });

  it('publishes on the EventBus of @nestjs/cqrs', async () => {
    await start(
      BackstoryModule.forRoot({ cqrs: { events: [AccountUpdated] } }),
      [OnBus],
      CqrsModule.forRoot(),
    );
    const dataSource = app.get(DataSource);
    await dataSource.manager.insert(Account, { id: 1, balance: 0 });
    await dataSource.manager.update(Account, { id: 1 }, { balance: 7 });
    await eventually('the handler on the bus', () => log.includes('bus true 7'));
  });

  it('says what is missing for the bridge', async () => {
    await expect(start(BackstoryModule.forRoot({ cqrs: { events: [AccountUpdated] } }), [])).rejects.toThrow(
      'CqrsModule.forRoot()',
    );
  });
});
