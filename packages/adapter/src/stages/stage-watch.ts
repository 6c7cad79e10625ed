import type { SqlExecutor } from '../database/index.js';
import { readStandings } from './stage-store.js';
import { notSeenYet, type Standing } from './standing.js';

/** After this time every instance has seen a change: they look at least once a second. */
export const seenByAllAfterMs = 1_500;

/**
 * What this instance knows of the stages, polled so that a change made anywhere is seen within a second.
 * An instance that can't reach the table goes on with what it knows. Every read asks this, so it is a map look-up.
 */
export class StageWatch {
  private known: ReadonlyMap<string, Standing> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private lastRead: Promise<void> = Promise.resolve();
  private stopped = false;
  private failing = false;

  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    private readonly onError: (error: unknown) => void,
    private readonly intervalMs: number,
  ) {}

  of(category: string): Standing {
    return this.known.get(category) ?? notSeenYet;
  }

  /** Reads now. A read that is under way doesn't count: it may have begun before the change that the caller has made. */
  refresh(): Promise<void> {
    const read = async (): Promise<void> => {
      this.known = await readStandings(this.sql, this.schema);
    };
    this.lastRead = this.lastRead.then(read, read);
    return this.lastRead;
  }

  start(): void {
    this.timer = setTimeout(() => void this.poll(), this.intervalMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.lastRead.catch(() => undefined);
  }

  /** One word for an outage, however long it is. */
  private async poll(): Promise<void> {
    try {
      await this.refresh();
      this.failing = false;
    } catch (error) {
      if (!this.failing && !this.stopped) this.onError(error);
      this.failing = true;
    }
    if (!this.stopped) this.start();
  }
}
