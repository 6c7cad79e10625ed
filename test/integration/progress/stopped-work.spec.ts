import type { Progress } from '@backstory/adapter';
import { createBackstory } from '@backstory/adapter';
import { Author, Subject } from '../../library/entities.js';
import { future, openSubjects, type Subjects } from '../archive/subjects.js';
import { Customer, openPeople, type People, Purchase } from '../erasure/people.js';

/** Stops when so much was heard of. */
function stopAfter(
  done: number,
  category?: string,
): { heard: Progress[]; onProgress: (p: Progress) => void; signal: AbortSignal } {
  const stop = new AbortController();
  const heard: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    heard.push(progress);
    if (progress.done >= done && (category ?? progress.category) === progress.category) stop.abort();
  };
  return { heard, onProgress, signal: stop.signal };
}

describe('archive, snapshots and seals that are followed, and stopped', () => {
  let subjects: Subjects;

  beforeEach(async () => {
    subjects = await openSubjects();
    await subjects.library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'n 0' from generate_series(1, 1200) n`,
    );
    for (let n = 1; n <= 2; n++)
      await subjects.library.dataSource.query('update subject set label = $1', [`n ${n}`]);
  });

  afterEach(() => subjects.close());

  it('an archive stops behind a batch, and goes on where it was', async () => {
    const { backstory } = subjects;
    const move = { before: future, events: 2 };
    const following = stopAfter(1);
    const [authors, report] = await backstory.archive.move({ ...move, ...following });
    expect(authors).toEqual({
      category: 'author',
      streams: 0,
      events: 0,
      left: { drifted: 0, undelivered: 0, locked: 0 },
      dryRun: false,
    });
    expect(report).toMatchObject({ category: 'subject', stopped: true });
    expect(report?.events).toBeGreaterThan(0);
    expect(report?.events).toBeLessThan(3600);
    expect(following.heard.at(-1)).toEqual({ category: 'subject', done: report?.events, unit: 'events' });
    expect(await subjects.count('archived_events')).toBe(report?.events);
    const [, rest] = await backstory.archive.move(move);
    expect(rest).not.toHaveProperty('stopped');
    expect((report?.events ?? 0) + (rest?.events ?? 0)).toBe(3600);
    expect(await backstory.verify()).toMatchObject({ clean: true });

    const back = await backstory.archive.restore(stopAfter(1));
    expect(back).toEqual([
      { category: 'author', streams: 0, events: 0, dropped: 0 },
      { category: 'subject', streams: 200, events: 600, dropped: 0, stopped: true },
    ]);
    expect(await subjects.count('archived_events')).toBe(3000);
    expect(await backstory.archive.restore()).toMatchObject([{}, { streams: 1000, events: 3000 }]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('does nothing at all when it was stopped before', async () => {
    const { backstory } = subjects;
    const signal = AbortSignal.abort();
    expect(await backstory.archive.move({ before: future, events: 2, signal })).toMatchObject([
      { events: 0, stopped: true },
      { events: 0, stopped: true },
    ]);
    expect(await backstory.seals.seal({ signal })).toMatchObject({ blocks: 0, stopped: true });
    expect(await backstory.rebuildSnapshots({ signal })).toMatchObject([
      { stopped: true },
      { stopped: true },
    ]);
    expect(await subjects.count('archived_events')).toBe(0);
    expect(await subjects.count('seal_blocks')).toBe(0);
  });

  it('snapshots are taken anew page by page, as far as it comes', async () => {
    await subjects.backstory.close();
    const backstory = await createBackstory(subjects.library.dataSource, {
      aggregates: [Author, { entity: Subject, snapshots: { every: 2 } }],
    });
    try {
      const following = stopAfter(400);
      const [report] = await backstory.rebuildSnapshots({ aggregates: ['subject'], ...following });
      expect(report).toEqual({ category: 'subject', removed: 0, taken: 400, stopped: true });
      expect(following.heard.map(({ done }) => done)).toEqual([0, 200, 400]);
      expect(await backstory.rebuildSnapshots({ aggregates: ['subject'] })).toEqual([
        { category: 'subject', removed: 400, taken: 1200 },
      ]);
    } finally {
      await backstory.close();
    }
  });

  it('seals stop behind a block, and a verification of them that was stopped proves nothing', async () => {
    const { seals } = subjects.backstory;
    const following = stopAfter(2000);
    const report = await seals.seal({ blockSize: 1000, ...following });
    expect(report).toMatchObject({ blocks: 2, events: 2000, stopped: true });
    expect(following.heard).toEqual([0, 1000, 2000].map((done) => ({ done, total: 3600, unit: 'events' })));
    expect(await seals.seal({ blockSize: 1000 })).toMatchObject({ blocks: 2, events: 1600 });
    const stopped = await seals.verify(stopAfter(0));
    expect(stopped).toMatchObject({ clean: false, stopped: true, events: 0, differing: 0, unsealed: 0 });
    const whole = stopAfter(Infinity);
    const verified = await seals.verify(whole);
    expect(verified).toMatchObject({ clean: true, events: 3600 });
    expect(verified).not.toHaveProperty('stopped');
    expect(whole.heard.at(-1)).toMatchObject({ done: 3600, unit: 'events' });
  });
});

describe('searches for persons that are followed, and stopped', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
    await people.query(`insert into customer (id, name) values (4, 'Ada')`);
    await people.query(`insert into customer (id, name) values (44, 'Mary')`);
  });

  afterEach(() => people.close());

  /** Every hundredth is Ada's. */
  const buy = (purchases: number): Promise<unknown> =>
    people.query(
      `insert into purchase (id, "shipTo", total, "customerId")
       select n, 'street ' || n, 14, case when n % 100 = 0 then 4 else 44 end from generate_series(1, ${purchases}) n`,
    );

  const named = async (): Promise<number> => {
    const [row] = await people.query<{ count: number }>(
      `select count(*)::int as count from backstory.events where category = 'purchase' and data ->> 'shipTo' like 'street %00'`,
    );
    return row?.count ?? -1;
  };

  it('an erasure that was stopped says that the request is not done, and the next one does it', async () => {
    await buy(1500);
    const following = stopAfter(1000, 'purchase');
    const reports = await people.backstory.erasure.eraseSubject('customer:4', following);
    expect(reports.filter(({ stopped }) => stopped)).toEqual([
      {
        category: 'purchase',
        streamId: '*',
        events: 0,
        properties: [],
        position: null,
        stillInTable: [],
        keysDestroyed: [],
        dryRun: false,
        unseen: 'the search was stopped before its end',
        stopped: true,
      },
    ]);
    expect(await named()).toBe(4);
    expect(following.heard.filter(({ category }) => category === 'purchase')).toEqual(
      [0, 1000].map((done) => ({ category: 'purchase', done, unit: 'streams' })),
    );
    const rest = await people.backstory.erasure.eraseSubject('customer:4');
    expect(rest.filter(({ stopped, unseen }) => stopped ?? unseen)).toEqual([]);
    expect(await named()).toBe(0);
  });

  it('stopped before it has found anything, it destroys no key and knows nobody less', async () => {
    await people.query(
      `select backstory.keep_subject_keys(array['customer:4'], array['00'], array['a key'])`,
    );
    const signal = AbortSignal.abort();
    const reports = await people.backstory.erasure.eraseSubject('customer:4', { signal });
    expect(reports.map(({ category, stopped }) => [category, stopped])).toEqual([
      ['customer', true],
      ['purchase', true],
    ]);
    expect(
      await people.query(
        'select count(*)::int as keys from backstory.subject_keys where wrapped is not null',
      ),
    ).toEqual([{ keys: 1 }]);
    const records = await people.backstory.erasure.subject('customer:4', { signal });
    expect(records.every(({ stopped, unseen }) => stopped && unseen)).toBe(true);
  });

  it('retention stops behind a stream, and the next run does the rest', async () => {
    await people.backstory.close();
    await buy(450);
    await people.query('delete from purchase where id % 10 = 0');
    await people.query(
      `alter table backstory.events disable trigger user; update backstory.events set recorded_at = recorded_at - interval '2 days'; alter table backstory.events enable trigger user`,
    );
    const backstory = await createBackstory(people.dataSource, {
      aggregates: [
        Customer,
        { entity: Purchase, owns: ['lines'], retain: { after: '1 day', properties: 'all' } },
      ],
    });
    try {
      const following = stopAfter(200, 'purchase');
      const aggregates = ['purchase'];
      const [report] = await backstory.erasure.retain({ aggregates, ...following });
      expect(report).toMatchObject({ category: 'purchase', streams: 20, stopped: true });
      expect(following.heard.map(({ done }) => done)).toEqual([0, 200]);
      const [rest] = await backstory.erasure.retain({ aggregates });
      expect(rest).toMatchObject({ streams: 25 });
      expect(rest).not.toHaveProperty('stopped');
    } finally {
      await backstory.close();
    }
  });
});
