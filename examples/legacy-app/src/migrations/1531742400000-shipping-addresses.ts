import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ShippingAddresses1531742400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "customer"
        ADD "shippingStreet" character varying(200),
        ADD "shippingCity" character varying(100),
        ADD "shippingPostalcode" character varying(20),
        ADD "shippingCountry" character(2)`);
    await queryRunner.query(`ALTER TABLE "order"
        ADD "shipToStreet" character varying(200),
        ADD "shipToCity" character varying(100),
        ADD "shipToPostalcode" character varying(20),
        ADD "shipToCountry" character(2),
        ADD "shipped_at" TIMESTAMP WITH TIME ZONE`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "order"
        DROP COLUMN "shipped_at",
        DROP COLUMN "shipToCountry",
        DROP COLUMN "shipToPostalcode",
        DROP COLUMN "shipToCity",
        DROP COLUMN "shipToStreet"`);
    await queryRunner.query(`ALTER TABLE "customer"
        DROP COLUMN "shippingCountry",
        DROP COLUMN "shippingPostalcode",
        DROP COLUMN "shippingCity",
        DROP COLUMN "shippingStreet"`);
  }
}
