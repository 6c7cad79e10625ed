import { type Backstory, createBackstory } from '@backstory/adapter';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

describe('an aggregate whose table is gone, among all', () => {
  let library: Library;
  let backstory: Backstory;
  const reason = 'public.subject is gone';

  beforeAll(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    backstory = await createBackstory(library.dataSource, { aggregates: ['Author', 'Subject'] });
    await library.dataSource.query(`insert into author (name, version) values ('a', 1)`);
    await backstory.backfill();
    await backstory.verify();
    await backstory.stages.setAll('shadow');
    await library.dataSource.query(
      'alter table subject rename to former_subject; drop table if exists subject cascade',
    );
    await library.dataSource.query('drop table former_subject cascade');
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  it('is said by repair and backfill, and what they would do', async () => {
    expect(await backstory.repair()).toMatchObject([
      { category: 'author', repaired: [] },
      { category: 'subject', unseen: reason },
    ]);
    expect(await runOnLibrary('repair')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^subject was not looked at: /) as string,
    });
    expect(await backstory.backfill()).toMatchObject([
      { category: 'author', completed: true },
      { category: 'subject', completed: false, unseen: reason },
    ]);
    expect(await backstory.estimateBackfill()).toMatchObject([
      { category: 'author' },
      { category: 'subject', unseen: reason },
    ]);
    for (const words of [['backfill'], ['backfill', '--dry-run']])
      expect(await runOnLibrary(...words)).toMatchObject({
        code: 2,
        out: expect.stringContaining('subject was not looked at: ') as string,
      });
  });

  it('is said by status and by the dashboard', async () => {
    expect((await runOnLibrary('status')).out).toContain("subject can't be looked at: ");
    expect((await backstory.admin.overview()).unseen).toEqual([{ category: 'subject', reason }]);
  });

  it('goes back with all others, and not on', async () => {
    const steps = await backstory.stages.nextSteps();
    expect(steps.find(({ category }) => category === 'subject')).toMatchObject({
      stage: 'shadow',
      reasons: [reason],
    });
    expect(await backstory.stages.setAll('capture')).toMatchObject([
      { category: 'author', refused: false },
      { category: 'subject', refused: false },
    ]);
    expect(await backstory.stages.get('subject')).toBe('capture');
  });
});
