import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { NextStep } from '../stages/index.js';
import { countEvents } from './count-events.js';
import { readEventRates } from './read-event-rates.js';
import { type AggregateStatus, readStatus } from './read-status.js';
import { countIfSmall, readStoreSize, readTableSizes, type StoreSize } from './read-table-sizes.js';

/** Where everything stands. Numbers beside `estimated: true` are estimates where exact ones would be slow. */
export interface Overview {
  readonly events: StoreSize & {
    readonly total: number;
    readonly estimated: boolean;
    readonly lastPosition: string;
  };
  /** Of the counts by minute: the moment since which they are complete, where that isn't all of them. */
  readonly ratesCompleteSince: Date | null;
  readonly aggregates: readonly AggregateOverview[];
}

export interface AggregateOverview extends Omit<AggregateStatus, 'differences' | 'backfill'> {
  /** The category's name of today, which names it in the other questions. */
  readonly name: string;
  readonly next: NextStep['next'];
  /** What stands against the next step, in words. */
  readonly reasons: readonly string[];
  readonly backfill: BackfillOverview | null;
  /** How often something has differed since capture began. */
  readonly differences: number;
  /** Null where nothing is known of it, before the first ANALYZE of a long log. */
  readonly events: number | null;
  /** Its share of the events on the disk: always an estimate. */
  readonly eventBytes: number | null;
  /** Events in each of the last minutes, the current one last; empty when there were none. */
  readonly perMinute: readonly number[];
  /** PostgreSQL's estimate; null before the first ANALYZE. */
  readonly rows: number | null;
  /** Of its tables, with indexes. */
  readonly tableBytes: number;
}

export interface BackfillOverview {
  readonly rows: number;
  readonly events: number;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
  /** See {@link AggregateStatus.backfill}. */
  readonly outdated: boolean;
  /** While it is not complete. */
  readonly progress: {
    readonly total: number | null;
    /** On average since it began, with its pauses. */
    readonly rowsPerSecond: number;
    readonly secondsLeft: number | null;
  } | null;
}

/** A dozen queries of catalogues, of Backstory's small tables and of the end of the log, whatever the number of aggregates and events. */
export async function readOverview(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
  steps: readonly NextStep[],
): Promise<Overview> {
  const [now] = await sql.execute<{ at: Date }>('select now() as at');
  const at = now?.at ?? new Date();
  const statuses = new Map((await readStatus(sql, schema, mappings)).map((each) => [each.category, each]));
  const counts = await countEvents(sql, schema);
  const rates = await readEventRates(sql, schema);
  const store = await readStoreSize(sql, schema);
  const sizes = await readTableSizes(sql, mappings);
  const next = new Map(steps.map((step) => [step.category, step]));
  const aggregates: AggregateOverview[] = [];
  for (const mapping of mappings) {
    const { category } = mapping;
    const { differences, backfill, ...status } = statuses.get(category) as AggregateStatus;
    const events = counts.byCategory.get(category) ?? counts.ofOthers;
    const size = sizes.get(category) ?? { rows: null, bytes: 0 };
    aggregates.push({
      ...status,
      name: mapping.knownAs,
      next: next.get(category)?.next ?? null,
      reasons: next.get(category)?.reasons ?? [],
      backfill: backfill && {
        ...backfill,
        progress: backfill.completedAt
          ? null
          : progressOf(backfill, (await countIfSmall(sql, mapping)) ?? size.rows, at),
      },
      differences: differences.reduce((sum, { times }) => sum + times, 0),
      events,
      eventBytes:
        events === null || counts.total === 0
          ? null
          : Math.round(((store.eventBytes + store.indexBytes) * events) / counts.total),
      perMinute: rates.byCategory.get(category) ?? [],
      rows: size.rows,
      tableBytes: size.bytes,
    });
  }
  const { total, estimated, lastPosition } = counts;
  return {
    events: { ...store, total, estimated, lastPosition },
    ratesCompleteSince: rates.completeSince,
    aggregates,
  };
}

function progressOf(
  { rows, startedAt }: { rows: number; startedAt: Date },
  total: number | null,
  at: Date,
): BackfillOverview['progress'] {
  const seconds = Math.max((at.getTime() - startedAt.getTime()) / 1000, 0.001);
  const rowsPerSecond = rows / seconds;
  const left = total === null ? null : Math.max(total - rows, 0);
  return {
    total,
    rowsPerSecond,
    secondsLeft: left === null || rowsPerSecond === 0 ? null : Math.ceil(left / rowsPerSecond),
  };
}
