import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FirstTables1760000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table patients (
        id uuid primary key default gen_random_uuid(),
        name text not null,
        born_on date not null,
        insurance_number text,
        allergies text[] not null default '{}',
        created_at timestamptz not null default now(),
        version integer not null
      );
      create type appointment_status as enum ('booked', 'arrived', 'done', 'cancelled');
      create table appointments (
        id uuid primary key default gen_random_uuid(),
        patient_id uuid not null references patients on delete cascade,
        starts_at timestamptz not null,
        status appointment_status not null default 'booked'
      );
      create index on appointments (patient_id);
      create table prescriptions (
        id uuid primary key default gen_random_uuid(),
        appointment_id uuid not null references appointments on delete cascade,
        drug text not null,
        dose_mg numeric(8, 2) not null
      );
      create index on prescriptions (appointment_id);
      create table sessions (
        token text primary key,
        user_name text not null,
        last_seen_at timestamptz not null default now()
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'drop table sessions, prescriptions, appointments, patients; drop type appointment_status',
    );
  }
}
