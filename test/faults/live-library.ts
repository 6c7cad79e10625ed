import type { Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';

/** A library with many rows from before capture, none of which has a first event yet. */
export async function openFilledLibrary(rows: number): Promise<Library> {
  const library = await openLibrary({ poolSize: 16 });
  await library.dataSource.query(
    `insert into author (name, "homeCity", version) select 'a' || n, 'c' || n % 7, 1 from generate_series(1, ${rows}) n;
     insert into work (title, kind, "authorId") select 'w' || n, 'Novel', 1 + n % ${rows} from generate_series(1, ${rows}) n;
     insert into shelf (room, number) select 'r' || n % 9, n from generate_series(1, ${rows}) n;
     insert into subject (code, label) select 's' || n, 'l' from generate_series(1, 50) n;
     -- as docs/aggregates.md asks of parts: else each first event reads all of them
     create index on work ("authorId");
     analyze`,
  );
  return library;
}

/**
 * Writes from 8 connections until the returned function is called: inserts, updates, deletes, changes of key, transactions
 * and savepoints that are rolled back. What may go wrong for reasons of the test's own is `tolerated`.
 */
export function startWriters(
  dataSource: DataSource,
  seed: number,
  tolerated: (error: unknown) => boolean = () => false,
): () => Promise<void> {
  let on = true;
  const writing = Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      const random = seededRandom(seed + writer);
      while (on) {
        await writeRandomly(dataSource, random, 5).catch((error: unknown) => {
          if (!tolerated(error)) throw error;
        });
      }
    }),
  );
  writing.catch(() => undefined);
  return async () => {
    on = false;
    await writing;
  };
}

/** Verify's word, and what plain SQL says of the streams without it. */
export async function expectWholeHistory(dataSource: DataSource, backstory: Backstory): Promise<void> {
  expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  // each stream: positions from 1 without a hole, and created once before anything else
  expect(
    await dataSource.query(
      `select category, stream_id from backstory.events group by 1, 2
       having min(stream_position) <> 1 or max(stream_position) <> count(*)
         or min(stream_position) filter (where change = 'c') <> 1`,
    ),
  ).toEqual([]);
  expect(
    await dataSource.query(
      `with rows as (
         select 'author' as category, id::text as id from author union all
         select 'work', id::text from work union all select 'subject', code from subject union all
         select 'shelf', replace(replace(room, '%', '%25'), ':', '%3A') || ':' || number from shelf
       ), last as (
         select distinct on (category, stream_id) category, stream_id, change from backstory.events
         order by category, stream_id, stream_position desc
       )
       select coalesce(r.category, l.category) as category, coalesce(r.id, l.stream_id) as id, l.change
       from rows r full join last l on l.category = r.category and l.stream_id = r.id
       where (r.id is null) <> (l.change is null or l.change = 'd') and coalesce(r.category, l.category) in ('author', 'work', 'subject', 'shelf')`,
    ),
  ).toEqual([]);
  expect(
    await dataSource.query(
      `select a.id from author a where a.name is distinct from (
         select v.data ->> 'name' from backstory.events v
         where v.category = 'author' and v.stream_id = a.id::text and v.data::jsonb ? 'name'
         order by v.stream_position desc limit 1)`,
    ),
  ).toEqual([]);
}
