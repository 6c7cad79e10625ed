import type { Database, SqlExecutor } from '../database/index.js';
import type { Checkpoint } from './checkpoint.js';
import { type EventFilter, filterSql } from './event-filter.js';
import { hasLargeEventsSql } from '../event-store/index.js';
import { eventWriters, writersLeft } from './event-writers.js';
import { openWriters } from './open-writers.js';
import { inOrder, type PositionRange, upTo } from './position-range.js';
import { checkpointAt, type Page, readPage } from './read-page.js';
import { type GapsOfWriters, joined, rangesInOrder, restingGaps } from './resting-gaps.js';

/** A page, and where its reader stands when it has been handled up to one of its positions. */
export interface DeliverablePage extends Page {
  checkpointAt(handledTo: bigint): Checkpoint;
}

interface WatchedGap extends PositionRange {
  /** Transactions that may fill it. The same set for gaps that wait for the same. */
  readonly writers: ReadonlySet<string>;
  /** It was looked into since the last of its writers was seen to have ended: nobody but those that are left can fill it. */
  readonly certain: boolean;
  /** For how many pages this has been so. */
  readonly calm: number;
}

/** Whoever is writing when a page is read, with the id of each transaction that its snapshot sees at work. */
type Writers = ReadonlyMap<string, string | undefined>;

/** Gaps that each page goes through, at least, before those that have been calm for some pages are put to rest. */
const manyGaps = 1_000;
const calmPages = 4;

/** Milliseconds after which a reader looks again whether the log has large events, unless it is catching up: then before each page. */
const sizeKnownFor = 1_000;

/** Rows scanned for one page, as a multiple of its size, where a filter lets few through. */
const widest = 16;

/**
 * Reads the log in the order of positions without waiting for anybody: positions are drawn before their transaction
 * commits, so some are missing when later ones are there already. These become gaps, and their events come when they
 * appear. A gap is forgotten when it can't be filled any more: every transaction that could was seen to have ended, and
 * a snapshot taken after that doesn't have it either. The order within a stream holds, because the next event of a
 * stream draws its position when the one before is committed, or in the same transaction.
 *
 * Gaps whose writers are all still at work in the snapshot of a page are not looked into: it sees nothing of theirs. A writer that is
 * missing may have ended after the snapshot, where it isn't seen either: so the gap is looked into once more, in the next one.
 * Where there are many, those that wait for the same transactions for some pages rest together, and cost a page nothing: so it doesn't matter
 * how many there are behind one transaction that stays open.
 */
