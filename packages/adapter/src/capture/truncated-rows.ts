import { quoteTable } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** The rows that TRUNCATE is about to take: of a partitioned table each partition's trigger takes its own. */
export function truncatedRows(mapping: EntityMapping): string {
  const table = quoteTable(mapping.table);
  if (mapping.partitions.length === 0) return table;
  return `(select * from ${table} p where p.tableoid in (
           select relid from pg_partition_tree(tg_relid) union select tg_relid))`;
}
