import { isDeepStrictEqual } from 'node:util';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import type { EventData } from '../event/index.js';
import { streamIdsBehind, streamsAtATime } from '../event-store/index.js';
import {
  type EntityMapping,
  rowIdSql,
  rowsOfStreamsSql,
  settledState,
  stateSql,
  streamIdSql,
} from '../mapping/index.js';
import { type AggregateState, erasedOf, replayStreams } from '../replay/index.js';
import { compareInSql } from './compare-in-sql.js';
import type { TableComparison } from './comparison.js';
import { streamFaultsSql } from './stream-faults-sql.js';
import { everything, ofStreams, type VerifyScope } from './verify-scope.js';

/** Streams looked up at a time; of those with many or large events fewer are in memory together. */
const pageSize = 500;

/**
 * Compares one table with its streams where only code can replay them, because it upcasts their events: page by page in
 * the order of stream ids, from the first event on, without snapshots. Slower by far than inside the database. Streams of which
 * something was erased come here, too: what code doesn't upcast is compared inside the database, and the marks are read here.
 */
export async function compareInNode(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
  onPage?: (rows: number) => void,
): Promise<TableComparison> {
  const run = new Run(sql, schema, mapping, scope, limit);
  return run.whole(onPage);
}

class Run {
  private rows = 0;
  private states = 0;
  private drifted = 0;
  private readonly drift: Drift[] = [];
  private readonly root: EntityMapping;

  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    private readonly mapping: EntityMapping,
    private readonly scope: VerifyScope,
    private readonly limit: number,
  ) {
    this.root = { ...(mapping.part?.root ?? mapping), snapshotEvery: 0 };
  }

  async whole(onPage?: (rows: number) => void): Promise<TableComparison> {
    const faulty = this.mapping.part ? new Set<string>() : await this.faults();
    for (let after: string | undefined, more = true; more;) {
      const ids: string[] = await this.streamsBehind(after);
      for (const some of await streamsAtATime(this.sql, this.schema, this.mapping.category, ids))
        await this.comparePage(some, faulty);
      onPage?.(this.rows);
      more = ids.length === pageSize;
      after = ids.at(-1);
    }
    // all of those that are listed had a page
    if (this.scope.listed === undefined) await this.rowsWithoutEvents();
    const { rows, states, drifted, drift } = this;
    return { rows, states, drifted, drift };
  }

  /** Streams that can't be replayed, or whose events are out of order in the log. */
  private async faults(): Promise<Set<string>> {
    const rows = await this.sql.execute<{ stream_id: string; kind: DriftKind; positions: number[] }>(
      streamFaultsSql(this.mapping, this.schema, this.scope),
      this.scope.values,
    );
    for (const { stream_id, kind, positions } of rows) this.found(stream_id, '', kind, {}, positions);
    return new Set(rows.filter(({ kind }) => kind === 'gap').map(({ stream_id }) => stream_id));
  }

  private async streamsBehind(after: string | undefined): Promise<string[]> {
    const { sql, schema, scope } = this;
    const { category } = this.mapping;
    if (scope === everything) return streamIdsBehind(sql, schema, category, after, pageSize);
    const { values } = scope;
    if (scope.listed !== undefined) {
      const rows = await sql.execute<{ id: string }>(
        `select i.stream_id as id from ${scope.listed} i
         where ${after === undefined ? '' : `i.stream_id > $${values.length + 1} and`} ${scope.events('i')}
         order by i.stream_id limit ${pageSize}`,
        [...values, ...(after === undefined ? [] : [after])],
      );
      return rows.map(({ id }) => id);
    }
    const behind = after === undefined ? '' : `and v.stream_id > $${values.length + 2}`;
    const rows = await sql.execute<{ id: string }>(
      `select distinct v.stream_id as id from ${quoteIdentifier(schema)}.events v
       where v.category = $${values.length + 1} ${behind} and ${scope.events('v')}
       order by v.stream_id limit ${pageSize}`,
      [...values, category, ...(after === undefined ? [] : [after])],
    );
    return rows.map(({ id }) => id);
  }

  private async comparePage(ids: readonly string[], faulty: ReadonlySet<string>): Promise<void> {
    const { mapping } = this;
    const found = await this.sql.execute<{ stream_id: string; row_id: string; row: EventData }>(
      `select ${streamIdSql(mapping, 't')} as stream_id, ${rowIdSql(mapping, 't')} as row_id, ${stateSql(mapping, 't')} as row
       from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}`,
      [ids],
    );
    const rows = new Map<string, Map<string, EventData>>(ids.map((id) => [id, new Map()]));
    for (const { stream_id, row_id, row } of found) rows.get(stream_id)?.set(row_id, row);
    const streams = await replayStreams(this.sql, this.schema, this.root, ids, {}, () => undefined);
    if (mapping.foldsInSql) return this.compareExactly(ids, rows, streams);
    for (const [streamId, ofStream] of rows) {
      this.rows += ofStream.size;
      if (!faulty.has(streamId)) this.compareStream(streamId, ofStream, streams.get(streamId));
    }
  }

  /** Inside the database, to the last digit of every value; only what was erased is known from the replay. */
  private async compareExactly(
    ids: readonly string[],
    rows: ReadonlyMap<string, ReadonlyMap<string, EventData>>,
    streams: ReadonlyMap<string, AggregateState>,
  ): Promise<void> {
    const { sql, schema, mapping } = this;
    for (const [streamId, ofStream] of rows) {
      this.rows += ofStream.size;
      this.states += this.statesOf(streamId, streams.get(streamId)).size;
    }
    const { drift } = await compareInSql(sql, schema, mapping, ofStreams(ids), Number.MAX_SAFE_INTEGER);
    for (const { streamId, part, kind, properties } of drift) {
      const erased = erasedOf(streams.get(streamId)?.erased, mapping, part?.id ?? streamId);
      const left = Object.entries(properties).filter(([property]) => !erased.has(property));
      const isFault = kind === 'gap' || kind === 'order';
      if (isFault || (kind === 'value' && left.length === 0)) continue;
      this.found(streamId, part?.id ?? '', kind, Object.fromEntries(left));
    }
  }

  private statesOf(streamId: string, aggregate: AggregateState | undefined): ReadonlyMap<string, EventData> {
    const { part } = this.mapping;
    if (part) return aggregate?.parts.get(part.path) ?? new Map();
    return new Map(aggregate?.root ? [[streamId, aggregate.root]] : []);
  }

  private compareStream(
    streamId: string,
    rows: ReadonlyMap<string, EventData>,
    aggregate: AggregateState | undefined,
  ): void {
    const states = this.statesOf(streamId, aggregate);
    this.states += states.size;
    for (const id of new Set([...rows.keys(), ...states.keys()])) {
      const row = rows.get(id);
      const replayed = states.get(id);
      if (!replayed) this.found(streamId, id, 'missing event');
      else if (!row) this.found(streamId, id, 'missing row');
      else {
        const marked = this.scope.comparesErased ? undefined : aggregate?.erased;
        const erased = erasedOf(marked, this.mapping, id);
        const properties = this.differences(row, settledState(this.mapping, replayed), erased);
        if (Object.keys(properties).length > 0) this.found(streamId, id, 'value', properties);
      }
    }
  }

  /** What was erased is gone from the events, whatever the row says. */
  private differences(row: EventData, replay: EventData, erased: ReadonlySet<string>): Drift['properties'] {
    const differing = this.mapping.columns.filter(
      ({ property }) =>
        !erased.has(property) && !isDeepStrictEqual(row[property] ?? null, replay[property] ?? null),
    );
    return Object.fromEntries(
      differing.map(({ property }) => [
        property,
        { row: row[property] ?? null, replay: replay[property] ?? null },
      ]),
    );
  }

  /** Where there is not one event, there was no page for the row. */
  private async rowsWithoutEvents(): Promise<void> {
    const { mapping, scope } = this;
    const { values } = scope;
    const streamId = streamIdSql(mapping, 't');
    const rows = await this.sql.execute<{ stream_id: string; row_id: string }>(
      `select ${streamId} as stream_id, ${rowIdSql(mapping, 't')} as row_id from ${quoteTable(mapping.table)} t
       where ${scope.rows(mapping, 't')} and ${streamId} is not null and not exists (
         select from ${quoteIdentifier(this.schema)}.events v
         where v.category = $${values.length + 1} and v.stream_id = ${streamId})`,
      [...values, mapping.category],
    );
    this.rows += rows.length;
    for (const { stream_id, row_id } of rows) this.found(stream_id, row_id, 'missing event');
  }

  private found(
    streamId: string,
    rowId: string,
    kind: DriftKind,
    properties: Drift['properties'] = {},
    positions?: readonly number[],
  ): void {
    this.drifted++;
    if (this.drift.length >= this.limit) return;
    const { category, part } = this.mapping;
    this.drift.push({
      category,
      streamId,
      ...(part && { part: { path: part.path, id: rowId } }),
      kind,
      properties,
      ...(positions && { positions }),
    });
  }
}
