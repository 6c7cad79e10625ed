import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import {
  bytesAtATime,
  bytesOfEventSql,
  eventColumns,
  type EventRow,
  toRecordedEvent,
} from '../event-store/index.js';
import type { Checkpoint } from './checkpoint.js';
import { above, type PositionRange, upTo } from './position-range.js';

/** What one look at the log has found, in one snapshot. */
export interface Page {
  /** Those that the filter lets through, in the order of their positions. */
  readonly events: readonly RecordedEvent[];
  /** The last position that was looked at; events beyond it are for the next page. */
  readonly scannedTo: bigint;
  /** Positions up to there that are not there. */
  readonly missing: readonly PositionRange[];
  /** The page was full: there may be more. */
  readonly full: boolean;
  /** The condition held that it was read with. */
  readonly settled: boolean;
}

interface ScannedRow extends EventRow {
  matches?: boolean;
  previous?: string;
  scanned?: number;
  settled?: boolean;
  /** How many events the page may have, where that depends on their size. */
  room?: number;
}

/**
 * Reads what is there behind a checkpoint: first what has appeared in its gaps, then what is beyond its position, up to
 * `limit` events in the order of their positions. Gaps are about all positions, so the filter is applied to what was
 * scanned: of the rows that it refuses only those come that stand behind a missing position or end a range.
 */
export async function readPage(
  sql: SqlExecutor,
  schema: string,
  checkpoint: Checkpoint,
  filter: string | undefined,
  limit: number,
  settled?: string,
  /** Of large events, no more than are to be in memory together. */
  mayBeLarge = false,
): Promise<Page> {
  const { position, gaps } = checkpoint;
  const rows = await sql.execute<ScannedRow>(
    pageSql(schema, filter, limit, gaps.length > 0, settled, mayBeLarge),
    [
      String(position),
      ...(gaps.length > 0 ? [gaps.map(({ from }) => String(from)), gaps.map(({ to }) => String(to))] : []),
    ],
  );
  const last = rows.at(-1);
  const full = (last?.scanned ?? rows.length) >= (last?.room ?? limit);
  const lastPosition = BigInt(last?.global_position ?? position);
  const scannedTo = full || lastPosition > position ? lastPosition : position;
  const beyond = lastPosition > position ? [{ from: position + 1n, to: lastPosition }] : [];
  const regions = [...(full ? upTo(gaps, scannedTo) : gaps), ...beyond];
  const matching = filter === undefined ? rows : rows.filter(({ matches }) => matches);
  return {
    events: matching.map(toRecordedEvent),
    scannedTo,
    missing: missingIn(regions, rows),
    full,
    settled: rows[0]?.settled ?? false,
  };
}

/** The checkpoint when the page has been handled up to a position. */
export function checkpointAt(before: Checkpoint, page: Page, handledTo: bigint): Checkpoint {
  const position = handledTo > before.position ? handledTo : before.position;
  // A page that wasn't full has looked at every gap.
  const looked = handledTo === page.scannedTo && !page.full ? position : handledTo;
  const gaps = [...upTo(page.missing, looked), ...above(before.gaps, looked)];
  return { position, gaps, ...(before.resting && { resting: before.resting }) };
}

function pageSql(
  schema: string,
  filter: string | undefined,
  limit: number,
  withGaps: boolean,
  settled: string | undefined,
  mayBeLarge: boolean,
): string {
  const columns = [
    eventColumns,
    // once for the statement, in the snapshot of its rows
    ...(settled === undefined ? [] : [`(select ${settled}) as settled`]),
    ...(mayBeLarge ? ['(select rows from room) as room'] : []),
  ].join(', ');
  const events = `${quoteIdentifier(schema)}.events`;
  const beyond = `(select e.*, $1::bigint + 1 as region from ${events} e
     where e.global_position > $1 order by e.global_position limit ${limit})`;
  const inGaps = `(select e.* from unnest($2::bigint[], $3::bigint[]) as g (first, last)
     cross join lateral (select e.*, g.first as region from ${events} e
       where e.global_position between g.first and g.last order by e.global_position limit ${limit}) e
     order by e.global_position limit ${limit})`;
  const most = `select * from (${withGaps ? `${inGaps} union all ` : ''}${beyond}) e order by e.global_position limit ${limit}`;
  const room = mayBeLarge ? `with room as materialized (${roomSql(most, limit)}) ` : '';
  const scanned = mayBeLarge
    ? `select * from (${most}) e order by e.global_position limit (select rows from room)`
    : most;
  if (filter === undefined) return `${room}select ${columns} from (${scanned}) e order by e.global_position`;
  return `${room}select ${columns}, matches, previous::text, scanned::integer from (
      select e.*, ${filter} as matches, count(*) over () as scanned,
        lag(e.global_position, 1, e.region - 1) over region as previous,
        lead(e.global_position) over region is null as ends
      from (${scanned}) e window region as (partition by e.region order by e.global_position)) e
    where matches or ends or previous <> e.global_position - 1 order by e.global_position`;
}

/** How many of these events come to the bytes that are to be in memory together, and one at least; `limit` where all of them do. */
function roomSql(events: string, limit: number): string {
  const fits = `s.bytes <= ${bytesAtATime}`;
  return `select case when bool_and(${fits}) is not false then ${limit} else greatest(1, count(*) filter (where ${fits})) end::integer as rows
    from (select sum(${bytesOfEventSql('e')}) over (order by e.global_position) as bytes from (${events}) e) s`;
}

/** Both are ascending, and every row is in a region. */
function missingIn(regions: readonly PositionRange[], rows: readonly ScannedRow[]): PositionRange[] {
  const missing: PositionRange[] = [];
  const add = (from: bigint, to: bigint): void => void (from <= to && missing.push({ from, to }));
  let row = 0;
  for (const { from, to } of regions) {
    let previous = from - 1n;
    for (; row < rows.length; row++) {
      const scanned = rows[row] as ScannedRow;
      const position = BigInt(scanned.global_position);
      if (position > to) break;
      add((scanned.previous === undefined ? previous : BigInt(scanned.previous)) + 1n, position - 1n);
      previous = position;
    }
    add(previous + 1n, to);
  }
  return missing;
}
