import { type Backstory, createBackstory, StageRefusedError } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { behindTheTriggers } from './behind-the-triggers.js';
import { until } from './until.js';

const authors = 200;

describe('stages', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, { shadow: { requiredReads: 150 } });
    await library.dataSource.manager.insert(
      Author,
      Array.from({ length: authors }, (_, n) => ({ name: `Author ${n}`, home: {} })),
    );
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  async function refusal(...move: Parameters<Backstory['stages']['set']>): Promise<readonly string[]> {
    const error = await backstory.stages.set(...move).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StageRefusedError);
    return (error as StageRefusedError).reasons;
  }

  async function walkToShadow(): Promise<void> {
    await backstory.backfill({ aggregates: ['author'] });
    await backstory.verify({ aggregates: ['author'] });
    await backstory.stages.set('author', 'shadow');
  }

  const tamper = (): Promise<void> =>
    behindTheTriggers(library.dataSource, `update author set name = 'row ' || id`);

  /** Streams that this DataSource's reads replay. */
  async function replayed({ manager }: DataSource = library.dataSource): Promise<Set<number>> {
    const found = await manager.find(Author);
    return new Set(found.filter(({ name }) => name.startsWith('Author ')).map(({ id }) => id));
  }

  it('go forward only when nothing stands against it, and say everything that does', async () => {
    expect(await refusal('author', 'shadow')).toEqual([
      expect.stringMatching(/^its backfill is not complete/),
      expect.stringMatching(/^it has not been verified since capture began/),
    ]);
    expect(await refusal('author', 'replay')).toHaveLength(4);
    await backstory.backfill({ aggregates: ['author'] });
    await tamper();
    await backstory.verify({ aggregates: ['author'] });
    expect(await refusal('author', 'shadow')).toEqual([
      expect.stringMatching(/^the last verify found 200 drifted streams/),
    ]);
    await backstory.repair({ aggregates: ['author'] });
    await walkToShadow();
    expect(await refusal('author', 'replay', { percent: 1 })).toEqual([
      expect.stringMatching(/^0 of 150 shadow reads were compared/),
    ]);
    await library.dataSource.manager.find(Author);
    await backstory.shadowSettled();
    await backstory.stages.set('author', 'replay', { percent: 1 });
  });

  it('record with a forced change what stood against it', async () => {
    const change = await backstory.stages.set('author', 'replay', { force: true, by: 'ops', reason: 'test' });
    expect(change).toMatchObject({ forced: true, changedBy: 'ops', reason: 'test', percent: 100 });
    expect(change.overridden).toHaveLength(4);
    expect((await backstory.stages.history('author')).at(-1)).toEqual(change);
  });

  it('go back from everywhere, whatever the guards would say and whoever holds the table', async () => {
    await backstory.stages.set('author', 'replay', { force: true });
    await tamper();
    await backstory.verify({ aggregates: ['author'] });
    const holder = library.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`lock table author in row exclusive mode`);
    let waited = 0;
    let going = true;
    const watching = (async () => {
      while (going) {
        const waiting: unknown[] = await holder.query(
          `select from pg_locks where relation = 'author'::regclass and not granted`,
        );
        waited += waiting.length;
      }
    })();
    for (const [from, to] of [
      ['replay', 'shadow'],
      ['replay', 'capture'],
      ['shadow', 'capture'],
    ] as const) {
      await backstory.stages.set('author', from, { force: true });
      const change = await backstory.stages.set('author', to);
      expect(change).toMatchObject({ from, to, forced: false });
    }
    going = false;
    await watching;
    expect(waited).toBe(0);
    await holder.rollbackTransaction();
    await holder.release();
  });

  it('replay until the last instance has heard of it, and only then are the triggers taken away', async () => {
    const other = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    const its = await createBackstory(other, { stagePollMs: 1_000 });
    await backstory.stages.set('author', 'replay', { force: true });
    await until('the other instance replays', async () => {
      await tamper();
      return (await replayed(other)).size === authors;
    });
    let going = true;
    const off = backstory.stages.set('author', 'off').finally(() => (going = false));
    for (let n = 0; going; n++) {
      await library.dataSource.manager.update(Author, { id: 1 }, { name: `Written ${n}` });
      expect((await other.manager.findOneByOrFail(Author, { id: 1 })).name).toBe(`Written ${n}`);
    }
    expect(await off).toMatchObject({ from: 'replay', to: 'off' });
    expect((await replayed(other)).size).toBe(0);
    await its.close();
    await other.destroy();
  });

  it('keep the triggers when somebody switches it on again meanwhile', async () => {
    await backstory.stages.set('author', 'replay', { force: true });
    const off = backstory.stages.set('author', 'off');
    await until('it is off', async () => (await backstory.stages.get('author')) === 'off');
    await backstory.stages.set('author', 'capture');
    await off;
    await library.dataSource.manager.update(Author, { id: 1 }, { name: 'captured' });
    expect((await backstory.history('author', '1')).at(-1)?.data).toMatchObject({ name: 'captured' });
  });

  it('replay a percentage: the same streams everywhere, more of them with every step, taken up within a second', async () => {
    const other = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    const its = await createBackstory(other);
    await backstory.stages.set('author', 'replay', { force: true, percent: 10 });
    await tamper();
    let before = new Set<number>();
    for (const percent of [10, 11, 40, 90, 100]) {
      await backstory.stages.set('author', 'replay', { percent, force: true });
      const here = await replayed();
      await until(
        `${percent} % on the other instance`,
        async () => (await replayed(other)).size === here.size,
        1_000,
      );
      expect(await replayed(other)).toEqual(here);
      for (const id of before) expect(here).toContain(id);
      const [{ ids }] = await library.dataSource.query(
        `select array_agg(id order by id) as ids from author where
           ('x' || left(encode(sha256(convert_to('author-' || id, 'UTF8')), 'hex'), 8))::bit(32)::bigint % 100 < $1`,
        [percent],
      );
      expect([...here].sort((a, b) => a - b)).toEqual(ids);
      before = here;
    }
    expect(before.size).toBe(authors);
    await backstory.stages.set('author', 'replay', { percent: 5 });
    expect((await replayed()).size).toBeLessThan(40);
    expect(
      (await backstory.stages.history('author'))
        .slice(-6)
        .map(({ fromPercent, percent }) => [fromPercent, percent]),
    ).toEqual([
      [10, 10],
      [10, 11],
      [11, 40],
      [40, 90],
      [90, 100],
      [100, 5],
    ]);
    await its.close();
    await other.destroy();
  });

  it('compare what is beyond the percentage, and enlarge it only while that finds no drift', async () => {
    await walkToShadow();
    await library.dataSource.manager.find(Author);
    await backstory.shadowSettled();
    await backstory.stages.set('author', 'replay', { percent: 10 });
    await library.dataSource.manager.find(Author);
    await backstory.shadowSettled();
    const { shadow, percent } = (await backstory.status()).find(({ category }) => category === 'author')!;
    expect(percent).toBe(10);
    expect(shadow).toMatchObject({ drifted: 0 });
    expect(shadow!.compared).toBeGreaterThan(150);
    expect(shadow!.compared).toBeLessThan(authors);
    await backstory.stages.set('author', 'replay', { percent: 20 });
    await tamper();
    await library.dataSource.manager.find(Author);
    await backstory.shadowSettled();
    expect(await refusal('author', 'replay', { percent: 30 })).toEqual([
      expect.stringMatching(/^\d+ shadow reads found drift/),
    ]);
    await backstory.stages.set('author', 'replay', { percent: 10 });
  });

  it.each([
    ['shadow', 10, /A percentage of shadow/],
    ['replay', 0, /percent 0 is no share/],
    ['replay', 1.5, /percent 1.5 is no share/],
    ['replay', 101, /percent 101 is no share/],
  ] as const)('refuse %s of %s %%', async (stage, percent, message) => {
    await expect(backstory.stages.set('author', stage, { percent, force: true })).rejects.toThrow(message);
  });

  it('have no poll interval that breaks the promise of a second', async () => {
    await expect(createBackstory(library.dataSource, { stagePollMs: 5_000 })).rejects.toThrow(/too large/);
    expect(await backstory.stages.get(Shelf.name)).toBe('capture');
  });
});
