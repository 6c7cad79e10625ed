import type { MigrationInterface, QueryRunner } from 'typeorm';

export class InitialSchema1515062400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "customer" (
        "id" SERIAL NOT NULL,
        "email" character varying(320) NOT NULL,
        "full_name" character varying(100) NOT NULL,
        "fax" character varying(40),
        "billingStreet" character varying(200),
        "billingCity" character varying(100),
        "billingPostalcode" character varying(20),
        "billingCountry" character(2),
        "created_at" TIMESTAMP NOT NULL DEFAULT now(),
        "updated_at" TIMESTAMP NOT NULL DEFAULT now(),
        CONSTRAINT "PK_a7a13f4cacb744524e44dfdad32" PRIMARY KEY ("id"),
        CONSTRAINT "UQ_fdb2f3ad8115da4c7718109a6eb" UNIQUE ("email")
      )`);
    await queryRunner.query(`CREATE TABLE "product" (
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "sku" character varying(40) NOT NULL,
        "name" character varying(200) NOT NULL,
        "price" numeric(8,2) NOT NULL,
        "stock_on_hand" integer NOT NULL DEFAULT '0',
        "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT "PK_bebc9158e480b949565b4dc7a82" PRIMARY KEY ("id"),
        CONSTRAINT "UQ_34f6ca1cd897cc926bdcca1ca39" UNIQUE ("sku")
      )`);
    await queryRunner.query(`CREATE TYPE "public"."order_status" AS ENUM('draft', 'placed', 'shipped')`);
    await queryRunner.query(`CREATE TABLE "order" (
        "id" SERIAL NOT NULL,
        "number" character varying(20) NOT NULL,
        "status" "public"."order_status" NOT NULL DEFAULT 'draft',
        "customer_id" integer NOT NULL,
        "total" numeric(8,2) NOT NULL DEFAULT '0',
        "placedAt" TIMESTAMP WITH TIME ZONE,
        "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT "PK_1031171c13130102495201e3e20" PRIMARY KEY ("id"),
        CONSTRAINT "UQ_2bf21e468cc540c1ac7645da264" UNIQUE ("number"),
        CONSTRAINT "FK_cd7812c96209c5bdd48a6b858b0" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
      )`);
    await queryRunner.query(`CREATE SEQUENCE "order_number"`);
    await queryRunner.query(`CREATE TABLE "order_line" (
        "id" SERIAL NOT NULL,
        "orderId" integer NOT NULL,
        "product_id" uuid NOT NULL,
        "qty" integer NOT NULL,
        "unit_price" numeric(8,2) NOT NULL,
        CONSTRAINT "PK_01a7c973d9f30479647e44f9892" PRIMARY KEY ("id"),
        CONSTRAINT "FK_239cfca2a55b98b90b6bef2e44f" FOREIGN KEY ("orderId") REFERENCES "order"("id") ON DELETE CASCADE ON UPDATE NO ACTION,
        CONSTRAINT "FK_4526de8c78faf508b2ef1e84366" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "order_line"`);
    await queryRunner.query(`DROP SEQUENCE "order_number"`);
    await queryRunner.query(`DROP TABLE "order"`);
    await queryRunner.query(`DROP TYPE "public"."order_status"`);
    await queryRunner.query(`DROP TABLE "product"`);
    await queryRunner.query(`DROP TABLE "customer"`);
  }
}
