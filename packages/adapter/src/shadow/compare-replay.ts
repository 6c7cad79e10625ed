import { isDeepStrictEqual } from 'node:util';
import { type Database, pinSettings, quoteTable } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EventData } from '../event/index.js';
import {
  DriverValues,
  type EntityMapping,
  rowsOfStreamsSql,
  streamIdSql,
  type TypeParsers,
} from '../mapping/index.js';
import { replayStreams } from '../replay/index.js';

/**
 * Compares control (the row, as the pg driver parses it) with candidate (the replay, through the same parsers)
 * for some streams, in one snapshot. This is the path that a read in stage `replay` takes, to the last value.
 */
export async function compareReplay(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  streamIds: readonly string[],
  parsers: TypeParsers,
): Promise<Drift[]> {
  const { rows, states } = await database.snapshot(async (sql) => {
    await pinSettings(sql);
    return {
      rows: await sql.executeText(
        `select ${streamIdSql(mapping, 't')} as backstory_stream_id, t.* from ${quoteTable(mapping.table)} t
         where ${rowsOfStreamsSql(mapping, 't', '$1')}`,
        [streamIds],
      ),
      states: await replayStreams(sql, schema, mapping.category, streamIds),
    };
  });
  const candidates = new DriverValues(mapping, parsers);
  const drifts: Drift[] = [];
  const seen = new Set<string>();
  for (const row of rows) {
    const streamId = row['backstory_stream_id'] as string;
    seen.add(streamId);
    const state = states.get(streamId);
    const properties = state && differences(mapping, row, state, candidates.of(state), parsers);
    if (!properties)
      drifts.push({ category: mapping.category, streamId, kind: 'missing event', properties: {} });
    else if (Object.keys(properties).length > 0)
      drifts.push({ category: mapping.category, streamId, kind: 'value', properties });
  }
  for (const streamId of states.keys()) {
    if (!seen.has(streamId))
      drifts.push({ category: mapping.category, streamId, kind: 'missing row', properties: {} });
  }
  return drifts;
}

function differences(
  mapping: EntityMapping,
  row: Record<string, string | null>,
  state: EventData,
  candidate: Map<string, unknown>,
  parsers: TypeParsers,
): Record<string, { row: unknown; replay: unknown }> {
  const found: Record<string, { row: unknown; replay: unknown }> = {};
  for (const { column, property, typeOid } of mapping.columns) {
    const text = row[column];
    const control = text === null || text === undefined ? text : parsers(typeOid)(text);
    if (!isSame(control, candidate.get(column))) found[property] = { row: text, replay: state[property] };
  }
  return found;
}

/** Dates beyond those that JavaScript has are invalid, and to Node.js 20 different from themselves. */
function isSame(control: unknown, candidate: unknown): boolean {
  if (isDeepStrictEqual(control, candidate)) return true;
  return [control, candidate].every((value) => value instanceof Date && Number.isNaN(value.getTime()));
}
