import type { Backstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import { unseen } from '../../library/unseen.js';
import { future, openSubjects, type Subjects } from '../archive/subjects.js';
import { exportFolder, type ExportFolder } from './export-folder.js';

describe('archived events that were exported', () => {
  let subjects: Subjects;
  let backstory: Backstory;
  let folder: ExportFolder;

  beforeEach(async () => {
    subjects = await openSubjects();
    ({ backstory } = subjects);
    folder = await exportFolder();
  });

  afterEach(async () => {
    await subjects.close();
    await folder.remove();
  });

  const rows = (): Promise<unknown[]> =>
    subjects.library.dataSource.query(
      `select e.*, data::text as text from (select 'log' as place, * from backstory.events union all select 'archive', * from backstory.archived_events) e
       order by global_position, place`,
    );

  it.each(['ndjson', 'parquet'] as const)(
    'are dropped, and imported, and everything is as it was (%s)',
    async (format) => {
      const { manager } = subjects.library.dataSource;
      await subjects.relabel('fiction', 30);
      await subjects.relabel('gone', 3);
      await manager.delete(Subject, 'gone');
      await backstory.archive.move({ before: future });
      await subjects.relabel('poetry', 2);
      await backstory.seals.seal();
      await backstory.files.export(folder.path, { format, fileEvents: 7 });
      const before = await rows();
      const history = await backstory.history('subject', 'fiction');

      const dropped = { category: 'subject', streams: 2, events: 35, left: { notExported: 0 } };
      expect(await backstory.files.drop(folder.path, { dryRun: true })).toEqual([
        { ...dropped, dryRun: true },
      ]);
      expect(await rows()).toEqual(before);
      expect(await backstory.files.drop(folder.path)).toEqual([{ ...dropped, dryRun: false }]);
      expect(await subjects.count('archived_events')).toBe(0);
      expect((await backstory.verify()).clean).toBe(true);
      expect(await backstory.load(Subject, 'fiction')).toEqual({ code: 'fiction', label: 'n 30' });
      expect(await backstory.load(Subject, 'fiction', { version: 31 })).toMatchObject({ label: 'n 30' });
      await expect(backstory.load(Subject, 'fiction', { version: 3 })).rejects.toThrow(
        'npx backstory import',
      );
      expect(await backstory.files.check(folder.path)).toMatchObject({
        clean: true,
        log: { same: 4, onlyInFiles: 35 },
      });
      // a key that goes on meanwhile is archived again
      await manager.update(Subject, 'fiction', { label: 'later' });

      const imported = { category: 'subject', streams: 2, events: 35, present: 4, left: { erased: 0 } };
      expect(await backstory.files.import(folder.path, { dryRun: true })).toEqual([
        { ...imported, dryRun: true },
      ]);
      expect(await subjects.count('archived_events')).toBe(0);
      expect(await backstory.files.import(folder.path)).toEqual([{ ...imported, dryRun: false }]);
      expect((await rows()).slice(0, before.length)).toEqual(before);
      expect((await backstory.history('subject', 'fiction')).slice(0, 31)).toEqual(history);
      expect((await backstory.verify()).clean).toBe(true);
      expect((await backstory.seals.verify()).clean).toBe(true);
      expect(await backstory.files.import(folder.path)).toMatchObject([
        { events: 0, streams: 0, present: 39 },
      ]);
      expect(await backstory.files.check(folder.path)).toMatchObject({
        clean: true,
        log: { same: 39, onlyInFiles: 0 },
      });

      await backstory.archive.restore();
      expect(await subjects.count('archived_events')).toBe(0);
      expect(await subjects.count('archived_streams')).toBe(0);
      expect((await backstory.verify()).clean).toBe(true);
      expect((await backstory.seals.verify()).clean).toBe(true);
    },
  );

  it('stay where the files have not all of them to the letter', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('poetry', 30);
    await backstory.files.export(folder.path);
    await subjects.library.dataSource.manager.update(Subject, 'poetry', { label: 'later' });
    await backstory.archive.move({ before: future });
    expect(await backstory.files.drop(folder.path)).toMatchObject([
      { streams: 1, events: 31, left: { notExported: 1 } },
    ]);
    expect(await subjects.count('archived_events')).toBe(32);
    await backstory.files.export(folder.path);
    expect(await backstory.files.drop(folder.path)).toMatchObject([
      { streams: 1, events: 32, left: { notExported: 0 } },
    ]);
  });

  it('that were dropped are no hindrance to archive again, and come back behind it', async () => {
    await subjects.relabel('fiction', 30);
    const { manager } = subjects.library.dataSource;
    await backstory.archive.move({ before: future });
    await backstory.files.export(folder.path);
    await backstory.files.drop(folder.path);
    expect(await backstory.archive.restore({ aggregates: ['subject'] })).toEqual([
      { category: 'subject', streams: 0, events: 0, dropped: 1 },
    ]);
    for (let n = 31; n <= 60; n++) await manager.update(Subject, 'fiction', { label: `n ${n}` });
    await backstory.archive.move({ before: future });
    await backstory.files.export(folder.path);
    expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true });
    expect(await backstory.files.drop(folder.path)).toMatchObject([{ streams: 1, events: 31 }]);
    expect(await backstory.archive.restore({ aggregates: ['subject'] })).toMatchObject([
      { events: 0, dropped: 1 },
    ]);
    expect(await backstory.files.import(folder.path)).toMatchObject([{ streams: 1, events: 61 }]);
    const history = await backstory.history('subject', 'fiction');
    expect(history.map(({ data }) => data['label'])).toEqual(Array.from({ length: 61 }, (_, n) => `n ${n}`));
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.files.check(folder.path)).toMatchObject({
      clean: true,
      log: { same: 61, onlyInFiles: 0 },
    });
  });

  it('do not come back with values that were erased since', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('poetry', 30);
    await backstory.archive.move({ before: future });
    await backstory.files.export(folder.path);
    await backstory.files.drop(folder.path);
    await backstory.erase('subject', 'fiction', { properties: ['label'] });
    expect(await backstory.files.import(folder.path)).toMatchObject([
      { streams: 1, events: 31, left: { erased: 1 } },
    ]);
    expect(await backstory.history('subject', 'poetry')).toHaveLength(31);
    expect((await backstory.history('subject', 'fiction')).map(({ data }) => data['label'])).not.toContain(
      'n 3',
    );
  });

  it('are refused where they contradict the log, and then none of them come', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('poetry', 30);
    await backstory.archive.move({ before: future });
    await backstory.files.export(folder.path);
    await backstory.files.drop(folder.path);
    const { dataSource } = subjects.library;
    await unseen(
      dataSource,
      `insert into backstory.archived_events (global_position, stream_position, recorded_at, schema_version, change, category, stream_id, type, data, metadata)
       values (40, 40, now(), 1, 'u', 'subject', 'other', 'SubjectUpdated', '{}', '{}')`,
    );
    await expect(backstory.files.import(folder.path)).rejects.toMatchObject({
      code: 'IMPORT_REFUSED',
      message: expect.stringContaining(
        "subject-poetry@9 of the export can't be imported: the database has subject-other@40 at its global position",
      ),
    });
    expect(await subjects.count('archived_events')).toBe(1);
    await dataSource.query(`delete from backstory.archived_events`);
    await dataSource.query(`delete from backstory.archived_streams where stream_id = 'poetry'`);
    await expect(backstory.files.import(folder.path)).rejects.toThrow(
      'neither this event nor a word of its having been archived',
    );
    expect(await subjects.count('archived_events')).toBe(0);
  });

  it('are not told as imported where the log has another event in their place', async () => {
    await subjects.relabel('fiction', 5);
    await backstory.files.export(folder.path);
    await unseen(
      subjects.library.dataSource,
      `update backstory.events set data = '{"label":"forged"}' where global_position = 3`,
    );
    await expect(backstory.files.import(folder.path)).rejects.toMatchObject({
      code: 'IMPORT_REFUSED',
      message: expect.stringContaining('subject-fiction@3'),
    });
  });

  it('that somebody has forged with the manifest are refused where they were sealed', async () => {
    await subjects.relabel('fiction', 30);
    await backstory.archive.move({ before: future });
    await backstory.seals.seal();
    await backstory.files.export(folder.path);
    await backstory.files.drop(folder.path);
    await folder.forge('"n 3"', '"n 9"');
    expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true, log: { onlyInFiles: 31 } });
    await expect(backstory.files.import(folder.path)).rejects.toThrow(
      "subject-fiction@4 of the export can't be imported: the database has sealed another one",
    );
  });

  it('are read from the files: history, versions and moments', async () => {
    await subjects.relabel('fiction', 30);
    const history = await backstory.history('subject', 'fiction');
    await backstory.files.export(folder.path, { fileEvents: 9 });
    await subjects.library.dataSource.manager.update(Subject, 'fiction', { label: 'later' });
    const { events, to } = await backstory.files.history(folder.path, 'Subject', 'fiction');
    expect([events, to]).toEqual([history, '31']);
    const asOf = history[7]!.recordedAt;
    expect(await backstory.files.state(folder.path, 'subject', 'fiction', { version: 4 })).toEqual({
      state: { code: 'fiction', label: 'n 3' },
      position: 4,
    });
    expect(await backstory.files.state(folder.path, 'subject', 'fiction', { asOf })).toEqual(
      await backstory.state('subject', 'fiction', { asOf }),
    );
    expect(await backstory.files.state(folder.path, 'subject', 'nobody')).toEqual({
      state: null,
      position: 0,
    });
    await expect(backstory.files.state(folder.path, 'subject', 'fiction', { asOf: future })).rejects.toThrow(
      "it can't say what was at",
    );
  });

  it('are read up to a moment as the log is: to the end of its millisecond', async () => {
    const { dataSource } = subjects.library;
    await subjects.relabel('fiction', 4);
    for (const [position, time] of [
      [1, '.123'],
      [2, '.123999'],
      [3, '.124'],
      [4, '.124001'],
      [5, '.125'],
    ]) {
      await unseen(
        dataSource,
        `update backstory.events set recorded_at = '2026-02-01T12:00:00${time}Z'
         where category = 'subject' and stream_id = 'fiction' and stream_position = ${position}`,
      );
    }
    await backstory.files.export(folder.path);
    for (const [time, position] of [
      ['.122', 0],
      ['.123', 2],
      ['.124', 4],
      ['.125', 5],
    ]) {
      const asOf = new Date(`2026-02-01T12:00:00${time}Z`);
      const state = await backstory.files.state(folder.path, 'subject', 'fiction', { asOf });
      expect([time, state.position]).toEqual([time, position]);
      expect(state).toEqual(await backstory.state('subject', 'fiction', { asOf }));
    }
  });
});
