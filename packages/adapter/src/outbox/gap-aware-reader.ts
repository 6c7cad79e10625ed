import type { Database } from '../database/index.js';
import type { Checkpoint } from './checkpoint.js';
import { type EventFilter, filterSql } from './event-filter.js';
import { eventWriters, writersLeft } from './event-writers.js';
import type { PositionRange } from './position-range.js';
import { checkpointAt, type Page, readPage } from './read-page.js';

/** A page, and where its reader stands when it has been handled up to one of its positions. */
export interface DeliverablePage extends Page {
  checkpointAt(handledTo: bigint): Checkpoint;
}

interface WatchedGap extends PositionRange {
  /** Transactions that may fill it. */
  readonly writers: ReadonlySet<string>;
}

/** Rows scanned for one page, as a multiple of its size, where a filter lets few through. */
const widest = 16;

/**
 * Reads the log in the order of positions without waiting for anybody: positions are drawn before their transaction
 * commits, so some are missing when later ones are there already. These become gaps, and their events come when they
 * appear. A gap is forgotten when it can't be filled any more: every transaction that could was seen to have ended, and
 * a snapshot taken after that doesn't have it either. The order within a stream holds, because the next event of a
 * stream draws its position when the one before is committed, or in the same transaction.
 */
export class GapAwareReader {
  private watched: readonly WatchedGap[] = [];
  private width = 1;
  private readonly filter: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private checkpoint: Checkpoint,
    filter: EventFilter,
    private readonly pageSize: number,
    private readonly settled?: string,
  ) {
    this.filter = filterSql(filter);
  }

  async next(): Promise<DeliverablePage> {
    const before = this.checkpoint;
    const limit = this.pageSize * this.width;
    // an event that were hidden would be taken for a gap, and passed by
    const found = await this.database.snapshot((sql) =>
      readPage(sql, this.schema, before, this.filter, limit, this.settled),
    );
    const writers = this.writersOf(found.missing);
    const missing = found.missing.filter((_, index) => writers[index]?.size !== 0);
    const page = { ...found, missing };
    this.adapt(page);
    this.checkpoint = checkpointAt(before, page, page.scannedTo);
    await this.watch(this.checkpoint.gaps);
    return { ...page, checkpointAt: (handledTo) => checkpointAt(before, page, handledTo) };
  }

  /** After the page was read: who draws a position later can't be meant by its gaps. */
  private async watch(gaps: readonly PositionRange[]): Promise<void> {
    if (gaps.length === 0) {
      this.watched = [];
      return;
    }
    const now = await eventWriters(this.database, this.schema);
    const before = this.writersOf(gaps);
    const left = new Map<ReadonlySet<string>, ReadonlySet<string>>();
    this.watched = gaps.map((gap, index) => {
      const known = before[index];
      if (!known) return { ...gap, writers: now };
      // Gaps that were found together share their set.
      if (!left.has(known)) left.set(known, writersLeft(known, now));
      return { ...gap, writers: left.get(known) as ReadonlySet<string> };
    });
  }

  /** For each of the ranges, which are ascending, as the watched gaps are. */
  private writersOf(ranges: readonly PositionRange[]): (ReadonlySet<string> | undefined)[] {
    let index = 0;
    return ranges.map(({ from, to }) => {
      while ((this.watched[index]?.to ?? to) < to) index++;
      const gap = this.watched[index];
      return gap && gap.from <= from ? gap.writers : undefined;
    });
  }

  private adapt({ events, full }: Page): void {
    if (events.length > this.pageSize) this.width = Math.max(1, this.width / 2);
    else if (full && events.length < this.pageSize / 2) this.width = Math.min(widest, this.width * 2);
  }
}
