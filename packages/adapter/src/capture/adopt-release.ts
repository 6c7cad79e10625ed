import { isDeepStrictEqual } from 'node:util';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import {
  type CapturedTable,
  type EntityMapping,
  mergeRelease,
  readStoredTables,
  releaseFingerprint,
  type StoredTable,
  storeTables,
  type TableToStore,
  withRemadeColumns,
} from '../mapping/index.js';
import { idleFunctions } from './capture-sql.js';
import { columnsOfNewTable } from './columns-of-new-table.js';
import { unsettleKeys } from './unsettle-keys.js';

/** Which releases have named their aggregates before: `category` and fingerprint, as JSON. */
export async function readReleases(sql: SqlExecutor, schema: string): Promise<ReadonlySet<string>> {
  const rows = await sql.execute<{ category: string; fingerprint: string }>(
    `select category, fingerprint from ${quoteIdentifier(schema)}.releases`,
  );
  return new Set(rows.map(({ category, fingerprint }) => releaseKey(category, fingerprint)));
}

/** Whether a release that says the same of this aggregate has started before. */
export function isKnownRelease(root: EntityMapping, releases: ReadonlySet<string>): boolean {
  return releases.has(releaseKey(root.category, releaseFingerprint(root)));
}

/** Whether what the database keeps of this aggregate says all that the release does, of the tables that it has. */
export function isAdopted(
  root: EntityMapping,
  stored: readonly StoredTable[],
  releases: ReadonlySet<string>,
): boolean {
  if (!isKnownRelease(root, releases)) return false;
  return [root, ...root.parts].every((mapping) => {
    const known = storedOf(stored, mapping);
    if (known?.oid === mapping.table.oid) return knowsColumns(known, mapping);
    // as part of another aggregate, for a newer release
    return stored.some(({ oid }) => oid === mapping.table.oid);
  });
}

/** Whether a release would have something captured in another way; not so where it only reads events in another way. */
export function changesCapture(
  root: EntityMapping,
  stored: readonly StoredTable[],
  releases: ReadonlySet<string>,
): boolean {
  if (isAdopted(root, stored, releases)) return false;
  const merged = new Map<EntityMapping, CapturedTable>();
  return [root, ...root.parts].some((mapping) => {
    const known = storedOf(stored, mapping);
    if (!known?.captured || known.oid !== mapping.table.oid) return true;
    const captured = mergeRelease(known.captured, mapping, mapping.part && merged.get(mapping.part.parent));
    merged.set(mapping, captured);
    return !isDeepStrictEqual(captureOf(captured), captureOf(known.captured));
  });
}

/** What the triggers are generated from, but for the catalogue. */
function captureOf(captured: CapturedTable): unknown[] {
  const { columns, key, deletedAt, eventTypes, rules, bookkeeping, knownAs, schemaVersion, part } = captured;
  // no trigger writes that one
  const { erased: _, ...writtenTypes } = eventTypes;
  const written = columns
    .filter(({ excluded }) => !excluded)
    .map(({ property, number }) => `${number} ${property}`)
    .sort();
  return [written, key, deletedAt, writtenTypes, rules, bookkeeping, knownAs, schemaVersion, part];
}

/**
 * Takes what a release says of an aggregate into what is captured of it, once. A release that has been here before is an older
 * one that starts again, or a rollback: it changes nothing, unless its tables or columns were made again meanwhile, or somebody asks
 * for it by `narrow`. Run in a transaction under the lock of the installation.
 * @throws BackstoryError CATEGORY_TAKEN where the category belongs to another table that is still there
 */
