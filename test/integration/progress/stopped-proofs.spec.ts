import { type Backstory, createBackstory, type Progress } from '@backstory/adapter';
import { Author, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

const streams = 1200;

describe('verify and repair that are followed, and stopped', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, { aggregates: [Author, Subject] });
    await library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'n' from generate_series(1, ${streams}) n`,
    );
    await library.dataSource.manager.insert(Author, { name: 'a', home: {} });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const drift = async (): Promise<void> => {
    await library.dataSource.query(
      `alter table subject disable trigger user; update subject set label = 'behind'; alter table subject enable trigger user`,
    );
  };
  const recorded = async (): Promise<string[]> => {
    const rows = await library.dataSource.query<{ category: string }[]>(
      'select category from backstory.verifications order by 1',
    );
    return rows.map(({ category }) => category);
  };

  it('tells of each table how many of its rows were compared', async () => {
    await library.dataSource.query('analyze subject');
    const heard: Progress[] = [];
    await backstory.verify({ aggregates: ['subject'], onProgress: (each) => void heard.push(each) });
    expect(heard).toEqual(
      [0, streams].map((done) => ({ category: 'subject', done, total: streams, unit: 'rows' })),
    );
  });

  it('gives no total where there is no estimate, or only some streams are compared', async () => {
    const heard: Progress[] = [];
    const onProgress = (each: Progress): void => void heard.push(each);
    await backstory.verify({ aggregates: ['subject'], onProgress });
    await library.dataSource.query('analyze subject');
    await backstory.verify({ aggregates: ['subject'], streamIds: ['s1'], onProgress });
    expect(heard).toEqual([0, streams, 0, 1].map((done) => ({ category: 'subject', done, unit: 'rows' })));
  });

  it('tells page by page where code replays', async () => {
    await backstory.close();
    backstory = await createBackstory(library.dataSource, {
      aggregates: [
        Author,
        { entity: Subject, schemaVersion: 2, upcasters: { SubjectCreated: { 1: (data) => data } } },
      ],
    });
    const done: number[] = [];
    const report = await backstory.verify({
      aggregates: ['subject'],
      onProgress: (each) => void done.push(each.done),
    });
    expect(report).toMatchObject({ clean: true });
    expect(done).toEqual([0, 500, 1000, 1200, 1200]);
  });

  it('is never clean when it was stopped, and records nothing of what it has not compared', async () => {
    const stop = new AbortController();
    const onProgress = ({ category }: Progress): void => {
      if (category === 'subject') stop.abort();
    };
    const report = await backstory.verify({ onProgress, signal: stop.signal });
    expect(report).toMatchObject({ clean: false, aggregates: [{ category: 'author' }] });
    expect(report.unfinished).toEqual(['subject']);
    expect(await recorded()).toEqual(['author']);
    expect(await backstory.verify({ signal: AbortSignal.abort() })).toEqual({
      clean: false,
      aggregates: [],
      off: [],
      unseen: [],
      unfinished: ['author', 'subject'],
    });
    expect(await backstory.verify()).not.toHaveProperty('unfinished');
  });

  it('cancels the statement that is under way, and leaves the connections as they were', async () => {
    const locked = library.dataSource.createQueryRunner();
    await locked.startTransaction();
    await locked.query('lock table subject');
    const stop = new AbortController();
    const verified = backstory.verify({ aggregates: ['subject'], signal: stop.signal });
    const waiting = `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    for (;;) {
      const [{ count }] = await library.dataSource.query(waiting);
      if (count === 1) break;
    }
    stop.abort();
    expect(await verified).toMatchObject({ clean: false, aggregates: [], unfinished: ['subject'] });
    // while the lock is still held
    expect(await library.dataSource.query(waiting)).toEqual([{ count: 0 }]);
    await locked.rollbackTransaction();
    await locked.release();
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('ends by itself where there is no second connection to cancel it with', async () => {
    await backstory.close();
    const one = await openLibrary({ extra: { max: 1 } });
    try {
      await one.dataSource.manager.insert(Subject, { code: 's', label: 'n' });
      const alone = await createBackstory(one.dataSource, { aggregates: [Subject] });
      await alone.backfill();
      const stop = new AbortController();
      const onProgress = (): void => stop.abort();
      expect(await alone.verify({ onProgress, signal: stop.signal })).toMatchObject({
        clean: false,
        unfinished: ['subject'],
      });
      expect(await alone.verify()).toMatchObject({ clean: true });
      await alone.close();
    } finally {
      await one.close();
    }
  });

  it('stops a repair behind its batch, names what it has corrected, and goes on from there', async () => {
    await drift();
    const stop = new AbortController();
    const heard: Progress[] = [];
    const onProgress = (each: Progress): void => {
      heard.push(each);
      if (each.done >= 500) stop.abort();
    };
    const [, report] = await backstory.repair({ onProgress, signal: stop.signal });
    expect(report).toMatchObject({ category: 'subject', stopped: true, left: [] });
    expect(report?.repaired).toHaveLength(500);
    const ofSubjects = heard.filter(({ category }) => category === 'subject');
    expect(ofSubjects).toEqual([
      { category: 'subject', done: 0, unit: 'streams' },
      { category: 'subject', done: 0, total: streams, unit: 'streams' },
      { category: 'subject', done: 500, total: streams, unit: 'streams' },
    ]);
    expect(await backstory.verify()).toMatchObject({ clean: false, aggregates: [{}, { drifted: 700 }] });
    const [, rest] = await backstory.repair();
    expect(rest).not.toHaveProperty('stopped');
    expect(rest?.repaired).toHaveLength(700);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('does not wait for a row that somebody has locked when it is to stop', async () => {
    await drift();
    const locked = library.dataSource.createQueryRunner();
    await locked.startTransaction();
    await locked.query(`update subject set label = 'held' where code = 's600'`);
    const stop = new AbortController();
    const repairing = backstory.repair({ aggregates: ['subject'], signal: stop.signal });
    setTimeout(() => stop.abort(), 2000);
    const [report] = await repairing;
    await locked.rollbackTransaction();
    await locked.release();
    expect(report).toMatchObject({ stopped: true });
    // what the report names is what the log has
    const [{ count }] = await library.dataSource.query(
      `select count(*)::int as count from backstory.events where type = 'SubjectCorrected'`,
    );
    expect(report?.repaired).toHaveLength(count);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(streams);
  });
});
