import { aggregate, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  ChildEntity,
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
  TableInheritance,
} from 'typeorm';
import { Cart, cartLines, type Carts, expectSoundCarts, LineAdded, LineCounted, openCarts } from './carts.js';

@Entity({ synchronize: false })
@TableInheritance({ column: { name: 'kind', type: 'text' } })
class Trip {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  state: string;

  @OneToMany(() => Leg, (leg) => leg.trip)
  legs: Relation<Leg>[];
}

@ChildEntity('flight')
class Flight extends Trip {
  @Column({ type: 'text', nullable: true })
  gate: string | null;
}

@ChildEntity('ride')
class Ride extends Trip {}

@Entity({ synchronize: false })
class Leg {
  @PrimaryColumn({ name: 'trip_id', type: 'int' })
  tripId: number;

  @PrimaryColumn({ type: 'int' })
  number: number;

  @Column({ type: 'text' })
  place: string;

  @ManyToOne(() => Trip, (trip) => trip.legs)
  @JoinColumn({ name: 'trip_id' })
  trip: Relation<Trip>;
}

const evolve = {
  GateTold: (trip: Trip, { gate }: { gate: string }) => void ((trip as Flight).gate = gate),
  LegAdded: (trip: Trip, { number, place }: { number: number; place: string }) =>
    void trip.legs.push(Object.assign(new Leg(), { number, place })),
  LegMoved: (trip: Trip, { number, place }: { number: number; place: string }) => {
    for (const leg of trip.legs) if (leg.number === number) leg.place = place;
  },
  LegDropped: (trip: Trip, { number }: { number: number }) =>
    void (trip.legs = trip.legs.filter((leg) => leg.number !== number)),
};

const event = (type: string, data: object): { type: string; data: object } => ({ type, data });

describe('commands on aggregates with parts, of partitioned tables and with subclasses in one table', () => {
  let dataSource: DataSource;
  let backstory: Backstory;
  let drop: () => Promise<void>;

  beforeEach(async () => {
    const database = await createTestDatabase();
    ({ drop } = database);
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Trip, Flight, Ride, Leg],
    }).initialize();
    await dataSource.query(`
      create table trip (id int primary key, kind text not null, state text not null, gate text) partition by hash (id);
      create table trip_0 partition of trip for values with (modulus 2, remainder 0);
      create table trip_1 partition of trip for values with (modulus 2, remainder 1);
      create table leg (trip_id int not null references trip, number int, place text not null, primary key (trip_id, number)) partition by range (trip_id);
      create table leg_few partition of leg for values from (0) to (100);
      create table leg_many partition of leg default;
      insert into trip values (1, 'flight', 'planned', null), (200, 'ride', 'planned', null);
      insert into leg values (1, 1, 'Oslo'), (1, 2, 'Bergen'), (200, 1, 'Bonn')`);
    backstory = await createBackstory(dataSource, {
      aggregates: [aggregate(Trip, { owns: ['legs'], evolve })],
    });
    await backstory.backfill();
  });

  afterEach(async () => {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.close();
    await dataSource.destroy();
    await drop();
  });

  it('write rows of several partitions, and instances are of their class', async () => {
    const flight = await backstory.handle(Trip, 1, (trip) => [
      event('GateTold', { gate: trip instanceof Flight ? 'B 7' : '?' }),
      event('LegAdded', { number: 3, place: 'Alta' }),
      event('LegMoved', { number: 1, place: 'Moss' }),
      event('LegDropped', { number: 2 }),
    ]);
    expect(flight).toBeInstanceOf(Flight);
    expect(flight).toMatchObject({
      gate: 'B 7',
      legs: [
        { number: 1, place: 'Moss' },
        { number: 3, place: 'Alta' },
      ],
    });
    const ride = await backstory.handle(Ride, 200, () => event('LegAdded', { number: 2, place: 'Köln' }));
    expect(ride).toBeInstanceOf(Ride);
    expect(await dataSource.query('select * from leg order by 1, 2')).toEqual([
      { trip_id: 1, number: 1, place: 'Moss' },
      { trip_id: 1, number: 3, place: 'Alta' },
      { trip_id: 200, number: 1, place: 'Bonn' },
      { trip_id: 200, number: 2, place: 'Köln' },
    ]);
    const told = await backstory.history('trip', '1', { after: 1 });
    expect(told.map(({ type }) => type)).toEqual(['GateTold', 'LegAdded', 'LegMoved', 'LegDropped']);
  });
});

describe('a command on an aggregate with parts, of which the log has less than before', () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
    await carts.backstory.handle(Cart, 1, () => [new LineAdded('cap', 4), new LineCounted('pen', 2)]);
  });

  afterEach(async () => {
    await expectSoundCarts(carts);
    await carts.close();
  });

  it('goes on behind what was archived', async () => {
    const { backstory } = carts;
    await backstory.archive.move({ aggregates: ['cart'], before: new Date(Date.now() + 60_000) });
    const cart = await backstory.handle(Cart, 1, ({ lines }) => new LineCounted('cap', lines.length));
    expect(cart.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['pen', 2],
      ['ink', 2],
      ['cap', 3],
    ]);
    expect((await cartLines(backstory, 1, 3)).map((line) => line.split(' ').slice(0, 3))).toEqual([
      ['4', 'updated', 'LineCounted'],
    ]);
  });

  it('decides on the rows where values were erased, and tells what it changes', async () => {
    const { backstory } = carts;
    await backstory.erase(Cart, '1');
    const cart = await backstory.handle(Cart, 1, ({ lines }) => new LineCounted('cap', lines.length + 5));
    expect(cart.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['pen', 2],
      ['ink', 2],
      ['cap', 8],
    ]);
    const [last] = await backstory.history('cart', '1', { last: 1 });
    expect(last).toMatchObject({ type: 'LineCounted', change: 'updated' });
  });
});
