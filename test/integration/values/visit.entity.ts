import {
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  ManyToMany,
  JoinTable,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

// A column of every kind whose form in events a property's type tells, or can't tell.

export enum Urgency {
  High = 'high',
}

export enum Floor {
  First = 1,
}

@Entity()
export class Doctor {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

@Entity()
export class Room {
  @PrimaryColumn({ type: 'text' })
  house: string;

  @PrimaryColumn({ type: 'bigint' })
  number: string;
}

export class Place {
  @Column({ type: 'float8' })
  lat: number;
}

export class Address {
  @Column({ type: 'text' })
  street: string;

  @Column(() => Place)
  place: Place;
}

export interface Settings {
  readonly theme: string;
  readonly since: Date;
  readonly sizes: number[];
}

@Entity()
export class Tag {
  @PrimaryColumn({ type: 'text' })
  id: string;
}

@Entity()
export class Visit {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'smallint' })
  minutes: number;

  @Column({ type: 'real' })
  share: number;

  @Column({ type: 'boolean' })
  urgent: boolean;

  @Column({ type: 'varchar', nullable: true })
  reason: string | null;

  @Column({ type: 'enum', enum: Urgency })
  urgency: Urgency;

  @Column({ type: 'int' })
  floor: Floor;

  @Column({ type: 'bigint' })
  serial: string;

  @Column({
    type: 'bigint',
    transformer: { to: (value: bigint) => String(value), from: (value: string) => BigInt(value) },
  })
  counter: bigint;

  @Column({ type: 'numeric', precision: 10, scale: 2 })
  price: string;

  @Column({ type: 'timestamptz' })
  at: Date;

  @Column({ type: 'timestamp' })
  local: Date;

  @Column({ type: 'date' })
  day: string;

  @Column({ type: 'time' })
  opensAt: string;

  @Column({ type: 'bytea' })
  scan: Buffer;

  @Column({ type: 'jsonb' })
  settings: Settings;

  @Column({ type: 'json' })
  former: Settings;

  @Column({ type: 'simple-json' })
  plain: Settings;

  @Column({ type: 'simple-array' })
  names: string[];

  @Column({ type: 'int', array: true })
  numbers: number[];

  @Column({ type: 'jsonb' })
  points: number[];

  @Column(() => Address)
  address: Address;

  @ManyToOne(() => Doctor)
  doctor: Doctor;

  @ManyToOne(() => Doctor, { nullable: true })
  substitute: Doctor | null;

  @ManyToOne(() => Doctor)
  referredBy: Promise<Doctor>;

  @ManyToOne(() => Room)
  room: Room;

  @OneToMany(() => Note, ({ visit }) => visit, { cascade: true })
  notes: Relation<Note>[];

  @ManyToMany(() => Tag)
  @JoinTable()
  tags: Tag[];

  @VersionColumn()
  version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;

  label(): string {
    return `${this.id} of ${this.minutes} minutes`;
  }
}

@Entity()
export class Note {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  text: string;

  @ManyToOne(() => Visit, ({ notes }) => notes)
  visit: Relation<Visit>;

  @OneToMany(() => Mark, ({ note }) => note, { cascade: true })
  marks: Relation<Mark>[];

  @OneToOne(() => Doctor)
  @JoinColumn()
  author: Doctor;
}

@Entity()
export class Mark {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'int' })
  weight: number;

  @ManyToOne(() => Note, ({ marks }) => marks)
  note: Relation<Note>;
}

export const visitEntities = [Visit, Doctor, Room, Note, Mark, Tag];
