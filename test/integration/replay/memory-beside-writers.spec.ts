import { channel } from 'node:diagnostics_channel';
import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Author, entities, Shelf, Subject, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { type Random, seededRandom, seedOfRun } from '../../library/random.js';
import { reads } from '../../library/reads.js';
import { writeRandomly, writes } from '../../library/write-randomly.js';
import { printed } from '../../values/history.js';

const seed = seedOfRun();
const snapshots = { every: 4 };
const louder: AggregateOptions = {
  entity: Author,
  schemaVersion: 2,
  upcasters: {
    '*': { 1: (data) => ('name' in data ? { ...data, name: `${String(data['name'])}!` } : data) },
  },
  snapshots,
};
const others = [Work, Shelf, Subject].map((entity) => ({ entity, snapshots }));
const shapes: [string, AggregateOptions[], AggregateOptions[]][] = [
  ['a stream for each entity', [{ entity: Author }, ...others], [{ entity: Author, snapshots }, ...others]],
  ['with an upcaster', [{ entity: Author }, ...others], [louder, ...others]],
  [
    'authors own their works',
    [{ entity: Author, owns: ['works', 'works.subjects'] }, Shelf, Subject].map((each) =>
      'entity' in each ? each : { entity: each },
    ),
    [
      { entity: Author, owns: ['works', 'works.subjects'], snapshots },
      { entity: Shelf, snapshots },
      { entity: Subject, snapshots },
    ],
  ],
];
/** Reads whose order doesn't depend on rows that compare equal. */
const styles = Object.entries(reads).filter(([name]) => !/raw|relation ids|aggregates/i.test(name));

