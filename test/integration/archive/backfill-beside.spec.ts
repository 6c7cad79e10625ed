import type { Backstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import type { Library } from '../../library/open-library.js';
import { future, openSubjects, type Subjects } from './subjects.js';

const streams = 400;

describe('a backfill of archived streams', () => {
  let subjects: Subjects;
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    subjects = await openSubjects();
    ({ library, backstory } = subjects);
    await library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'n 0' from generate_series(1, ${streams}) n`,
    );
    for (let n = 1; n <= 4; n++) await library.dataSource.query('update subject set label = $1', [`n ${n}`]);
  });

  afterEach(() => subjects.close());

  const move = (): Promise<unknown> => backstory.archive.move({ aggregates: ['subject'], before: future });

  async function expectWhole(): Promise<void> {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.load(Subject, 's7', { version: 3 })).toMatchObject({ label: 'n 2' });
    const positions = (await backstory.history('subject', 's7')).map(({ streamPosition }) => streamPosition);
    expect(positions).toEqual([1, 2, 3, 4, 5]);
  }

  it('writes no first event, says so before, and the archive can be restored', async () => {
    expect(await backstory.backfill({ aggregates: ['subject'] })).toMatchObject([{ events: 0 }]);
    await move();
    expect(await backstory.estimateBackfill({ aggregates: ['subject'] })).toMatchObject([{ events: 0 }]);
    expect(await backstory.backfill({ aggregates: ['subject'] })).toMatchObject([
      { completed: true, rows: streams, events: 0 },
    ]);
    await expectWhole();
    await backstory.archive.restore({ aggregates: ['subject'] });
    expect(await subjects.count('archived_events')).toBe(0);
    await expectWhole();
  });

  it('still writes that of a row beside them that has none', async () => {
    await move();
    await library.dataSource.query('alter table subject disable trigger user');
    await library.dataSource.manager.insert(Subject, { code: 'new', label: 'behind the back' });
    await library.dataSource.query('alter table subject enable trigger user');
    expect(await backstory.backfill({ aggregates: ['subject'] })).toMatchObject([{ events: 1 }]);
    expect(await subjects.kept('subject', 'new')).toMatchObject([{ position: '1', change: 'c' }]);
    await expectWhole();
  });

  it('beside an archive that is moving them writes none either, round after round', async () => {
    for (let round = 0; round < 4; round++) {
      const [, ...backfills] = await Promise.all([
        move(),
        backstory.backfill({ aggregates: ['subject'], chunkSize: 20 }),
        backstory.backfill({ aggregates: ['subject'], chunkSize: 20 }),
      ]);
      expect(backfills.flat().map(({ events }) => events)).toEqual([0, 0]);
      await expectWhole();
      await backstory.archive.restore({ aggregates: ['subject'] });
      await expectWhole();
    }
  });
});
