import type { DataSource, QueryRunner } from 'typeorm';
import { renewCapture } from '../capture/index.js';
import { type PgClient, poolOf } from './pg-pool.js';
import { executorOf, poolDatabase } from './pool-database.js';

/** Where capture is renewed, and where a word goes when that can't be done. */
export interface Renewal {
  /** The history that is renewed; where there are many, a name for all of them. */
  readonly schema: string;
  /** Those of many whose tables have been changed. @defaultValue the one */
  readonly schemas?: (queryRunner: QueryRunner) => Promise<readonly string[]>;
  readonly warn: (message: string) => void;
  /** Called when all migrations that were to run, or a synchronization, are through. */
  readonly afterwards?: () => Promise<void>;
}

interface Migration {
  up: (queryRunner: QueryRunner) => Promise<unknown>;
  down: (queryRunner: QueryRunner) => Promise<unknown>;
}

interface SchemaBuilder {
  queryRunner?: QueryRunner;
  executeSchemaSyncOperationsInProperOrder?: () => Promise<void>;
}

/** The parts of a DataSource that change tables; the same from TypeORM 0.3.20 to 1.1. */
interface MigratingDataSource {
  readonly isInitialized: boolean;
  readonly migrations: readonly Migration[];
  readonly driver: { createSchemaBuilder: () => SchemaBuilder };
  initialize: () => Promise<unknown>;
  runMigrations: (...options: unknown[]) => Promise<unknown>;
  synchronize: (...options: unknown[]) => Promise<unknown>;
  [renewals]?: Map<string, Renewal>;
}

const renewals = Symbol.for('@backstory/adapter:renewals');

/**
 * Renews capture in the transaction of each migration, and of `synchronize()`, that this DataSource runs from now on: so no
 * statement meets triggers that were made for other columns. Before or after `initialize()`; once for each schema.
 */
export function renewWithMigrations(dataSource: DataSource, renewal: Renewal): void {
  const migrating = dataSource as unknown as MigratingDataSource;
  const known = migrating[renewals];
  if (known) return void known.set(renewal.schema, renewal);
  const all = (migrating[renewals] = new Map([[renewal.schema, renewal]]));
  const renew = async (queryRunner: QueryRunner): Promise<void> => {
    for (const each of all.values()) {
      for (const schema of (await each.schemas?.(queryRunner)) ?? [each.schema])
        await renewWithin(queryRunner, { ...each, schema });
    }
  };
  const afterwards = async (): Promise<void> => {
    for (const each of all.values()) await each.afterwards?.();
  };
  if (migrating.isInitialized) afterEachMigration(migrating, renew);
  const initialize = migrating.initialize.bind(dataSource);
  migrating.initialize = async () => {
    const initialized = await initialize();
    afterEachMigration(migrating, renew);
    return initialized;
  };
  for (const change of ['runMigrations', 'synchronize'] as const) {
    const run = migrating[change].bind(dataSource);
    migrating[change] = async (...options) => {
      const result = await run(...options);
      await afterwards();
      return result;
    };
  }
  duringSynchronization(migrating, renew);
}

/** TypeORM makes its migrations when it is initialised, anew each time. */
function afterEachMigration(
  { migrations }: MigratingDataSource,
  renew: (queryRunner: QueryRunner) => Promise<void>,
): void {
  for (const migration of migrations) {
    for (const direction of ['up', 'down'] as const) {
      const run = migration[direction].bind(migration);
      migration[direction] = async (queryRunner) => {
        const result = await run(queryRunner);
        await renew(queryRunner);
        return result;
      };
    }
  }
}

function duringSynchronization(
  { driver }: MigratingDataSource,
  renew: (queryRunner: QueryRunner) => Promise<void>,
): void {
  const createSchemaBuilder = driver.createSchemaBuilder.bind(driver);
  driver.createSchemaBuilder = () => {
    const builder = createSchemaBuilder();
    const synchronize = builder.executeSchemaSyncOperationsInProperOrder?.bind(builder);
    if (synchronize) {
      builder.executeSchemaSyncOperationsInProperOrder = async () => {
        await synchronize();
        if (builder.queryRunner) await renew(builder.queryRunner);
      };
    }
    return builder;
  };
}

/** A renewal that fails takes nothing of the migration along: what it would have mended is said, and the command that does. */
async function renewWithin(queryRunner: QueryRunner, { schema, warn }: Renewal): Promise<void> {
  const remedy = 'Run "npx backstory install" after the migration.';
  try {
    const { ended } = await renewInTransactionOf(queryRunner, schema);
    for (const { category, reason } of ended) {
      warn(`The capture of "${category}" has ended with this migration: ${reason}. Its events stay.`);
    }
  } catch (error) {
    warn(`Capture could not be renewed in this migration: ${(error as Error).message}. ${remedy}`);
  }
}

/** In the transaction that the query runner has open, behind a savepoint; or in one of its own. */
export async function renewInTransactionOf(
  queryRunner: QueryRunner,
  schema: string,
): ReturnType<typeof renewCapture> {
  if (!queryRunner.isTransactionActive) {
    return poolDatabase(poolOf(queryRunner.connection)).transaction((sql) => renewCapture(sql, schema));
  }
  const sql = executorOf((await queryRunner.connect()) as PgClient);
  await sql.execute('savepoint backstory_renewal');
  try {
    const renewed = await renewCapture(sql, schema);
    await sql.execute('release savepoint backstory_renewal');
    return renewed;
  } catch (error) {
    await sql.execute('rollback to savepoint backstory_renewal; release savepoint backstory_renewal');
    throw error;
  }
}
