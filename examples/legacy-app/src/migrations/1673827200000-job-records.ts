import type { MigrationInterface, QueryRunner } from 'typeorm';

export class JobRecords1673827200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "job_records" (
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "payload" json NOT NULL,
        "state" character varying(20) NOT NULL DEFAULT 'waiting',
        "created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT "PK_96c143f9b1f345d066152db9a5d" PRIMARY KEY ("id")
      )`);
    await queryRunner.query(`CREATE INDEX "job_records_state" ON "job_records" ("state")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "job_records"`);
  }
}
