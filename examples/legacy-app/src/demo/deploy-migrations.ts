import { renewCaptureWithMigrations } from '@backstory/adapter';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { databaseOptions } from '../database-options.js';

class GiftMessages1735689600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "order" ADD COLUMN "gift_message" text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "order" DROP COLUMN "gift_message"`);
  }
}

/** Every row is written anew, and no trigger fires. The shop goes on: pg gives both types as strings. */
class FractionsOfLoyaltyPoints1735689700000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer" ALTER COLUMN "loyalty_points" TYPE numeric`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer" ALTER COLUMN "loyalty_points" TYPE bigint`);
  }
}

/** What `typeorm migration:run` does in a deployment, with a DataSource of its own. @returns the migrations that were run */
export async function deployMigrations(url: string): Promise<string[]> {
  const dataSource = renewCaptureWithMigrations(
    new DataSource({
      ...databaseOptions(url),
      migrations: [GiftMessages1735689600000, FractionsOfLoyaltyPoints1735689700000],
      migrationsRun: false,
    }),
  );
  await dataSource.initialize();
  try {
    // one table in each transaction: several would wait for writers in circles, with Backstory or without
    const migrations = await dataSource.runMigrations({ transaction: 'each' });
    return migrations.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}