export async function adoptRelease(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  { narrow }: { narrow: boolean },
): Promise<void> {
  const stored = await readStoredTables(sql, schema);
  const releases = await readReleases(sql, schema);
  if (!narrow && isAdopted(root, stored, releases)) return;
  await requireNoTopic(sql, schema, root);
  const fingerprint = releaseFingerprint(root);
  const isNew = narrow || !isKnownRelease(root, releases);
  const tables: TableToStore[] = [];
  for (const mapping of [root, ...root.parts]) {
    const known = storedOf(stored, mapping);
    if (!isNew && known?.oid === mapping.table.oid) {
      if (known.captured && !knowsColumns(known, mapping))
        tables.push({ mapping, captured: withRemadeColumns(known.captured, mapping) });
      continue;
    }
    if (!isNew && stored.some(({ oid }) => oid === mapping.table.oid)) continue;
    const bound = await boundTable(sql, schema, mapping, known);
    const parent = mapping.part && capturedParent(mapping.part.parent, tables, stored);
    tables.push({ mapping, captured: mergeRelease(bound, mapping, parent, narrow) });
  }
  if (narrow) await releaseParts(sql, schema, root, stored);
  await storeTables(sql, schema, tables);
  if (tables.some(({ mapping, captured }) => hasOtherKey(storedOf(stored, mapping), captured)))
    await unsettleKeys(sql, schema, root.category);
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.releases (category, fingerprint) values ($1, $2) on conflict do nothing`,
    [root.category, fingerprint],
  );
}

/** Whether a row of the table has another id now than its stream: its key is made of other columns, or of the same in another order. */
function hasOtherKey(known: StoredTable | undefined, captured: CapturedTable): boolean {
  return known?.captured ? !isDeepStrictEqual(keyNumbers(known.captured), keyNumbers(captured)) : false;
}

function keyNumbers({ key, columns }: CapturedTable): (number | undefined)[] {
  return key.map((name) => columns.find(({ property }) => property === name)?.number);
}

/** Its streams have events that are of no row. */
async function requireNoTopic(
  sql: SqlExecutor,
  schema: string,
  { category, entity }: EntityMapping,
): Promise<void> {
  const [topic] = await sql.execute(`select from ${quoteIdentifier(schema)}.topics where category = $1`, [
    category,
  ]);
  if (!topic) return;
  throw new BackstoryError(
    'CATEGORY_TAKEN',
    `The category "${category}" is a topic in schema "${schema}", and the entity "${entity}" would have its streams.`,
    `Give this entity another category (category: '…'). A topic that never got an event can be taken away: DELETE FROM ${quoteIdentifier(schema)}.topics WHERE category = '${category}'.`,
  );
}

/** Not so when a migration has dropped a column and made another under its name. */
function knowsColumns({ captured }: StoredTable, { columns }: EntityMapping): boolean {
  return columns.every(({ number }) => captured?.columns.some((known) => known.number === number) ?? true);
}

/** Parts that the release doesn't own are captured no more, here. */
async function releaseParts(
  sql: SqlExecutor,
  schema: string,
  { category, parts }: EntityMapping,
  stored: readonly StoredTable[],
): Promise<void> {
  const owned = new Set(parts.map(({ part }) => part.path));
  const released = stored.filter(
    (table) => table.category === category && table.part !== '' && !owned.has(table.part),
  );
  for (const { part } of released) {
    await sql.execute(idleFunctions({ category, part: { path: part } }, schema).join(';\n'));
    await sql.execute(`delete from ${quoteIdentifier(schema)}.aggregates where category = $1 and part = $2`, [
      category,
      part,
    ]);
  }
}

function capturedParent(
  parent: EntityMapping,
  tables: readonly TableToStore[],
  stored: readonly StoredTable[],
): CapturedTable | undefined {
  return (
    tables.find(({ mapping }) => mapping === parent)?.captured ??
    storedOf(stored, parent)?.captured ??
    undefined
  );
}

/** What is known of the table that an aggregate is bound to, by the numbers that its columns have in the table of today. */
async function boundTable(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  known: StoredTable | undefined,
): Promise<CapturedTable | null> {
  if (!known?.captured || known.oid === null || known.oid === mapping.table.oid)
    return known?.captured ?? null;
  const [there] = await sql.execute<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1`,
    [known.oid],
  );
  if (
    !there &&
    mapping.table.schema !== known.schema &&
    mapping.movedFrom !== `${known.schema}.${known.name}`
  ) {
    throw categoryTaken(schema, mapping, known, known, `, which is gone,`);
  }
  const hasItsName = there?.schema === known.schema && there.name === known.name;
  const isSwapped = mapping.table.schema === known.schema && mapping.table.name === known.name;
  const hasMoved = there && mapping.movedFrom === `${there.schema}.${there.name}`;
  if (there && !hasMoved && (hasItsName || !isSwapped)) {
    throw categoryTaken(schema, mapping, known, there);
  }
  return { ...known.captured, columns: columnsOfNewTable(known.captured, mapping) };
}

function categoryTaken(
  schema: string,
  { category, entity, table }: EntityMapping,
  known: StoredTable,
  there: { readonly schema: string; readonly name: string },
  state = '',
): BackstoryError {
  return new BackstoryError(
    'CATEGORY_TAKEN',
    `The category "${category}" belongs to ${quoteTable(there)} (entity ${known.entity}) in schema "${schema}"${state || ','} and the entity "${entity}" is in ${quoteTable(table)}.`,
    `Give this entity another category (category: '…'), or this application a schema of its own for its history (schema: 'backstory_${table.schema}'). Only if it is the same entity, which has moved: movedFrom: '${there.schema}.${there.name}'.`,
  );
}

function storedOf(stored: readonly StoredTable[], mapping: EntityMapping): StoredTable | undefined {
  return stored.find(
    ({ category, part }) => category === mapping.category && part === (mapping.part?.path ?? ''),
  );
}

function releaseKey(category: string, fingerprint: string): string {
  return JSON.stringify([category, fingerprint]);
}