describe.each(shapes)(`what is kept in memory, %s, seed ${seed}`, (_shape, before, after) => {
  let library: Library;
  let backstory: Backstory;
  /** Reads the same by folding the events each time. */
  let folding: DataSource;
  let uncached: Backstory;
  let asked: string[];
  let fromMemory: number;
  const count = (operation: unknown): void => {
    const { name, onEnd } = operation as {
      name: string;
      onEnd: (listen: (end: { attributes: Record<string, unknown> }) => void) => void;
    };
    if (name === 'replay') onEnd(({ attributes }) => (fromMemory += Number(attributes['fromMemory'] ?? 0)));
  };

  beforeEach(async () => {
    asked = [];
    fromMemory = 0;
    const nothing = (): undefined => undefined;
    const logger = {
      logQuery: (text: string) => asked.push(text),
      logQueryError: nothing,
      logQuerySlow: nothing,
      logSchemaBuild: nothing,
      logMigration: nothing,
      log: nothing,
    };
    library = await openLibrary({ poolSize: 24, logger });
    const first = await createBackstory(library.dataSource, { aggregates: before });
    await writeRandomly(library.dataSource, seededRandom(seed), 60);
    await first.close();
    backstory = await createBackstory(library.dataSource, { aggregates: after, stagePollMs: 50 });
    folding = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities,
      poolSize: 24,
    }).initialize();
    uncached = await createBackstory(folding, { aggregates: after, replay: { cache: false } });
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    channel('backstory:operation').subscribe(count);
  });

  afterEach(async () => {
    channel('backstory:operation').unsubscribe(count);
    await uncached.close();
    await folding.destroy();
    await backstory.close();
    await library.close();
  });

  /** Reads by memory, and by the events alone: on the same connection, in the same transaction. */
  async function compare(
    queryRunner: QueryRunner,
    random: Random,
    times: number,
    mayLock = true,
  ): Promise<void> {
    const other = folding.createQueryRunner();
    Object.assign(other, { databaseConnection: await queryRunner.connect(), isTransactionActive: true });
    const id = 1 + random.integer(0, 39);
    const some: [string, (manager: EntityManager) => Promise<unknown>][] = [
      [`author ${id}`, (manager) => manager.findOneBy(Author, { id })],
      [`author ${id} again`, (manager) => manager.findOneBy(Author, { id })],
      ['subjects', (manager) => manager.find(Subject, { order: { code: 1 } })],
      ['a work', (manager) => manager.findOne(Work, { where: {}, order: { id: 1 } })],
      [
        'locked authors',
        (manager) => manager.find(Author, { lock: { mode: 'pessimistic_read' }, order: { id: 1 } }),
      ],
    ];
    for (let n = 0; n < times; n++) {
      const [name, read] = random.next() < 0.5 ? random.pick(some)! : random.pick(styles)!;
      if (name === 'locked authors' && !mayLock) continue;
      const outcome = (manager: EntityManager): Promise<unknown> =>
        read(manager).catch((error: Error) => error.name);
      const remembered = await outcome(queryRunner.manager);
      const folded = await outcome(other.manager);
      expect([name, inOrder(remembered)]).toEqual([name, inOrder(folded)]);
      if (random.next() < 0.3) disturb(remembered);
    }
  }

  async function inTransaction(
    isolation: 'READ COMMITTED' | 'REPEATABLE READ',
    random: Random,
    work: (queryRunner: QueryRunner) => Promise<void>,
  ): Promise<void> {
    const queryRunner = library.dataSource.createQueryRunner();
    await queryRunner.startTransaction(isolation);
    try {
      await work(queryRunner);
      if (random.next() < 0.6) await queryRunner.commitTransaction();
    } finally {
      if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction();
      await queryRunner.release();
    }
  }

  /** A write between savepoints, so that one that is refused doesn't end the transaction; some are taken back. */
  async function write(manager: EntityManager, random: Random): Promise<void> {
    const undo = random.next() < 0.2;
    const [, work] = random.pick(Object.entries(writes))!;
    await manager
      .transaction(async (inside) => {
        await work(inside, random);
        if (undo) throw Object.assign(new Error('undo'), { code: 'undo' });
      })
      .catch((error: Error & { code?: string }) => {
        if (['undo', '23505', '23503'].includes(error.code ?? '')) return;
        if (error.name !== 'OptimisticLockVersionMismatchError') throw error;
      });
  }

  /** Streams that are archived, erased, and begun again. */
  async function move(random: Random): Promise<void> {
    const id = 1 + random.integer(0, 39);
    const kind = random.integer(0, 3);
    if (kind === 0) {
      await backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
    } else if (kind === 1) await backstory.archive.restore();
    else if (kind === 2) {
      const found = await library.dataSource.query(
        `select 1 from backstory.events where category = 'author' and stream_id = $1 limit 1`,
        [String(id)],
      );
      if (found.length > 0) await backstory.erase(Author, String(id), { properties: ['name'] });
    } else {
      await library.dataSource.query('delete from author where id = $1', [id]);
      // another writer may have been first
      await library.dataSource.query(
        `insert into author (id, name, preferences, version) values ($1, 'again', '{"a":[1]}', 1)
         on conflict do nothing`,
        [id],
      );
    }
  }

  it.each([0, 1])(
    'is what the events say, in every transaction and with its own writes (run %i)',
    async (run) => {
      const random = seededRandom(seed + run);
      for (let step = 0; step < 30; step++) {
        if (random.next() < 0.25) await move(random);
        if (random.next() < 0.5) await writeRandomly(library.dataSource, random, 3);
        const isolation = random.pick(['READ COMMITTED', 'REPEATABLE READ'] as const)!;
        await inTransaction(isolation, random, async (queryRunner) => {
          await compare(queryRunner, random, 4);
          for (let n = random.integer(0, 3); n > 0; n--) {
            await write(queryRunner.manager, random);
            await compare(queryRunner, random, 3);
          }
        });
        const id = String(1 + random.integer(0, 39));
        expect(inOrder(await backstory.load(Author, id))).toBe(inOrder(await uncached.load(Author, id)));
        const state = await backstory.state(Author, id);
        // in whatever order the properties are: from a snapshot and from events it may be another
        expect(state).toEqual(await uncached.state(Author, id));
        disturb(state);
      }
      expect(fromMemory).toBeGreaterThan(100);
      expect(asked.filter((text) => text.includes('backstory_end_')).length).toBeGreaterThan(10);
    },
  );

  it('is what the events say while eight others write', async () => {
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const random = seededRandom(seed + 100 + writer);
        while (writing) {
          await writeRandomly(library.dataSource, random, 2);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
    );
    try {
      await Promise.all(
        Array.from({ length: 3 }, async (_, reader) => {
          const random = seededRandom(seed + 200 + reader);
          for (let n = 0; n < 20; n++) {
            if (reader === 0 && n % 7 === 3) await move(random);
            await inTransaction('REPEATABLE READ', random, (queryRunner) =>
              compare(queryRunner, random, 6, false),
            );
          }
        }),
      );
    } finally {
      writing = false;
      await writers;
    }
    expect(fromMemory).toBeGreaterThan(100);
  });
});

/**
 * Rows of a relation have no order: two queries may find them in another one, and parts of a loaded entity come as events, a snapshot or a stand-in
 * of the archive have them.
 */
function inOrder(value: unknown): string {
  sortRelations(value, true);
  return printed(value);
}

function sortRelations(value: unknown, isTop: boolean): void {
  if (Array.isArray(value)) {
    for (const each of value) sortRelations(each, false);
    if (!isTop && value.every(isEntity)) value.sort((a, b) => (printed(a) < printed(b) ? -1 : 1));
  } else if (isEntity(value)) {
    for (const each of Object.values(value)) sortRelations(each, false);
  }
}

function isEntity(value: unknown): value is object {
  return entities.some((entity) => typeof entity === 'function' && value instanceof entity);
}

/** What an application may do with what it was given. */
function disturb(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Date) value.setTime(0);
  else if (Buffer.isBuffer(value)) value.fill(7);
  else if (Array.isArray(value)) {
    value.forEach(disturb);
    value.push('disturbed');
  } else {
    Object.values(value).forEach(disturb);
    Object.assign(value, { disturbed: true });
  }
}
