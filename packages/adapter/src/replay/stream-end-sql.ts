import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** An expression for the end of the stream with this id, in a query for one row: see `stream_end` in the migrations. */
export function streamEndSql({ category }: EntityMapping, schema: string, id: string): string {
  return `${quoteIdentifier(schema)}.stream_end(${quoteLiteral(category)}, ${id})`;
}

/**
 * The same in a query for many rows, of which it is planned as a part: for each row that takes half as long as a call, and for one row
 * twice as long. Like {@link streamEndSql} to the letter, so that both find what either has kept.
 */
export function streamEndsSql({ category }: EntityMapping, schema: string, id: string): string {
  const [name, literal] = [quoteIdentifier(schema), quoteLiteral(category)];
  // no "::" in a query of the application: TypeORM would take it for a parameter
  return (
    `(case when (select ${name}.sees_stream_ends(${literal})) then (` +
    `select concat("backstory_end"."global_position", '@', extract(epoch from "backstory_end"."recorded_at")) ` +
    `from ${name}."events" "backstory_end" where "backstory_end"."category" = ${literal} collate "C" ` +
    `and "backstory_end"."stream_id" = (${id}) collate "C" order by "backstory_end"."stream_position" desc limit 1) end)`
  );
}
