import { setTimeout as sleep } from 'node:timers/promises';
import {
  adoptRelease,
  awaitVerify,
  changesCapture,
  type CaptureState,
  installCapture,
  isAdopted,
  isWholeAtTheTop,
  readCaptureStates,
  readReleases,
  rebindRestored,
  requireOwnRows,
} from '../capture/index.js';
import { type Database, quoteTable, serverError, sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, withheldNames } from '../mapping/index.js';
import {
  lockInstallation,
  mendSequence,
  migrate,
  pendingMigrations,
  requireSequence,
} from '../schema/index.js';
import { settleRemadeTables } from './settle-remade-tables.js';
import { initializeStages, readStages, seenByAllAfterMs, type Stage } from '../stages/index.js';
import { releaseTables } from './release-tables.js';

export interface InstallOptions {
  /**
   * Captures what this release says and no more: columns and parts that only other releases know are captured no longer, and
   * what it says counts as new, even if it has been here before. For a rollback that is to stay, and for what was captured by
   * mistake. Events that were written stay.
   * @defaultValue false: what is captured only grows, so that several releases may run at once
   */
  narrow?: boolean;
}

/** What install did, or would do. */
export interface InstallReport {
  /** Numbers of the migrations of Backstory's own tables. */
  readonly migrations: readonly number[];
  /** Categories whose triggers were made or renewed. */
  readonly captured: readonly string[];
  /** What this release leaves out of events because it looks like a secret, if it is here for the first time: `User.passwordHash`. */
  readonly withheld: readonly string[];
}

/** What is missing for some mappings to be captured. */
export interface PendingInstallation {
  readonly migrations: readonly number[];
  /** Aggregates of which this release says what no release has said before. */
  readonly unknown: readonly EntityMapping[];
  /** Categories whose functions or triggers are missing or were made for other columns. */
  readonly outdated: readonly string[];
  /** Those of them without which some writes to the entity's own table, or some of its values, would not be captured. */
  readonly needed: readonly string[];
}

/** Turns a missing right (SQLSTATE 42501) into an error that says which, and passes everything else on. */
function refused(problem: string, remedy: string): (error: unknown) => never {
  return (error) => {
    if (sqlState(error) !== '42501') throw error;
    const { message } = serverError(error) as Error;
    throw new BackstoryError('CAPTURE_REFUSED', `This database role ${problem}: ${message}.`, remedy, {
      cause: error,
    });
  };
}

