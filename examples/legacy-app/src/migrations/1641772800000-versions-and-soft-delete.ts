import type { MigrationInterface, QueryRunner } from 'typeorm';

export class VersionsAndSoftDelete1641772800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer"
        ADD "version" integer NOT NULL DEFAULT 1,
        ADD "deleted_at" TIMESTAMP WITH TIME ZONE`);
    await queryRunner.query(`ALTER TABLE "order"
        ADD "version" integer NOT NULL DEFAULT 1,
        ADD "note" text`);
    await queryRunner.query(`ALTER TABLE "customer" ALTER COLUMN "version" DROP DEFAULT`);
    await queryRunner.query(`ALTER TABLE "order" ALTER COLUMN "version" DROP DEFAULT`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "order" DROP COLUMN "note", DROP COLUMN "version"`);
    await queryRunner.query(`ALTER TABLE "customer" DROP COLUMN "deleted_at", DROP COLUMN "version"`);
  }
}
