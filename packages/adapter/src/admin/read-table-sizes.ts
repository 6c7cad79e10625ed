import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

export interface TableSize {
  /** PostgreSQL's estimate; null before the first ANALYZE. */
  readonly rows: number | null;
  /** On the disk, with indexes. */
  readonly bytes: number;
}

/** What the events take on the disk, and what is kept beside them; 0 where nothing is. */
export interface StoreSize {
  readonly eventBytes: number;
  readonly indexBytes: number;
  readonly snapshotBytes: number;
  readonly archiveBytes: number;
}

/** The sizes of the aggregates' own tables, by category, with their parts and partitions. */
export async function readTableSizes(
  sql: SqlExecutor,
  mappings: readonly EntityMapping[],
): Promise<Map<string, TableSize>> {
  const tables = mappings.flatMap((root) =>
    [root, ...root.parts].map(({ category, table, part }) => ({ category, oid: table.oid, root: !part })),
  );
  const rows = await sql.execute<{ category: string; rows: number | null; bytes: number }>(
    // of a partitioned table, those beneath it
    `with tables as (
       select w.category, w.root, coalesce(p.relid, w.oid::regclass) as oid
       from jsonb_to_recordset($1::jsonb) as w (category text, oid oid, root boolean)
       join pg_class c on c.oid = w.oid
       left join lateral (select t.relid from pg_partition_tree(w.oid) t where t.isleaf) p on c.relkind = 'p')
     select t.category, sum(pg_total_relation_size(c.oid))::float8 as bytes,
       sum(case when t.root and c.reltuples >= 0 then c.reltuples::float8 end)::float8 as rows
     from tables t join pg_class c on c.oid = t.oid group by t.category`,
    [JSON.stringify(tables)],
  );
  return new Map(rows.map(({ category, ...size }) => [category, size]));
}

export async function readStoreSize(sql: SqlExecutor, schema: string): Promise<StoreSize> {
  const table = quoteIdentifier(schema);
  const [size] = await sql.execute<StoreSize>(
    `select pg_table_size($1::regclass)::float8 as "eventBytes", pg_indexes_size($1::regclass)::float8 as "indexBytes",
       ${usedBytesSql('$2::regclass')} as "snapshotBytes", ${usedBytesSql('$3::regclass')} as "archiveBytes"`,
    [`${table}.events`, `${table}.snapshots`, `${table}.archived_events`],
  );
  return size as StoreSize;
}

/** An empty table has indexes. */
function usedBytesSql(table: string): string {
  return `(case when pg_relation_size(${table}) > 0 then pg_total_relation_size(${table}) else 0 end)::float8`;
}

/** Exact, of a table that is small on the disk, and that this role sees whole; otherwise null. */
export async function countIfSmall(sql: SqlExecutor, { table }: EntityMapping): Promise<number | null> {
  const [size] = await sql.execute<{ small: boolean }>(
    `select pg_relation_size($1::oid) < 16 * 1024 * 1024 and not row_security_active($1::oid)
       and has_any_column_privilege($1::oid, 'select') as small`,
    [table.oid],
  );
  if (!size?.small) return null;
  const [count] = await sql.execute<{ rows: number }>(
    `select count(*)::float8 as rows from ${quoteTable(table)}`,
  );
  return count?.rows ?? null;
}
