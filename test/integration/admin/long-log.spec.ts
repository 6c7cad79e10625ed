import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Label {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

@Entity()
class Ticket {
  @PrimaryGeneratedColumn()
  id: number;
}

let database: TestDatabase;
let dataSource: DataSource;
let backstory: Backstory;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Ticket, Label],
    synchronize: true,
  });
  await dataSource.initialize();
  backstory = await createBackstory(dataSource);
  await dataSource.getRepository(Ticket).save([{}, {}, {}]);
});

afterAll(async () => {
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
});

describe('a long log', () => {
  const many = 150_000;

  beforeAll(async () => {
    // three quarters of them in the last hour, the rest evenly in the 47 before
    await dataSource.query(`insert into backstory.events (stream_position, recorded_at, change, category, stream_id, type, data)
      select 1, now() - case when g <= ${many / 4} then interval '48 hours' - g * interval '47 hours' / ${many / 4}
                         else interval '1 hour' - (g - ${many / 4}) * interval '1 hour' / ${many * 0.75} end,
        'c', 'label', 'many-' || g, case when g % 10 = 0 then 'LabelImported' else 'LabelCreated' end, '{"id":1}'
      from generate_series(1, ${many}) g`);
    await dataSource.query('analyze backstory.events');
  });

  it('is estimated, and says so', async () => {
    const { events, aggregates, ratesCompleteSince } = await backstory.admin.overview();
    expect(events.estimated).toBe(true);
    const label = aggregates.find(({ category }) => category === 'label')?.events ?? 0;
    expect(label / many).toBeCloseTo(1, 1);
    // ten thousand are read, and more than that were recorded in the last half hour
    expect(ratesCompleteSince).not.toBeNull();
  });

  it('has its activity from samples, close to what it is', async () => {
    const { activity } = await backstory.admin.aggregate('label', 48);
    expect(activity.estimated).toBe(true);
    const [created, imported] = activity.types.map(({ counts }) =>
      counts.reduce((sum, count) => sum + count, 0),
    );
    expect((created ?? 0) / (many * 0.9)).toBeCloseTo(1, 1);
    expect((imported ?? 0) / (many * 0.1)).toBeCloseTo(1, 0);
    const lastHour = activity.types.reduce((sum, { counts }) => sum + (counts.at(-1) ?? 0), 0);
    expect(lastHour / (many * 0.75)).toBeCloseTo(1, 1);
  });

  it('has exactly the events of an aggregate with few of them', async () => {
    const { activity } = await backstory.admin.aggregate('ticket');
    expect(activity.estimated).toBe(false);
    expect(activity.types[0]).toMatchObject({ type: 'TicketCreated', counts: expect.arrayContaining([3]) });
  });

  it('is entered at a moment by bisection', async () => {
    const { activity } = await backstory.admin.aggregate('label', 1);
    const counted = activity.types.reduce(
      (sum, { counts }) => sum + counts.reduce((all, count) => all + count, 0),
      0,
    );
    expect(counted / (many * 0.75)).toBeCloseTo(1, 1);
  });
});
