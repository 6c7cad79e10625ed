import { type Backstory, createBackstory, specificationOf } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

class Booked {
  constructor(readonly seat: string) {}
}
class Moved {
  constructor(readonly seat: string) {}
}

@Entity()
class Booking {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', unique: true })
  seat: string;

  @Column({ type: 'int', default: 0 })
  moves: number;
}

@Entity()
class Place {
  @PrimaryColumn({ type: 'text' })
  code: string;
}

const evolve = {
  Booked: (booking: Booking, { seat }: Booked) => void (booking.seat = seat),
  Moved: (booking: Booking, { seat }: Moved) => void (booking.seat = seat),
  Confirmed: (booking: Booking) => booking,
};
const move = (seat: string) => (booking: Booking) => (booking.seat === seat ? [] : new Moved(seat));

describe('a specification on a real database', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Booking, Place],
      synchronize: true,
    }).initialize();
    // which the events don't tell of: its event is of the database
    await dataSource.query(`create function count_moves() returns trigger language plpgsql as
        $$ begin new.moves := old.moves + 1; return new; end $$;
      create trigger count_moves before update on booking for each row execute function count_moves()`);
    const placed = (place: Place, { code }: { code: string }): void => void (place.code = code);
    backstory = await createBackstory(dataSource, {
      aggregates: [
        { entity: Booking, evolve },
        { entity: Place, evolve: { Placed: placed } },
      ],
    });
  });

  beforeEach(() => dataSource.query('truncate booking'));

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('holds for the same as without one', async () => {
    for (const options of [{ evolve }, { backstory }]) {
      const booking = specificationOf(Booking, options);
      await booking
        .given()
        .when(() => new Booked('1'))
        .then(new Booked('1'));
      await booking.given(new Booked('2')).when(move('3')).then(new Moved('3'));
      await booking.given(new Booked('4'), new Moved('5')).when(move('5')).then();
      await booking
        .given(new Booked('6'))
        .when((each) => [{ type: 'Confirmed', data: { seat: each.seat } }, new Moved('7')])
        .then({ type: 'Confirmed', data: { seat: '6' } }, new Moved('7'));
      const refused = booking.given(new Booked('8')).when(() => Promise.reject(new RangeError('no')));
      await refused.then(new RangeError('no'));
    }
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('lets constraints have their say', async () => {
    await dataSource.query(`insert into booking (seat) values ('taken')`);
    const attempt = specificationOf(Booking, { backstory }).given(new Booked('9')).when(move('taken'));
    await expect(attempt.then(new Moved('taken'))).rejects.toMatchObject({ properties: ['seat'] });
  });

  it('asks for the id of an entity that has none by that name', async () => {
    const placed = (): object => ({ type: 'Placed', data: { code: 'a' } });
    const nameless = specificationOf(Place, { backstory }).given().when(placed);
    await expect(nameless.then()).rejects.toMatchObject({
      message: expect.stringContaining('has no property "id"'),
    });
    await specificationOf(Place, { backstory, id: ({ code }) => code })
      .given()
      .when(() => ({ type: 'Placed', data: { code: 'b' } }))
      .then({ type: 'Placed', data: { code: 'b' } });
  });
});
