import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';
import { unseen } from '../../library/unseen.js';

describe('what was not looked at is not clean', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    backstory = await createBackstory(library.dataSource);
    await library.dataSource.query(`insert into author (name, version) values ('a', 1), ('b', 1)`);
    await backstory.backfill();
  });

  afterEach(async () => {
    await backstory.stages.setAll('capture');
    await backstory.backfill();
    await backstory.repair();
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const isOff = { code: 'STAGE_REFUSED', message: expect.stringContaining('"author" is off') as string };

  it('an aggregate that is off is refused where it is named', async () => {
    await backstory.stages.set('author', 'off');
    await unseen(library.dataSource, `update author set name = 'changed without an event'`);
    await expect(backstory.verify({ aggregates: ['author'] })).rejects.toMatchObject(isOff);
    await expect(backstory.verify({ aggregates: ['work', 'Author'] })).rejects.toMatchObject(isOff);
    await expect(backstory.repair({ aggregates: ['author'], truth: 'events' })).rejects.toMatchObject(isOff);
    await expect(
      backstory.archive.move({ aggregates: ['author'], before: new Date(), events: 2 }),
    ).rejects.toMatchObject(isOff);
    for (const command of ['verify', 'repair']) {
      const { code, out, err } = await runOnLibrary(command, 'author');
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('npx backstory stage author capture');
    }
    expect(
      await library.dataSource.manager.findBy(Author, { name: 'changed without an event' }),
    ).toHaveLength(2);
  });

  it('of all aggregates those that are off are said beside the result', async () => {
    await backstory.stages.set('author', 'off');
    const { clean, aggregates, off } = await backstory.verify();
    expect({ clean, off }).toEqual({ clean: true, off: ['author'] });
    expect(aggregates.map(({ category }) => category)).not.toContain('author');
    const { code, out } = await runOnLibrary('verify');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining(
        'Off, and not compared: author\nEvery replay that was looked at equals its row.\n',
      ) as string,
    });
    expect((await runOnLibrary('repair')).out).toMatch(/^Nothing to repair in \d+ aggregates\.\n$/);
  });

  it('where all are off nothing is said to be clean', async () => {
    await backstory.stages.setAll('off');
    expect(await backstory.verify()).toMatchObject({ clean: false, aggregates: [], unseen: [] });
    const { code, out } = await runOnLibrary('verify');
    expect(code).toBe(2);
    expect(out).toMatch(/^Off, and not compared: .*author.*\nNothing was compared\.\n$/);
    expect(await runOnLibrary('repair')).toMatchObject({
      code: 2,
      out: 'Nothing was looked at: every aggregate is off.\n',
    });
  });

  it('a stream that no row and no event has is named', async () => {
    const nowhere = {
      code: 'AGGREGATE_NOT_FOUND',
      message: expect.stringContaining('"author" has the id "99"') as string,
    };
    const of = (...streamIds: string[]) => ({ aggregates: ['author'], streamIds });
    await expect(backstory.verify(of('1', '99'))).rejects.toMatchObject(nowhere);
    await expect(backstory.repair(of('99'))).rejects.toMatchObject(nowhere);
    expect(await runOnLibrary('verify', 'author', '--stream', '99')).toMatchObject({
      code: 1,
      out: '',
      err: nowhere.message,
    });
    await library.dataSource.query('delete from author where id = 2');
    expect(await backstory.verify(of('1', '2'))).toMatchObject({ clean: true });
    await unseen(library.dataSource, `insert into author (name, version) values ('without an event', 1)`);
    expect(await backstory.verify(of('3'))).toMatchObject({ clean: false, aggregates: [{ drifted: 1 }] });
  });
});
