import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LoyaltyAndPreferences1577923200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer"
        ADD "loyalty_points" integer NOT NULL DEFAULT '0',
        ADD "preferences" jsonb NOT NULL DEFAULT '{}',
        ADD "date_of_birth" date,
        DROP COLUMN "fax"`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer"
        ADD "fax" character varying(40),
        DROP COLUMN "date_of_birth",
        DROP COLUMN "preferences",
        DROP COLUMN "loyalty_points"`);
  }
}
