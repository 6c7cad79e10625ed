import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Of a drift: the properties that its correction leaves erased. */
export type WithheldOf = (drift: Drift) => readonly string[];

/**
 * What a correction must not bring back from a row: what was erased of the stream before, unless its events have said something of
 * it since.
 */
export async function withheldValues(
  sql: SqlExecutor,
  schema: string,
  { category, part, columns, renamed }: EntityMapping,
  drifts: readonly Drift[],
): Promise<WithheldOf> {
  const rows = await sql.execute<{ id: string; properties: string[] }>(
    `select stream_id as id, properties from ${quoteIdentifier(schema)}.erasures where category = $1 and stream_id = any ($2::text[])`,
    [category, drifts.map(({ streamId }) => streamId)],
  );
  const prefix = part ? `${part.path}.` : '';
  const erased = new Map(
    rows.map(({ id, properties }) => [
      id,
      new Set(
        properties
          .filter((property) => property.startsWith(prefix))
          .map((property) => property.slice(prefix.length))
          .flatMap((property) => [property, renamed[property] ?? property]),
      ),
    ]),
  );
  return ({ streamId, kind, properties }) => {
    const ofStream = erased.get(streamId);
    if (!ofStream) return [];
    return columns
      .map(({ property }) => property)
      .filter((property) => ofStream.has(property))
      .filter((property) => kind !== 'value' || (properties[property]?.replay ?? null) === null);
  };
}
