import { quoteLiteral } from '../database/index.js';

/** Which events a consumer wants; everything when nothing is said. */
export interface EventFilter {
  /** Events of these categories, and events of these types. */
  readonly categories?: readonly string[];
  readonly types?: readonly string[];
  /** First events of rows that were there before, and states that stand for archived events. @defaultValue false */
  readonly includeBackfill?: boolean;
  /** One of several parts of the streams. */
  readonly partition?: { readonly index: number; readonly of: number };
}

/**
 * The partition of a stream. The hash is PostgreSQL's own, so that every worker and every statement agree. The
 * columns have the collation "C", on which nothing depends.
 */
export function partitionSql(row: string, partitions: number): string {
  return `((hashtextextended(${row}.category || '-' || ${row}.stream_id, 0) & 2147483647) % ${partitions})`;
}

/** The filter as a condition on a row `e` of the events table; undefined for one that lets everything through. */
export function filterSql({
  categories = [],
  types = [],
  includeBackfill = false,
  partition,
}: EventFilter): string | undefined {
  const list = (values: readonly string[]): string => values.map(quoteLiteral).join(', ');
  const wanted = [
    categories.length > 0 && `e.category in (${list(categories)})`,
    types.length > 0 && `e.type in (${list(types)})`,
  ].filter((condition) => condition !== false);
  const conditions = [
    wanted.length > 0 && `(${wanted.join(' or ')})`,
    !includeBackfill && `coalesce(e.metadata ->> 'origin', '') not in ('backfill', 'archive')`,
    partition && partition.of > 1 && `${partitionSql('e', partition.of)} = ${partition.index}`,
  ].filter((condition): condition is string => typeof condition === 'string');
  return conditions.length > 0 ? conditions.join(' and ') : undefined;
}
