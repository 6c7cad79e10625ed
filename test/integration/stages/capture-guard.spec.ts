import { type Backstory, createBackstory } from '@backstory/adapter';
import { type Library, openLibrary } from '../../library/open-library.js';

describe('no stage is reached while writes go past capture', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, { aggregates: ['Author'] });
    await library.dataSource.query(`insert into author (name, version) values ('a', 1)`);
    await backstory.backfill();
    await backstory.verify();
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  it('a trigger that is disabled stands against the next step, until it is enabled', async () => {
    await library.dataSource.query('alter table author disable trigger "00_backstory_update"');
    const reason =
      'trigger "00_backstory_update" of "public"."author" is missing or disabled (run "npx backstory doctor")';
    expect(await backstory.stages.nextSteps()).toMatchObject([
      { category: 'author', next: 'shadow', reasons: [reason] },
    ]);
    await expect(backstory.stages.set('author', 'shadow')).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      reasons: [reason],
    });
    await library.dataSource.query('alter table author enable trigger "00_backstory_update"');
    expect(await backstory.stages.set('author', 'shadow')).toMatchObject({ to: 'shadow', forced: false });
  });
});
