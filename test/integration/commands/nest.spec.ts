import { type Backstory, type Delivery } from '@backstory/adapter';
import {
  type Aggregates,
  BACKSTORY,
  BackstoryModule,
  BackstoryTenantsModule,
  EventConsumer,
  EventSourced,
  InjectAggregates,
  OnEvent,
  RunInContext,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';

class Sent {
  constructor(readonly carrier: string) {}
}

class Written {
  constructor(readonly id: number) {}
}

@EventSourced<Letter>({
  evolve: {
    Written: (letter, { id }: Written) => void (letter.id = id),
    Sent: (letter) => void (letter.status = 'sent'),
  },
})
@Entity()
class Letter {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: 'written' })
  status: string;
}

const handled: unknown[] = [];

@Injectable()
class Post {
  constructor(@InjectAggregates(Letter) private readonly letters: Aggregates<Letter>) {}

  @RunInContext({ actor: 'anna' })
  send(id: number): Promise<Letter> {
    return this.letters.handle(id, () => new Sent('dove'));
  }

  write(id: number): Promise<Letter> {
    return this.letters.create(() => new Written(id));
  }

  async told(id: number): Promise<[status: string | undefined, types: string[]]> {
    const letter = await this.letters.load(id);
    return [letter?.status, (await this.letters.history(id)).map(({ type }) => type)];
  }
}

@Injectable()
@EventConsumer({ name: 'post' })
class Listener {
  @OnEvent(Sent)
  sent(event: Sent, { event: recorded }: Delivery): void {
    handled.push([event instanceof Sent, event.carrier, recorded.metadata.actor, recorded.data]);
  }
}

describe('commands in NestJS', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Letter], synchronize: true }),
        BackstoryModule.forRoot(),
        BackstoryModule.forFeature([Letter]),
      ],
      providers: [Post, Listener],
    })
    class PostModule {}
    app = await NestFactory.createApplicationContext(PostModule, { logger: false });
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('take evolve from @EventSourced, have the context, and reach @OnEvent as what they said', async () => {
    const backstory = app.get<Backstory>(BACKSTORY);
    await backstory.consumers.start();
    await app.get(getDataSourceToken()).query('insert into letter (id) values (1)');
    expect(await app.get(Post).send(1)).toMatchObject({ id: 1, status: 'sent' });
    await backstory.consumers.wait('post');
    expect(handled).toEqual([[true, 'dove', 'anna', { status: 'sent', $event: { carrier: 'dove' } }]]);
  });

  it('create, and are read by what is injected for one entity', async () => {
    const post = app.get(Post);
    expect(await post.write(2)).toMatchObject({ id: 2, status: 'written' });
    await post.send(2);
    expect(await post.told(2)).toEqual(['sent', ['Written', 'Sent']]);
    expect(await post.told(9)).toEqual([undefined, []]);
  });
});

describe('aggregates beside a history for each tenant', () => {
  it('are none: it is said where one is used', async () => {
    const database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Letter], synchronize: true }),
        BackstoryTenantsModule.forRoot({ tenants: ['public'] }),
        BackstoryModule.forFeature([Letter]),
      ],
      providers: [Post],
    })
    class TenantsModule {}
    const app = await NestFactory.createApplicationContext(TenantsModule, { logger: false });
    const rejected = await app
      .get(Post)
      .send(1)
      .catch((error: unknown) => error);
    expect(rejected).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('There is no BackstoryModule for the DataSource of "Letter"'),
    });
    await app.close();
    await database.drop();
  });
});
