import { setTimeout as sleep } from 'node:timers/promises';
import { backfillComplete } from './backfill/index.js';
import { installCapture, removeCapture } from './capture/index.js';
import type { Database, SqlExecutor } from './database/index.js';
import { BackstoryError, InvalidOptionsError } from './errors.js';
import type { KnownAggregates } from './known-aggregates.js';
import { settleRemadeTables } from './settle-remade-tables.js';
import { shadowClean } from './shadow/index.js';
import {
  changeStage,
  isStage,
  type NextStep,
  nextSteps,
  notSeenYet,
  readStandings,
  seenByAllAfterMs,
  type Stage,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
  type StageGuard,
  stages,
  type StageWatch,
  type Standing,
} from './stages/index.js';
import { verifiedClean } from './verify/index.js';

export interface StageOptions extends StageChangeOptions {
  /**
   * For `replay`: how many of a hundred streams reads replay, a whole number from 1. The others are compared as in
   * `shadow`. Always the same streams, on every instance; a larger share has all those of a smaller one. Less risks
   * less, and proves less.
   * @defaultValue 100
   */
  percent?: number;
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
    this.guards = [backfillComplete, verifiedClean, shadowClean(requiredShadowReads)];
  }

  /** The stage as the database has it now. */
  async get(categoryOrEntity: string): Promise<Stage> {
    return (await this.standing(await this.aggregates.category(categoryOrEntity))).stage;
  }

  /**
   * Moves an aggregate, or changes the percentage that it replays. Forward one step at a time and only if its guards
   * allow it; back at any time, whatever they say. This instance follows at once, the others within a second.
   * @throws StageRefusedError with every reason; `force: true` goes anyway and is recorded
   */
  async set(categoryOrEntity: string, to: Stage, options: StageOptions = {}): Promise<StageChange> {
    const standing = standingOf(to, options.percent);
    const category = await this.aggregates.category(categoryOrEntity);
    if (options.dryRun === true)
      return changeStage(this.database, this.schema, category, standing, options, this.guards);
    const before = await this.standing(category);
    // Triggers first: a stage never says "captured" of a table that isn't. A way back needs none, and waits for no lock.
    const begins = before.stage === 'off' && (to === 'capture' || (to !== 'off' && options.force === true));
    if (begins) await installCapture(this.database, this.schema, category);
    const change = await changeStage(this.database, this.schema, category, standing, options, this.guards);
    // Once more: somebody who switched it off a moment ago may have taken the triggers away meanwhile.
    if (begins) {
      await installCapture(this.database, this.schema, category);
      await settleRemadeTables(this.database, this.schema, await this.aggregates.all());
    }
    await this.watch.refresh();
    if (to === 'off') {
      // While another instance still replays, what it reads has to be captured.
      if (change.from === 'replay') await sleep(seenByAllAfterMs);
      await removeCapture(this.database, this.schema, await this.aggregates.tables(category));
    }
    return change;
  }

  /** The next step of each aggregate, and what stands against it just now. @throws UnknownAggregateError */
  nextSteps(aggregates: 'all' | readonly string[] = 'all'): Promise<NextStep[]> {
    return this.nextStepsIn(this.database, aggregates);
  }

  /** @internal In somebody's transaction. */
  async nextStepsIn(sql: SqlExecutor, aggregates: 'all' | readonly string[] = 'all'): Promise<NextStep[]> {
    const known = await readStandings(sql, this.schema);
    const standings = new Map(
      (await this.aggregates.select(aggregates)).map(({ category }) => [
        category,
        known.get(category) ?? notSeenYet,
      ]),
    );
    return nextSteps(sql, this.schema, standings, this.guards);
  }

  /** Every change of an aggregate's stage, oldest first. */
  async history(categoryOrEntity: string): Promise<StageChange[]> {
    return stageChanges(this.database, this.schema, await this.aggregates.category(categoryOrEntity));
  }

  /** @throws BackstoryError for an aggregate that is off */
  async requireCapture(category: string): Promise<void> {
    if ((await this.get(category)) !== 'off') return;
    throw new BackstoryError(
      'STAGE_REFUSED',
      `"${category}" is off: without capture a backfill would miss every change made meanwhile.`,
      `Move it to capture first: npx backstory stage ${category} capture`,
    );
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
  return { stage, percent: stage === 'replay' ? (percent ?? 100) : 0 };
}
