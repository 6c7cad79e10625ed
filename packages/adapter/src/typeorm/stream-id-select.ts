import type { EntityMetadata } from 'typeorm';
import { quoteIdentifier } from '../database/index.js';
import { type EntityMapping, isReadableKey, streamIdSql } from '../mapping/index.js';

/** A column that a query selects, as TypeORM's query builder notes it. */
export interface Select {
  readonly selection: string;
  readonly aliasName?: string;
}

/**
 * What the stream id is called in the raw result for the alias at this place among the query's aliases.
 * Undefined where it isn't asked for, because JavaScript can make it of the key; of a Date it can't: no microseconds.
 */
export function streamIdName(mapping: EntityMapping, aliasIndex: number): string | undefined {
  return mapping.key.every(isReadableKey) ? undefined : `backstory_stream_id_${aliasIndex}`;
}

/**
 * What to add to an entity query for the stream id.
 * Nothing where the query doesn't select the key, so that DISTINCT and GROUP BY mean the same as before.
 */
export function streamIdSelect(
  mapping: EntityMapping,
  alias: { name: string; metadata: EntityMetadata },
  aliasIndex: number,
  selects: readonly Select[],
): Select | undefined {
  const aliasName = streamIdName(mapping, aliasIndex);
  if (!aliasName) return undefined;
  const selected = new Set(selects.map(({ selection }) => selection));
  const hasKey =
    selected.has(alias.name) ||
    alias.metadata.primaryColumns.every(({ propertyPath }) => selected.has(`${alias.name}.${propertyPath}`));
  return hasKey ? { selection: streamIdSql(mapping, quoteIdentifier(alias.name)), aliasName } : undefined;
}
