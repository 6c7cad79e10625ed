import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { unseen } from '../library/unseen.js';
import { writes } from '../library/write-randomly.js';

const seed = seedOfRun();

/**
 * What somebody may do to one author behind everybody's back, and the drift that it must be called. `needed` are the events
 * before the last one that its stream can't do without: all but a stand-in for archived ones that another creation or a
 * deletion follows.
 */
const tamperings: Record<string, (id: string, random: Random, needed: number[]) => string | undefined> = {
  value: (id, random) =>
    random.pick([
      `update author set name = name || '!' where id = ${id}`,
      `update author set "homeCity" = coalesce("homeCity", '') || '?' where id = ${id}`,
      `update author set born = coalesce(born, '2000-01-01') + 1, version = version + 1 where id = ${id}`,
      `update author set preferences = preferences || '{"x": ${random.next()}}' where id = ${id}`,
    ]),
  'missing row': (id) => `delete from author where id = ${id}`,
  'missing event': (id) => `delete from backstory.events where category = 'author' and stream_id = '${id}'`,
  gap: (id, random, needed) =>
    needed.length === 0
      ? undefined
      : `delete from backstory.events where category = 'author' and stream_id = '${id}' and stream_position = ${random.pick(needed)}`,
};

describe(`drift made at random (BACKSTORY_SEED=${seed})`, () => {
  let library: Library;
  let backstory: Backstory;
  const random = seededRandom(seed);

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
    // from now on a row without an event is drift
    await backstory.backfill();
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const texts = (): Promise<unknown> => library.dataSource.query('select t::text from author t order by id');

  it.each([1, 2, 3, 4, 5, 6])(
    'round %i: verify finds each, and nothing else; repair settles all',
    async (round) => {
      const { manager } = library.dataSource;
      for (let n = 0; n < 120; n++) {
        const write = writes[random.pick(Object.keys(writes)) as string];
        await write?.(manager, random).catch(() => undefined);
      }
      await backstory.repair();
      // the later rounds begin with streams of which some were archived, and some written on since
      if (round > 2) await backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 3 });
      for (let n = 0; n < 30; n++) await writes['update']?.(manager, random);
      expect(await backstory.verify()).toMatchObject({ clean: true });

      const living: { id: string; needed: number[] }[] = await library.dataSource.query(
        `select id, coalesce(array_agg(position) filter (where next = 'u' or next is not null and not stand_in), '{}') as needed
         from (select stream_id as id, stream_position::int as position, lead(change) over w as next,
                 coalesce(metadata ->> 'origin' = 'archive', false) as stand_in
               from backstory.events where category = 'author' and stream_id in (select id::text from author)
               window w as (partition by stream_id order by stream_position)) e
         group by id order by id`,
      );
      const expected: [string, string][] = [];
      for (const { id, needed } of living) {
        if (random.next() < 0.5) continue;
        const kind = random.pick(Object.keys(tamperings)) as string;
        const statement = tamperings[kind]?.(id, random, needed);
        if (!statement) continue;
        await unseen(library.dataSource, statement);
        expected.push([id, kind]);
      }
      const {
        aggregates: [found],
      } = await backstory.verify({ aggregates: ['author'], limit: 1_000 });
      expect(found?.drift.map(({ streamId, kind }) => [streamId, kind]).sort()).toEqual(expected.sort());
      expect(found?.drifted).toBe(expected.length);

      const before = await texts();
      if (round % 2 === 0) {
        const truth = await backstory.repair({ aggregates: ['author'], truth: 'events' });
        expect(truth[0]?.left.every(({ kind }) => kind === 'gap')).toBe(true);
      }
      const repaired = await backstory.repair();
      expect(repaired.flatMap(({ left }) => left)).toEqual([]);
      if (round % 2 !== 0) expect(await texts()).toEqual(before);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      const rows = await manager.find(Author, { withDeleted: true });
      for (const row of rows) expect(await backstory.load(Author, String(row.id))).toEqual(row);
    },
  );
});
