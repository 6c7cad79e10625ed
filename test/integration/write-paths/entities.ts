import 'reflect-metadata';
import {
  ChildEntity,
  Column,
  DeleteDateColumn,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

@Entity()
export class Item {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', unique: true })
  code: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'int', default: 0 })
  amount: number;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;
}

/** All properties of an Item, as a created event has them. */
export const item = 'amount code deletedAt id name note';

/** With the columns that TypeORM itself writes at every update. */
@Entity()
export class Report {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  title: string;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @VersionColumn()
  version: number;
}

export const report = 'id title updatedAt version';

/** Keys that the application gives and changes. */
@Entity()
export class Seat {
  @PrimaryColumn({ type: 'text' })
  row: string;

  @PrimaryColumn({ type: 'int' })
  number: number;

  @Column({ type: 'text', nullable: true })
  guest: string | null;
}

export const seat = 'guest number row';

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
export class Animal {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

@ChildEntity()
export class Dog extends Animal {
  @Column({ type: 'text', nullable: true })
  breed: string | null;
}

@ChildEntity()
export class Cat extends Animal {
  @Column({ type: 'int', nullable: true })
  lives: number | null;
}
