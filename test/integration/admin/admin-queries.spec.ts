import { aggregate, type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

@Entity()
class Ticket {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'text', nullable: true })
  secret: string | null;

  @OneToMany(() => Note, (note) => note.ticket)
  notes: Relation<Note>[];
}

@Entity()
class Note {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  text: string;

  @Column({ type: 'text', nullable: true })
  secret: string | null;

  @ManyToOne(() => Ticket, (ticket) => ticket.notes, { nullable: false })
  @JoinColumn()
  ticket: Relation<Ticket>;
}

@Entity()
class Label {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

let database: TestDatabase;
let dataSource: DataSource;
let backstory: Backstory;

/** First everything is captured; then secrets are excluded, and old events have them still. */
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Ticket, Note, Label],
    synchronize: true,
  });
  await dataSource.initialize();
  await dataSource.query('create index on note ("ticketId")');
  const before = await createBackstory(dataSource, {
    aggregates: [
      'all',
      aggregate(Ticket, { owns: ['notes'], include: ['secret'] }),
      { entity: Note, include: ['secret'] },
    ],
  });
  const tickets = dataSource.getRepository(Ticket);
  await runInContext({ actor: 'ada', correlationId: 'c-1' }, async () => {
    const ticket = await tickets.save({ id: 't-1', title: 'broken', secret: 'first secret' });
    await dataSource.getRepository(Note).save({ text: 'smoke', secret: 'second secret', ticket });
    await tickets.update('t-1', { title: 'mended', secret: 'third secret' });
  });
  await tickets.save({ id: 't-10', title: 'other', secret: null });
  await before.close();
  backstory = await createBackstory(dataSource, {
    aggregates: [
      'all',
      aggregate(Ticket, { owns: ['notes'], exclude: ['secret'] }),
      { entity: Note, exclude: ['secret'] },
    ],
  });
});

afterAll(async () => {
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
});

