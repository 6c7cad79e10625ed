import 'reflect-metadata';
import {
  type Backstory,
  createBackstory,
  specificationOf,
  WrongExpectedVersionError,
} from '@backstory/adapter';
import { type Aggregates, BACKSTORY, BackstoryModule, InjectAggregates } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AggregateRoot,
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventPublisher,
  EventsHandler,
  type ICommandHandler,
  type IEventHandler,
} from '@nestjs/cqrs';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import {
  AlreadySent,
  NeverSaid,
  Noticed,
  Parcel,
  ParcelPacked,
  ParcelSent,
  ParcelWeighed,
  sentAt,
} from './parcel-root.js';

class SendParcel {
  constructor(
    readonly id: number,
    readonly carrier: string,
  ) {}
}

@CommandHandler(SendParcel)
class SendParcelHandler implements ICommandHandler<SendParcel, Parcel> {
  constructor(@InjectAggregates(Parcel) private readonly parcels: Aggregates<Parcel>) {}

  execute({ id, carrier }: SendParcel): Promise<Parcel> {
    return this.parcels.handle(id, (parcel) => parcel.send(carrier));
  }
}

@Injectable()
class Parcels {
  constructor(@InjectAggregates(Parcel) readonly all: Aggregates<Parcel>) {}
}

const seen: unknown[] = [];

@EventsHandler(ParcelSent)
class Notify implements IEventHandler<ParcelSent> {
  handle(event: ParcelSent): void {
    seen.push([event instanceof ParcelSent, event.carrier]);
  }
}