export class GapAwareReader {
  private watched: readonly WatchedGap[] = [];
  private width = 1;
  private mayBeLarge = false;
  private sizeKnownUntil = 0;
  private readonly filter: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private checkpoint: Checkpoint,
    filter: EventFilter,
    private readonly pageSize: number,
    private readonly settled?: string,
    private readonly restsFrom = manyGaps,
  ) {
    this.filter = filterSql(filter);
  }

  async next(): Promise<DeliverablePage> {
    await this.lookAtSizes();
    // an event that were hidden would be taken for a gap, and passed by
    const { before, found, writers } = await this.database.snapshot(async (sql) => {
      const { gaps, resting } = this.checkpoint;
      const now = gaps.length > 0 || resting ? await openWriters(sql, this.schema) : undefined;
      if (now) this.wake(now);
      return { before: this.checkpoint, found: await this.read(sql, this.checkpoint, now), writers: now };
    });
    const known = this.watchedAt(found.missing);
    const missing = found.missing.filter((_, index) => known[index]?.writers.size !== 0);
    const page = { ...found, missing };
    this.adapt(page);
    if (page.full) this.sizeKnownUntil = 0;
    this.checkpoint = checkpointAt(before, page, page.scannedTo);
    await this.watch(this.checkpoint.gaps, writers, page.full ? page.scannedTo : undefined);
    if (writers) this.rest(writers);
    return { ...page, checkpointAt: (handledTo) => checkpointAt(before, page, handledTo) };
  }

  /** Puts many gaps that have been calm for some pages to rest, with those that wait for the same. */
  private rest(now: Writers): void {
    const { gaps, resting, ...rest } = this.checkpoint;
    if (gaps.length < Math.max(this.restsFrom, (resting?.size ?? 0) / 32)) return;
    const calm = new Map<ReadonlySet<string>, PositionRange[]>();
    const isCalm = (gap: WatchedGap): boolean => gap.calm >= calmPages && areAtWork(gap.writers, now);
    for (const gap of this.watched) {
      if (!isCalm(gap)) continue;
      const ranges = calm.get(gap.writers) ?? [];
      ranges.push({ from: gap.from, to: gap.to });
      calm.set(gap.writers, ranges);
    }
    if (calm.size === 0) return;
    this.watched = this.watched.filter((gap) => !isCalm(gap));
    const groups = [...calm].map(([writers, ranges]): GapsOfWriters => ({ writers, ranges }));
    this.settle(rest.position, this.watched, joined(resting?.groups ?? [], groups), now);
  }

  /** What rests for a transaction that isn't at work any more is looked into as any other gap. */
  private wake(now: Writers): void {
    const { position, gaps, resting } = this.checkpoint;
    const awake = resting?.groups.filter(({ writers }) => !areAtWork(writers, now)) ?? [];
    if (!resting || awake.length === 0) return;
    const others = resting.groups.filter((group) => !awake.includes(group));
    const watched = awake.flatMap(({ ranges, writers }) =>
      ranges.map((range): WatchedGap => ({ ...range, writers, certain: true, calm: 0 })),
    );
    this.watched = [...this.watched, ...watched].sort((one, other) => (one.from < other.from ? -1 : 1));
    const all = rangesInOrder(gaps, ...awake.map(({ ranges }) => ranges));
    this.settle(position, all, others, now);
  }

  private settle(
    position: bigint,
    gaps: readonly PositionRange[],
    groups: readonly GapsOfWriters[],
    now: Writers,
  ): void {
    const resting = restingGaps(groups, (writer) => now.get(writer) as string);
    this.checkpoint = {
      position,
      gaps: gaps.map(({ from, to }) => ({ from, to })),
      ...(resting && { resting }),
    };
  }

  /** Before the snapshot of a page, so that what the page sees is counted. Files don't shrink: once is enough. */
  private async lookAtSizes(): Promise<void> {
    if (this.mayBeLarge || performance.now() < this.sizeKnownUntil) return;
    const [row] = await this.database.execute<{ large: boolean }>(
      `select ${hasLargeEventsSql(this.schema)} as large`,
    );
    this.mayBeLarge = row?.large ?? false;
    this.sizeKnownUntil = performance.now() + sizeKnownFor;
  }

  private async read(sql: SqlExecutor, before: Checkpoint, now: Writers | undefined): Promise<Page> {
    const limit = this.pageSize * this.width;
    const areThere = perSet((writers) => now !== undefined && areAtWork(writers, now));
    const isPending = this.watchedAt(before.gaps).map((gap) => gap?.certain && areThere(gap.writers));
    const gaps = before.gaps.filter((_, index) => !isPending[index]);
    const pending = before.gaps.filter((_, index) => isPending[index]);
    const checkpoint = { position: before.position, gaps };
    const page = await readPage(
      sql,
      this.schema,
      checkpoint,
      this.filter,
      limit,
      this.settled,
      this.mayBeLarge,
    );
    const looked = page.full ? upTo(pending, page.scannedTo) : pending;
    return { ...page, missing: inOrder(looked, page.missing) };
  }

  /**
   * By who is there after the snapshot of the page was taken: who draws a position later can't be meant by its gaps.
   * @param end - up to where the page has looked, if not at all gaps
   */
  private async watch(
    gaps: readonly PositionRange[],
    seen: Writers | undefined,
    end: bigint | undefined,
  ): Promise<void> {
    if (gaps.length === 0) {
      this.watched = [];
      return;
    }
    const now = seen ? new Set(seen.keys()) : await eventWriters(this.database, this.schema);
    const before = this.watchedAt(gaps);
    const sets = new Map<string, ReadonlySet<string>>();
    const shared = (writers: ReadonlySet<string>): ReadonlySet<string> => {
      const name = [...writers].sort().join();
      const same = sets.get(name) ?? writers;
      sets.set(name, same);
      return same;
    };
    const left = perSet((known) => ({
      writers: shared(writersLeft(known, now)),
      unchanged: [...known].every((writer) => now.has(writer)),
    }));
    const all = shared(now);
    this.watched = gaps.map((gap, index) => {
      const known = before[index];
      if (!known) return { ...gap, writers: all, certain: false, calm: 0 };
      const { writers, unchanged } = left(known.writers);
      const wasLookedInto = end === undefined || gap.to <= end;
      const certain = unchanged && (known.certain || wasLookedInto);
      return { ...gap, writers, certain, calm: certain ? known.calm + 1 : 0 };
    });
  }

  /** What is known of each of the ranges, which are ascending, as the watched gaps are. */
  private watchedAt(ranges: readonly PositionRange[]): (WatchedGap | undefined)[] {
    let index = 0;
    return ranges.map(({ from, to }) => {
      while ((this.watched[index]?.to ?? to) < to) index++;
      const gap = this.watched[index];
      return gap && gap.from <= from ? gap : undefined;
    });
  }

  private adapt({ events, full }: Page): void {
    if (events.length > this.pageSize) this.width = Math.max(1, this.width / 2);
    else if (full && events.length < this.pageSize / 2) this.width = Math.min(widest, this.width * 2);
  }
}

function areAtWork(writers: ReadonlySet<string>, now: Writers): boolean {
  return writers.size > 0 && [...writers].every((writer) => now.get(writer) !== undefined);
}

/** Many gaps share a set. */
function perSet<Result>(
  work: (writers: ReadonlySet<string>) => Result,
): (writers: ReadonlySet<string>) => Result {
  const results = new Map<ReadonlySet<string>, Result>();
  return (writers) => {
    if (!results.has(writers)) results.set(writers, work(writers));
    return results.get(writers) as Result;
  };
}
