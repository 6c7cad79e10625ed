import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CouponsAndReviews1610928000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "coupon" (
        "code" text NOT NULL,
        "discount" numeric(5,2) NOT NULL,
        "used_count" integer NOT NULL DEFAULT '0',
        "expires_on" date NOT NULL,
        CONSTRAINT "PK_62d3c5b0ce63a82c48e86d904bc" PRIMARY KEY ("code")
      )`);
    await queryRunner.query(`CREATE TABLE "review" (
        "product_id" uuid NOT NULL,
        "customer_id" integer NOT NULL,
        "rating" smallint NOT NULL,
        "text" text NOT NULL DEFAULT '',
        CONSTRAINT "PK_e8bc35db99bf1915d643125f765" PRIMARY KEY ("product_id", "customer_id"),
        CONSTRAINT "FK_26b533e15b5f2334c96339a1f08" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE CASCADE ON UPDATE NO ACTION,
        CONSTRAINT "FK_957d0d10b33ce8de57a0a01e483" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE CASCADE ON UPDATE NO ACTION
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "review"`);
    await queryRunner.query(`DROP TABLE "coupon"`);
  }
}
