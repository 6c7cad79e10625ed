import { streamId } from '../event/index.js';
import { type EntityMapping, keyText } from '../mapping/index.js';

/**
 * The stream of a row in a query's raw result: asked for with the query, or made of the key. Undefined where it can't
 * be known: an outer join found nothing, the query doesn't select the key, or pg's parser has lost a part of it.
 */
export function streamIdOfResult(
  mapping: EntityMapping,
  names: ReadonlyMap<string, string>,
  askedAs: string | undefined,
  row: Record<string, unknown>,
): string | undefined {
  const asked = askedAs && row[askedAs];
  if (typeof asked === 'string') return asked;
  const parts: string[] = [];
  for (const column of mapping.key) {
    const part = keyText(column, row[names.get(column.column) ?? '']);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return streamId(parts);
}
