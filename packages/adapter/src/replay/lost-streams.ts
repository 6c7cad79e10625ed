import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { ReplayError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * Of streams of which nothing was found up to a version or moment, those that may have been there all the same: their
 * beginning was archived, and then removed from the archive. With the error that says so.
 */
export async function lostStreams(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
  streamIds: readonly string[],
): Promise<[streamId: string, error: ReplayError][]> {
  const name = quoteIdentifier(schema);
  const lost = await sql.execute<{ id: string; through: string }>(
    `select a.stream_id as id, a.through::text from ${name}.archived_streams a
     where a.category = $1 and a.stream_id = any ($2::text[]) and not exists (
       select from ${name}.archived_events e where e.category = $1 and e.stream_id = a.stream_id and e.stream_position = 1)`,
    [category, streamIds],
  );
  return lost.map(({ id, through }) => [
    id,
    new ReplayError(
      streamName(category, id),
      `its events up to position ${through} were archived, and are not in the archive any more`,
      `Ask for a later version or moment; or, where an export has them, ask it (npx backstory history ${category} ${id} --from <export>) or bring them back: npx backstory import <export> ${category}`,
    ),
  ]);
}