/** What is missing for these mappings to be captured: a few queries, however many they are. */
export async function pendingInstallation(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<PendingInstallation> {
  const migrations = await pendingMigrations(database, schema).catch(
    refused(
      `may not use schema "${schema}"`,
      `As the owner of its tables: npx backstory grants --app <this role> --apply --data-source <file>`,
    ),
  );
  const isOn = (stage: Stage | undefined, mapping: EntityMapping): boolean =>
    (stage ?? mapping.initialStage) !== 'off';
  if (migrations.length > 0) {
    const outdated = mappings.filter((mapping) => isOn(undefined, mapping)).map(({ category }) => category);
    return { migrations, unknown: mappings, outdated, needed: outdated };
  }
  const stages = await readStages(database, schema);
  const states = await readCaptureStates(database, schema);
  const releases = await readReleases(database, schema);
  const stored = states.flatMap(({ tables }) => tables);
  const unknown = mappings.filter((mapping) => !isAdopted(mapping, stored, releases));
  const on = mappings.filter((mapping) => isOn(stages.get(mapping.category), mapping));
  const lacking = (isInOrder: (state: CaptureState) => boolean): string[] =>
    on
      .filter(
        (mapping) => changesCapture(mapping, stored, releases) || !isCaptured(mapping, states, isInOrder),
      )
      .map(({ category }) => category);
  return { migrations, unknown, outdated: lacking(isInOrder), needed: lacking(isWholeAtTheTop) };
}

function isInOrder({ captured, ...state }: CaptureState): boolean {
  const { outdated, rebound, misrefusing, misrecording, missing } = state;
  return (
    captured && [outdated, rebound, misrefusing, misrecording, missing].every(({ length }) => length === 0)
  );
}

function isCaptured(
  { category, table }: EntityMapping,
  states: readonly CaptureState[],
  isInOrder: (state: CaptureState) => boolean,
): boolean {
  const state = states.find((each) => each.category === category);
  // as part of another aggregate, for a newer release
  if (!state) return states.some(({ tables }) => tables.some(({ oid }) => oid === table.oid));
  return isInOrder(state);
}

/**
 * Creates or upgrades Backstory's tables, takes what this release says into what is captured, and makes the functions and
 * triggers of every aggregate that isn't off. Idempotent; instances that start at once take turns.
 */
export async function install(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
  { onWait, narrow = false }: InstallOptions & { onWait?: (message: string) => void } = {},
): Promise<InstallReport> {
  const before = await pendingOnceBound(database, schema, mappings);
  const { migrations } = before;
  if (migrations.length > 0) {
    await migrate(database, schema).catch(
      refused(
        `may not create Backstory's tables in schema "${schema}"`,
        `Run "npx backstory install" as a role that may, or "CREATE SCHEMA "${schema}" AUTHORIZATION …" for this one.`,
      ),
    );
  }
  await mendSequence(database, schema);
  if (narrow || before.unknown.length + before.outdated.length > 0)
    await requireOwnRows(database, schema, mappings);
  for (const mapping of narrow ? mappings : before.unknown) {
    // While another instance still replays a stream, what it reads has to be written there.
    if (await releaseTables(database, schema, mapping)) await sleep(seenByAllAfterMs);
    await database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      await adoptRelease(sql, schema, mapping, { narrow });
    });
  }
  const { outdated } =
    narrow || before.unknown.length > 0 ? await pendingInstallation(database, schema, mappings) : before;
  for (const category of outdated) await installCapture(database, schema, category, onWait);
  await awaitVerify(database, schema);
  const states = await readCaptureStates(database, schema);
  const kept = mappings.filter(({ category }) => states.some((state) => state.category === category));
  const standings = await readStages(database, schema);
  const fresh = kept.filter(({ category }) => !standings.has(category));
  const initial = new Map(fresh.map((mapping) => [mapping.category, mapping.initialStage]));
  if (initial.size > 0) await database.transaction((sql) => initializeStages(sql, schema, initial));
  await settleRemadeTables(database, schema, mappings);
  return { migrations, captured: outdated, withheld: before.unknown.flatMap(withheldNames) };
}

/**
 * For a start that makes nothing.
 * @returns what is out of order and doesn't stop it, in words
 * @throws BackstoryError that lists what is missing, with the command that mends it
 */
export async function requireInstalled(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<string[]> {
  const { migrations, outdated, needed } = await pendingOnceBound(database, schema, mappings);
  const remedy = `Run "npx backstory install --data-source <file> --config <file>" (or --app <file>) as a role that may create tables and triggers`;
  if (migrations.length > 0) {
    throw new BackstoryError(
      'NOT_INSTALLED',
      `Backstory's own tables in schema "${schema}" are missing or old (${migrations.length} migrations to run).`,
      `${remedy}, then start again.`,
    );
  }
  await requireSequence(database, schema);
  const tablesOf = (categories: readonly string[]): string =>
    mappings
      .filter(({ category }) => categories.includes(category))
      .map(({ table }) => quoteTable(table))
      .join(', ');
  if (needed.length > 0) {
    throw new BackstoryError(
      'CAPTURE_OUTDATED',
      `The capture triggers of ${tablesOf(needed)} are missing or don't fit the entity.`,
      `${remedy}, then start again.`,
    );
  }
  if (outdated.length === 0) return [];
  return [
    `${tablesOf(outdated)}: captured, but not all is in place since a restore, or since a partition was made: what names a partition without triggers isn't captured. ${remedy}; npx backstory doctor says more.`,
  ];
}

/** The same after a restored database, or one that was replicated into, has been bound to its tables: there they have other oids. */
async function pendingOnceBound(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<PendingInstallation> {
  const pending = await pendingInstallation(database, schema, mappings);
  if (pending.migrations.length > 0 || !(await rebindRestored(database, schema))) return pending;
  return pendingInstallation(database, schema, mappings);
}
