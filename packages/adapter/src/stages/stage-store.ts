import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { StageRefusedError } from '../errors.js';
import { type Stage, skippedStage } from './stage.js';
import type { StageGuard } from './stage-guard.js';

/** Who moves an aggregate to another stage, and why. Recorded with every change. */
export interface StageChangeOptions {
  /** @defaultValue the operating system's or database's user name */
  by?: string;
  reason?: string;
  /** Go although guards refuse; the change is recorded as forced. @defaultValue false */
  force?: boolean;
}

export interface StageChange {
  readonly category: string;
  readonly from: Stage | null;
  readonly to: Stage;
  readonly changedAt: Date;
  readonly changedBy: string;
  readonly reason: string | null;
  readonly forced: boolean;
}

/** Reads the stage of every category. One small query; instances poll it. */
export async function readStages(sql: SqlExecutor, schema: string): Promise<Map<string, Stage>> {
  const rows = await sql.execute<{ category: string; stage: Stage }>(
    `select category, stage from ${quoteIdentifier(schema)}.stages`,
  );
  return new Map(rows.map(({ category, stage }) => [category, stage]));
}

/** Gives each category that has none its first stage. */
export async function initializeStages(
  sql: SqlExecutor,
  schema: string,
  initial: ReadonlyMap<string, Stage>,
): Promise<void> {
  if (initial.size === 0) return;
  await sql.execute(
    `with fresh as (
       insert into ${quoteIdentifier(schema)}.stages (category, stage, captured_since)
       select category, stage, case when stage <> 'off' then now() end
       from unnest($1::text[], $2::text[]) as t (category, stage)
       on conflict (category) do nothing returning category, stage)
     insert into ${quoteIdentifier(schema)}.stage_changes (category, to_stage, changed_by, reason)
     select category, stage, current_user, 'first start' from fresh`,
    [[...initial.keys()], [...initial.values()]],
  );
}

/**
 * Moves a category to a stage if the guards allow it, and records who did it and why.
 * @throws StageRefusedError with every unmet condition
 */
export async function changeStage(
  database: Database,
  schema: string,
  category: string,
  to: Stage,
  options: StageChangeOptions,
  guards: readonly StageGuard[],
): Promise<StageChange> {
  return database.transaction(async (sql) => {
    const table = quoteIdentifier(schema);
    const [current] = await sql.execute<{ stage: Stage }>(
      `select stage from ${table}.stages where category = $1 for update`,
      [category],
    );
    const from = current?.stage ?? 'off';
    const reasons: string[] = [];
    const skipped = skippedStage(from, to);
    if (skipped) reasons.push(`${skipped} comes first`);
    for (const guard of guards) reasons.push(...(await guard(sql, schema, category, to)));
    if (reasons.length > 0 && !options.force) throw new StageRefusedError(category, from, to, reasons);
    await sql.execute(
      `insert into ${table}.stages (category, stage, captured_since)
       values ($1, $2, case when $2 <> 'off' then now() end)
       on conflict (category) do update set stage = $2, changed_at = now(),
         captured_since = case when $2 = 'off' then null else coalesce(stages.captured_since, now()) end`,
      [category, to],
    );
    const [change] = await sql.execute<StageChange>(
      `insert into ${table}.stage_changes (category, from_stage, to_stage, changed_by, reason, forced)
       values ($1, $2, $3, coalesce($4, current_user), $5, $6)
       returning category, from_stage as "from", to_stage as "to", changed_at as "changedAt",
                 changed_by as "changedBy", reason, forced`,
      [category, from, to, options.by ?? null, options.reason ?? null, reasons.length > 0],
    );
    return change as StageChange;
  });
}

/** Every change of a category's stage, oldest first. */
export async function stageChanges(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<StageChange[]> {
  return sql.execute<StageChange>(
    `select category, from_stage as "from", to_stage as "to", changed_at as "changedAt",
            changed_by as "changedBy", reason, forced
     from ${quoteIdentifier(schema)}.stage_changes where category = $1 order by id`,
    [category],
  );
}
