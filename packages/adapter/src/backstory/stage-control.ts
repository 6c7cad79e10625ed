import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateFilter, KnownAggregates } from '../aggregates/index.js';
import { backfillComplete } from '../backfill/index.js';
import { capturedWhole, failuresSettled, installCapture, removeCapture } from '../capture/index.js';
import type { Database, SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { beginRefusal, endRefusal, requireResidual } from './residual-refusal.js';
import { settleRemadeTables } from '../installing/index.js';
import { shadowClean } from '../shadow/index.js';
import {
  type AroundChange,
  changeStage,
  isReplayed,
  isStage,
  type NextStep,
  nextSteps,
  notSeenYet,
  readStandings,
  refuseOff,
  replayedWhole,
  type ResidualPolicy,
  seenByAllAfterMs,
  type Stage,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
  type StageGuard,
  stages,
  type StageTarget,
  type StageWatch,
  type Standing,
} from '../stages/index.js';
import { verifiedClean } from '../verify/index.js';

export interface StageOptions extends StageChangeOptions {
  /**
   * For `replay`: how many of a hundred streams reads replay, a whole number from 1. The others are compared as in
   * `shadow`. Always the same streams, on every instance; a larger share has all those of a smaller one. Less risks
   * less, and proves less.
   * @defaultValue 100
   */
  percent?: number;
  /**
   * For `events`: what becomes of writes that no command explains, by ORM, SQL and cascades. `refuse` refuses them, in the trigger, with
   * SQLSTATE 23001 and the constraint name `backstory_residual`; `{ refuse: ['app'] }` those of some database roles and their members.
   * Refusing needs the right to replace the functions of capture. `allow` is the way back, which needs none, as any other stage is.
   * @defaultValue as it is; `allow` where the stage is entered
   */
  residual?: ResidualPolicy;
}

/** What came of moving one of several aggregates. */
export interface StageMove {
  readonly category: string;
  /** Null where nothing was changed; with `dryRun` what would be. */
  readonly change: StageChange | null;
  readonly refused: boolean;
  /** What stands against it, in words; of a forced change, what stood against it. */
  readonly reasons: readonly string[];
}

/** Reads and changes the stage of each aggregate, at run time, for all instances. */
export class StageControl {
  private readonly guards: readonly StageGuard[];

  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly aggregates: KnownAggregates,
    private readonly watch: StageWatch,
    requiredShadowReads: number,
  ) {
    this.guards = [
      capturedWhole,
      backfillComplete,
      failuresSettled,
      verifiedClean,
      shadowClean(requiredShadowReads, (category) => aggregates.readByItself(category)),
      replayedWhole,
    ];
  }

  /**
   * The stage as the database has it now.
   * @example const stage = await backstory.stages.get('order');
   */
  async get(categoryOrEntity: string): Promise<Stage> {
    return (await this.standing(await this.aggregates.category(categoryOrEntity))).stage;
  }

  /**
   * Moves an aggregate, or changes the percentage that it replays. Forward one step at a time and only if its guards
   * allow it; back at any time, whatever they say. This instance follows at once, the others within a second. To where it
   * stands already, in shadow or replay: the count of shadow reads begins anew.
   * @throws StageRefusedError with every reason; `force: true` goes anyway and is recorded
   * @example await backstory.stages.set('order', 'shadow', { by: 'anna', reason: 'verified' });
   */
  async set(categoryOrEntity: string, to: Stage, options: StageOptions = {}): Promise<StageChange> {
    const standing = await this.target(to, options);
    const category = await this.aggregates.category(categoryOrEntity);
    const change = await this.move(category, standing, options);
    if (options.dryRun !== true) await this.follow([change]);
    return change;
  }

  /**
   * As {@link set}, of several aggregates: those that can move do, and the others say what stands against it. With `all`,
   * those that stand there already are left alone.
   * @example const moves = await backstory.stages.setAll('shadow', { aggregates: ['order', 'customer'] });
   */
  async setAll(
    to: Stage,
    { aggregates = 'all', ...options }: StageOptions & AggregateFilter = {},
  ): Promise<StageMove[]> {
    const standing = await this.target(to, options);
    const standings = await readStandings(this.database, this.schema);
    const categories = await this.categories(aggregates);
    const selected = categories.filter((category) => {
      const { stage, percent } = standings.get(category) ?? notSeenYet;
      const isThere = stage === to && percent === standing.percent && options.residual === undefined;
      return aggregates !== 'all' || !isThere;
    });
    const moves: StageMove[] = [];
    const moved: StageChange[] = [];
    try {
      for (const category of selected) {
        try {
          const change = await this.move(category, standing, options);
          if (options.dryRun !== true) moved.push(change);
          const isRefused = options.dryRun === true && options.force !== true && change.forced;
          moves.push({ category, change, refused: isRefused, reasons: change.overridden });
        } catch (error) {
          if (!BackstoryError.is(error, 'STAGE_REFUSED') && !BackstoryError.is(error, 'CAPTURE_REFUSED'))
            throw error;
          const { reasons } = error as BackstoryError & { reasons?: readonly string[] };
          moves.push({ category, change: null, refused: true, reasons: reasons ?? [error.message] });
        }
      }
    } finally {
      await this.follow(moved);
    }
    return moves;
  }

  private async categories(aggregates: 'all' | readonly string[]): Promise<string[]> {
    if (aggregates === 'all') return (await this.aggregates.stated()).map(({ category }) => category);
    const named = await Promise.all(aggregates.map((name) => this.aggregates.category(name)));
    return [...new Set(named)];
  }

  private async move(category: string, target: StageTarget, options: StageOptions): Promise<StageChange> {
    const to = target.stage;
    const refuses = target.residual !== undefined && target.residual !== 'allow';
    // Stage and functions in one transaction: else it would be said of functions that don't refuse that they do.
    const around: AroundChange | undefined =
      refuses && options.dryRun !== true
        ? (sql, move) => beginRefusal(sql, this.schema, category, move)
        : undefined;
    const change = (): Promise<StageChange> =>
      changeStage(this.database, this.schema, category, target, options, this.guards, around);
    if (options.dryRun === true) return change();
    const before = await this.standing(category);
    // Triggers first: a stage never says "captured" of a table that isn't. A way back needs none, and waits for no lock.
    const begins = before.stage === 'off' && (to === 'capture' || (to !== 'off' && options.force === true));
    if (begins) await installCapture(this.database, this.schema, category);
    const changed = await change();
    if (before.stage === 'events' && !refuses) await endRefusal(this.database, this.schema, category);
    // Once more: somebody who switched it off a moment ago may have taken the triggers away meanwhile.
    if (begins) {
      await installCapture(this.database, this.schema, category);
      await settleRemadeTables(this.database, this.schema, await this.aggregates.all());
    }
    return changed;
  }

  /** @throws InvalidOptionsError */
  private async target(stage: Stage, { percent, residual }: StageOptions): Promise<StageTarget> {
    const standing = standingOf(stage, percent);
    if (residual === undefined) return standing;
    await requireResidual(this.database, stage, residual);
    return { ...standing, residual };
  }

  /** This instance knows of the changes at once; where capture ends, it does when the last instance knows, too. */
  private async follow(moved: readonly StageChange[]): Promise<void> {
    if (moved.length === 0) return;
    await this.watch.refresh();
    const ended = moved.filter(({ to }) => to === 'off');
    // While another instance still replays, what it reads has to be captured.
    if (ended.some(({ from }) => from !== null && isReplayed(from))) await sleep(seenByAllAfterMs);
    for (const { category } of ended)
      await removeCapture(this.database, this.schema, await this.aggregates.tables(category));
  }

  /**
   * The next step of each aggregate, and what stands against it just now.
   * @throws UnknownAggregateError
   * @example const [step] = await backstory.stages.nextSteps(['order']);
   */
  nextSteps(aggregates: 'all' | readonly string[] = 'all'): Promise<NextStep[]> {
    return this.nextStepsIn(this.database, aggregates);
  }

  /** @internal In somebody's transaction. */
  async nextStepsIn(sql: SqlExecutor, aggregates: 'all' | readonly string[] = 'all'): Promise<NextStep[]> {
    const known = await readStandings(sql, this.schema);
    const categories = await this.categories(aggregates);
    const standings = new Map(categories.map((category) => [category, known.get(category) ?? notSeenYet]));
    return nextSteps(sql, this.schema, standings, this.guards);
  }

  /**
   * Every change of an aggregate's stage, oldest first.
   * @example const changes = await backstory.stages.history('order');
   */
  async history(categoryOrEntity: string): Promise<StageChange[]> {
    return stageChanges(this.database, this.schema, await this.aggregates.category(categoryOrEntity));
  }

  /**
   * @throws BackstoryError for an aggregate that is off
   * @example await backstory.stages.requireCapture('order');
   */
  async requireCapture(category: string): Promise<void> {
    if ((await this.get(category)) !== 'off') return;
    refuseOff(category, 'without capture a backfill would miss every change made meanwhile');
  }

  private async standing(category: string): Promise<Standing> {
    return (await readStandings(this.database, this.schema)).get(category) ?? notSeenYet;
  }
}

/** @throws InvalidOptionsError */
function standingOf(stage: Stage, percent: number | undefined): Standing {
  if (!isStage(stage)) {
    throw new InvalidOptionsError(`"${String(stage)}" is no stage.`, `Use one of: ${stages.join(', ')}.`);
  }
  if (percent !== undefined && stage !== 'replay') {
    throw new InvalidOptionsError(
      `A percentage of ${stage} was asked for.`,
      'Only replay has one: the other streams are then compared as in shadow.',
    );
  }
  if (percent !== undefined && !(Number.isInteger(percent) && percent >= 1 && percent <= 100)) {
    throw new InvalidOptionsError(
      `percent ${String(percent)} is no share of the streams.`,
      'Use a whole number from 1 to 100, or go back to stage shadow for none.',
    );
  }
  return { stage, percent: isReplayed(stage) ? (percent ?? 100) : 0 };
}
