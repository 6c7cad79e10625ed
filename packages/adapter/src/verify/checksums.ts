import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type ChecksumForm, checksumSql } from './checksum-sql.js';
import type { VerifyScope } from './verify-scope.js';

/** What the checksums of one table say. */
export interface Checksums {
  readonly rows: number;
  /** Living streams, or living parts of them. */
  readonly states: number;
  /** Numbers of the buckets in which rows and replays differ; one, 0, for all where there are no buckets. */
  readonly differing: readonly number[];
  /** Whether the positions of some stream have a gap or are out of order. */
  readonly faulty: boolean;
}

interface Sums {
  states: number;
  checksum: bigint;
}

/** Run in one snapshot with pinned settings. */
export async function compareChecksums(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  form: ChecksumForm,
): Promise<Checksums> {
  const { rows, replays } = checksumSql(mapping, schema, scope, form);
  const ofRows = new Map<number, Sums>();
  const ofReplays = new Map<number, Sums>();
  type Row = { bucket: number; states: number; checksum: string; events: number; faults: number };
  for (const row of await sql.execute<Row>(rows, scope.values)) add(ofRows, row);
  let events = 0;
  let faults = 0;
  for (const replay of replays) {
    for (const row of await sql.execute<Row>(replay, scope.values)) {
      add(ofReplays, row);
      events += row.events;
      faults += row.faults;
    }
  }
  const numbers = new Set([...ofRows.keys(), ...ofReplays.keys()]);
  const differing = [...numbers].filter((number) => {
    const [row, replay] = [ofRows.get(number), ofReplays.get(number)];
    return (row?.states ?? 0) !== (replay?.states ?? 0) || (row?.checksum ?? 0n) !== (replay?.checksum ?? 0n);
  });
  return {
    rows: total(ofRows),
    states: total(ofReplays),
    differing,
    faulty: faults > 0 || (!mapping.part && events !== (await countEvents(sql, schema, mapping, scope))),
  };
}

function add(
  sums: Map<number, Sums>,
  { bucket, states, checksum }: { bucket: number; states: number; checksum: string },
): void {
  const known = sums.get(bucket) ?? { states: 0, checksum: 0n };
  sums.set(bucket, { states: known.states + states, checksum: known.checksum + BigInt(checksum) });
}

function total(sums: ReadonlyMap<number, Sums>): number {
  return [...sums.values()].reduce((sum, { states }) => sum + states, 0);
}

/** A stream without its first or second event is not among those that were looked at. */
async function countEvents(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
  scope: VerifyScope,
): Promise<number> {
  const parameter = scope.values.length + 1;
  const [row] = await sql.execute<{ events: number }>(
    `select count(*)::float8 as events from ${quoteIdentifier(schema)}.events v
     where v.category = $${parameter} and ${scope.events('v')}`,
    [...scope.values, category],
  );
  return (row as { events: number }).events;
}
