import type { SqlExecutor } from '../database/index.js';
import type { Stage } from './stage.js';
import { readStages } from './stage-store.js';

/**
 * What this instance knows of the stages, polled so that a change made anywhere is seen within a second.
 * An instance that can't reach the table goes on with what it knows. Every read asks this, so it is a map look-up.
 */
export class StageWatch {
  private known: ReadonlyMap<string, Stage> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    private readonly onError: (error: unknown) => void,
    private readonly intervalMs: number,
  ) {}

  of(category: string): Stage {
    return this.known.get(category) ?? 'off';
  }

  all(): ReadonlyMap<string, Stage> {
    return this.known;
  }

  /** Reads now. Calls made meanwhile wait for the same read. */
  refresh(): Promise<void> {
    return (this.refreshing ??= readStages(this.sql, this.schema)
      .then((stages) => void (this.known = stages))
      .finally(() => (this.refreshing = undefined)));
  }

  start(): void {
    this.timer = setInterval(() => void this.refresh().catch(this.onError), this.intervalMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.refreshing?.catch(() => undefined);
  }
}
