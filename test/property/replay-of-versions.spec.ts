import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { Author, entities, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';
import { printed } from '../values/history.js';
import { DataSource } from 'typeorm';

const seed = seedOfRun();
const tables = { Author, Work, Shelf, Subject };

const shapes: [string, (snapshots: { every: number } | 'off') => AggregateSelection['aggregates']][] = [
  ['a stream for each entity', (snapshots) => Object.values(tables).map((entity) => ({ entity, snapshots }))],
  [
    'authors own their works',
    (snapshots) => [
      { entity: Author, owns: ['works'], snapshots },
      { entity: Shelf, snapshots },
      { entity: Subject, snapshots },
    ],
  ],
];

/** Keeps every version of every row, beside Backstory and without it: the witness that replay is compared with. */
const witness = (table: string, key: string): string => `
  create function testify_${table}() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' then
      insert into witness (tab, key, state) values ('${table}', old.${key}::text, null);
    elsif tg_op = 'INSERT' or new *<> old then
      insert into witness (tab, key, state) values ('${table}', new.${key}::text, to_jsonb(new));
    end if;
    return null;
  end $$;
  create trigger zz_witness after insert or update or delete on ${table} for each row execute function testify_${table}();`;

describe.each(shapes)(`replay of any version, %s, seed ${seed}`, (_shape, aggregatesWith) => {
  let library: Library;
  let backstory: Backstory | undefined;
  let plain: DataSource;
  let unkept: Backstory | undefined;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
    plain = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
  });

  afterEach(async () => {
    await unkept?.close();
    await backstory?.close();
    await plain.destroy();
    await library.close();
  });

  it.each([0, 1])(
    'with snapshots, without them, and the row at that time are the same (run %i)',
    async (run) => {
      const random = seededRandom(seed + run);
      backstory = await createBackstory(library.dataSource, { aggregates: aggregatesWith({ every: 3 }) });
      await witnessAll();
      await writeRandomly(library.dataSource, random, 150);
      // some snapshots are made in between, and further events come behind them
      for (const [name, id] of await someStreams(random, 30)) await backstory.load(name, id);
      await backstory.snapshotsSettled();
      await writeRandomly(library.dataSource, random, 250);
      await backstory.rebuildSnapshots();
      for (const [name, id, last] of await someStreams(random, 60)) {
        for (let version = 2; version <= last; version += 2) await backstory.load(name, id, { version });
      }
      await backstory.snapshotsSettled();
      expect(await count('select count(*) from backstory.snapshots')).toBeGreaterThan(10);
      unkept = await createBackstory(plain, { aggregates: aggregatesWith('off') });
      let versions = 0;
      let witnessed = 0;
      for (const [name, id, last] of await someStreams(random, 80)) {
        for (let n = 0; n < 4; n++) {
          const version = 1 + random.integer(0, last - 1);
          const kept = await backstory.load(name, id, { version });
          expect([id, version, printed(kept)]).toEqual([
            id,
            version,
            printed(await unkept.load(name, id, { version })),
          ]);
          const [event] = (await backstory.history(name, id, { version })).slice(-1);
          const at = event!.recordedAt;
          expect(printed(await backstory.load(name, id, { asOf: at }))).toBe(
            printed(await unkept.load(name, id, { asOf: at })),
          );
          versions++;
          const row = await rowAfter(name, id, version);
          if (row === undefined) continue;
          witnessed++;
          expect([id, version, kept === null]).toEqual([id, version, row === null]);
          if (!row) continue;
          const own = { ...kept };
          if (name === 'Author')
            expect([id, version, own['name'], own['version']]).toEqual([
              id,
              version,
              row['name'],
              row['version'],
            ]);
          if (name === 'Subject') expect([id, version, own['label']]).toEqual([id, version, row['label']]);
          if (name === 'Work')
            expect([id, version, own['title'], own['condition']]).toEqual([
              id,
              version,
              row['title'],
              row['condition'],
            ]);
        }
      }
      expect(versions).toBeGreaterThan(100);
      expect(witnessed).toBeGreaterThan(50);
    },
  );

  async function witnessAll(): Promise<void> {
    await plain.query(
      'create table witness (id bigint generated always as identity, tab text, key text, state jsonb)',
    );
    for (const [table, key] of Object.entries({ author: 'id', work: 'id', subject: 'code' })) {
      await plain.query(witness(table, key));
    }
  }

  /** What the witness says of the row after as many changes as the stream has events of it; undefined if it knows nothing. */
  async function rowAfter(
    name: string,
    id: string,
    version: number,
  ): Promise<Record<string, unknown> | null | undefined> {
    const rows: { state: Record<string, unknown> | null }[] = await plain.query(
      `select w.state from witness w where w.tab = $1::text and w.key = $2 order by w.id offset greatest(0, (
         select count(*) from backstory.events e
         where e.category = $1 and e.stream_id = $2 and e.stream_position <= $3
           and not (e.change = 'u' and e.data::jsonb ? 'works')) - 1) limit 1`,
      [name.toLowerCase(), id, version],
    );
    return rows[0]?.state;
  }

  async function someStreams(
    random: Random,
    wanted: number,
  ): Promise<[name: string, id: string, last: number][]> {
    const streams: { category: string; id: string; last: number }[] = await plain.query(
      `select category, stream_id as id, max(stream_position)::integer as last from backstory.events group by 1, 2 order by 1, 2`,
    );
    return Array.from({ length: Math.min(wanted, streams.length) }, () => {
      const { category, id, last } = random.pick(streams)!;
      return [category.charAt(0).toUpperCase() + category.slice(1), id, last];
    });
  }

  async function count(query: string): Promise<number> {
    const [row] = await plain.query<{ count: string }[]>(query);
    return Number(row?.count);
  }
});
