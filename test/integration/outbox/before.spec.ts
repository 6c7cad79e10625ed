import {
  type Backstory,
  createBackstory,
  type EventDataOf,
  onEvent,
  onEventBatch,
  type RecordedEvent,
} from '@backstory/adapter';
import { runOnce } from '@backstory/adapter/testing';
import { Client } from 'pg';
import { Author, Shelf, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { unseen } from '../../library/unseen.js';
import { writeRandomly } from '../../library/write-randomly.js';

const seed = seedOfRun();
const aggregates = [
  { entity: Author, owns: ['works'], snapshots: { every: 3 } },
  { entity: Shelf, snapshots: { every: 3 } },
];

/** How many queries have asked for what was before. */
const beforesIn = (queries: jest.SpyInstance): number =>
  queries.mock.calls.filter(([query]) =>
    /x \(id, (?:version|first)/.test((query as { text?: string }).text ?? ''),
  ).length;

describe('events with what was before them', () => {
  let library: Library;
  let backstory: Backstory;
  let told: RecordedEvent[];

  beforeEach(async () => {
    library = await openLibrary();
    told = [];
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const consume = (on: Parameters<typeof onEvent>[0], options: object = {}): void => {
    backstory.consumers.define({
      name: 'mirror',
      from: 'beginning',
      before: true,
      ...options,
      handlers: [onEvent(on as { category: string }, (event) => void told.push(event))],
    });
  };

  it('have the whole aggregate, also where the consumer has not had the events in between', async () => {
    backstory = await createBackstory(library.dataSource, { aggregates });
    const { manager } = library.dataSource;
    await manager.save(
      manager.create(Author, { name: 'one', home: {}, works: [manager.create(Work, { title: 'first' })] }),
    );
    const [{ id }] = await library.dataSource.query('select id from work');
    await manager.update(Author, 1, { name: 'two' });
    await manager.update(Work, id as string, { title: 'second' });
    await manager.delete(Author, 1);
    let names: (string | null | undefined)[] = [];
    backstory.consumers.define({
      name: 'mourner',
      from: 'beginning',
      before: true,
      handlers: [
        // typed by the entity
        onEvent({ entity: Author }, ({ before, type }) => {
          const known: EventDataOf<Author> | null | undefined = before;
          if (type === 'AuthorDeleted') names = [known?.name];
        }),
      ],
    });
    consume('AuthorDeleted');
    await runOnce(backstory, 'mourner');
    await runOnce(backstory, 'mirror');
    expect(names).toEqual(['two']);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      change: 'deleted',
      before: { id: 1, name: 'two', followers: '0', works: { [id as string]: { title: 'second' } } },
    });
  });

  it(`are the states at the position before, of random writes, seed ${seed}`, async () => {
    backstory = await createBackstory(library.dataSource, { aggregates });
    await writeRandomly(library.dataSource, seededRandom(seed), 200);
    await backstory.archive.move({ before: new Date(Date.now() + 86_400_000), events: 4 });
    await writeRandomly(library.dataSource, seededRandom(seed + 1), 200);
    consume({ categories: 'all' }, { batchSize: 1000, partitions: 1 });
    const queries = jest.spyOn(Client.prototype, 'query');
    await runOnce(backstory, 'mirror');
    const asked = beforesIn(queries);
    queries.mockRestore();
    expect(told.length).toBeGreaterThan(60);
    // two for each of two aggregates in one batch, which may be cut once
    expect(asked).toBeLessThanOrEqual(8);
    let known = 0;
    for (const event of told) {
      if (!Object.hasOwn(event, 'before')) continue;
      known++;
      const version = event.streamPosition - 1;
      const { state } =
        version === 0 ? { state: null } : await backstory.state(event.category, event.streamId, { version });
      expect([event.category, event.streamId, version, event.before]).toEqual([
        event.category,
        event.streamId,
        version,
        state,
      ]);
    }
    expect(known).toBeGreaterThan(50);
    const batches: (readonly RecordedEvent[])[] = [];
    const project = (name: string, before: boolean): Promise<unknown> => {
      backstory.consumers.project({
        name,
        before,
        batchSize: 1000,
        handlers: onEventBatch([{ categories: 'all' }], (events) => void batches.push(events)),
      });
      return runOnce(backstory, name);
    };
    const reads = jest.spyOn(Client.prototype, 'query');
    await project('batched', true);
    expect(batches.length).toBeLessThanOrEqual(2);
    expect(beforesIn(reads)).toBeLessThanOrEqual(4 * batches.length);
    const inBatches = new Map(batches.flat().map((event) => [event.globalPosition, event]));
    for (const event of told) expect(inBatches.get(event.globalPosition)).toEqual(event);
    batches.length = 0;
    await project('plain-batches', false);
    expect(batches.flat().some((event) => 'before' in event)).toBe(false);
    reads.mockRestore();
  });

  it('say nothing where nobody knows it, and have nothing where nobody has asked', async () => {
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 1 });
    backstory = await createBackstory(library.dataSource, { aggregates });
    await backstory.backfill();
    await library.dataSource.query(
      `update shelf set barcode = '\\x01'; update shelf set barcode = '\\x02'; update shelf set barcode = '\\x03'`,
    );
    await library.dataSource.manager.insert(Shelf, { room: 'b', number: 2 });
    consume({ category: 'shelf' }, { includeBackfill: true });
    await runOnce(backstory, 'mirror');
    const seen = (): unknown[] =>
      told.map((event) => [
        event.streamId,
        event.streamPosition,
        'before' in event ? event.before && (event.before as { barcode: unknown }).barcode : 'unknown',
      ]);
    expect(seen()).toEqual([
      ['a:1', 1, 'unknown'],
      ['a:1', 2, null],
      ['a:1', 3, '\\x01'],
      ['a:1', 4, '\\x02'],
      ['b:2', 1, null],
    ]);
    await unseen(
      library.dataSource,
      `delete from backstory.events where stream_id = 'a:1' and stream_position = 2`,
    );
    told = [];
    consume({ category: 'shelf' }, { name: 'later' });
    await runOnce(backstory, 'later');
    expect(seen()).toEqual([
      ['a:1', 3, 'unknown'],
      ['a:1', 4, 'unknown'],
      ['b:2', 1, null],
    ]);
    told = [];
    consume({ category: 'shelf' }, { name: 'plain', before: false });
    await runOnce(backstory, 'plain');
    expect(told.some((event) => 'before' in event)).toBe(false);
  });
});
