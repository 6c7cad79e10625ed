import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Ends the stage of a category whose table can't be captured any more, in the transaction that is open, and says why. */
export async function switchOff(
  sql: SqlExecutor,
  schema: string,
  category: string,
  reason: string,
): Promise<void> {
  const table = quoteIdentifier(schema);
  await sql.execute(
    `with standing as (select stage, replay_percent from ${table}.stages where category = $1 and stage <> 'off' for update),
     closed as (update ${table}.stages s set stage = 'off', replay_percent = 0, refused_roles = null, changed_at = now(), captured_since = null
            from standing where s.category = $1)
     insert into ${table}.stage_changes (category, from_stage, to_stage, from_percent, changed_by, reason)
     select $1, stage, 'off', nullif(replay_percent, 0), current_user, $2 from standing`,
    [category, reason],
  );
}
