import type { EntityManager } from 'typeorm';
import type { Database } from '../database/index.js';
import { beginEpoch, knownEpochs, lastPosition, type LogEpoch } from '../outbox/index.js';
import { askForRebuild, requireStarted } from '../projections/index.js';
import { writtenPosition } from './written-position.js';

/** Where the log ends, which epochs it has, and which projections are built from it anew. `ConsumerControl` has these methods. */
export abstract class LogPositions {
  /** @internal */
  protected constructor(
    /** @internal */
    protected readonly database: Database,
    /** @internal */
    protected readonly schema: string,
  ) {}

  /**
   * The position of the newest committed event; '0' when there is none.
   * @example const position = await backstory.consumers.lastPosition();
   */
  lastPosition(): Promise<string> {
    return lastPosition(this.database, this.schema);
  }

  /**
   * Inside a transaction, the position of the last event that it has written; null when its connection has written none.
   * @example const position = await dataSource.transaction((manager) => backstory.consumers.positionOf(manager));
   */
  positionOf(manager: EntityManager): Promise<string | null> {
    return writtenPosition(manager, this.schema);
  }

  /**
   * Builds a projection anew from the beginning, beside the live one, and changes over when it has caught up and nothing of
   * it is parked. The processes that run the projection do it; `list()` shows how far they are, as `name@generation`.
   * @throws BackstoryError for one that names no tables, or that no process has started yet
   * @example const { live, next } = await backstory.consumers.rebuild('order-totals');
   */
  async rebuild(projection: string): Promise<{ live: number; next: number }> {
    return (await askForRebuild(this.database, this.schema, projection)) as { live: number; next: number };
  }

  /**
   * Whether no generation of a projection is being built.
   * @throws BackstoryError for one that no process has started yet
   * @example const done = await backstory.consumers.rebuilt('order-totals');
   */
  async rebuilt(projection: string): Promise<boolean> {
    return (await requireStarted(this.database, this.schema, projection)).next === null;
  }

  /**
   * The epochs of the log, oldest first, but for the first one: a new one begins when the server was recovered from a crash, a
   * base backup or a dump, or a standby was promoted. What has no `epoch` is of before the first of these.
   * @example const epochs = await backstory.consumers.epochs();
   */
  epochs(): Promise<LogEpoch[]> {
    return knownEpochs(this.database, this.schema);
  }

  /**
   * Begins a new epoch by hand, before the application writes: after an older copy of the files of a stopped server was put
   * back, which nothing tells from a restart. For the owner of Backstory's tables.
   * @returns its number
   * @throws BackstoryError RIGHTS_MISSING for any other role
   * @example const epoch = await backstory.consumers.beginEpoch();
   */
  beginEpoch(): Promise<string> {
    return beginEpoch(this.database, this.schema);
  }
}
