import { setTimeout as sleep } from 'node:timers/promises';
import type { Backstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import type { Library } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';
import { future, openSubjects, type Subjects } from './subjects.js';

describe('an archive and what is lost', () => {
  let subjects: Subjects;
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    subjects = await openSubjects();
    ({ library, backstory } = subjects);
  });

  afterEach(() => subjects.close());

  it('events leave the log only for the archive', async () => {
    await subjects.relabel('fiction', 25);
    const { dataSource } = library;
    await expect(dataSource.query(`delete from backstory.events where stream_position < 9`)).rejects.toThrow(
      /events are append-only, DELETE of subject-fiction@\d+ is refused/,
    );
    await expect(dataSource.query(`truncate backstory.events`)).rejects.toThrow('TRUNCATE is refused');
    await backstory.archive.move({ before: future });
    await expect(dataSource.query(`delete from backstory.events`)).rejects.toThrow(
      /DELETE of subject-fiction@26 is refused/,
    );
  });

  it('what the archive has lost is told from what never was', async () => {
    const before = new Date();
    await sleep(2);
    await subjects.relabel('fiction', 30);
    await backstory.archive.move({ before: future });
    expect(await backstory.load(Subject, 'fiction', { asOf: before })).toBeNull();
    await library.dataSource.query('delete from backstory.archived_events');
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.load(Subject, 'fiction')).toMatchObject({ label: 'n 30' });
    for (const until of [{ version: 3 }, { asOf: before }]) {
      await expect(backstory.load(Subject, 'fiction', until)).rejects.toThrow(
        'its events up to position 31 were archived, and are not in the archive any more',
      );
    }
    expect(await backstory.load(Subject, 'fiction', { version: 31 })).toMatchObject({ label: 'n 30' });
    const [first, ...others] = await backstory.history('subject', 'fiction');
    expect(others).toEqual([]);
    expect(first).toMatchObject({ streamPosition: 31, metadata: { origin: 'archive' } });
    const counted = { SubjectCreated: () => 1 };
    expect(await backstory.replay(Subject, 'fiction', counted, { initial: 0 })).toEqual({
      state: 1,
      position: 31,
    });
  });

  it('what was lost without an archive is still found', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('gone', 3);
    await library.dataSource.manager.delete(Subject, 'gone');
    await backstory.archive.move({ aggregates: ['subject'], before: future });
    await subjects.relabel('fresh', 2);
    await library.dataSource.manager.delete(Subject, 'fresh');
    await library.dataSource.manager.update(Subject, 'fiction', { label: 'later' });
    await unseen(
      library.dataSource,
      `delete from backstory.events where stream_id = 'fresh' and stream_position < 4;
       delete from backstory.events where stream_id = 'fiction' and stream_position = 31`,
    );
    const { aggregates } = await backstory.verify({ aggregates: ['subject'] });
    expect(aggregates[0]?.drift.map(({ streamId, kind, positions }) => [streamId, kind, positions])).toEqual([
      ['fiction', 'gap', [31]],
      ['fresh', 'gap', [1, 2, 3]],
    ]);
    await backstory.repair({ aggregates: ['subject'] });
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.load(Subject, 'fiction')).toMatchObject({ label: 'later' });
  });

  it('a snapshot that comes too late does no harm', async () => {
    await subjects.relabel('fiction', 120);
    await backstory.load(Subject, 'fiction');
    await backstory.snapshotsSettled();
    const rows = await library.dataSource.query(
      `select fingerprint, state, recorded_at from backstory.snapshots where stream_id = 'fiction'`,
    );
    expect(rows).toHaveLength(1);
    await backstory.archive.move({ before: future });
    expect(await subjects.count('snapshots')).toBe(0);
    await library.dataSource.query(
      `insert into backstory.snapshots (category, stream_id, stream_position, fingerprint, state, recorded_at)
       values ('subject', 'fiction', 50, $1, $2, $3)`,
      [rows[0].fingerprint, rows[0].state, rows[0].recorded_at],
    );
    await library.dataSource.manager.update(Subject, 'fiction', { label: 'later' });
    expect(await backstory.load(Subject, 'fiction')).toMatchObject({ label: 'later' });
    await backstory.stages.set('subject', 'replay', { force: true });
    expect(await library.dataSource.manager.findBy(Subject, { code: 'fiction' })).toMatchObject([
      { label: 'later' },
    ]);
  });

  it('a stream that has lost its whole log, and begun again, is left alone', async () => {
    await subjects.relabel('fiction', 30);
    await subjects.relabel('poetry', 30);
    await backstory.archive.move({ before: future });
    await unseen(library.dataSource, `delete from backstory.events where stream_id = 'fiction'`);
    const { manager } = library.dataSource;
    for (let n = 0; n < 30; n++) await manager.update(Subject, 'fiction', { label: `again ${n}` });
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.archive.move({ aggregates: ['subject'], before: future })).toMatchObject([
      { streams: 0, events: 0 },
    ]);
    expect(await backstory.archive.restore({ aggregates: ['subject'] })).toMatchObject([
      { streams: 1, events: 31 },
    ]);
    expect(await subjects.count('archived_streams')).toBe(1);
    expect((await backstory.verify()).clean).toBe(true);
    expect(await backstory.load(Subject, 'fiction')).toMatchObject({ label: 'again 29' });
  });
});
