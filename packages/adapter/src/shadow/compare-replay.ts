import { isDeepStrictEqual } from 'node:util';
import { type Database, pinSettings, quoteTable } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EventData } from '../event/index.js';
import {
  DriverValues,
  type EntityMapping,
  rowIdSql,
  rowsOfStreamsSql,
  streamIdSql,
  type TypeParsers,
} from '../mapping/index.js';
import { type AggregateState, erasedOf, replayStreams } from '../replay/index.js';

type TextRow = Record<string, string | null>;

/** What came of comparing some streams. */
export interface ReplayComparison {
  readonly drifts: readonly Drift[];
  /** Streams of which nothing is said: rows that are not to be seen are gone, or hidden by a policy. */
  readonly unseen: ReadonlySet<string>;
}

/**
 * Compares control (the row, as the pg driver parses it) with candidate (the replay, through the same parsers)
 * for some aggregates with their parts, in one snapshot. This is the path that a read in stage `replay` takes, to the last value.
 * Of single rows, so it works for a role that policies apply to: a row that such a role doesn't see is not taken for missing.
 */
export async function compareReplay(
  database: Database,
  schema: string,
  root: EntityMapping,
  streamIds: readonly string[],
  parsers: TypeParsers,
): Promise<ReplayComparison> {
  const tables = [root, ...root.parts];
  const { rowsOf, states, hidden } = await database.snapshot(async (sql) => {
    await pinSettings(sql, ['row_security = on']);
    const hidden = await sql.execute<{ oid: number }>(
      'select oid from unnest($1::oid[]) as t (oid) where row_security_active(oid)',
      [tables.map(({ table }) => table.oid)],
    );
    const rowsOf = new Map<EntityMapping, TextRow[]>();
    for (const mapping of tables) {
      const rows = await sql.executeText(
        `select ${streamIdSql(mapping, 't')} as backstory_stream_id, ${rowIdSql(mapping, 't')} as backstory_row_id, t.*
         from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}`,
        [streamIds],
      );
      rowsOf.set(mapping, rows);
    }
    const states = await replayStreams(sql, schema, root, streamIds);
    return { rowsOf, states, hidden: new Set(hidden.map(({ oid }) => oid)) };
  });
  const unseen = new Set<string>();
  const drifts = tables.flatMap((mapping) => {
    const found = compareTable(mapping, rowsOf.get(mapping) ?? [], states, parsers);
    if (!hidden.has(mapping.table.oid)) return found;
    for (const { kind, streamId } of found) if (kind === 'missing row') unseen.add(streamId);
    return found.filter(({ kind }) => kind !== 'missing row');
  });
  return { drifts, unseen };
}

function compareTable(
  mapping: EntityMapping,
  rows: readonly TextRow[],
  states: ReadonlyMap<string, AggregateState>,
  parsers: TypeParsers,
): Drift[] {
  const candidates = new DriverValues(mapping, parsers);
  const replayed = new Map<
    string,
    {
      drift: Pick<Drift, 'category' | 'streamId' | 'part'>;
      state: EventData;
      erased: ReadonlySet<string>;
    }
  >();
  for (const [streamId, aggregate] of states) {
    for (const [rowId, state] of statesOf(mapping, streamId, aggregate)) {
      replayed.set(JSON.stringify([streamId, rowId]), {
        drift: placeOf(mapping, streamId, rowId),
        state,
        erased: erasedOf(aggregate.erased, mapping, rowId),
      });
    }
  }
  const drifts: Drift[] = [];
  for (const row of rows) {
    const streamId = row['backstory_stream_id'] as string;
    const rowId = row['backstory_row_id'] as string;
    const key = JSON.stringify([streamId, rowId]);
    const found = replayed.get(key);
    replayed.delete(key);
    const properties = found && differences(mapping, row, found, candidates.of(found.state), parsers);
    const place = placeOf(mapping, streamId, rowId);
    if (!properties) drifts.push({ ...place, kind: 'missing event', properties: {} });
    else if (Object.keys(properties).length > 0) drifts.push({ ...place, kind: 'value', properties });
  }
  for (const { drift } of replayed.values()) drifts.push({ ...drift, kind: 'missing row', properties: {} });
  return drifts;
}

function statesOf(
  { part }: EntityMapping,
  streamId: string,
  { root, parts }: AggregateState,
): Iterable<[string, EventData]> {
  if (part) return parts.get(part.path) ?? [];
  return root ? [[streamId, root]] : [];
}

function placeOf(
  { category, part }: EntityMapping,
  streamId: string,
  id: string,
): Pick<Drift, 'category' | 'streamId' | 'part'> {
  return { category, streamId, ...(part && { part: { path: part.path, id } }) };
}

function differences(
  mapping: EntityMapping,
  row: TextRow,
  { state, erased }: { readonly state: EventData; readonly erased: ReadonlySet<string> },
  candidate: Map<string, unknown>,
  parsers: TypeParsers,
): Record<string, { row: unknown; replay: unknown }> {
  const found: Record<string, { row: unknown; replay: unknown }> = {};
  for (const { column, property, typeOid } of mapping.columns) {
    if (erased.has(property)) continue;
    const text = row[column];
    const control = text === null || text === undefined ? text : parsers(typeOid)(text);
    if (!isSame(control, candidate.get(column)))
      found[property] = { row: text, replay: state[property] ?? null };
  }
  return found;
}

/** Dates beyond those that JavaScript has are invalid, and to Node.js 20 different from themselves. */
function isSame(control: unknown, candidate: unknown): boolean {
  if (isDeepStrictEqual(control, candidate)) return true;
  return [control, candidate].every((value) => value instanceof Date && Number.isNaN(value.getTime()));
}
