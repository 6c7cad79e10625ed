import { quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, schemaVersionSql } from '../mapping/index.js';
import type { StreamTables } from './stream-tables.js';

/**
 * For TRUNCATE of a table whose rows policies may hide from the owner of the capture functions: TRUNCATE asks no policy, so it
 * takes them all. Of a root's table every living stream ends, whether its row was seen or not. Which streams lose rows when it
 * is a partition by itself, or the table of parts, can't be known: that is said as a warning, since a refusal would cost the
 * application its statement.
 */
export function hiddenTruncationSql(mapping: EntityMapping, tables: StreamTables): string {
  const table = `to_regclass(${quoteLiteral(quoteTable(mapping.table))})`;
  const warn = `raise warning 'TRUNCATE of % is captured without the rows that row-level security hides from %', capture.fired_on::regclass, current_user
      using hint = ${quoteLiteral(`See "npx backstory doctor"; "npx backstory repair ${mapping.part?.root.category ?? mapping.category}" settles it.`)};`;
  const end = mapping.part
    ? `    ${warn}`
    : `    if capture.fired_on = ${table} then
${everyLivingStreamEnds(mapping, tables)}
    else
      ${warn}
    end if;`;
  return `
  if row_security_active(${table}) then
${end}
  end if;`;
}

function everyLivingStreamEnds(mapping: EntityMapping, tables: StreamTables): string {
  const { category, eventTypes } = mapping;
  const version = schemaVersionSql(mapping);
  return `      insert into ${tables.written} (category, stream_id, stream_position, change, type, data, metadata${version.column}${tables.column})
      select ${quoteLiteral(category)}, r.stream_id, h.position + 1, 'd', ${quoteLiteral(eventTypes.deleted)}, '{}', capture.context${version.value}${tables.value}
      from (select distinct v.stream_id from ${tables.visible} v where v.category = ${quoteLiteral(category)}) r
      cross join lateral (${tables.head(quoteLiteral(category), 'r.stream_id')}) h
      where not exists (
        select from ${tables.visible} v
        where v.category = ${quoteLiteral(category)} and v.stream_id = r.stream_id
          and v.stream_position = h.position and v.change = 'd');`;
}
