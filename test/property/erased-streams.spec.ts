import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';
import { printed } from '../values/history.js';

const seed = seedOfRun();
const snapshots = { every: 3 };
const future = new Date(Date.now() + 86_400_000);
const shapes: [string, AggregateSelection['aggregates']][] = [
  ['a stream for each entity', [Author, Work, Shelf, Subject].map((entity) => ({ entity, snapshots }))],
  ['authors own their works', [{ entity: Author, owns: ['works'], snapshots }, Shelf, Subject]],
];
const properties: Record<string, readonly string[]> = {
  author: ['name', 'home.street', 'pseudonyms', 'preferences', 'followers', 'works.title', 'works.price'],
  work: ['title', 'price', 'condition'],
  shelf: [],
  subject: ['label'],
};

describe.each(shapes)(`streams of which values are erased, %s, seed ${seed}`, (_shape, aggregates) => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 8 });
    backstory = await createBackstory(library.dataSource, { aggregates: aggregates! });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const query = <Row>(text: string): Promise<Row[]> => library.dataSource.query(text);

  it.each([0, 1])('replay to their rows but for these, and read as before (run %i)', async (run) => {
    const random = seededRandom(seed + run);
    const asked = new Map<string, readonly string[] | undefined>();
    for (let round = 0; round < 4; round++) {
      await writeRandomly(library.dataSource, random, 60);
      const streams = await query<{ category: string; id: string }>(
        `select distinct category, stream_id as id from backstory.events order by 1, 2`,
      );
      for (let n = 0; n < 12; n++) {
        const { category, id } = random.pick(streams)!;
        const known = await query<{ property: string }>(
          `select distinct json_object_keys(data) as property from backstory.all_events where category = '${category}' and stream_id = '${id.replaceAll("'", "''")}'`,
        );
        const names = new Set(known.map(({ property }) => property));
        const chosen = (properties[category] ?? []).filter(
          (name) => (name.startsWith('works.') ? names.has('works') : names.has(name)) && random.next() < 0.5,
        );
        const some = chosen.length > 0 && random.next() < 0.7 ? chosen : undefined;
        await backstory.erase(category, id, some ? { properties: some } : {});
        asked.set(JSON.stringify([category, id]), some);
        const again = await backstory.erase(category, id, some ? { properties: some } : {});
        expect([category, id, again.events]).toEqual([category, id, 0]);
      }
      if (random.next() < 0.5) await backstory.archive.move({ before: future, events: random.integer(2, 5) });
      if (random.next() < 0.3) await backstory.archive.restore();
      if (random.next() < 0.3) await backstory.rebuildSnapshots();
      const { aggregates: verified, clean } = await backstory.verify();
      expect(verified.flatMap(({ drift }) => drift)).toEqual([]);
      expect(clean).toBe(true);
    }
    const read = async (): Promise<string> =>
      printed([
        await library.dataSource.manager.find(Author, { order: { id: 'asc' }, withDeleted: true }),
        await library.dataSource.manager.find(Work, { order: { id: 'asc' } }),
        await library.dataSource.manager.find(Subject, { order: { code: 'asc' } }),
      ]);
    const before = await read();
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    expect(await read()).toBe(before);
    const [marked] = await query<{ events: string }>(
      `select count(*) as events from backstory.all_events where metadata ? 'erased'`,
    );
    expect(Number(marked?.events)).toBeGreaterThan(20);
  });

  it('and those that are not: a row that is changed behind the triggers is found', async () => {
    const random = seededRandom(seed);
    await writeRandomly(library.dataSource, random, 60);
    await library.dataSource.manager.insert(Subject, [
      { code: 'a', label: 'a' },
      { code: 'b', label: 'b' },
    ]);
    const subjects = [{ code: 'a' }, { code: 'b' }];
    for (const { code } of subjects) await backstory.erase('subject', code);
    const [first, second] = subjects as [{ code: string }, { code: string }];
    await library.dataSource.manager.update(Subject, first.code, { label: 'written later' });
    await query(
      `alter table subject disable trigger user; update subject set label = label || '!'; alter table subject enable trigger user`,
    );
    const { aggregates: verified } = await backstory.verify({ aggregates: ['subject'] });
    const drifted = verified[0]?.drift.map(({ streamId }) => streamId);
    expect(drifted).toContain(first.code);
    expect(drifted).not.toContain(second.code);
  });
});
