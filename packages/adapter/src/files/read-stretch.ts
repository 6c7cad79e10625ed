import type { Database } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import {
  encodingCheck,
  type EventAtPosition,
  gapsText,
  nextPosition,
  PageLength,
  pinForSeals,
  readSealedEvents,
} from '../seals/index.js';

/** Events behind one another, as many as are to be in memory together. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
  readonly events: readonly EventAtPosition[];
  readonly gaps: string;
  readonly readAt: string;
}

/** Characters of events in memory, beside which they are encoded. */
const largest = 64_000_000;

/**
 * The next events of the log, wherever they stand. Where it ends depends on nothing but the events, so that a run which begins at the
 * same place again makes the same files.
 * @param settled - up to where no event can be put in between any more
 * @throws BackstoryError EXPORT_REFUSED where two events claim one position
 */
export async function readStretch(
  database: Database,
  schema: string,
  from: bigint,
  settled: bigint,
  most: number,
): Promise<Stretch> {
  const events: EventAtPosition[] = [];
  const gaps: { from: bigint; to: bigint }[] = [];
  const [clock] = await database.execute<{ now: string }>(`select ${nowSql} as now`);
  const length = new PageLength();
  let [size, next] = [0, from];
  while (next <= settled && events.length < most && size < largest) {
    const begin = next;
    const page = await database.snapshot(async (sql) => {
      await pinForSeals(sql);
      const check = await encodingCheck(sql, schema);
      const to = least(settled, begin + length.positions - 1n);
      await check(begin, to);
      const found = await readSealedEvents(sql, schema, begin, to);
      next = found.events.length > 0 ? to + 1n : least(await nextPosition(sql, schema, to), settled + 1n);
      return found;
    });
    length.learn(page);
    for (const each of page.events) {
      if (events.length >= most || size >= largest) {
        next = (events.at(-1)?.position ?? begin) + 1n;
        break;
      }
      requireOne(each);
      const expected = (events.at(-1)?.position ?? from - 1n) + 1n;
      if (each.position > expected) gaps.push({ from: expected, to: each.position - 1n });
      events.push(each);
      size += each.event.data.length + each.event.metadata.length;
    }
  }
  const to = next - 1n;
  const end = (events.at(-1)?.position ?? from - 1n) + 1n;
  if (end <= to) gaps.push({ from: end, to });
  return { from, to, events, gaps: gapsText(gaps), readAt: clock?.now as string };
}

const nowSql = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

function requireOne({ position, others }: EventAtPosition): void {
  if (others === 0) return;
  throw new BackstoryError(
    'EXPORT_REFUSED',
    `There are ${others + 1} events at position ${position}, in the log and in its archive: one of them was put there by hand.`,
    'Find out which, and remove it; then export again.',
  );
}
