import { streamId } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * The stream of a row in a query's raw result. Undefined where it can't be known: an outer join found nothing,
 * the query doesn't select the key, or the key is of a type that pg's parser changes (a date as key).
 */
export function streamIdOfResult(
  mapping: EntityMapping,
  names: ReadonlyMap<string, string>,
  row: Record<string, unknown>,
): string | undefined {
  const parts: string[] = [];
  for (const { column } of mapping.key) {
    const value = row[names.get(column) ?? ''];
    if (
      typeof value !== 'string' &&
      typeof value !== 'number' &&
      typeof value !== 'boolean' &&
      typeof value !== 'bigint'
    ) {
      return undefined;
    }
    parts.push(String(value));
  }
  return streamId(parts);
}
