import 'reflect-metadata';
import {
  ChildEntity,
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

/** Cents in the application, numeric in the database. */
export const cents = {
  to: (value: number | null) => (value === null || value === undefined ? value : (value / 100).toFixed(2)),
  from: (value: string | null) => (value === null ? null : Math.round(Number(value) * 100)),
};

export class Address {
  @Column({ type: 'text', nullable: true })
  street: string | null;

  @Column({ type: 'text', nullable: true })
  city: string | null;
}

@Entity()
export class Author {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'bigint', default: 0 })
  followers: string;

  @Column(() => Address)
  home: Address;

  @Column({ type: 'jsonb', default: {} })
  preferences: object;

  @Column({ type: 'date', nullable: true })
  born: string | null;

  @Column({ type: 'text', array: true, default: [] })
  pseudonyms: string[];

  @OneToMany(() => Work, (work) => work.author, { cascade: true })
  works: Relation<Work>[];

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;

  @VersionColumn()
  version: number;
}

export enum Condition {
  New = 'new',
  Used = 'used',
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
export class Work {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'numeric', precision: 12, scale: 2, nullable: true, transformer: cents })
  price: number | null;

  @Column({ type: 'enum', enum: Condition, default: Condition.New })
  condition: Condition;

  @ManyToOne(() => Author, (author) => author.works, { nullable: true, onDelete: 'CASCADE' })
  author: Relation<Author> | null;

  @ManyToMany(() => Subject)
  @JoinTable()
  subjects: Subject[];
}

@ChildEntity()
export class Novel extends Work {
  @Column({ type: 'int', nullable: true })
  pages: number | null;
}

@ChildEntity()
export class Recording extends Work {
  @Column({ type: 'interval', nullable: true })
  duration: unknown;
}

@Entity()
export class Subject {
  @PrimaryColumn({ type: 'text' })
  code: string;

  @Column({ type: 'text' })
  label: string;
}

/** A key of two columns, one of which may hold the separator. */
@Entity()
export class Shelf {
  @PrimaryColumn({ type: 'text' })
  room: string;

  @PrimaryColumn({ type: 'int' })
  number: number;

  @Column({ type: 'bytea', nullable: true })
  barcode: Buffer | null;

  @Column({ type: 'timestamp', precision: 6, nullable: true })
  dusted: Date | null;
}

export const entities = [Author, Work, Novel, Recording, Subject, Shelf];
