import type { MigrationInterface, QueryRunner } from 'typeorm';

export class StockMovements1627257600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "stock_movement" (
        "id" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        "product_id" uuid NOT NULL,
        "delta" integer NOT NULL,
        "reason" character varying(100) NOT NULL,
        "moved_at" TIMESTAMP(6) WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT "PK_9fe1232f916686ae8cf00294749" PRIMARY KEY ("id"),
        CONSTRAINT "FK_c1bf5ff45511ecaad0b28440e30" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE CASCADE ON UPDATE NO ACTION
      )`);
    await queryRunner.query(`CREATE INDEX "stock_movement_product" ON "stock_movement" ("product_id")`);
    await queryRunner.query(
      `ALTER TABLE "product" ADD CONSTRAINT "product_stock_not_negative" CHECK ("stock_on_hand" >= 0)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "product" DROP CONSTRAINT "product_stock_not_negative"`);
    await queryRunner.query(`DROP TABLE "stock_movement"`);
  }
}
