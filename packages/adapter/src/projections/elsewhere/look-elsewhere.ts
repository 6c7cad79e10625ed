import type { SqlExecutor } from '../../database/index.js';
import { checkpointOf } from '../../outbox/index.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';
import { hasEventsIn } from './has-events-in.js';
import { relationExists } from './relation-exists.js';
import { bigint, targetTables } from './target-tables.js';

/** Whether every partition has come to a position, as the target says; undefined where it knows none. */
export async function lookElsewhere(
  sql: SqlExecutor,
  schema: string,
  { target, definition, generation }: GenerationElsewhere,
  position: string,
): Promise<{ reached: boolean; at: string } | undefined> {
  const rows = await target.session(async (session) =>
    (await relationExists(session, target, 'backstory_target', target.schema))
      ? session.execute<{ position: string; gaps: string }>(
          `select ${bigint(target, 'text', 'position')} as "position", gaps as "gaps" from ${targetTables(target).checkpoints}
           where projection = ? and generation = ?`,
          [definition.name, generation],
        )
      : [],
  );
  const found = rows.map((row) =>
    checkpointOf({ position: row.position, gaps: JSON.parse(row.gaps) as [string, string][] }),
  );
  const lowest = found.map((each) => each.position).sort((a, b) => (a < b ? -1 : 1))[0];
  if (lowest === undefined) return undefined;
  const until = BigInt(position);
  const at = String(lowest);
  if (lowest < until) return { reached: false, at };
  const waits = await hasEventsIn(
    sql,
    schema,
    found.flatMap(({ gaps }) => gaps),
    until,
  );
  return { reached: !waits, at };
}
