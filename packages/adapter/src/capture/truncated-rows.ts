import { quoteTable } from '../database/index.js';
import { type EntityMapping, tableOf } from '../mapping/index.js';
import { survivingRows } from './surviving-rows.js';

/** The rows that TRUNCATE is about to take: of a partitioned table each partition's trigger takes its own. */
export function truncatedRows(mapping: EntityMapping, schema: string): string {
  if (mapping.partitions.length === 0) return tableOf(mapping);
  return survivingRows(
    mapping,
    schema,
    `(select p.* from ${quoteTable(mapping.table)} p where p.tableoid in (
           select relid from pg_partition_tree(capture.fired_on) union select capture.fired_on))`,
  );
}
