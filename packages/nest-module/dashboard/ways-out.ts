import type { AggregateRow, StageName } from './answers.js';

/** What settles a condition: a command of that name, or time. */
export type Action = 'backfill' | 'verify' | 'repair' | 'doctor' | 'stage' | 'wait';

/** A condition that stands against the next step of some aggregates, said once for all of them. */
export interface Obstacle {
  readonly reason: string;
  readonly action: Action;
  readonly aggregates: readonly AggregateRow[];
}

/** Aggregates against whose next step nothing stands. */
export interface Ready {
  readonly to: StageName;
  /** Of replay: a tenth of the streams first, then all. */
  readonly percent: number | null;
  readonly aggregates: readonly AggregateRow[];
}

const actions: readonly Action[] = ['backfill', 'repair', 'verify', 'doctor', 'stage', 'wait'];

export function actionOf(reason: string): Action {
  const [, verb] = reason.match(/\(run "npx backstory (\w+)/) ?? [];
  return actions.find((action) => action === verb) ?? 'wait';
}

/** What is done first comes first: a verify before the backfill only finds that it is missing. */
export function obstacles(aggregates: readonly AggregateRow[]): Obstacle[] {
  const found = new Map<string, { reason: string; action: Action; aggregates: AggregateRow[] }>();
  for (const aggregate of aggregates) {
    for (const each of aggregate.reasons) {
      const action = actionOf(each);
      const reason = withoutDetails(each);
      const key = `${action} ${reason}`;
      const obstacle = found.get(key) ?? { reason, action, aggregates: [] };
      obstacle.aggregates.push(aggregate);
      found.set(key, obstacle);
    }
  }
  return [...found.values()].sort(
    (one, other) =>
      actions.indexOf(one.action) - actions.indexOf(other.action) ||
      other.aggregates.length - one.aggregates.length,
  );
}

/** Stage events is for those that commands write: nobody moves there along with others. */
export function ready(aggregates: readonly AggregateRow[]): Ready[] {
  const found = new Map<string, { to: StageName; percent: number | null; aggregates: AggregateRow[] }>();
  for (const aggregate of aggregates) {
    const { next, stage, reasons } = aggregate;
    if (next === null || next === 'events' || reasons.length > 0) continue;
    const percent = next !== 'replay' ? null : stage === 'replay' ? 100 : 10;
    const group = found.get(`${next} ${percent}`) ?? { to: next, percent, aggregates: [] };
    group.aggregates.push(aggregate);
    found.set(`${next} ${percent}`, group);
  }
  return [...found.values()];
}

/** The same of every aggregate: without the command, which has its name, and without numbers and names in quotes. */
function withoutDetails(reason: string): string {
  return reason
    .replace(/ \(run .*\)$/, '')
    .replace(/^trigger ".*" of .* is missing/, 'a trigger is missing')
    .replace(/^\d+ of \d+ shadow reads were compared.*/, 'too few shadow reads were compared')
    .replace(/\d+ /g, '');
}
