import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, onEvent } from '@backstory/adapter';
import { Author, Subject, Work } from '../../library/entities.js';
import type { Library } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';
import { future, openSubjects, type Subjects } from './subjects.js';

describe('old events', () => {
  let subjects: Subjects;
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    subjects = await openSubjects();
    ({ library, backstory } = subjects);
  });

  afterEach(() => subjects.close());

  it('of a living entity go, and its state stays in their place', async () => {
    const { manager } = library.dataSource;
    await subjects.relabel('fiction', 30);
    await subjects.relabel('poetry', 5);
    const before = await backstory.history('subject', 'fiction');
    expect((await backstory.admin.overview()).events.archiveBytes).toBe(0);
    const [report] = await backstory.archive.move({ aggregates: ['subject'], before: future, by: 'anna' });
    expect(report).toEqual({
      category: 'subject',
      streams: 1,
      events: 31,
      left: { drifted: 0, undelivered: 0, locked: 0 },
      dryRun: false,
    });
    expect(await subjects.kept('subject', 'fiction')).toEqual([
      { position: '31', change: 'c', type: 'SubjectCreated', data: { code: 'fiction', label: 'n 30' } },
    ]);
    expect(await subjects.kept('subject', 'poetry')).toHaveLength(6);
    expect(await backstory.history('subject', 'fiction')).toEqual(before);
    expect((await backstory.verify()).clean).toBe(true);
    expect((await backstory.admin.overview()).events.archiveBytes).toBeGreaterThan(0);

    await manager.update(Subject, 'fiction', { label: 'later' });
    expect(await backstory.load(Subject, 'fiction')).toEqual({ code: 'fiction', label: 'later' });
    expect(await backstory.load(Subject, 'fiction', { version: 7 })).toMatchObject({ label: 'n 6' });
    expect(await backstory.state(Subject, 'fiction', { version: 31 })).toMatchObject({ position: 31 });
    const counted = { SubjectUpdated: (times: number) => times + 1 };
    expect(await backstory.replay(Subject, 'fiction', counted, { initial: 0 })).toEqual({
      state: 31,
      position: 32,
    });
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('are read as of any moment, one by one and in lists', async () => {
    await subjects.relabel('fiction', 25);
    await sleep(3);
    const then = new Date();
    await sleep(3);
    await subjects.relabel('poetry', 25);
    await library.dataSource.manager.update(Subject, 'fiction', { label: 'later' });
    const lists = async (): Promise<unknown[]> => {
      const found = [];
      for await (const subject of backstory.loadAll(Subject, { asOf: then })) found.push(subject);
      return found;
    };
    const before = await lists();
    expect(before).toEqual([{ code: 'fiction', label: 'n 25' }]);
    await backstory.archive.move({ before: future });
    expect(await lists()).toEqual(before);
    expect(await backstory.load(Subject, 'poetry', { asOf: then })).toBeNull();
  });

  it('of a deleted entity go, but for the deletion, and whoever takes its key goes on behind it', async () => {
    const { manager } = library.dataSource;
    await subjects.relabel('gone', 2);
    await manager.delete(Subject, 'gone');
    await subjects.relabel('short', 0);
    await manager.delete(Subject, 'short');
    const [report] = await backstory.archive.move({ aggregates: ['subject'], before: future });
    expect(report).toMatchObject({ streams: 2, events: 4 });
    expect(await subjects.kept('subject', 'gone')).toMatchObject([{ position: '4', change: 'd' }]);
    expect(await subjects.kept('subject', 'short')).toMatchObject([{ position: '2', change: 'd' }]);
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.load(Subject, 'gone')).toBeNull();
    expect(await backstory.load(Subject, 'gone', { version: 3 })).toMatchObject({ label: 'n 2' });

    await subjects.relabel('gone', 1);
    expect((await subjects.kept('subject', 'gone')).map(({ position }) => position)).toEqual(['4', '5', '6']);
    expect(await backstory.load(Subject, 'gone')).toMatchObject({ label: 'n 1' });
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.archive.move({ aggregates: ['subject'], before: future })).toMatchObject([
      { streams: 0, events: 0 },
    ]);
  });

  it('of an aggregate go with its parts, which its state has', async () => {
    const { manager } = library.dataSource;
    const author = await manager.save(
      manager.create(Author, { name: 'n', home: {}, works: [{ title: 'one' }, { title: 'two' }] }),
    );
    for (let n = 0; n < 20; n++)
      await manager.update(Work, { id: author.works[0]!.id }, { title: `one ${n}` });
    await manager.delete(Work, { id: author.works[1]!.id });
    const id = String(author.id);
    const whole = await backstory.state(Author, id);
    await backstory.archive.move({ before: future });
    expect(await subjects.kept('author', id)).toMatchObject([{ change: 'c', type: 'AuthorCreated' }]);
    expect((await backstory.state(Author, id)).state).toEqual(whole.state);
    expect((await backstory.verify()).clean).toBe(true);
    await manager.update(Work, { id: author.works[0]!.id }, { title: 'last' });
    await manager.delete(Author, id);
    expect((await backstory.verify()).clean).toBe(true);
    await backstory.archive.move({ before: future });
    expect((await backstory.verify()).clean).toBe(true);
    expect((await backstory.history('author', id)).map((event) => event.streamPosition)).toEqual(
      Array.from({ length: 27 }, (_, n) => n + 1),
    );
  });

  it('stay while a consumer has not handled them, or has parked one', async () => {
    const { consumers } = backstory;
    await subjects.relabel('fiction', 25);
    let broken = true;
    consumers.define({
      name: 'reader',
      from: 'beginning',
      attempts: 1,
      handlers: [
        onEvent('SubjectUpdated', () => {
          if (broken) throw new Error('not today');
        }),
      ],
    });
    await consumers.start();
    await consumers.wait('reader');
    const [parked] = await backstory.archive.move({ aggregates: ['subject'], before: future });
    expect(parked).toMatchObject({ streams: 0, events: 0, left: { undelivered: 1 } });
    broken = false;
    await consumers.retryParked('reader');
    while ((await consumers.parked('reader')).length > 0) await sleep(20);
    await consumers.stop();
    await subjects.relabel('poetry', 25);
    const [behind] = await backstory.archive.move({ aggregates: ['subject'], before: future });
    expect(behind).toMatchObject({ streams: 1, events: 26, left: { undelivered: 1 } });
    expect(await subjects.kept('subject', 'poetry')).toHaveLength(26);
  });

  it('stay where the replay is not the row, where the row is locked, and where they are few or young', async () => {
    const { manager } = library.dataSource;
    await Promise.all(['forged', 'locked', 'missing'].map((code) => subjects.relabel(code, 25)));
    await subjects.relabel('few', 3);
    await unseen(
      library.dataSource,
      `update subject set label = 'other' where code = 'forged'; delete from subject where code = 'missing'`,
    );
    const dry = await backstory.archive.move({ aggregates: ['subject'], before: future, dryRun: true });
    expect(dry).toMatchObject([{ streams: 1, events: 26, left: { drifted: 2 }, dryRun: true }]);
    await manager.transaction(async (other) => {
      await other.findOne(Subject, { where: { code: 'locked' }, lock: { mode: 'pessimistic_write' } });
      const [report] = await backstory.archive.move({ aggregates: ['subject'], before: future });
      expect(report).toMatchObject({
        streams: 0,
        events: 0,
        left: { drifted: 2, locked: 1, undelivered: 0 },
      });
    });
    expect(await backstory.archive.move({ before: new Date(0) })).toMatchObject([
      { streams: 0 },
      { streams: 0 },
    ]);
    expect(await subjects.count('archived_events')).toBe(0);
  });

  it('come back as they were', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('gone', 4);
    await library.dataSource.manager.delete(Subject, 'gone');
    const log = (): Promise<unknown[]> =>
      library.dataSource.query('select * from backstory.events order by global_position');
    const before = await log();
    await backstory.archive.move({ before: future });
    expect(await log()).toHaveLength(2);
    expect(await backstory.archive.restore({ aggregates: ['subject'] })).toEqual([
      { category: 'subject', streams: 2, events: 36, dropped: 0 },
    ]);
    expect(await log()).toEqual(before);
    expect(await subjects.count('archived_events')).toBe(0);
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.load(Subject, 'fiction', { version: 3 })).toMatchObject({ label: 'n 2' });
  });

  it('are shown by the dashboard as before', async () => {
    await subjects.relabel('fiction', 30);
    await backstory.archive.move({ before: future });
    const page = await backstory.admin.stream('subject', 'fiction');
    expect(page.problem).toBeNull();
    expect(page.events).toHaveLength(31);
    expect(page.events[0]?.changes).toMatchObject([{ property: 'label' }]);
  });

  it.each([
    [{ before: new Date('never') }, 'before: Invalid Date is no moment'],
    [{ before: future, events: 1 }, 'events: 1 is no number of events from 2'],
  ])('are not moved for %j', async (options, problem) => {
    await expect(backstory.archive.move(options)).rejects.toThrow(problem);
  });
});
