import { type Backstory, type BackfillProgress, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

const rows = 3_000;

describe('a backfill that an operator runs', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    await library.dataSource.query(
      `insert into author (name, "homeCity", version) select 'a' || n, 'c' || n % 7, 1 from generate_series(1, ${rows}) n;
       insert into work (title, kind, "authorId") select 'w' || n, 'Novel', 1 + n % ${rows} from generate_series(1, 500) n;
       insert into shelf (room, number) select 'r' || n % 9, n from generate_series(1, 500) n;
       analyze author, work, shelf`,
    );
    backstory = await createBackstory(library.dataSource);
  });

  afterEach(async () => {
    await backstory?.close();
    await library.close();
  });

  const expectComplete = async (): Promise<void> => {
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect(
      await library.dataSource.query(
        `select category, stream_id from backstory.events group by 1, 2 having count(*) <> 1`,
      ),
    ).toEqual([]);
  };

  /** Another process with the same application. */
  const elsewhere = async <Result>(work: (other: Backstory) => Promise<Result>): Promise<Result> => {
    const dataSource = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    const other = await createBackstory(dataSource, { install: 'check' });
    try {
      return await work(other);
    } finally {
      await other.close();
      await dataSource.destroy();
    }
  };

  it.each([2, 4, 7])(
    'walks %i ranges of keys at once: integers, uuids and keys of two columns',
    async (parallel) => {
      const reports = await backstory.backfill({ parallel, chunkSize: 50 });
      expect(reports.map(({ category, rows: seen, events }) => [category, seen, events]).sort()).toEqual([
        ['author', rows, rows],
        ['shelf', 500, 500],
        ['subject', 0, 0],
        ['work', 500, 500],
        ['workSubjectsSubject', 0, 0],
      ]);
      const ranges = await library.dataSource.query(
        `select count(*)::int as ranges, min(rows_seen)::int as least, bool_and(done) as done
       from backstory.backfill_ranges where category in ('author', 'work', 'shelf') group by category`,
      );
      expect(ranges).toHaveLength(3);
      for (const { ranges: count, least, done } of ranges) {
        expect([count, done]).toEqual([parallel, true]);
        expect(least).toBeGreaterThan(0);
      }
      await expectComplete();
    },
  );

  it('goes on in every range where it was stopped', async () => {
    const stop = new AbortController();
    const [first] = await backstory.backfill({
      aggregates: ['author'],
      parallel: 3,
      chunkSize: 100,
      signal: stop.signal,
      onProgress: ({ rows: seen }) => seen >= 900 && stop.abort(),
    });
    expect(first?.completed).toBe(false);
    const [second] = await backstory.backfill({ aggregates: ['author'], chunkSize: 100 });
    expect(second?.completed).toBe(true);
    expect((first?.rows ?? 0) + (second?.rows ?? 0)).toBe(rows);
    await backstory.backfill();
    await expectComplete();
  });

  it('pauses, goes on and stops as somebody at another terminal says', async () => {
    const heard: BackfillProgress[] = [];
    const running = backstory.backfill({
      aggregates: ['author'],
      chunkSize: 10,
      throttle: { rowsPerSecond: 2_000 },
      onProgress: (progress) => void heard.push(progress),
    });
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => heard.length > 3);
    expect(await elsewhere((other) => other.askBackfill('pause'))).toEqual(['author']);
    await until(() => heard.at(-1)?.waitingFor === 'somebody who has paused it');
    const paused = heard.at(-1)?.rows;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(heard.at(-1)?.rows).toBe(paused);
    await elsewhere((other) => other.askBackfill(null));
    await until(() => (heard.at(-1)?.rows ?? 0) > (paused ?? 0));
    await elsewhere((other) => other.askBackfill('stop'));
    const [report] = await running;
    expect(report?.completed).toBe(false);
    expect(report?.rows).toBeLessThan(rows);
    const [rest] = await backstory.backfill({ aggregates: ['author'] });
    expect(rest).toMatchObject({ completed: true, rows: rows - (report?.rows ?? 0) });
    expect(await backstory.askBackfill('stop')).toEqual([]);
  });

  it('keeps to a rate, whatever the number of workers', async () => {
    const [report] = await backstory.backfill({
      aggregates: ['author'],
      parallel: 2,
      chunkSize: 100,
      throttle: { rowsPerSecond: 2_000 },
    });
    // the last chunk is not waited for
    expect(report?.seconds).toBeGreaterThan((rows - 300) / 2_000);
  });

  it('waits while the database is busy, and while a query says so', async () => {
    await library.dataSource.query(`create table busy as select true as now`);
    const heard = new Set<string | undefined>();
    const running = backstory.backfill({
      aggregates: ['author'],
      throttle: { query: 'select now from busy' },
      onProgress: ({ waitingFor }) => void heard.add(waitingFor),
    });
    while (!heard.has('the query of the throttle')) await new Promise((resolve) => setTimeout(resolve, 10));
    await library.dataSource.query(`update busy set now = false`);
    expect((await running)[0]?.completed).toBe(true);

    const active = new Set<string | undefined>();
    const sleeping = library.dataSource.query('select pg_sleep(1)');
    await backstory.backfill({
      aggregates: ['work'],
      throttle: { maxActiveConnections: 0 },
      onProgress: ({ waitingFor }) => void active.add(waitingFor),
    });
    expect(active).toContain('1 active connections');
    await sleeping;
    await backstory.backfill({ throttle: { maxReplicaLagSeconds: 1 } });
    await expectComplete();
  });

  it('says which transaction it waits for', async () => {
    const heard: string[] = [];
    await library.dataSource.transaction(async (manager) => {
      await manager.query(`set local application_name = 'nightly job'`);
      await manager.query(`select from author where id = 5 for update`);
      const running = backstory.backfill({
        aggregates: ['author'],
        onProgress: ({ waitingFor }) => waitingFor && void heard.push(waitingFor),
      });
      while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      void running.catch(() => undefined);
      heard.push(await Promise.race([running.then(() => 'done'), Promise.resolve('still running')]));
    });
    expect(heard[0]).toMatch(
      /^process \d+ \(nightly job, idle in transaction, transaction open for 00:00:0\d\)/,
    );
    expect(heard.at(-1)).toBe('still running');
    while (!(await backstory.status()).find(({ category }) => category === 'author')?.backfill?.completedAt)
      await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('takes only some rows, and does not pass for the whole', async () => {
    const [some] = await backstory.backfill({ aggregates: ['author'], where: `t."homeCity" = 'c3'` });
    const expected = await library.dataSource.manager.countBy(Author, { home: { city: 'c3' } });
    expect(some).toMatchObject({ rows: expected, events: expected, completed: false, finished: true });
    await expect(backstory.stages.set('author', 'shadow')).rejects.toThrow(/its backfill is not complete/);
    const [all] = await backstory.backfill({ aggregates: ['author'] });
    expect(all).toMatchObject({ rows, events: rows - expected });
    await backstory.backfill();
    await expectComplete();
  });

  it('is estimated by trying, and nothing is left of that', async () => {
    await library.dataSource.query(`update work set title = 'touched'`);
    const estimates = await backstory.estimateBackfill();
    const of = (category: string) => estimates.find((estimate) => estimate.category === category);
    expect(of('work')).toMatchObject({ rows: 500, events: 0, bytes: 0 });
    expect(of('author')).toMatchObject({ rows, events: rows });
    expect(await backstory.history('author', '1')).toEqual([]);
    const size = async (): Promise<number> =>
      Number(
        (await library.dataSource.query(`select pg_total_relation_size('backstory.events') as size`))[0].size,
      );
    const before = await size();
    await backstory.backfill({ aggregates: ['author'] });
    const grown = (await size()) - before;
    expect((of('author')?.bytes ?? 0) / grown).toBeGreaterThan(0.5);
    expect((of('author')?.bytes ?? 0) / grown).toBeLessThan(2);
    expect(
      (await backstory.estimateBackfill({ aggregates: ['shelf'], where: 't.number <= 100' }))[0],
    ).toMatchObject({
      rows: 100,
      events: 100,
    });
  });

  it.each([
    [{ chunkSize: 0 }, /chunkSize: 0 is no positive whole number/],
    [{ parallel: 1.5 }, /parallel: 1.5 is no positive/],
    [{ throttle: { rowsPerSecond: 0 } }, /throttle.rowsPerSecond: 0 is not above 0/],
    [{ throttle: { maxActiveConnections: -1 } }, /maxActiveConnections: -1/],
    [{ throttle: { query: 'select 1' } }, /gave 1, not true or false/],
    [
      { aggregates: ['author'], where: 'homeCity = 1' },
      /"where" is no condition that holds for this table: column "homecity"/,
    ],
    [{ where: 'true' }, /"where" is for one aggregate, and 5 are meant/],
  ])('refuses %j', async (options, message) => {
    await expect(backstory.backfill(options)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message),
    });
    expect(await library.dataSource.manager.count(Shelf)).toBe(500);
  });
});
