import { installCapture, installedCaptures, outdatedCaptures } from './capture/index.js';
import { type Database, quoteTable, sqlState } from './database/index.js';
import { BackstoryError } from './errors.js';
import { type EntityMapping, storeAggregates } from './mapping/index.js';
import { migrate, pendingMigrations } from './schema/index.js';
import { initializeStages, readStages } from './stages/index.js';

/** What install did, or would do. */
export interface InstallReport {
  /** Numbers of the migrations of Backstory's own tables. */
  readonly migrations: readonly number[];
  /** Categories whose triggers were made or renewed. */
  readonly captured: readonly string[];
}

/** Turns a missing right (SQLSTATE 42501) into an error that says which, and passes everything else on. */
function refused(problem: string, remedy: string): (error: unknown) => never {
  return (error) => {
    if (sqlState(error) !== '42501') throw error;
    const { message } = error as Error;
    throw new BackstoryError('CAPTURE_REFUSED', `This database role ${problem}: ${message}.`, remedy, {
      cause: error,
    });
  };
}

/** What is missing for these mappings to be captured: two queries when nothing is. */
export async function pendingInstallation(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<{ migrations: number[]; outdated: EntityMapping[] }> {
  const migrations = await pendingMigrations(database, schema).catch(
    refused(
      `may not use schema "${schema}"`,
      `As the schema's owner: GRANT USAGE ON SCHEMA "${schema}" TO …; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO …;`,
    ),
  );
  const isPending = (stage: string | undefined, mapping: EntityMapping): boolean =>
    (stage ?? mapping.initialStage) !== 'off';
  if (migrations.length > 0) return { migrations, outdated: mappings.filter((m) => isPending(undefined, m)) };
  const stages = await readStages(database, schema);
  const installed = await installedCaptures(database, schema);
  const wanted = mappings.filter((mapping) => isPending(stages.get(mapping.category), mapping));
  return { migrations, outdated: outdatedCaptures(wanted, installed, schema) };
}

/**
 * Creates or upgrades Backstory's tables and the capture triggers of every aggregate that isn't off.
 * Idempotent; instances that start at once take turns.
 */
export async function install(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
  onWait?: (message: string) => void,
): Promise<InstallReport> {
  const { migrations, outdated } = await pendingInstallation(database, schema, mappings);
  if (migrations.length > 0) {
    await migrate(database, schema).catch(
      refused(
        `may not create Backstory's tables in schema "${schema}"`,
        `Run "npx backstory install" as a role that may, or "CREATE SCHEMA "${schema}" AUTHORIZATION …" for this one.`,
      ),
    );
  }
  await storeAggregates(database, schema, mappings);
  for (const mapping of outdated) await installCapture(database, schema, mapping, onWait);
  const initial = new Map(mappings.map((mapping) => [mapping.category, mapping.initialStage]));
  await initializeStages(database, schema, initial);
  return { migrations, captured: outdated.map(({ category }) => category) };
}

/** @throws BackstoryError that lists what is missing, with the command that mends it */
export async function requireInstalled(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  const { migrations, outdated } = await pendingInstallation(database, schema, mappings);
  const remedy = `Run "npx backstory install --data-source <file>" (or --app <file>) as a role that may create tables and triggers, then start again.`;
  if (migrations.length > 0) {
    throw new BackstoryError(
      'NOT_INSTALLED',
      `Backstory's own tables in schema "${schema}" are missing or old (${migrations.length} migrations to run).`,
      remedy,
    );
  }
  if (outdated.length > 0) {
    throw new BackstoryError(
      'CAPTURE_OUTDATED',
      `The capture triggers of ${outdated.map(({ table }) => quoteTable(table)).join(', ')} are missing or don't fit the entity.`,
      remedy,
    );
  }
}