describe('an AggregateRoot of @nestjs/cqrs', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let parcels: Aggregates<Parcel>;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Parcel], synchronize: true }),
        CqrsModule.forRoot(),
        BackstoryModule.forRoot({ cqrs: { events: [ParcelSent] } }),
        BackstoryModule.forFeature([Parcel]),
      ],
      providers: [SendParcelHandler, Parcels, Notify],
    })
    class PostModule {}
    app = await NestFactory.createApplicationContext(PostModule, { logger: false });
    parcels = app.get(Parcels).all;
    backstory = app.get<Backstory>(BACKSTORY);
    dataSource = app.get(DataSource);
  });

  afterAll(async () => {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await app.close();
    await database.drop();
  });

  const typesOf = async (id: number): Promise<string[]> =>
    (await parcels.history(id)).map(({ type }) => type);

  it('has its events written with the row, and published on the EventBus behind the commit', async () => {
    const { id } = await parcels.create(() => Parcel.pack('a vase'));
    const sent = await app.get(CommandBus).execute<SendParcel, Parcel>(new SendParcel(id, 'dove'));
    expect(sent).toBeInstanceOf(Parcel);
    expect(sent).toMatchObject({ id, content: 'a vase', status: 'sent', sentAt });
    expect(sent.getUncommittedEvents()).toEqual([]);
    expect(await dataSource.manager.findOneByOrFail(Parcel, { id })).toMatchObject({
      status: 'sent',
      sentAt,
    });
    const [, told] = await parcels.history(id);
    expect(told).toMatchObject({
      type: 'ParcelSent',
      data: { status: 'sent', $event: { carrier: 'dove', sentAt: sentAt.toISOString() } },
      metadata: { origin: 'command' },
    });
    await backstory.consumers.wait('cqrs');
    expect(seen).toEqual([[true, 'dove']]);
  });

  it('publishes nothing of what is rolled back, and its own errors reach the caller', async () => {
    seen.length = 0;
    const { id } = await parcels.create(() => Parcel.pack('a clock'));
    const undone = dataSource.transaction(async (manager) => {
      await parcels.handle(id, (parcel) => parcel.send('dove'), { manager });
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await backstory.consumers.wait('cqrs');
    expect([seen, await typesOf(id)]).toEqual([[], ['ParcelPacked']]);
    await parcels.handle(id, (parcel) => parcel.send('dove'));
    await expect(parcels.handle(id, (parcel) => parcel.send('dove'))).rejects.toThrow(AlreadySent);
    expect(await typesOf(id)).toEqual(['ParcelPacked', 'ParcelSent']);
  });

  it('applies several events, returns itself, and has those that change nothing in their places', async () => {
    const { id } = await parcels.create(() => Parcel.pack('books'));
    const parcel = await parcels.handle(id, (each) => {
      each.weigh(10);
      each.apply(new Noticed('anna'));
      each.weigh(5);
      return each;
    });
    expect(parcel.grams).toBe(15);
    const events = await parcels.history(id);
    expect(events.slice(1).map(({ type, change, data }) => [type, change, data])).toEqual([
      ['ParcelWeighed', 'updated', { grams: 10, $event: { grams: 10 } }],
      ['Noticed', 'none', { by: 'anna' }],
      ['ParcelWeighed', 'updated', { grams: 15, $event: { grams: 15 } }],
    ]);
    expect(await parcels.load(id, { version: 2 })).toMatchObject({ grams: 10 });
  });

  it('is decided anew where others write to it, each command once', async () => {
    const { id } = await parcels.create(() => Parcel.pack('salt'));
    await Promise.all([
      ...Array.from({ length: 8 }, () => parcels.handle(id, (parcel) => parcel.weigh(1), { retries: 50 })),
      ...Array.from({ length: 4 }, () => dataSource.manager.increment(Parcel, { id }, 'grams', 100)),
    ]);
    expect(await dataSource.manager.findOneByOrFail(Parcel, { id })).toMatchObject({ grams: 408 });
    const types = await typesOf(id);
    expect(types.filter((type) => type === 'ParcelWeighed')).toHaveLength(8);
    expect(types.filter((type) => type === 'ParcelUpdated')).toHaveLength(4);
  });

  it('checks the version in the transaction of a caller', async () => {
    const { id } = await parcels.create(() => Parcel.pack('pepper'));
    const conflicting = dataSource.transaction((manager) =>
      parcels.handle(
        id,
        async (parcel) => {
          await dataSource.manager.update(Parcel, id, { grams: 3 });
          parcel.weigh(1);
        },
        { manager },
      ),
    );
    await expect(conflicting).rejects.toThrow(WrongExpectedVersionError);
    expect(await typesOf(id)).toEqual(['ParcelPacked', 'ParcelUpdated']);
  });

  it('may be a model of its own, beside the entity', async () => {
    class ParcelModel extends AggregateRoot {
      constructor(private readonly status: string) {
        super();
      }

      send(): void {
        if (this.status === 'packed') this.apply(new ParcelSent('owl', sentAt));
      }
    }
    const { id } = await parcels.create(() => Parcel.pack('a letter'));
    const send = ({ status }: Parcel): ParcelModel => {
      const model = new ParcelModel(status);
      model.send();
      return model;
    };
    expect(await parcels.handle(id, send)).toMatchObject({ status: 'sent', sentAt });
    await parcels.handle(id, send);
    expect(await typesOf(id)).toEqual(['ParcelPacked', 'ParcelSent']);
  });

  it.each<[string, (parcel: Parcel) => unknown, RegExp]>([
    ['commit()', (each) => (each.send('x'), each.commit()), /commit\(\) of the "parcel" was called while/],
    ['publish()', (each) => each.publish(new Noticed('x')), /publish\(\) of the "parcel" was called while/],
    [
      'autoCommit',
      (each) => ((each.autoCommit = true), each.send('x')),
      /publish\(\) of the "parcel" was called while it is decided/,
    ],
    [
      'an EventPublisher',
      (each) => app.get(EventPublisher, { strict: false }).mergeObjectContext(each),
      /publish\(\) of the "parcel" was called/,
    ],
    ['a change without an event', (each) => void (each.content = 'x'), /decide has changed "content"/],
    [
      'a change beside its events',
      (each) => (each.send('x'), void (each.content = 'x')),
      /"content" of the "parcel" is not what the events that it has applied make of it/,
    ],
    [
      'a clock',
      (each) => each.apply(new (class Clocked {})()),
      /"grams" of the "parcel" is not what the events that it has applied/,
    ],
    [
      'a method that is not there',
      (each) => each.apply(new NeverSaid()),
      /Give it a method onNeverSaid\(event\)/,
    ],
    [
      'an event that is said twice',
      (each) => each.apply(new (class Twice {})()),
      /What Twice does to "parcel" is said twice: by its method onTwice, and in the options/,
    ],
    [
      'events of both ways',
      (each) => (each.send('x'), new ParcelWeighed(1)),
      /returned events of the "parcel", and it/,
    ],
  ])('refuses %s, and writes nothing', async (_, decide, message) => {
    const { id } = await parcels.create(() => Parcel.pack('wool'));
    // what the tests before have sent
    await backstory.consumers.wait('cqrs');
    seen.length = 0;
    await expect(parcels.handle(id, decide as never)).rejects.toThrow(message);
    expect(await typesOf(id)).toEqual(['ParcelPacked']);
    await backstory.consumers.wait('cqrs');
    expect(seen).toEqual([]);
  });

  it('refuses a new one that has changed otherwise than by its events', async () => {
    const odd = (): Parcel => Object.assign(Parcel.pack('wool'), { grams: 7 });
    await expect(parcels.create(odd)).rejects.toThrow(/"grams" of the "parcel" is not what the events/);
  });

  it('takes events that decide returns, as other entities do', async () => {
    const { id } = await parcels.create(() => new ParcelPacked('tea'));
    await parcels.handle(id, () => ({ type: 'ParcelWeighed', data: { grams: 4 } }));
    expect(await parcels.load(id)).toMatchObject({ content: 'tea', grams: 4 });
  });

  it('is specified as other aggregates are, with a database and without', async () => {
    const evolve = { Twice: (each: Parcel) => each };
    for (const parcel of [specificationOf(Parcel, { evolve }), specificationOf(Parcel, { backstory })]) {
      const packed = parcel.given(new ParcelPacked('tea'));
      await packed.when((each) => each.send('dove')).then(new ParcelSent('dove', sentAt));
      await parcel
        .given()
        .when(() => Parcel.pack('tea'))
        .then(new ParcelPacked('tea'));
      await parcel
        .given(new ParcelPacked('tea'), new ParcelSent('dove', sentAt))
        .when((each) => each.send('owl'))
        .then(AlreadySent);
      const changing = packed.when((each) => (each.send('x'), void (each.content = 'x')));
      await expect(changing.then(new ParcelSent('x', sentAt))).rejects.toThrow(/is not what the events/);
      await expect(packed.when((each) => (each.send('x'), each.commit())).then()).rejects.toThrow(
        /commit\(\)/,
      );
    }
  });

  it('needs no NestJS around it', async () => {
    await backstory.close();
    const alone = await createBackstory(dataSource, { aggregates: [Parcel] });
    const { id } = await alone.create(Parcel, () => Parcel.pack('a bell'));
    expect(await alone.handle(Parcel, id, (parcel) => parcel.send('dove'))).toMatchObject({ status: 'sent' });
    backstory = alone;
  });
});
