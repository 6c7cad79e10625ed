import type { SqlExecutor } from '../database/index.js';
import { RepeatedLook } from './repeated-look.js';
import { stagesKey } from './stages-key.js';
import {
  type NamedTable,
  nothingWatched,
  readWatchedStandings,
  type WatchedStanding,
  type WatchedStandings,
} from './watched-standings.js';

/** After this time every instance has seen a change: they look at least once a second. */
export const seenByAllAfterMs = 1_500;

/**
 * What this instance knows of the stages, polled so that a change made anywhere is seen within a second.
 * An instance that can't reach the table goes on with what it knows. Every read asks this, so it is a map look-up.
 */
export class StageWatch {
  private known: WatchedStandings = nothingWatched;
  private lastRead: Promise<void> = Promise.resolve();
  private readonly look: RepeatedLook;
  private readAt = -Infinity;
  /** Told whenever it has been read. */
  onRead: () => void = () => undefined;

  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    onError: (error: unknown) => void,
    private readonly intervalMs: number,
    /** The tables that this instance reads, by the names that it has for them. */
    private readonly named: () => readonly NamedTable[],
    /** Told when something is captured in another way than when it was looked at last. */
    private readonly onCaptureChanged: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.look = new RepeatedLook(intervalMs, () => this.refresh(), onError);
  }

  of(category: string): WatchedStanding {
    return this.known.of(category);
  }

  /** Whether anything is compared or replayed. */
  get isReading(): boolean {
    return this.known.isReading;
  }

  /** What is known, in one word: see {@link WatchedStandings.key}. */
  get key(): string {
    return this.known.key;
  }

  /** Whether what is known was read a moment ago: the server that takes the writes can be reached. */
  get isUpToDate(): boolean {
    return performance.now() - this.readAt < 2 * this.intervalMs + 1_000;
  }

  /** The key of what another server has, such as a standby: as {@link stagesKey}. */
  keyOf(sql: SqlExecutor): Promise<string | undefined> {
    return stagesKey(sql, this.schema, this.named());
  }

  /** Reads now. A read that is under way doesn't count: it may have begun before the change that the caller has made. */
  refresh(): Promise<void> {
    const read = async (): Promise<void> => {
      const before = this.known;
      const asked = performance.now();
      this.known = await readWatchedStandings(this.sql, this.schema, this.named());
      this.readAt = asked;
      if (before !== nothingWatched && before.version !== this.known.version) await this.onCaptureChanged();
      this.onRead();
    };
    this.lastRead = this.lastRead.then(read, read);
    return this.lastRead;
  }

  start(): void {
    this.look.start();
  }

  async stop(): Promise<void> {
    await this.look.stop();
    await this.lastRead.catch(() => undefined);
  }
}
