import { Client } from 'pg';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { dataSourceOf, type Instance } from './instance.js';
import type { Release } from './release.js';
import { renew, renewing } from './renewing-migrations.js';

/** Who runs the migration of a release, and what of Backstory is there when it runs. */
export const ways = {
  'an instance that runs': (_url, release, running) => withInstance(release, running),
  'a data source without Backstory': (url, release) =>
    withDataSource(dataSourceOf(url, release, [migrationOf(release)])),
  'a migration that renews capture': (url, release) =>
    withDataSource(dataSourceOf(url, release, [migrationOf(release, renew)])),
  "TypeORM's command line": (url, release) =>
    withDataSource(renewing(dataSourceOf(url, release, [migrationOf(release)]))),
  psql: (url, { migration }) => withClient(url, migration),
} satisfies Record<string, (url: string, release: Release, running: Instance) => Promise<void>>;

export type Way = keyof typeof ways;

/** Those that an application has without Backstory. */
export const plainWays: readonly Way[] = ['an instance that runs', 'a data source without Backstory', 'psql'];

function migrationOf(
  { number, migration }: Release,
  last?: (queryRunner: QueryRunner) => Promise<void>,
): new () => MigrationInterface {
  return class {
    readonly name = `Release${1_700_000_000_000 + number}`;

    async up(queryRunner: QueryRunner): Promise<void> {
      for (const statement of migration) await queryRunner.query(statement);
      await last?.(queryRunner);
    }

    async down(): Promise<void> {}
  };
}

async function withDataSource(dataSource: DataSource): Promise<void> {
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
}

/** One of the former release: its entities are those of before, and so is what its Backstory knows. */
async function withInstance(release: Release, { dataSource }: Instance): Promise<void> {
  Object.assign(dataSource, { migrations: [new (migrationOf(release))()] });
  await dataSource.runMigrations();
}

async function withClient(connectionString: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(['begin', ...statements, 'commit'].join(';\n'));
  } finally {
    await client.end();
  }
}
