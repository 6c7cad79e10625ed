import 'reflect-metadata';
import {
  Column,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

/** A key of two columns, and a column of every kind that is easily lost. */
@Entity()
export class Ledger {
  @PrimaryColumn({ type: 'text' })
  book: string;

  @PrimaryColumn({ type: 'int' })
  page: number;

  @Column({ type: 'simple-array' })
  marks: string[];

  @Column({ type: 'jsonb', nullable: true })
  document: unknown;

  @Column({ type: 'json', nullable: true })
  note: unknown;

  @Column({ type: 'bytea', nullable: true })
  scan: Buffer | null;

  @Column({ type: 'numeric', precision: 30, scale: 2, default: 0 })
  sum: string;

  @Column({ type: 'numeric', generatedType: 'STORED', asExpression: 'sum * 2', nullable: true })
  double: string;

  @Column({ type: 'bigint', generatedIdentity: 'ALWAYS', generated: 'identity' })
  serial: string;

  @Column({ type: 'text', default: 'no pin' })
  pin: string;

  @VersionColumn()
  version: number;

  @UpdateDateColumn({ type: 'timestamp' })
  touched: Date;

  @OneToMany(() => Entry, (entry) => entry.ledger, { cascade: true })
  entries: Relation<Entry>[];
}

@Entity()
@Unique(['ledger', 'place'])
export class Entry {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column({ type: 'int' })
  place: number;

  @Column({ type: 'text', nullable: true })
  text: string | null;

  @VersionColumn()
  version: number;

  @ManyToOne(() => Ledger, (ledger) => ledger.entries, { nullable: false, onDelete: 'CASCADE' })
  ledger: Relation<Ledger>;
}
