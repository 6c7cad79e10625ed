import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { streamIdsBehind } from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';

export interface FoundStream {
  readonly category: string;
  readonly streamId: string;
}

const most = 20;

/** Streams of exactly this id, of whatever aggregate; of a single aggregate also those whose id begins with it. */
export async function findStreams(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
  id: string,
): Promise<FoundStream[]> {
  const exact = await sql.execute<{ category: string }>(
    `select c.category from unnest($1::text[]) with ordinality as c (category, nth)
     where exists (select from ${quoteIdentifier(schema)}.events e where e.category = c.category and e.stream_id = $2)
     order by c.nth limit ${most}`,
    [mappings.map(({ category }) => category), id],
  );
  const names = new Map(mappings.map(({ category, knownAs }) => [category, knownAs]));
  const found = exact.map(({ category }) => ({ category: names.get(category) ?? category, streamId: id }));
  const [only, ...others] = mappings;
  if (!only || others.length > 0) return found;
  const behind = await streamIdsBehind(sql, schema, only.category, id === '' ? undefined : id, most);
  const beginning = behind.filter((streamId) => streamId.startsWith(id));
  return [...found, ...beginning.map((streamId) => ({ category: only.knownAs, streamId }))].slice(0, most);
}
