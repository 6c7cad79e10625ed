import { backfillComplete } from './backfill/index.js';
import { installCapture, removeCapture } from './capture/index.js';
import type { Database } from './database/index.js';
import { BackstoryError, InvalidOptionsError } from './errors.js';
import type { MappingRegistry } from './mapping/index.js';
import { shadowClean } from './shadow/index.js';
import {
  changeStage,
  isStage,
  readStages,
  type Stage,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
  type StageGuard,
  stages,
  type StageWatch,
} from './stages/index.js';
import { verifiedClean } from './verify/index.js';

/** Reads and changes the stage of each aggregate, at run time, for all instances. */
export class StageControl {
  private readonly guards: readonly StageGuard[];

  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly watch: StageWatch,
    requiredShadowReads: number,
  ) {
    this.guards = [backfillComplete, verifiedClean, shadowClean(requiredShadowReads)];
  }

  /** The stage as the database has it now. */
  async get(categoryOrEntity: string): Promise<Stage> {
    const { category } = this.mappings.get(categoryOrEntity);
    return (await readStages(this.database, this.schema)).get(category) ?? 'off';
  }

  /**
   * Moves an aggregate. Forward one step at a time and only if its guards allow it; back at any time.
   * This instance follows at once, the others within a second.
   * @throws StageRefusedError with every reason; `force: true` goes anyway and is recorded
   */
  async set(categoryOrEntity: string, to: Stage, options: StageChangeOptions = {}): Promise<StageChange> {
    if (!isStage(to))
      throw new InvalidOptionsError(`"${String(to)}" is no stage.`, `Use one of: ${stages.join(', ')}.`);
    const mapping = this.mappings.get(categoryOrEntity);
    // Triggers first: a stage never says "captured" of a table that isn't. Later stages have them, unless forced.
    if (to === 'capture' || (to !== 'off' && options.force))
      await installCapture(this.database, this.schema, mapping);
    const change = await changeStage(this.database, this.schema, mapping.category, to, options, this.guards);
    if (to === 'off') await removeCapture(this.database, this.schema, mapping);
    await this.watch.refresh();
    return change;
  }

  /** Every change of an aggregate's stage, oldest first. */
  history(categoryOrEntity: string): Promise<StageChange[]> {
    return stageChanges(this.database, this.schema, this.mappings.get(categoryOrEntity).category);
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
}
