import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager, type EntitySchema, type ObjectLiteral } from 'typeorm';
import { sortChildren } from './sort-children.js';

/**
 * Events by stream (`item-1`), in order, each as `change Type key key …`; a first event starts with `backfill`. Of an
 * owned part the key is `tracks[7]:id,title`, or `tracks[7]:gone`.
 */
export type EventsByStream = Record<string, readonly string[]>;

/** A database with an application's tables, captured. */
export interface Ground {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  /** Relation paths of parts that aggregates own. */
  readonly owned: readonly string[];
  /** What to load with an entity that owns something. */
  relationsOf(entity: unknown): object | undefined;
  /** Empties every table of the application and the event store, and starts all ids at 1 again. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Statements in `prepare` run before capture is installed: functions, triggers and views of the application. */
export async function openGround(
  entities: readonly (EntitySchema | (new () => object))[],
  prepare = '',
  aggregates: readonly AggregateOptions[] = [],
): Promise<Ground> {
  const database = await createTestDatabase();
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [...entities],
    synchronize: true,
  });
  await dataSource.initialize();
  if (prepare) await dataSource.query(prepare);
  const backstory = await createBackstory(dataSource, { aggregates: ['all', ...aggregates] });
  const tables = async (where: string): Promise<string> => {
    const found: { name: string }[] = await dataSource.query(
      `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition and ${where}`,
    );
    return found.map(({ name }) => name).join(', ');
  };
  const own = await tables(`n.nspname = 'public'`);
  const ours = await tables(
    `n.nspname = 'backstory' and c.relname not in ('migrations', 'aggregates', 'stages', 'stage_changes')`,
  );
  return {
    dataSource,
    backstory,
    url: database.url,
    owned: aggregates.flatMap(({ owns = [] }) => owns),
    relationsOf: (entity) => {
      const owns = aggregates.find((aggregate) => aggregate.entity === entity)?.owns;
      return owns && relationsAt(owns);
    },
    reset: async () => {
      await dataSource.query(
        `begin; set local session_replication_role = replica; truncate ${own} restart identity cascade;
         truncate ${ours} restart identity; commit`,
      );
    },
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** `['tracks', 'tracks.credits']` → `{ tracks: { credits: {} } }`. */
function relationsAt(paths: readonly string[]): object {
  const relations: Record<string, object> = {};
  for (const path of paths) {
    let at = relations;
    for (const name of path.split('.')) at = (at[name] ??= {}) as typeof relations;
  }
  return relations;
}

/** The place in the log behind which a test looks for events. */
export async function endOfLog(manager: EntityManager): Promise<string> {
  const [row] = await manager.query(
    `select coalesce(max(global_position), 0)::text as position from backstory.events`,
  );
  return row.position;
}

export async function eventsAfter(
  manager: EntityManager,
  position: string,
  owned: readonly string[] = [],
): Promise<EventsByStream> {
  const rows: { stream: string; event: string }[] = await manager.query(
    `select category || '-' || stream_id as stream,
            concat_ws(' ', metadata ->> 'origin',
              case change when 'c' then 'created' when 'u' then 'updated' when 'd' then 'deleted' end, type,
              (select string_agg(coalesce(
                   (select string_agg(format('%s[%s]:%s', key, id, coalesce(
                       (select string_agg(k, ',' order by k collate "C") from jsonb_object_keys(nullif(patch, 'null')) k), 'gone')), ' ' order by id)
                    from jsonb_each(case when key = any ($2::text[]) then value end) p (id, patch)), key), ' ' order by key collate "C")
               from jsonb_each(data::jsonb))) as event
     from backstory.events where global_position > $1 order by category, stream_id, stream_position`,
    [position, owned],
  );
  const streams: Record<string, string[]> = {};
  for (const { stream, event } of rows) (streams[stream] ??= []).push(event);
  return inOrderOfKeys(streams);
}

/** Every stream is numbered from 1 without a gap, in the order of the log; and every fold is the row, in SQL and here. */
export async function expectNoDrift(ground: Ground): Promise<void> {
  const outOfOrder = await ground.dataSource.query(
    `select * from (
       select category, stream_id, stream_position,
              row_number() over (partition by category, stream_id order by global_position) as expected
       from backstory.events) e where stream_position <> expected`,
  );
  expect(outOfOrder).toEqual([]);
  const { clean, aggregates } = await ground.backstory.verify();
  expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  expect(clean).toBe(true);
  await expectReplayIsTable(ground);
}

async function expectReplayIsTable({ dataSource, backstory, relationsOf }: Ground): Promise<void> {
  const aggregates = new Set((await backstory.status()).map(({ entity }) => entity));
  for (const { target, name, tableType, primaryColumns } of dataSource.entityMetadatas) {
    if (tableType !== 'regular' || !aggregates.has(name)) continue;
    const entity = typeof target === 'function' ? (target as new () => ObjectLiteral) : name;
    const relations = relationsOf(target);
    const options = relations ? { relations } : { withDeleted: true };
    for (const row of await dataSource.manager.find(entity, options)) {
      const key = primaryColumns.map((column) => String(column.getEntityValue(row)));
      const escaped = key.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A'));
      const loaded = await backstory.load(entity, (key.length === 1 ? key : escaped).join(':'));
      if (relations) [row, loaded].forEach(sortChildren);
      expect(loaded).toEqual(row);
    }
  }
}

/** Says what an event must look like as {@link eventsAfter} does: its keys in any order. */
export function inOrderOfKeys(expected: EventsByStream): EventsByStream {
  return Object.fromEntries(
    Object.entries(expected).map(([stream, events]) => [
      stream,
      events.map((event) => {
        const [change, type, ...keys] = event.split(' ');
        return [change, type, ...keys.sort()].join(' ');
      }),
    ]),
  );
}
