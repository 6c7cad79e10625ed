import { aggregate, type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity()
class Ticket {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'text', nullable: true })
  secret: string | null;
}

@Entity()
class Label {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  name: string;
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
  const before = await createBackstory(dataSource, {
    aggregates: [aggregate(Ticket, { include: ['secret'] }), Label],
  });
  const tickets = dataSource.getRepository(Ticket);
  await runInContext({ actor: 'ada', correlationId: 'c-1' }, async () => {
    await tickets.save({ id: 't-1', title: 'broken', secret: 'a first secret' });
    await dataSource.getRepository(Label).save({ id: 't-1', name: 'urgent' });
    await tickets.update('t-1', { title: 'mended', secret: 'a second secret' });
  });
  await runInContext({ actor: 'grace', correlationId: 'c-2' }, () =>
    tickets.save({ id: 't-2', title: 'other', secret: null }),
  );
  await before.close();
  backstory = await createBackstory(dataSource, {
    aggregates: [aggregate(Ticket, { exclude: ['secret'] }), Label],
  });
});

afterAll(async () => {
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
});

const namesOf = ({ events }: { events: readonly { type: string; streamId: string }[] }): string[] =>
  events.map(({ type, streamId }) => `${type} ${streamId}`);

describe('the newest events', () => {
  it('are those of all categories, newest first, without what is excluded', async () => {
    const page = await backstory.admin.events();
    expect(namesOf(page)).toEqual([
      'TicketCreated t-2',
      'TicketUpdated t-1',
      'LabelCreated t-1',
      'TicketCreated t-1',
    ]);
    expect(page).toMatchObject({ newest: page.events[0]?.globalPosition, complete: true, next: null });
    expect(page.events[1]).toMatchObject({
      category: 'ticket',
      known: true,
      streamPosition: 2,
      kind: 'captured',
      actor: 'ada',
      correlationId: 'c-1',
      values: [{ property: 'title', value: { json: '"mended"' } }],
    });
    expect(JSON.stringify(await backstory.history('ticket', 't-1'))).toContain('a second secret');
    expect(JSON.stringify(page)).not.toMatch(/a (first|second) secret/);
  });

  it.each([
    { search: { category: 'label' }, found: ['LabelCreated t-1'] },
    { search: { category: 'Label' }, found: ['LabelCreated t-1'] },
    { search: { type: 'TicketUpdated' }, found: ['TicketUpdated t-1'] },
    { search: { actor: 'grace' }, found: ['TicketCreated t-2'] },
    {
      search: { correlationId: 'c-1', category: 'ticket' },
      found: ['TicketUpdated t-1', 'TicketCreated t-1'],
    },
    { search: { streamId: 't-1' }, found: ['TicketUpdated t-1', 'LabelCreated t-1', 'TicketCreated t-1'] },
    { search: { streamId: 't-1', category: 'ticket', type: 'TicketCreated' }, found: ['TicketCreated t-1'] },
    { search: { streamId: 't' }, found: [] },
    { search: { to: new Date(0) }, found: [] },
    { search: { from: new Date(Date.now() + 60_000) }, found: [] },
  ])('are searched by $search', async ({ search, found }) => {
    const page = await backstory.admin.events(search);
    expect(namesOf(page)).toEqual(found);
    expect(page.complete).toBe(true);
  });

  it('are those that have come since a position, and those before one', async () => {
    const { events } = await backstory.admin.events();
    const [newest, second] = events.map(({ globalPosition }) => globalPosition);
    expect(namesOf(await backstory.admin.events({ after: String(second) }))).toEqual(['TicketCreated t-2']);
    expect(namesOf(await backstory.admin.events({ after: String(newest) }))).toEqual([]);
    expect(namesOf(await backstory.admin.events({ before: String(second) }))).toEqual([
      'LabelCreated t-1',
      'TicketCreated t-1',
    ]);
  });

  it.each([
    { before: 'x' },
    { after: '-1' },
    { before: '99999999999999999999' },
    { from: new Date('never') },
    { from: new Date(2), to: new Date(1) },
  ])('are not searched by %p', async (search) => {
    await expect(backstory.admin.events(search)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('of a category that is nowhere are refused by name', async () => {
    await expect(backstory.admin.events({ category: 'tickets' })).rejects.toMatchObject({
      code: 'UNKNOWN_CATEGORY',
    });
  });
});

it('tells the whole of a correlation in order, over all streams', async () => {
  const { events, looked, more } = await backstory.admin.correlation('c-1');
  expect(namesOf({ events })).toEqual(['TicketCreated t-1', 'LabelCreated t-1', 'TicketUpdated t-1']);
  expect({ looked, more }).toEqual({ looked: null, more: false });
  expect((await backstory.admin.correlation('c-9')).events).toEqual([]);
  await expect(backstory.admin.correlation('c-1', { look: 0 })).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
  });
});

describe('in a long log', () => {
  const many = 25_000;

  beforeAll(async () => {
    // all of them behind those above, the last one in two days
    await dataSource.query(`insert into backstory.events (stream_position, recorded_at, change, category, stream_id, type, data, metadata)
      select 1, now() + g * interval '48 hours' / ${many}, 'c', 'label', 'many-' || g, 'LabelCreated', '{"id":"x"}',
        jsonb_build_object('actor', 'job', 'correlationId', 'run-' || (g - 1) / 100)
      from generate_series(1, ${many}) g`);
    await dataSource.query('analyze backstory.events');
  });

  it('a search says how far it has looked, and where it goes on', async () => {
    const first = await backstory.admin.events({ actor: 'grace' });
    expect(first).toMatchObject({ events: [], looked: 10_000, complete: false });
    const second = await backstory.admin.events({ actor: 'grace', before: String(first.next) });
    expect(second).toMatchObject({ events: [], looked: 10_000, complete: false });
    const third = await backstory.admin.events({ actor: 'grace', before: String(second.next) });
    expect(third).toMatchObject({ looked: 5_004, complete: true, next: null });
    expect(namesOf(third)).toEqual(['TicketCreated t-2']);
  });

  it('pages have each event once', async () => {
    const seen: string[] = [];
    let before: string | undefined;
    for (let pages = 0; pages < 4; pages++) {
      const page = await backstory.admin.events({ actor: 'job', ...(before && { before }) });
      seen.push(...page.events.map(({ streamId }) => streamId));
      before = page.next ?? undefined;
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => `many-${many - index}`));
  });

  it('a time is found however far back it is', async () => {
    const at = (hours: number): Date => new Date(Date.now() + hours * 3_600_000);
    const page = await backstory.admin.events({ from: at(4), to: at(4.05), type: 'LabelCreated' });
    expect(page.complete).toBe(true);
    expect(page.events.length).toBeGreaterThan(20);
    expect(page.events.length).toBeLessThan(30);
    expect(page.looked).toBeLessThan(3_000);
  });

  it('a stream is found by its index, wherever it is', async () => {
    expect(namesOf(await backstory.admin.events({ streamId: 't-1' }))).toEqual([
      'TicketUpdated t-1',
      'LabelCreated t-1',
      'TicketCreated t-1',
    ]);
  });

  it('a correlation is looked for around a position, and its story says how far', async () => {
    const far = await backstory.admin.correlation('c-1');
    expect(far).toMatchObject({ events: [], looked: { events: 10_000 } });
    const near = await backstory.admin.correlation('c-1', { around: '2' });
    expect(near.events).toHaveLength(3);
    expect(near.looked).toMatchObject({ from: '1' });
    expect(await backstory.admin.correlation('c-1', { look: 100_000 })).toMatchObject({ looked: null });
    const run = await backstory.admin.correlation('run-3', { around: '350' });
    expect(run.events).toHaveLength(100);
    expect(run.events[0]?.streamId).toBe('many-301');
  });

  it('with the index that it names nothing is too far back', async () => {
    for (const property of ['actor', 'correlationId'] as const) {
      const { indexes } = await backstory.admin.events();
      expect(indexes[property].exists).toBe(false);
      await dataSource.query(indexes[property].sql);
    }
    const { indexes } = await backstory.admin.events();
    expect([indexes.actor.exists, indexes.correlationId.exists]).toEqual([true, true]);
    const found = await backstory.admin.events({ actor: 'grace' });
    expect(namesOf(found)).toEqual(['TicketCreated t-2']);
    expect(found).toMatchObject({ looked: 1, complete: true });
    const story = await backstory.admin.correlation('c-1');
    expect(namesOf(story)).toEqual(['TicketCreated t-1', 'LabelCreated t-1', 'TicketUpdated t-1']);
    expect(story.looked).toBeNull();
    const plan = await dataSource.query(
      `explain select * from backstory.events e where (e.metadata ->> 'correlationId') >= 'c-1'
       and (e.metadata ->> 'correlationId') <= 'c-1' order by (e.metadata ->> 'correlationId'), e.global_position limit 501`,
    );
    expect(JSON.stringify(plan)).toContain('events_correlation');
  });
});
