import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PaidAndCancelledOrders1548676800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TYPE "public"."order_status" ADD VALUE 'paid' BEFORE 'shipped'`);
    await queryRunner.query(`ALTER TYPE "public"."order_status" ADD VALUE 'cancelled' AFTER 'shipped'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TYPE "public"."order_status" RENAME TO "order_status_old"`);
    await queryRunner.query(`CREATE TYPE "public"."order_status" AS ENUM('draft', 'placed', 'shipped')`);
    await queryRunner.query(`ALTER TABLE "order" ALTER COLUMN "status" DROP DEFAULT`);
    await queryRunner.query(
      `ALTER TABLE "order" ALTER COLUMN "status" TYPE "public"."order_status" USING "status"::text::"public"."order_status"`,
    );
    await queryRunner.query(`ALTER TABLE "order" ALTER COLUMN "status" SET DEFAULT 'draft'`);
    await queryRunner.query(`DROP TYPE "public"."order_status_old"`);
  }
}
