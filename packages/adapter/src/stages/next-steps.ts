import type { SqlExecutor } from '../database/index.js';
import { isReplayed, type Stage, stages } from './stage.js';
import type { StageGuard } from './stage-guard.js';
import type { Standing } from './standing.js';

/** Where an aggregate can go from where it stands. */
export interface NextStep {
  readonly category: string;
  readonly stage: Stage;
  /** In stages replay and events: how many of a hundred streams are replayed. Otherwise null. */
  readonly percent: number | null;
  /** One step forward: the next stage, or replay of a larger share. Null in the last. */
  readonly next: Stage | null;
  /** What stands against it just now, in words. */
  readonly reasons: readonly string[];
}

/** The next step of each category, and what stands against it: one query for each guard and stage, however many they are. */
export async function nextSteps(
  sql: SqlExecutor,
  schema: string,
  standings: ReadonlyMap<string, Standing>,
  guards: readonly StageGuard[],
): Promise<NextStep[]> {
  const next = new Map([...standings].map(([category, standing]) => [category, nextStage(standing)]));
  const reasons = new Map<string, string[]>();
  for (const to of stages) {
    const categories = [...next].filter(([, stage]) => stage === to).map(([category]) => category);
    if (categories.length === 0) continue;
    for (const guard of guards) {
      for (const [category, found] of await guard(sql, schema, categories, to)) {
        reasons.set(category, [...(reasons.get(category) ?? []), ...found]);
      }
    }
  }
  return [...standings].map(([category, { stage, percent }]) => ({
    category,
    stage,
    percent: isReplayed(stage) ? percent : null,
    next: next.get(category) ?? null,
    reasons: reasons.get(category) ?? [],
  }));
}

function nextStage({ stage, percent }: Standing): Stage | null {
  if (stage === 'replay' && percent < 100) return 'replay';
  return stages[stages.indexOf(stage) + 1] ?? null;
}
