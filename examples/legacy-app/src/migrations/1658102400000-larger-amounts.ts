import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LargerAmounts1658102400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "product" ALTER COLUMN "price" TYPE numeric(12,2)`);
    await queryRunner.query(`ALTER TABLE "order" ALTER COLUMN "total" TYPE numeric(12,2)`);
    await queryRunner.query(`ALTER TABLE "order_line" ALTER COLUMN "unit_price" TYPE numeric(12,2)`);
    await queryRunner.query(`ALTER TABLE "customer"
        ALTER COLUMN "loyalty_points" TYPE bigint,
        ALTER COLUMN "full_name" TYPE character varying(200)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer"
        ALTER COLUMN "full_name" TYPE character varying(100),
        ALTER COLUMN "loyalty_points" TYPE integer`);
    await queryRunner.query(`ALTER TABLE "order_line" ALTER COLUMN "unit_price" TYPE numeric(8,2)`);
    await queryRunner.query(`ALTER TABLE "order" ALTER COLUMN "total" TYPE numeric(8,2)`);
    await queryRunner.query(`ALTER TABLE "product" ALTER COLUMN "price" TYPE numeric(8,2)`);
  }
}
