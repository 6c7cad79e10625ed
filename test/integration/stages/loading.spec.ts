import { type Backstory, createBackstory, type StageOptions } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { AbstractLogger, DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { behindTheTriggers } from './behind-the-triggers.js';
import { fillGallery } from './fill-gallery.js';
import { Artist, gallery, Label, Painting, Piece } from './gallery.js';
import { loading, passingThrough } from './loading.js';

/** Hears every statement that TypeORM sends. */
class Listener extends AbstractLogger {
  constructor(private readonly hear: (statement: string) => void) {
    super(['query']);
  }

  override logQuery(text: string, parameters?: unknown[]): void {
    this.hear(`${text} ${JSON.stringify(parameters)}`);
  }

  protected writeLog(): void {
    // statements are all that is listened for
  }
}

describe('loading', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;
  let statements: string[];
  const plain = new Map<string, unknown>();

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: gallery,
      synchronize: true,
      cache: true,
      logging: ['query'],
      logger: new Listener((statement) => void statements.push(statement)),
    });
    statements = [];
    await dataSource.initialize();
    await fillGallery(dataSource.manager);
    for (const [name, load] of Object.entries({ ...loading, ...passingThrough }))
      plain.set(name, await load(dataSource.manager));
    backstory = await createBackstory(dataSource);
    await backstory.backfill();
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  async function enter(
    stage: 'off' | 'capture' | 'shadow' | 'replay',
    options: StageOptions = {},
  ): Promise<void> {
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, stage, { force: true, ...options });
  }

  const stages = [
    ['capture', {}],
    ['shadow', {}],
    ['replay', {}],
    ['replay', { percent: 50 }],
    ['off', {}],
  ] as const;

  describe.each(stages)('in stage %s %j', (stage, options) => {
    beforeAll(() => enter(stage, options));
    afterAll(async () => {
      await backstory.shadowSettled();
      if (stage !== 'off') return;
      // what was off may have missed changes
      await enter('capture');
      await backstory.backfill();
    }, 120_000);

    it.each(Object.entries({ ...loading, ...passingThrough }))(
      '%s: as without Backstory',
      async (name, load) => {
        const loaded = await load(dataSource.manager);
        expect(loaded).toStrictEqual(plain.get(name));
        expect(await dataSource.transaction(load)).toStrictEqual(plain.get(name));
      },
    );
  });

  describe('from tables that say something else', () => {
    const forge = (table: string, column: string): string => `update ${table} set ${column} = 'forged'`;

    beforeAll(async () => {
      await enter('replay');
      await behindTheTriggers(
        dataSource,
        [
          forge('artist', 'name'),
          forge('label', 'text'),
          forge('piece', `facts = '{"forged": 1}', "sizeUnit"`),
          forge('room', 'name'),
          forge('topic', 'name'),
          `update reading set celsius = celsius + 100`,
        ].join(';'),
      );
    });

    afterAll(async () => {
      await backstory.repair();
    });

    // Those that find by a name that the table no longer has can't be asked: lists and filters are the table's.
    const finders = new Set([
      'a tree of a closure table',
      'ancestors in a closure table',
      'descendants by a materialized path',
    ]);
    const asked = Object.entries(loading).filter(([name]) => !finders.has(name));

    it.each(asked)('%s: gives the replay', async (name, load) => {
      expect(await load(dataSource.manager)).toStrictEqual(plain.get(name));
    });

    it.each(Object.entries(passingThrough))('%s: gives the table', async (name, load) => {
      expect(await load(dataSource.manager)).not.toEqual(plain.get(name));
    });
  });

  describe('and what follows it', () => {
    /** Runs it, tells the statements of writes that it sent, and takes it back. */
    async function writesOf(work: (manager: EntityManager) => Promise<unknown>): Promise<string[]> {
      const runner: QueryRunner = dataSource.createQueryRunner();
      await runner.startTransaction();
      try {
        statements = [];
        await work(runner.manager);
        return statements
          .filter((text) => /^(INSERT|UPDATE|DELETE)/.test(text))
          .map((text) => text.replace(/\d{4}-\d\d-\d\dT[^"]+/g, 'now'));
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    }

    const following: Record<string, (manager: EntityManager) => Promise<unknown>> = {
      'save of nothing changed': async (m) => m.save(await m.findOneByOrFail(Artist, { id: 1 })),
      'save of a change': async (m) => {
        const artist = await m.findOneByOrFail(Artist, { id: 1 });
        artist.name = 'changed';
        await m.save(artist);
      },
      'save of an embedded, a transformed and a joined value': async (m) => {
        const painting = await m.findOneByOrFail(Painting, { title: 'Painting 1' });
        Object.assign(painting, { price: 1, labels: painting.labels.slice(1) });
        painting.size.unit = 'm';
        await m.save(painting);
      },
      'save by preload': async (m) => m.save(await m.preload(Label, { code: 'a', text: 'changed' })),
      remove: async (m) => m.remove(await m.findOneByOrFail(Painting, { title: 'Painting 0' })),
      'soft remove and recover': async (m) =>
        m.recover(await m.softRemove(await m.findOneByOrFail(Artist, { id: 2 }))),
      upsert: (m) => m.upsert(Label, { code: 'a', text: 'upserted' }, ['code']),
    };

    it.each(Object.entries(following))('%s: the same writes in every stage', async (_, work) => {
      await enter('capture');
      const expected = await writesOf(work);
      await enter('shadow');
      expect(await writesOf(work)).toEqual(expected);
      await enter('replay');
      expect(await writesOf(work)).toEqual(expected);
      await enter('replay', { percent: 50 });
      expect(await writesOf(work)).toEqual(expected);
    });

    it('a transaction sees its own writes', async () => {
      await enter('replay');
      const { name } = await dataSource.manager.findOneByOrFail(Artist, { id: 1 });
      await writesOf(async (m) => {
        await m.update(Artist, { id: 1 }, { name: 'mine' });
        expect((await m.findOneByOrFail(Artist, { id: 1 })).name).toBe('mine');
        expect((await dataSource.manager.findOneByOrFail(Artist, { id: 1 })).name).toBe(name);
        await m.delete(Label, { code: 'zzz' });
        await m.insert(Label, { code: 'new', text: 'new' });
        expect(await m.findOneBy(Label, { code: 'new' })).toEqual({ code: 'new', text: 'new' });
        expect(await m.countBy(Piece, {})).toBe(8);
      });
    });

    it('REPEATABLE READ keeps to its snapshot', async () => {
      await enter('replay');
      await dataSource.transaction('REPEATABLE READ', async (m) => {
        const before = await m.findOneByOrFail(Label, { code: 'b' });
        await dataSource.manager.update(Label, { code: 'b' }, { text: 'meanwhile' });
        expect(await m.findOneByOrFail(Label, { code: 'b' })).toEqual(before);
      });
      expect((await dataSource.manager.findOneByOrFail(Label, { code: 'b' })).text).toBe('meanwhile');
    });
  });
});