describe('a stream', () => {
  it('is told newest first, each event with what it has changed', async () => {
    const { events, position } = await backstory.admin.stream('ticket', 't-1');
    expect(position).toBe(3);
    expect(events.map(({ streamPosition, change, changes }) => [streamPosition, change, changes])).toEqual([
      [3, 'updated', [{ property: 'title', before: { json: '"broken"' }, after: { json: '"mended"' } }]],
      [
        2,
        'updated',
        [
          { property: 'notes[1].id', before: null, after: { json: '1' } },
          { property: 'notes[1].text', before: null, after: { json: '"smoke"' } },
          { property: 'notes[1].ticket.id', before: null, after: { json: '"t-1"' } },
        ],
      ],
      [
        1,
        'created',
        [
          { property: 'id', before: null, after: { json: '"t-1"' } },
          { property: 'title', before: null, after: { json: '"broken"' } },
        ],
      ],
    ]);
    expect(events[0]?.metadata).toContainEqual({ name: 'actor', value: { json: '"ada"' } });
  });

  it('never tells what is excluded, also where old events have it', async () => {
    const answers = [
      await backstory.admin.stream('ticket', 't-1'),
      await backstory.admin.stateAt('ticket', 't-1', 3),
      await backstory.admin.compareVersions('ticket', 't-1', 0, 3),
      await backstory.admin.aggregate('ticket'),
    ];
    expect(JSON.stringify(await backstory.history('ticket', 't-1'))).toContain('third secret');
    for (const answer of answers) expect(JSON.stringify(answer)).not.toMatch(/(first|second|third) secret/);
  });

  it('goes back page by page', async () => {
    const { events } = await backstory.admin.stream('ticket', 't-1', 3);
    expect(events.map(({ streamPosition }) => streamPosition)).toEqual([2, 1]);
    expect((await backstory.admin.stream('ticket', 't-1', 1)).events).toEqual([]);
  });

  it('has a state at every version, and differences between two', async () => {
    const { properties } = await backstory.admin.stateAt('ticket', 't-1', 1);
    expect(properties).toEqual([
      { property: 'id', value: { json: '"t-1"' } },
      { property: 'title', value: { json: '"broken"' } },
    ]);
    expect((await backstory.admin.stateAt('ticket', 't-1', 0)).properties).toBeNull();
    expect(await backstory.admin.compareVersions('ticket', 't-1', 3, 1)).toContainEqual({
      property: 'title',
      before: { json: '"mended"' },
      after: { json: '"broken"' },
    });
    await expect(backstory.admin.stateAt('ticket', 't-1', 1.5)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('is told without its changes where it can not be replayed', async () => {
    await dataSource.query(`insert into backstory.events (stream_position, change, category, stream_id, type, data)
      values (1, 'c', 'label', 'gap', 'LabelCreated', '{"id":1}'), (3, 'u', 'label', 'gap', 'LabelUpdated', '{"name":"x"}')`);
    const { events, problem } = await backstory.admin.stream('label', 'gap');
    expect(problem).toMatch(/can't be replayed/);
    expect(events.map(({ streamPosition, changes }) => [streamPosition, changes])).toEqual([
      [3, []],
      [1, []],
    ]);
  });

  it('is found by its id, and by its beginning within one aggregate', async () => {
    const found = (ids: { streamId: string }[]): string[] => ids.map(({ streamId }) => streamId);
    expect(await backstory.admin.findStreams('t-1')).toEqual([
      { category: 'ticket', streamId: 't-1', deleted: false },
    ]);
    expect(found(await backstory.admin.findStreams('t', 'ticket'))).toEqual(['t-1', 't-10']);
    expect(found(await backstory.admin.findStreams('', 'ticket'))).toEqual(['t-1', 't-10']);
    expect(await backstory.admin.findStreams('t-1', 'label')).toEqual([]);
  });

  it('is cut where values are long, and says how long they are', async () => {
    const title = '<script>'.repeat(128 * 1024);
    await dataSource.getRepository(Ticket).save({ id: 'long', title, secret: null });
    const { events } = await backstory.admin.stream('ticket', 'long');
    const after = events[0]?.changes.find(({ property }) => property === 'title')?.after;
    expect(after).toEqual({ json: JSON.stringify(title).slice(0, 500), length: title.length + 2 });
    expect(JSON.stringify(await backstory.admin.stateAt('ticket', 'long', 1)).length).toBeLessThan(30_000);
  });
});

describe('the overview', () => {
  it('says where each aggregate stands, and what stands against its next step', async () => {
    const { aggregates, events } = await backstory.admin.overview();
    const ticket = aggregates.find(({ category }) => category === 'ticket');
    expect(ticket).toMatchObject({ stage: 'capture', next: 'shadow', percent: null, backfill: null });
    expect(ticket?.reasons).toEqual([
      expect.stringContaining('backfill is not complete'),
      expect.stringContaining('not been verified'),
    ]);
    expect(events).toMatchObject({ estimated: false });
    const [counted] = await dataSource.query(`select count(*)::int as count from backstory.events`);
    expect(events.total).toBe(counted.count);
    expect(ticket?.perMinute.reduce((sum, count) => sum + count, 0)).toBe(ticket?.events);
  });

  it('has nothing to say against a step whose conditions are met', async () => {
    await backstory.backfill({ aggregates: ['ticket'] });
    await backstory.verify({ aggregates: ['ticket'] });
    const ticket = async () =>
      (await backstory.admin.overview()).aggregates.find(({ category }) => category === 'ticket');
    expect(await ticket()).toMatchObject({ next: 'shadow', reasons: [], backfill: { progress: null } });
    await backstory.stages.set('ticket', 'shadow');
    expect(await ticket()).toMatchObject({
      stage: 'shadow',
      next: 'replay',
      reasons: [expect.stringMatching(/^0 of \d+ shadow reads were compared/)],
    });
    await backstory.stages.set('ticket', 'replay', { force: true, percent: 10 });
    expect(await ticket()).toMatchObject({ stage: 'replay', percent: 10, next: 'replay', reasons: [] });
    await backstory.stages.set('ticket', 'replay', { percent: 100 });
    await backstory.verify({ aggregates: ['ticket'] });
    expect(await ticket()).toMatchObject({ next: 'events', reasons: [] });
    await backstory.stages.set('ticket', 'events');
    expect(await ticket()).toMatchObject({ next: null, reasons: [], residual: { policy: 'allow' } });
    await backstory.stages.set('ticket', 'replay');
    await backstory.stages.set('ticket', 'capture');
  });

  it('tells how far a backfill is and when it will be done', async () => {
    await dataSource.query(`insert into label (name) select 'old ' || g from generate_series(1, 400) g`);
    await dataSource.query(`insert into backstory.backfills (category, started_at) values ('label', now() - interval '10 seconds');
      insert into backstory.backfill_ranges (category, range, rows_seen, events_written) values ('label', 0, 100, 90)`);
    const { aggregates } = await backstory.admin.overview();
    const { progress } = aggregates.find(({ category }) => category === 'label')?.backfill ?? {};
    expect(progress?.total).toBe(400);
    expect(progress?.rowsPerSecond).toBeGreaterThan(5);
    expect(progress?.secondsLeft).toBeGreaterThanOrEqual(30);
  });
});

describe('an aggregate', () => {
  it('has its events by type over time, its drift by property and its stage changes', async () => {
    await dataSource.query(`alter table ticket disable trigger "00_backstory_update"`);
    await dataSource.query(`update ticket set title = 'behind' where id = 't-10'`);
    await dataSource.query(`alter table ticket enable trigger "00_backstory_update"`);
    await backstory.verify({ aggregates: ['ticket'] });
    const { activity, status, examples, changes, excluded, parts } = await backstory.admin.aggregate(
      'ticket',
      24,
    );
    const sums = activity.types.map(({ type, counts }) => [
      type,
      counts.reduce((sum, count) => sum + count, 0),
    ]);
    expect(sums).toEqual([
      ['TicketCreated', 3],
      ['NoteCreated', 1],
      ['TicketUpdated', 1],
    ]);
    expect(activity.estimated).toBe(false);
    expect(status.differences).toMatchObject([
      { foundBy: 'verify', kind: 'value', property: 'title', times: 1 },
    ]);
    expect(examples).toMatchObject([{ streamId: 't-10', properties: ['title'] }]);
    expect(changes[0]).toMatchObject({ from: 'replay', to: 'capture' });
    expect(excluded).toEqual(['secret', 'notes.secret']);
    expect(parts).toEqual([{ path: 'notes', table: 'public.note' }]);
  });

  it('that is not there is refused by name', async () => {
    await expect(backstory.admin.aggregate('nothing')).rejects.toMatchObject({ code: 'UNKNOWN_CATEGORY' });
    await expect(backstory.admin.aggregate('ticket', -1)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

it('gives a question up that takes too long', async () => {
  const blocker = dataSource.createQueryRunner();
  await blocker.startTransaction();
  try {
    await blocker.query('lock table backstory.stages in access exclusive mode');
    await expect(backstory.admin.overview()).rejects.toMatchObject({ code: 'QUERY_TIMED_OUT' });
  } finally {
    await blocker.rollbackTransaction();
    await blocker.release();
  }
});
