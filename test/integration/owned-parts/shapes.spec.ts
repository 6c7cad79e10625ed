import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { sortChildren } from '../write-paths/sort-children.js';

/** A key of two columns, one with the separator, one that JavaScript can't read back: no Date has microseconds. */
@Entity({ schema: 'odd' })
class Voyage {
  @PrimaryColumn({ type: 'text' })
  ship: string;

  @PrimaryColumn({ type: 'timestamptz' })
  sailed: Date;

  @OneToMany(() => Stop, (stop) => stop.voyage)
  stops: Relation<Stop>[];
}

/** Its foreign key is checked when the transaction ends, so it may be there before its voyage. */
@Entity({ schema: 'odd' })
class Stop {
  @PrimaryColumn({ type: 'timestamptz' })
  at: Date;

  @Column({ type: 'text' })
  port: string;

  @ManyToOne(() => Voyage, (voyage) => voyage.stops, {
    deferrable: 'INITIALLY DEFERRED',
    onDelete: 'CASCADE',
  })
  voyage: Relation<Voyage>;

  @OneToMany(() => Visit, (visit) => visit.stop)
  visits: Relation<Visit>[];
}

@Entity({ schema: 'odd' })
class Visit {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  guest: string;

  @ManyToOne(() => Stop, (stop) => stop.visits, { deferrable: 'INITIALLY DEFERRED', onDelete: 'CASCADE' })
  stop: Relation<Stop>;
}

/** Its seats refer to its key with another type than the key has, their guests to a column that isn't a key. */
@Entity({ schema: 'odd' })
class Club {
  @PrimaryColumn({ type: 'char', length: 10 })
  code: string;

  @OneToMany(() => Seat, (seat) => seat.club)
  seats: Relation<Seat>[];
}

@Entity({ schema: 'odd' })
class Seat {
  @PrimaryColumn({ type: 'smallint' })
  number: number;

  @Column({ type: 'text', unique: true })
  holder: string;

  @Column({ type: 'text', default: 'near the window' })
  place: string;

  @OneToMany(() => Guest, (guest) => guest.seat)
  guests: Relation<Guest>[];

  @Index()
  @ManyToOne(() => Club, (club) => club.seats, { onUpdate: 'CASCADE', onDelete: 'CASCADE' })
  @JoinColumn({ name: 'club_code', referencedColumnName: 'code' })
  club: Relation<Club>;
}

@Entity({ schema: 'odd' })
class Guest {
  @PrimaryGeneratedColumn()
  id: number;

  @Index()
  @ManyToOne(() => Seat, (seat) => seat.guests, { onUpdate: 'CASCADE', onDelete: 'CASCADE' })
  @JoinColumn({ name: 'holder', referencedColumnName: 'holder' })
  seat: Relation<Seat>;
}

const voyage = { ship: 'a:%', sailed: '2026-01-02 03:04:05.678901+00' };

const writes = [
  `begin; set constraints all deferred;
   insert into odd.visit (guest, "stopAt") values ('ann', '2026-02-01 00:00:00.000001+00');
   insert into odd.stop (at, port, "voyageShip", "voyageSailed") values ('2026-02-01 00:00:00.000001+00', 'Oslo', '${voyage.ship}', '${voyage.sailed}');
   insert into odd.voyage values ('${voyage.ship}', '${voyage.sailed}'), ('b', 'infinity'); commit`,
  `insert into odd.stop (at, port, "voyageShip", "voyageSailed") values ('2026-02-01 00:00:00.000002+00', 'Rome', 'b', 'infinity')`,
  `insert into odd.visit (guest, "stopAt") values ('bo', '2026-02-01 00:00:00.000002+00')`,
  `update odd.visit set "stopAt" = '2026-02-01 00:00:00.000001+00' where guest = 'bo'`,
  `update odd.stop set "voyageShip" = 'b', "voyageSailed" = 'infinity' where port = 'Oslo'`,
  `update odd.stop set port = port || '!'`,
  `insert into odd.club (code) values ('red'), ('blue')`,
  `insert into odd.seat (number, holder, club_code) values (1, 'ann', 'red'), (2, 'bo', 'red'), (3, 'cy', 'blue')`,
  `insert into odd.guest (holder) values ('ann'), ('ann'), ('bo'), ('cy')`,
  `update odd.seat set holder = 'anne' where holder = 'ann'`,
  `update odd.seat set number = 10 where number = 1`,
  `update odd.club set code = 'crimson' where code = 'red'`,
  `update odd.seat set club_code = 'blue' where number = 2`,
  `delete from odd.club where code = 'crimson'`,
];

describe('owned parts of unusual shapes', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Voyage, Stop, Visit, Club, Seat, Guest],
    });
    await dataSource.initialize();
    await dataSource.query(`create schema odd`);
    await dataSource.synchronize();
  });

  afterEach(async () => {
    await backstory?.close();
    backstory = undefined;
    await dataSource?.destroy();
    await database?.drop();
  });

  const open = async (): Promise<Backstory> =>
    (backstory = await createBackstory(dataSource, {
      aggregates: [
        { entity: Voyage, owns: ['stops', 'stops.visits'] },
        { entity: Club, owns: ['seats.guests'] },
      ],
    }));

  const queries = [
    () => dataSource.manager.find(Voyage, { relations: { stops: { visits: true } } }),
    () => dataSource.manager.find(Stop),
    () => dataSource.manager.find(Visit, { relations: { stop: { voyage: true } }, order: { id: 1 } }),
    () => dataSource.manager.find(Club, { relations: { seats: { guests: true } } }),
    () => dataSource.manager.find(Seat, { select: { number: true, place: true } }),
  ];

  const everything = async (): Promise<unknown[]> => {
    const found = await Promise.all(queries.map((query) => query() as Promise<object[]>));
    return found.map((rows) => {
      const all = { rows };
      sortChildren(all);
      return all.rows;
    });
  };

  const expectReplayIsTable = async (opened: Backstory): Promise<void> => {
    expect((await opened.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    const plain = await everything();
    for (const { category } of await opened.status())
      await opened.stages.set(category, 'replay', { force: true });
    await dataSource.query(
      `set session_replication_role = replica; update odd.visit set guest = 'tampered'; update odd.stop set port = 'tampered';
       update odd.seat set place = 'tampered'; set session_replication_role = origin`,
    );
    expect(await everything()).toEqual(plain);
  };

  it('are captured from the start', async () => {
    const opened = await open();
    for (const write of writes) {
      await dataSource.query(write);
      expect((await opened.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    }
    const history = await opened.history('voyage', 'a%3A%25:2026-01-02T03%3A04%3A05.678901+00%3A00');
    expect(history.map(({ type }) => type)).toEqual([
      'StopCreated',
      'VoyageCreated',
      'VisitCreated',
      'StopDeleted',
    ]);
    await expectReplayIsTable(opened);
  });

  it.each(writes.map((_, index) => index))('are met for the first time by write %i', async (index) => {
    for (const write of writes.slice(0, index)) await dataSource.query(write);
    const opened = await open();
    for (const write of writes.slice(index)) await dataSource.query(write);
    await opened.backfill();
    await expectReplayIsTable(opened);
  });
});
