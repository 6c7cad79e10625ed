import { type Database, pinSettings, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { defaultEventTypes, streamName, valuesOf } from '../event/index.js';
import { destroyKeys } from './destroy-keys.js';
import type { ErasureOptions, ErasureReport } from './erasure-options.js';
import { type Redaction, treeOf } from './plan-redactions.js';
import { redactEvents } from './redact-events.js';
import { type StoredEvent, storedEvents } from './stored-events.js';

/**
 * Erases values of one stream of a topic, in one transaction that nobody appends to it beside: all of them, or those of some
 * properties.
 * @throws InvalidOptionsError for a property that no event of the stream has
 */
export async function eraseTopicStream(
  database: Database,
  schema: string,
  category: string,
  streamId: string,
  options: ErasureOptions,
): Promise<ErasureReport> {
  const work = (sql: SqlExecutor): Promise<ErasureReport> =>
    eraseIn(sql, schema, category, streamId, options);
  if (options.dryRun) return database.snapshot(work);
  return database.transaction(async (sql) => {
    const name = quoteIdentifier(schema);
    await sql.execute(`select ${name}.take_locks('ends', array[${name}.lock_of($1)])`, [
      `${category}-${streamId}`,
    ]);
    return work(sql);
  });
}

async function eraseIn(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
  { properties, actor = false, by, reason, dryRun = false }: ErasureOptions,
): Promise<ErasureReport> {
  await pinSettings(sql);
  const events = await storedEvents(sql, schema, category, [streamId]);
  const known = new Set(events.flatMap(({ data }) => Object.keys(data)));
  const unknown = properties?.find((property) => !known.has(property));
  if (unknown !== undefined || properties?.length === 0) {
    throw new InvalidOptionsError(
      `"${streamName(category, streamId)}" has no property "${unknown ?? ''}" in its events.`,
      `Use these: ${[...known].sort().join(', ') || '(none)'}.`,
    );
  }
  const names = new Set<string>();
  const redactions = events.flatMap((event) => redactionOf(event, properties, actor, names));
  const report = {
    category,
    streamId,
    events: redactions.length,
    properties: [...names].sort(),
    position: null,
    stillInTable: [],
    keysDestroyed: [],
    dryRun,
  };
  if (dryRun) return report;
  const type = defaultEventTypes(category).erased;
  // also where nothing is left to erase: errors of consumers with its events go with it
  const done = await redactEvents(sql, schema, { category, type, schemaVersion: 1 }, streamId, {
    redactions,
    by,
    reason,
  });
  const erased = redactions.length > 0 && done;
  // last, because a relay that makes one waits for it
  const keysDestroyed = properties ? [] : await destroyKeys(sql, schema, [`${category}:${streamId}`]);
  return { ...report, ...erased, keysDestroyed };
}

function redactionOf(
  { data, metadata, streamPosition: position, archived }: StoredEvent,
  properties: readonly string[] | undefined,
  wantsActor: boolean,
  erased: Set<string>,
): Redaction[] {
  const paths = valuesOf(data, [])
    .filter(([[name], value]) => value !== null && (properties?.includes(name) ?? true))
    .map(([path]) => path);
  for (const [name] of paths) erased.add(name);
  const actor =
    wantsActor &&
    metadata.actor !== undefined &&
    metadata.actor !== 'erased' &&
    metadata.origin !== 'erasure';
  return paths.length > 0 || actor ? [{ position, archived, tree: treeOf(paths), actor }] : [];
}
