import 'reflect-metadata';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ synchronize: false })
export class Sensor {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

/** A partitioned table: PostgreSQL wants the partition key (`year`) in its primary key. */
@Entity({ synchronize: false })
export class Reading {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @PrimaryColumn({ type: 'int' })
  year: number;

  @Column({ type: 'int', nullable: true })
  value: number | null;

  @Column({ type: 'int', nullable: true })
  sensor: number | null;
}

export const reading = 'id sensor value year';

/** Partitions for 2024 and 2025 (which has two of its own), and one for the rest. */
export const sensorTables = `
  create table sensor (id int primary key, name text not null);
  create table reading (id int, year int, value int, sensor int references sensor on delete cascade on update cascade,
                        primary key (id, year)) partition by list (year);
  create table reading_2024 partition of reading for values in (2024);
  create table reading_2025 partition of reading for values in (2025) partition by range (id);
  create table reading_2025_low partition of reading_2025 for values from (0) to (100);
  create table reading_2025_high partition of reading_2025 for values from (100) to (1000);
  create table reading_rest partition of reading default`;
