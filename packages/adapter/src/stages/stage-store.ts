import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { StageRefusedError } from '../errors.js';
import type { Stage } from './stage.js';
import { type RefusedRoles, refusedRoles, type ResidualPolicy, residualPolicy } from './residual-policy.js';
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
  /** Percentage of the streams that reads replayed before; null outside of stages `replay` and `events`. */
  readonly fromPercent: number | null;
  /** Percentage of the streams that reads replay since; null outside of stages `replay` and `events`. */
  readonly percent: number | null;
  /** What becomes of writes without a command since; null outside of stage `events`. */
  readonly residual: ResidualPolicy | null;
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
  to_percent as "percent", to_jsonb(refused_roles) as "refusedRoles", changed_at as "changedAt", changed_by as "changedBy", reason,
  to_stage in ('shadow', 'replay') and from_stage is not distinct from to_stage
    and from_percent is not distinct from to_percent as anew,
  overridden <> '{}' as forced, to_jsonb(overridden) as overridden`;

type StoredChange = Omit<StageChange, 'residual'> & { readonly refusedRoles: RefusedRoles };

function asChange({ refusedRoles: roles, ...change }: StoredChange): StageChange {
  return { ...change, residual: change.to === 'events' ? residualPolicy(roles) : null };
}

/** Where to, and in stage events what becomes of writes without a command: as it is, where that isn't said. */
export interface StageTarget extends Standing {
  readonly residual?: ResidualPolicy;
}

/** What is done in the transaction of a change, before and after it. */
export type AroundChange = (sql: SqlExecutor, change: () => Promise<StageChange>) => Promise<StageChange>;

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
  to: StageTarget,
  options: StageChangeOptions,
  guards: readonly StageGuard[],
  around: AroundChange = (_, change) => change(),
): Promise<StageChange> {
  return database.transaction((sql) =>
    around(sql, () => changeStageIn(sql, schema, category, to, options, guards)),
  );
}

async function changeStageIn(
  sql: SqlExecutor,
  schema: string,
  category: string,
  to: StageTarget,
  options: StageChangeOptions,
  guards: readonly StageGuard[],
): Promise<StageChange> {
  const table = quoteIdentifier(schema);
  const [current] = await sql.execute<Standing & { refusedRoles: RefusedRoles }>(
    `select stage, replay_percent as percent, case when stage = 'events' then to_jsonb(refused_roles) end as "refusedRoles" from ${table}.stages where category = $1 for update`,
    [category],
  );
  const from = current ?? notSeenYet;
  const wanted = to.residual === undefined ? (current?.refusedRoles ?? null) : refusedRoles(to.residual);
  const roles = to.stage === 'events' ? wanted : null;
  const reasons = isForward(from, to) ? await reasonsAgainst(sql, schema, category, from, to, guards) : [];
  if (options.dryRun) return planned(category, from, to, roles, options, reasons);
  if (reasons.length > 0 && !options.force) {
    throw new StageRefusedError(category, inWords(from), inWords(to), reasons);
  }
  const anew = beginsAnew(from, to);
  if (anew || (to.stage === 'shadow' && isForward(from, to))) await forgetShadowDrift(sql, schema, category);
  await sql.execute(
    `insert into ${table}.stages as s (category, stage, replay_percent, captured_since, refused_roles)
       values ($1, $2, $3, case when $2 <> 'off' then now() end, $5::text[])
       on conflict (category) do update set stage = $2, replay_percent = $3, refused_roles = $5::text[],
         changed_at = case when s.stage = $2 then s.changed_at else now() end,
         compared_since = case when s.stage = $2 and not $4 then s.compared_since else now() end,
         captured_since = case when $2 = 'off' then null else coalesce(s.captured_since, now()) end`,
    [category, to.stage, to.percent, anew, roles],
  );
  const [change] = await sql.execute<StoredChange>(
    `insert into ${table}.stage_changes
         (category, from_stage, to_stage, from_percent, to_percent, changed_by, reason, overridden, refused_roles)
       values ($1, $2, $3, nullif($4::smallint, 0), nullif($5::smallint, 0), coalesce($6, current_user), $7, $8, $9::text[])
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
      roles,
    ],
  );
  return asChange(change as StoredChange);
}

function planned(
  category: string,
  from: Standing,
  to: Standing,
  roles: RefusedRoles,
  { by, reason }: StageChangeOptions,
  reasons: readonly string[],
): StageChange {
  return {
    category,
    from: from.stage,
    to: to.stage,
    fromPercent: from.percent || null,
    percent: to.percent || null,
    residual: to.stage === 'events' ? residualPolicy(roles) : null,
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
  const changes = await sql.execute<StoredChange>(
    `select ${changeColumns} from ${quoteIdentifier(schema)}.stage_changes where category = $1 order by id`,
    [category],
  );
  return changes.map(asChange);
}
