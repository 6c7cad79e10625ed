import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import {
  type PartMapping,
  patchSql,
  rowIdSql,
  schemaVersionSql,
  stateSql,
  streamIdSql,
} from '../mapping/index.js';
import type { ChangedParts } from './changed-rows.js';
import { eventTypeSql } from './event-type-sql.js';
import type { StreamTables } from './stream-tables.js';

/**
 * A statement that writes the event of one part that names its root, stays with it, and has none beneath it, where the stream has
 * begun and nothing was told of it meanwhile: what most transactions change, by the shortest look. Of anything else it writes nothing.
 * Undefined for parts of another kind.
 */
export function plainPartEventSql(
  mapping: PartMapping,
  tables: StreamTables,
  { before, after }: ChangedParts,
): string | undefined {
  const { root, parent, path } = mapping.part;
  if (parent.part || root.parts.some(({ part }) => part.parent === mapping)) return undefined;
  const row = after ? 'n' : 'o';
  const kind = before ? (after ? 'updated' : 'deleted') : 'created';
  const value = {
    created: () => stateSql(mapping, 'n'),
    updated: () => 'r.patch::json',
    deleted: () => 'null::jsonb',
  };
  const data = `jsonb_build_object(${quoteLiteral(path)}, jsonb_build_object(${rowIdSql(mapping, row)}, ${value[kind]()}))::json`;
  const rows = [before && `${before} o`, after && `${after} n`].filter(Boolean);
  const conditions = [
    'h.position is not null and h.told is not true',
    ...(mapping.reentrant
      ? []
      : [before, after].filter(Boolean).map((each) => `not exists (select from ${each} x offset 1)`)),
    ...(kind === 'updated'
      ? [
          ...mapping.key.map(({ column }) => `n.${quoteIdentifier(column)} = o.${quoteIdentifier(column)}`),
          `${streamIdSql(mapping, 'o')} = k.stream_id`,
          `r.patch <> '{}'`,
        ]
      : []),
  ];
  return `  insert into ${tables.written} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(root).column}${tables.column}${tables.pending ? ', of_one_row' : ''})
  select ${quoteLiteral(root.category)}, k.stream_id, h.position + 1, 'u', ${eventTypeSql(mapping, kind)}, ${data}, capture.context${schemaVersionSql(root).value}${tables.value}${tables.pending ? ', true' : ''}
  from ${rows.join(' cross join ')}
  cross join lateral (select ${streamIdSql(mapping, row)} as stream_id offset 0) k
  ${kind === 'updated' ? `cross join lateral (select ${patchSql(mapping, 'o', 'n')} as patch offset 0) r` : ''}
  cross join lateral (${tables.newest(quoteLiteral(root.category), 'k.stream_id')}) h
  where ${conditions.join(' and ')};
  get diagnostics capture.written = row_count;`;
}
