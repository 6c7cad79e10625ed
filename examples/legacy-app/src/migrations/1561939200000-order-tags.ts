import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OrderTags1561939200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "tag" (
        "id" SERIAL NOT NULL,
        "label" character varying(50) NOT NULL,
        CONSTRAINT "PK_8e4052373c579afc1471f526760" PRIMARY KEY ("id"),
        CONSTRAINT "UQ_647c189a51deb35bc452751bc4a" UNIQUE ("label")
      )`);
    await queryRunner.query(`CREATE TABLE "order_tags" (
        "order_id" integer NOT NULL,
        "tag_id" integer NOT NULL,
        CONSTRAINT "PK_b0a6f720f48187e5f6200969cf8" PRIMARY KEY ("order_id", "tag_id"),
        CONSTRAINT "FK_787ebb4ed542caa09e0f658925c" FOREIGN KEY ("order_id") REFERENCES "order"("id") ON DELETE CASCADE ON UPDATE CASCADE,
        CONSTRAINT "FK_ead0e01c6ea5db790f3d87c361c" FOREIGN KEY ("tag_id") REFERENCES "tag"("id") ON DELETE CASCADE ON UPDATE CASCADE
      )`);
    await queryRunner.query(`CREATE INDEX "IDX_787ebb4ed542caa09e0f658925" ON "order_tags" ("order_id")`);
    await queryRunner.query(`CREATE INDEX "IDX_ead0e01c6ea5db790f3d87c361" ON "order_tags" ("tag_id")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "order_tags"`);
    await queryRunner.query(`DROP TABLE "tag"`);
  }
}
