import { quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, type PartMapping, schemaVersionSql } from '../mapping/index.js';
import type { StreamTables } from './stream-tables.js';

/**
 * For TRUNCATE of a table whose rows policies may hide from the owner of the capture functions: TRUNCATE asks no policy, so it
 * takes them all. So every living stream ends, or loses every part of this kind that its events know, whether its row was seen
 * or not. Which rows a partition by itself has had can't be known: that is said as a warning, since a refusal would cost the
 * application its statement.
 */
export function hiddenTruncationSql(mapping: EntityMapping, tables: StreamTables): string {
  const table = `to_regclass(${quoteLiteral(quoteTable(mapping.table))})`;
  return `
  if row_security_active(${table}) then
    if capture.fired_on = ${table} then
${mapping.part ? everyPartGoes(mapping as PartMapping, tables) : everyLivingStreamEnds(mapping, tables)}
    else
      raise warning 'TRUNCATE of % is captured without the rows that row-level security hides from %', capture.fired_on::regclass, current_user
        using hint = ${quoteLiteral(`"npx backstory repair ${mapping.category}" settles it, as a role that sees every row. See "npx backstory doctor".`)};
    end if;
  end if;`;
}

function everyLivingStreamEnds(mapping: EntityMapping, tables: StreamTables): string {
  const { category, eventTypes } = mapping;
  return `${insertEvents(mapping, tables, `'d', ${quoteLiteral(eventTypes.deleted)}, '{}'`)}
      from (select distinct v.stream_id from ${tables.visible} v where v.category = ${quoteLiteral(category)}) r
      cross join lateral (${tables.head(quoteLiteral(category), 'r.stream_id')}) h
      where (
        select v.change from ${tables.visible} v
        where v.category = ${quoteLiteral(category)} and v.stream_id = r.stream_id and v.change <> 'n'
        order by v.stream_position desc limit 1) is distinct from 'd';`;
}

function everyPartGoes(mapping: PartMapping, tables: StreamTables): string {
  const { category, eventTypes, part } = mapping;
  const path = quoteLiteral(part.path);
  return `${insertEvents(part.root, tables, `'u', ${quoteLiteral(eventTypes.deleted)}, json_build_object(${path}, r.parts)`)}
      from (
        select p.stream_id, json_object_agg(p.id, null) as parts
        from (
          select distinct on (v.stream_id, x.id) v.stream_id, x.id, x.patch
          from ${tables.visible} v cross join lateral json_each(v.data -> ${path}) x (id, patch)
          where v.category = ${quoteLiteral(category)} and v.change <> 'n'
          order by v.stream_id, x.id, v.stream_position desc
        ) p where json_typeof(p.patch) <> 'null' group by p.stream_id
      ) r
      cross join lateral (${tables.head(quoteLiteral(category), 'r.stream_id')}) h;`;
}

/** Behind the end of each stream of `r`, as `h` has it. */
function insertEvents(root: EntityMapping, tables: StreamTables, event: string): string {
  const version = schemaVersionSql(root);
  return `      insert into ${tables.written} (category, stream_id, stream_position, change, type, data, metadata${version.column}${tables.column})
      select ${quoteLiteral(root.category)}, r.stream_id, h.position + 1, ${event}, capture.context${version.value}${tables.value}`;
}
