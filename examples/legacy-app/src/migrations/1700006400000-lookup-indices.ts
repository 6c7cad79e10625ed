import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LookupIndices1700006400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE INDEX "order_customer" ON "order" ("customer_id")`);
    await queryRunner.query(`CREATE INDEX "order_status_index" ON "order" ("status")`);
    await queryRunner.query(`CREATE INDEX "order_line_order" ON "order_line" ("orderId")`);
    await queryRunner.query(`CREATE INDEX "order_line_product" ON "order_line" ("product_id")`);
    await queryRunner.query(`CREATE INDEX "product_is_active" ON "product" ("is_active")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX "product_is_active"`);
    await queryRunner.query(`DROP INDEX "order_line_product"`);
    await queryRunner.query(`DROP INDEX "order_line_order"`);
    await queryRunner.query(`DROP INDEX "order_status_index"`);
    await queryRunner.query(`DROP INDEX "order_customer"`);
  }
}
