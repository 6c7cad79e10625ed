import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BooksAndGadgets1594598400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "product"
        ADD "kind" character varying,
        ADD "isbn" character varying(17),
        ADD "pages" integer,
        ADD "warranty_months" smallint DEFAULT '24',
        ADD "specs" jsonb,
        ADD "keywords" text array NOT NULL DEFAULT '{}',
        ADD "is_active" boolean NOT NULL DEFAULT true`);
    await queryRunner.query(
      `UPDATE "product" SET "kind" = CASE WHEN "sku" LIKE 'B-%' THEN 'book' ELSE 'gadget' END`,
    );
    await queryRunner.query(`ALTER TABLE "product" ALTER COLUMN "kind" SET NOT NULL`);
    await queryRunner.query(`CREATE INDEX "IDX_805ff007da153f6190118bfe1b" ON "product" ("kind")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "product"
        DROP COLUMN "is_active",
        DROP COLUMN "keywords",
        DROP COLUMN "specs",
        DROP COLUMN "warranty_months",
        DROP COLUMN "pages",
        DROP COLUMN "isbn",
        DROP COLUMN "kind"`);
  }
}
