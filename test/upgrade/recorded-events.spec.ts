import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';
import { Author, Shelf, Subject } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { fixtureAggregates, fixtureEntities, sampleSchema } from './fixture-entities.js';
import { statesOfAllVersions } from './states-of-all-versions.js';

const versions = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const columns =
  'global_position, stream_position, recorded_at, schema_version, change, category, stream_id, type, data, metadata';

/** Puts the events there as they were, byte for byte, as if the database had been upgraded. */
async function restore({ dataSource }: Library, version: string): Promise<void> {
  const lines = readFileSync(join(__dirname, version, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n');
  await dataSource.query(
    `insert into backstory.events (${columns}) overriding system value
     select ${columns} from unnest($1::json[]) line, json_populate_record(null::backstory.events, line)`,
    [lines],
  );
  await dataSource.query(
    `select setval(pg_get_serial_sequence('backstory.events', 'global_position'),
                   (select max(global_position) from backstory.events))`,
  );
}

describe.each(versions)('events that version %s has recorded', (version) => {
  let library: Library;
  let backstory: Backstory | undefined;

  const expected = JSON.parse(readFileSync(join(__dirname, version, 'expected.json'), 'utf8')) as Record<
    string,
    unknown[]
  >;

  afterEach(async () => {
    await backstory?.close();
    await library.close();
  });

  it('have every kind of change and origin', async () => {
    library = await openLibrary({ entities: fixtureEntities });
    backstory = await createBackstory(library.dataSource, { aggregates: fixtureAggregates });
    await restore(library, version);
    expect(
      await library.dataSource.query(
        `select distinct change, metadata ->> 'origin' as origin from backstory.events order by 1, 2`,
      ),
    ).toEqual([
      { change: 'c', origin: 'backfill' },
      { change: 'c', origin: 'repair' },
      { change: 'c', origin: null },
      { change: 'd', origin: 'repair' },
      { change: 'd', origin: null },
      { change: 'u', origin: 'repair' },
      { change: 'u', origin: null },
    ]);
  });

  it.each<[string, 'off' | { every: number }]>([
    ['without snapshots', 'off'],
    ['with snapshots', { every: 2 }],
  ])('replay to the same states at every version, %s', async (_, snapshots) => {
    library = await openLibrary({ entities: fixtureEntities });
    const roots = [Subject, Shelf, sampleSchema].map((entity) => ({ entity, snapshots }));
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works'], snapshots }, ...roots],
    });
    await restore(library, version);
    expect(await statesOfAllVersions(library.dataSource, backstory)).toEqual(expected);
    await backstory.snapshotsSettled();
    const [{ n }] = await library.dataSource.query('select count(*)::integer as n from backstory.snapshots');
    if (snapshots === 'off') expect(n).toBe(0);
    else expect(n).toBeGreaterThan(5);
    expect(await statesOfAllVersions(library.dataSource, backstory)).toEqual(expected);
  });

  it('give the rows back, and the streams go on behind them', async () => {
    library = await openLibrary({ entities: fixtureEntities });
    backstory = await createBackstory(library.dataSource, { aggregates: fixtureAggregates });
    await restore(library, version);
    for (const category of ['subject', 'author', 'shelf', 'sample', 'workSubjectsSubject']) {
      await backstory.repair({ aggregates: [category], truth: 'events' });
    }
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    const { length } = await backstory.history('author', '2');
    await library.dataSource.manager.update(Author, 2, { name: 'goes on' });
    expect((await backstory.history('author', '2')).at(-1)).toMatchObject({
      streamPosition: length + 1,
      data: { name: 'goes on' },
    });
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('are brought to the form of today where code has changed since', async () => {
    const changed = new EntitySchema({
      name: 'Topic',
      tableName: 'subject',
      columns: {
        code: { type: 'text', primary: true },
        title: { type: 'text' },
        priority: { type: 'int' },
      },
    });
    library = await openLibrary({ entities: [changed] });
    backstory = await createBackstory(library.dataSource, {
      aggregates: [
        {
          entity: 'Topic',
          storedAs: 'subject',
          schemaVersion: 2,
          renamed: { label: 'title' },
          defaults: { priority: 3 },
          renamedTypes: { SubjectCreated: 'TopicCreated' },
          upcasters: {
            TopicCreated: { 1: (data) => ({ ...data, label: `${String(data['label'])}!` }) },
          },
        },
      ],
    });
    await restore(library, version);
    expect(await backstory.load('Topic', 'a')).toEqual({ code: 'a', title: 'A, again!', priority: 3 });
    expect((await backstory.history('topic', 'a')).map(({ type }) => type)).toEqual([
      'TopicCreated',
      'SubjectDeleted',
      'TopicCreated',
    ]);
  });
});
