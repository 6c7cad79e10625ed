import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { StageRefusedError } from '../errors.js';
import type { Stage } from './stage.js';
import type { StageGuard } from './stage-guard.js';
import { beginsAnew, isForward, notSeenYet, type Standing } from './standing.js';

/** Who moves an aggregate to another stage, and why. Recorded with every change. */
export interface StageChangeOptions {
  /** @defaultValue the operating system's or database's user name */
  by?: string;
  reason?: string;
  /** Go although guards refuse; the change is recorded as forced, with their reasons. @defaultValue false */
  force?: boolean;
  /** Only say what would come of it, with the reasons that stand against it as `overridden`. @defaultValue false */
  dryRun?: boolean;
}

export interface StageChange {
  readonly category: string;
  readonly from: Stage | null;
  readonly to: Stage;
  /** Percentage of the streams that reads replayed before; null outside of stage `replay`. */
  readonly fromPercent: number | null;
  /** Percentage of the streams that reads replay since; null outside of stage `replay`. */
  readonly percent: number | null;
  readonly changedAt: Date;
  readonly changedBy: string;
  readonly reason: string | null;
  /** It stays where it was, and the count of shadow reads begins anew. */
  readonly anew: boolean;
  /** Conditions stood against it, and it was forced. */
  readonly forced: boolean;
  /** Those conditions, in words. */
  readonly overridden: readonly string[];
}

const changeColumns = `category, from_stage as "from", to_stage as "to", from_percent as "fromPercent",
  to_percent as "percent", changed_at as "changedAt", changed_by as "changedBy", reason,
  to_stage in ('shadow', 'replay') and from_stage is not distinct from to_stage
    and from_percent is not distinct from to_percent as anew,
  overridden <> '{}' as forced, to_jsonb(overridden) as overridden`;

/** Reads where every category stands. One small query; instances poll it. */
export async function readStandings(sql: SqlExecutor, schema: string): Promise<Map<string, Standing>> {
  const rows = await sql.execute<{ category: string } & Standing>(
    `select category, stage, replay_percent as percent from ${quoteIdentifier(schema)}.stages`,
  );
  return new Map(rows.map(({ category, stage, percent }) => [category, { stage, percent }]));
}

/** Reads the stage of every category. */
export async function readStages(sql: SqlExecutor, schema: string): Promise<Map<string, Stage>> {
  const standings = await readStandings(sql, schema);
  return new Map([...standings].map(([category, { stage }]) => [category, stage]));
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
 * Moves a category, forward if the guards allow it and back in any case, and records who did it and why. Where it stays in
 * a stage that compares, the count of shadow reads begins anew.
 * @throws StageRefusedError with every unmet condition
 */
export async function changeStage(
  database: Database,
  schema: string,
  category: string,
  to: Standing,
  options: StageChangeOptions,
  guards: readonly StageGuard[],
): Promise<StageChange> {
  return database.transaction(async (sql) => {
    const table = quoteIdentifier(schema);
    const [current] = await sql.execute<Standing>(
      `select stage, replay_percent as percent from ${table}.stages where category = $1 for update`,
      [category],
    );
    const from = current ?? notSeenYet;
    const reasons = isForward(from, to) ? await reasonsAgainst(sql, schema, category, from, to, guards) : [];
    if (options.dryRun) return planned(category, from, to, options, reasons);
    if (reasons.length > 0 && !options.force) {
      throw new StageRefusedError(category, inWords(from), inWords(to), reasons);
    }
    const anew = beginsAnew(from, to);
    if (anew || (to.stage === 'shadow' && isForward(from, to)))
      await forgetShadowDrift(sql, schema, category);
    await sql.execute(
      `insert into ${table}.stages as s (category, stage, replay_percent, captured_since)
       values ($1, $2, $3, case when $2 <> 'off' then now() end)
       on conflict (category) do update set stage = $2, replay_percent = $3,
         changed_at = case when s.stage = $2 then s.changed_at else now() end,
         compared_since = case when s.stage = $2 and not $4 then s.compared_since else now() end,
         captured_since = case when $2 = 'off' then null else coalesce(s.captured_since, now()) end`,
      [category, to.stage, to.percent, anew],
    );
    const [change] = await sql.execute<StageChange>(
      `insert into ${table}.stage_changes
         (category, from_stage, to_stage, from_percent, to_percent, changed_by, reason, overridden)
       values ($1, $2, $3, nullif($4::smallint, 0), nullif($5::smallint, 0), coalesce($6, current_user), $7, $8)
       returning ${changeColumns}`,
      [
        category,
        from.stage,
        to.stage,
        from.percent,
        to.percent,
        options.by ?? null,
        options.reason ?? null,
        reasons,
      ],
    );
    return change as StageChange;
  });
}

function planned(
  category: string,
  from: Standing,
  to: Standing,
  { by, reason }: StageChangeOptions,
  reasons: readonly string[],
): StageChange {
  return {
    category,
    from: from.stage,
    to: to.stage,
    fromPercent: from.percent || null,
    percent: to.percent || null,
    changedAt: new Date(),
    changedBy: by ?? '',
    reason: reason ?? null,
    anew: beginsAnew(from, to),
    forced: reasons.length > 0,
    overridden: reasons,
  };
}

async function reasonsAgainst(
  sql: SqlExecutor,
  schema: string,
  category: string,
  from: Standing,
  to: Standing,
  guards: readonly StageGuard[],
): Promise<string[]> {
  const skipsCapture = from.stage === 'off' && to.stage !== 'capture';
  const reasons = skipsCapture ? [`capture comes first (run "npx backstory stage ${category} capture")`] : [];
  for (const guard of guards) {
    reasons.push(...((await guard(sql, schema, [category], to.stage)).get(category) ?? []));
  }
  return reasons;
}

/** What reads have found before the count begins: of the drift that is kept, verify's stays. */
async function forgetShadowDrift(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  for (const table of ['drift_counts', 'drifts'])
    await sql.execute(
      `delete from ${quoteIdentifier(schema)}.${table} where category = $1 and found_by <> 'verify'`,
      [category],
    );
}

function inWords({ stage, percent }: Standing): string {
  return percent > 0 && percent < 100 ? `${stage} of ${percent} %` : stage;
}

/** Every change of a category's stage, oldest first. */
export async function stageChanges(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<StageChange[]> {
  return sql.execute<StageChange>(
    `select ${changeColumns} from ${quoteIdentifier(schema)}.stage_changes where category = $1 order by id`,
    [category],
  );
}
