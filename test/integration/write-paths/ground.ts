import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager, type EntitySchema, type ObjectLiteral } from 'typeorm';

/** Events by stream (`item-1`), in order, each as `change Type key key …`; a first event starts with `backfill`. */
export type EventsByStream = Record<string, readonly string[]>;

/** A database with an application's tables, captured. */
export interface Ground {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  /** Empties every table of the application and the event store, and starts all ids at 1 again. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Statements in `prepare` run before capture is installed: functions, triggers and views of the application. */
export async function openGround(
  entities: readonly (EntitySchema | (new () => object))[],
  prepare = '',
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
  const backstory = await createBackstory(dataSource);
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

/** The place in the log behind which a test looks for events. */
export async function endOfLog(manager: EntityManager): Promise<string> {
  const [row] = await manager.query(
    `select coalesce(max(global_position), 0)::text as position from backstory.events`,
  );
  return row.position;
}

export async function eventsAfter(manager: EntityManager, position: string): Promise<EventsByStream> {
  const rows: { stream: string; event: string }[] = await manager.query(
    `select category || '-' || stream_id as stream,
            concat_ws(' ', metadata ->> 'origin',
              case change when 'c' then 'created' when 'u' then 'updated' when 'd' then 'deleted' end, type,
              (select string_agg(key, ' ' order by key collate "C") from jsonb_object_keys(data) key)) as event
     from backstory.events where global_position > $1 order by category, stream_id, stream_position`,
    [position],
  );
  const streams: Record<string, string[]> = {};
  for (const { stream, event } of rows) (streams[stream] ??= []).push(event);
  return streams;
}

/** Every stream is numbered from 1 without a gap, in the order of the log; and every fold is the row, in SQL and here. */
export async function expectNoDrift({ dataSource, backstory }: Ground): Promise<void> {
  const { manager } = dataSource;
  const outOfOrder = await manager.query(
    `select * from (
       select category, stream_id, stream_position,
              row_number() over (partition by category, stream_id order by global_position) as expected
       from backstory.events) e where stream_position <> expected`,
  );
  expect(outOfOrder).toEqual([]);
  const { clean, aggregates } = await backstory.verify();
  expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  expect(clean).toBe(true);
  await expectReplayIsTable({ dataSource, backstory });
}

async function expectReplayIsTable({
  dataSource,
  backstory,
}: Pick<Ground, 'dataSource' | 'backstory'>): Promise<void> {
  for (const { target, name, tableType, primaryColumns } of dataSource.entityMetadatas) {
    if (tableType !== 'regular') continue;
    const entity = typeof target === 'function' ? (target as new () => ObjectLiteral) : name;
    for (const row of await dataSource.manager.find(entity, { withDeleted: true })) {
      const key = primaryColumns.map((column) => String(column.getEntityValue(row)));
      const escaped = key.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A'));
      expect(await backstory.load(entity, (key.length === 1 ? key : escaped).join(':'))).toEqual(row);
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
