import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { isReadFromEvents } from './stage.js';
import { notSeenYet, type Standing } from './standing.js';

/** Where an aggregate stands, and what an instance has to know of its tables to read it. */
export interface WatchedStanding extends Standing {
  /**
   * The tables whose rows may be replayed, by part: the one that is captured and those beneath it that have triggers, by their oids.
   * None of a table that was made again, until its streams have been settled.
   */
  readonly tables: ReadonlyMap<string, ReadonlySet<number>>;
  /** Parts, and the empty name for the aggregate itself, that its streams don't tell yet. */
  readonly unsettled: readonly string[];
}

export interface WatchedStandings {
  readonly of: (category: string) => WatchedStanding;
  /** Changes whenever something is captured in another way. */
  readonly version: string;
  /** Whether anything is compared or replayed. */
  readonly isReading: boolean;
  /**
   * Another one whenever a stage or what is captured was written, also where it is the same again, and for other migrations of
   * Backstory's own. A standby has the same one once it has what was written.
   */
  readonly key: string;
}

const unseen: WatchedStanding = { ...notSeenYet, tables: new Map(), unsettled: [] };

/** Before anything was read. */
export const nothingWatched: WatchedStandings = { of: () => unseen, version: '', isReading: false, key: '' };

/** What an instance calls the table of an aggregate, or of the part of one. */
export interface NamedTable {
  readonly category: string;
  /** Empty for the aggregate itself. */
  readonly part: string;
  readonly schema: string;
  readonly name: string;
}

/**
 * One small query; instances poll it. Where a view has the name by which the instance reads a table, as while a table is being
 * renamed, nothing is replayed: a query of a view can't be asked in which table a row is.
 */
export async function readWatchedStandings(
  sql: SqlExecutor,
  schema: string,
  named: readonly NamedTable[],
): Promise<WatchedStandings> {
  const name = quoteIdentifier(schema);
  const rows = await sql.execute<
    Standing & {
      category: string;
      tables: Record<string, number[]> | null;
      unsettled: string[];
      version: string | null;
      written: string;
      writtenTables: string | null;
      migration: number;
    }
  >(
    `select s.category, s.stage, s.replay_percent as percent,
       case when s.stage in ('shadow', 'replay', 'events') then (
         select jsonb_object_agg(a.part, (
           with recursive beneath as (
             select a.table_oid as oid union select i.inhrelid from beneath b join pg_inherits i on i.inhparent = b.oid)
           select jsonb_agg(b.oid::bigint) from beneath b where exists (
             select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
             where g.tgrelid = b.oid and g.tgenabled in ('O', 'A') and starts_with(p.proname, 'capture_')
               and p.pronamespace = (select c.relnamespace from pg_class c where c.oid = a.tableoid))))
         from ${name}.aggregates a
         where a.category = s.category and a.fingerprint is not null and a.table_oid = a.replayed_oid
           and not exists (
             select from jsonb_to_recordset($1::jsonb) as m (category text, part text, schema text, name text)
             join pg_namespace n on n.nspname = m.schema join pg_class c on c.relnamespace = n.oid and c.relname = m.name
             where m.category = a.category and m.part = a.part and c.relkind = 'v')) end as tables,
       coalesce((select jsonb_agg(a.part) from ${name}.aggregates a
         where a.category = s.category and a.fingerprint is not null and a.table_oid is distinct from a.replayed_oid), '[]') as unsettled,
       (select md5(string_agg(concat(a.fingerprint, a.table_oid), ',' order by a.category, a.part)) from ${name}.aggregates a) as version,
       s.xmin::text as written,
       (select string_agg(a.xmin::text, ',' order by a.category, a.part) from ${name}.aggregates a) as "writtenTables",
       (select max(id) from ${name}.migrations) as migration
     from ${name}.stages s order by s.category`,
    [JSON.stringify(named)],
  );
  const known = new Map(
    rows.map(({ category, stage, percent, tables, unsettled }) => [
      category,
      {
        stage,
        percent,
        unsettled,
        tables: new Map(Object.entries(tables ?? {}).map(([part, oids]) => [part, new Set(oids)])),
      },
    ]),
  );
  return {
    of: (category) => known.get(category) ?? unseen,
    version: rows[0]?.version ?? '',
    isReading: rows.some(({ stage }) => isReadFromEvents(stage)),
    key: JSON.stringify(rows, (_, value: unknown) => (isListOfOids(value) ? [...value].sort() : value)),
  };
}

/** PostgreSQL gives them in whatever order it has found them. */
function isListOfOids(value: unknown): value is number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}
