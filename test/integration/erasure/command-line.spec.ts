import { createBackstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

describe('backstory erase, subject and retain', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    const backstory = await createBackstory(library.dataSource, {
      aggregates: [{ entity: Subject, retain: { after: '10 years', properties: 'all' } }],
    });
    const { manager } = library.dataSource;
    await manager.insert(Subject, [
      { code: 'fiction', label: 'invented' },
      { code: 'poetry', label: 'rhymed' },
    ]);
    await manager.update(Subject, 'fiction', { label: 'invented again' });
    await backstory.close();
  });

  afterEach(() => library.close());

  it('say what they would erase, erase it, and say when nothing is left', async () => {
    const dry = await runOnLibrary('erase', 'subject', 'fiction', '--dry-run');
    expect(dry.out).toBe(
      "subject-fiction: would erase label in 2 events.\n  Its rows still hold label: they are the application's.\n",
    );
    const done = await runOnLibrary(
      'erase',
      'subject',
      'fiction',
      '--properties',
      'label',
      '--by',
      'anna',
      '--json',
    );
    expect(JSON.parse(done.out)).toMatchObject([
      { streamId: 'fiction', events: 2, position: 3, stillInTable: ['label'] },
    ]);
    const again = await runOnLibrary('erase', '--subject', 'subject:fiction');
    expect([again.code, again.out]).toEqual([
      0,
      expect.stringContaining('subject-fiction: nothing to erase.'),
    ]);
    expect((await runOnLibrary('verify')).code).toBe(0);
    const events = await library.dataSource.query(
      `select from backstory.events where data::text like '%invented%'`,
    );
    expect(events).toEqual([]);
  });

  it('say what the log holds', async () => {
    const words = await runOnLibrary('subject', 'subject:fiction');
    expect(words.out).toMatch(/subject-fiction +2 +its own/);
    const { out } = await runOnLibrary('subject', 'subject:fiction', '--json');
    expect(JSON.parse(out)).toMatchObject({
      subject: 'subject:fiction',
      streams: [
        {
          streamId: 'fiction',
          events: [{ data: { label: 'invented' } }, { data: { label: 'invented again' } }],
        },
      ],
    });
  });

  it('tell an id that nobody knows from one that has nothing left', async () => {
    for (const argv of [
      ['erase', 'subject', 'fantasy'],
      ['erase', '--subject', 'subject:fantasy'],
      ['subject', 'subject:fantasy'],
    ]) {
      const { code, out, err } = await runOnLibrary(...argv);
      expect([code, out, err]).toEqual([1, '', expect.stringContaining('fantasy')]);
    }
  });

  it('end with 2 where something can not be looked through', async () => {
    const { dataSource } = library;
    await dataSource.query(
      `insert into backstory.events (category, stream_id, stream_position, change, schema_version, type, data)
       values ('lost', '1', 1, 'c', 1, 'LostCreated', '{"name": "Ada"}')`,
    );
    const line = 'lost was not looked through: no aggregate of this history has that category.\n';
    const records = await runOnLibrary('subject', 'subject:fiction');
    expect([records.code, records.out]).toEqual([2, expect.stringContaining(line)]);
    const erased = await runOnLibrary('erase', '--subject', 'subject:fiction', '--dry-run');
    expect([erased.code, erased.out]).toEqual([2, expect.stringContaining(line)]);
  });

  it('know what the application has said of how long something is kept', async () => {
    const { code, out } = await runOnLibrary('retain', '--dry-run');
    expect([code, out]).toEqual([0, expect.stringMatching(/subject +\d{4}-\d\d-\d\d +0 events +0/)]);
  });

  it.each([
    [['erase'], /erase needs an aggregate and an id, or a subject/],
    [['erase', 'subject', 'x', '--subject', 'subject:x'], /nothing else can be named beside it/],
    [['erase', 'subject', 'fiction', '--properties', 'colour'], /has no property "colour"/],
    [['subject', 'fiction'], /"fiction" is no subject/],
  ])('%j is refused in words', async (argv, message) => {
    const { code, err } = await runOnLibrary(...argv);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });
});
