import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { streamIdsBehind } from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { isLivingSql } from '../replay/index.js';

export interface FoundStream {
  readonly category: string;
  readonly streamId: string;
  /** Whether it is deleted by now, with an event of its own or without one. */
  readonly deleted: boolean;
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
  const found = exact.map(({ category }) => ({ category, streamId: id }));
  const [only, ...others] = mappings;
  if (only && others.length === 0) {
    const behind = await streamIdsBehind(sql, schema, only.category, id === '' ? undefined : id, most);
    const beginning = behind.filter((streamId) => streamId.startsWith(id));
    found.push(...beginning.map((streamId) => ({ category: only.category, streamId })));
  }
  const shown = found.slice(0, most);
  const living = await whetherLiving(sql, schema, shown);
  const names = new Map(mappings.map(({ category, knownAs }) => [category, knownAs]));
  return shown.map(({ category, streamId }, nth) => ({
    category: names.get(category) ?? category,
    streamId,
    deleted: living[nth] === false,
  }));
}

/** In their order. */
async function whetherLiving(
  sql: SqlExecutor,
  schema: string,
  streams: readonly { category: string; streamId: string }[],
): Promise<boolean[]> {
  const rows = await sql.execute<{ living: boolean }>(
    `select ${isLivingSql(schema, 's.category', 's.stream_id')} as living
     from unnest($1::text[], $2::text[]) with ordinality as s (category, stream_id, nth) order by s.nth`,
    [streams.map(({ category }) => category), streams.map(({ streamId }) => streamId)],
  );
  return rows.map(({ living }) => living);
}
