import type { DataSource, QueryRunner } from 'typeorm';
import { renewCapture } from '../capture/index.js';
import { poolDatabase } from './pool-database.js';
import { executorOf } from './pool-database.js';
import type { PgClient } from './pg-pool.js';
import { poolOf } from './pg-pool.js';

/** Where capture is renewed, and where a word goes when that can't be done. */
export interface Renewal {
  readonly schema: string;
  readonly warn: (message: string) => void;
  /** Called when all migrations that were to run, or a synchronization, are through. */
  readonly afterwards?: () => Promise<void>;
}

interface Migration {
  up(queryRunner: QueryRunner): Promise<unknown>;
  down(queryRunner: QueryRunner): Promise<unknown>;
}

interface SchemaBuilder {
  queryRunner?: QueryRunner;
  executeSchemaSyncOperationsInProperOrder?: () => Promise<void>;
}

const renewals = Symbol.for('@backstory/adapter:renewals');

/**
 * Renews capture in the transaction of each migration, and of `synchronize()`, that this DataSource runs from now on: so no
 * statement meets triggers that were made for other columns. Before or after `initialize()`; once for each schema.
 */
export function renewWithMigrations(dataSource: DataSource, renewal: Renewal): void {
  const marked = dataSource as DataSource & { [renewals]?: Map<string, Renewal> };
  const known = marked[renewals];
  if (known) return void known.set(renewal.schema, renewal);
  const all = (marked[renewals] = new Map([[renewal.schema, renewal]]));
  const renew = async (queryRunner: QueryRunner): Promise<void> => {
    for (const each of all.values()) await renewWithin(queryRunner, each);
  };
  const buildMetadatas = dataSource.initialize;
  dataSource.initialize = async function (this: DataSource) {
    const initialized = await buildMetadatas.call(this);
    afterEachMigration(this, renew);
    return initialized;
  };
  if (dataSource.isInitialized) afterEachMigration(dataSource, renew);
  const afterwards = async (): Promise<void> => {
    for (const each of all.values()) await each.afterwards?.();
  };
  const { runMigrations, synchronize: synchronizeTables } = dataSource;
  dataSource.runMigrations = async function (this: DataSource, ...options) {
    const run = await runMigrations.apply(this, options);
    await afterwards();
    return run;
  };
  dataSource.synchronize = async function (this: DataSource, ...options) {
    await synchronizeTables.apply(this, options);
    await afterwards();
  };
  const { driver } = dataSource as unknown as { driver: { createSchemaBuilder(): SchemaBuilder } };
  const { createSchemaBuilder } = driver;
  driver.createSchemaBuilder = function () {
    const builder = createSchemaBuilder.call(this);
    const synchronize = builder.executeSchemaSyncOperationsInProperOrder;
    if (synchronize) {
      builder.executeSchemaSyncOperationsInProperOrder = async function (this: SchemaBuilder) {
        await synchronize.call(this);
        if (this.queryRunner) await renew(this.queryRunner);
      };
    }
    return builder;
  };
}

/** TypeORM makes its migrations when it is initialised, anew each time. */
function afterEachMigration(
  dataSource: DataSource,
  renew: (queryRunner: QueryRunner) => Promise<void>,
): void {
  for (const migration of dataSource.migrations as unknown as Migration[]) {
    for (const direction of ['up', 'down'] as const) {
      const run = migration[direction];
      migration[direction] = async function (this: Migration, queryRunner: QueryRunner) {
        const result = await run.call(this, queryRunner);
        await renew(queryRunner);
        return result;
      };
    }
  }
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
