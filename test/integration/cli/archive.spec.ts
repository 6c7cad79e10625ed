import { createBackstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';
import { unseen } from '../../library/unseen.js';

describe('backstory archive', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    const backstory = await createBackstory(library.dataSource, { aggregates: [Subject] });
    const { manager } = library.dataSource;
    for (const code of ['fiction', 'poetry']) {
      await manager.insert(Subject, { code, label: 'n 0' });
      for (let n = 1; n < 30; n++) await manager.update(Subject, code, { label: `n ${n}` });
    }
    await backstory.close();
  });

  afterEach(() => library.close());

  const eventsIn = async (table: string): Promise<number> => {
    const [row] = await library.dataSource.query<[{ count: string }]>(
      `select count(*) from backstory.${table}`,
    );
    return Number(row.count);
  };
  const rows = (out: string): string[] => out.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());

  it('says what it would move, moves it, and puts it back', async () => {
    const dry = await runOnLibrary('archive', '--before', '2999-01-01', '--dry-run');
    expect(dry.code).toBe(0);
    expect(rows(dry.out)).toEqual(expect.arrayContaining(['subject 60 2 0 0 0']));
    expect(await eventsIn('archived_events')).toBe(0);

    const moved = await runOnLibrary(
      'archive',
      'subject',
      '--before',
      '2999-01-01',
      '--by',
      'anna',
      '--json',
    );
    expect(JSON.parse(moved.out)).toMatchObject([{ category: 'subject', streams: 2, events: 60 }]);
    expect([await eventsIn('events'), await eventsIn('archived_events')]).toEqual([2, 60]);
    const history = await runOnLibrary('history', 'subject', 'fiction', '--version', '2');
    expect(rows(history.out)).toEqual(expect.arrayContaining(['label: "n 0"', 'label: "n 1"']));
    expect((await runOnLibrary('verify')).code).toBe(0);

    const back = await runOnLibrary('archive', '--restore');
    expect(rows(back.out)).toEqual(expect.arrayContaining(['subject 60 2 0']));
    expect([await eventsIn('events'), await eventsIn('archived_events')]).toEqual([60, 0]);
  });

  it('says with its exit code that streams have drifted, and leaves them', async () => {
    await unseen(library.dataSource, `update subject set label = 'forged' where code = 'poetry'`);
    for (const dryRun of [['--dry-run'], []]) {
      const { code, out } = await runOnLibrary('archive', '--before', '2999-01-01', ...dryRun);
      expect(code).toBe(2);
      expect(rows(out)).toEqual(expect.arrayContaining(['subject 30 1 1 0 0']));
    }
  });

  it.each([
    [[], 'archive needs --before.'],
    [['--before', 'long ago'], '--before: "long ago" is no time.'],
    [['--before', '2020-01-01', '--events', 'many'], '--events'],
  ])('refuses %j', async (argv, problem) => {
    expect(await runOnLibrary('archive', ...argv)).toMatchObject({
      code: 1,
      err: expect.stringContaining(problem),
    });
  });
});
