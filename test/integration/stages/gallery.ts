import 'reflect-metadata';
import {
  AfterLoad,
  BaseEntity,
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
  Tree,
  TreeChildren,
  TreeParent,
  UpdateDateColumn,
  VersionColumn,
  VirtualColumn,
} from 'typeorm';
import { cents } from '../../library/entities.js';

export class Size {
  @Column({ type: 'float8', nullable: true })
  width: number | null;

  @Column({ type: 'text', nullable: true })
  unit: string | null;
}

@Entity()
export class Artist extends BaseEntity {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', nullable: true, select: false })
  phone: string | null;

  @OneToMany(() => Piece, (piece) => piece.artist)
  pieces: Promise<Relation<Piece>[]>;

  @VirtualColumn({ query: (alias) => `select count(*)::int from piece p where p."artistId" = ${alias}.id` })
  pieceCount: number;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @VersionColumn()
  version: number;
}

@Entity()
@TableInheritance({ column: { type: 'text', name: 'kind' } })
export class Piece {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'numeric', precision: 12, scale: 2, transformer: cents })
  price: number;

  @Column({ type: 'jsonb', default: {} })
  facts: object;

  @Column(() => Size)
  size: Size;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @ManyToOne(() => Artist, (artist) => artist.pieces, { nullable: true })
  artist: Promise<Relation<Artist> | null>;

  @ManyToMany(() => Label, { eager: true })
  @JoinTable()
  labels: Label[];

  @ManyToOne(() => Room, (room) => room.pieces, { nullable: true })
  room: Relation<Room> | null;

  caption?: string;

  @AfterLoad()
  makeCaption(): void {
    this.caption = `“${this.title}” for ${this.price}`;
  }
}

@ChildEntity()
export class Painting extends Piece {
  @Column({ type: 'text', nullable: true })
  technique: string | null;
}

@ChildEntity()
export class Sculpture extends Piece {
  @Column({ type: 'bytea', nullable: true })
  scan: Buffer | null;
}

@Entity()
export class Label {
  @PrimaryColumn({ type: 'text' })
  code: string;

  @Column({ type: 'text' })
  text: string;
}

@Entity()
@Tree('closure-table')
export class Room {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @TreeParent()
  parent: Room | null;

  @TreeChildren()
  children: Room[];

  @OneToMany(() => Piece, (piece) => piece.room)
  pieces: Relation<Piece>[];
}

@Entity()
@Tree('materialized-path')
export class Topic {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @TreeParent()
  parent: Topic | null;

  @TreeChildren()
  children: Topic[];
}

@Entity()
export class Reading {
  @PrimaryColumn({ type: 'timestamptz', precision: 6 })
  takenAt: Date;

  @PrimaryColumn({ type: 'text' })
  sensor: string;

  @Column({ type: 'float8' })
  celsius: number;
}

export const gallery = [Artist, Piece, Painting, Sculpture, Label, Room, Topic, Reading];
