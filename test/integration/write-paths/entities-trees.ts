import 'reflect-metadata';
import {
  Column,
  Entity,
  PrimaryGeneratedColumn,
  type Relation,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm';

@Entity()
@Tree('closure-table')
export class Folder {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @TreeParent({ onDelete: 'CASCADE' })
  parent: Relation<Folder> | null;

  @TreeChildren({ cascade: true })
  children: Relation<Folder>[];
}

@Entity()
@Tree('materialized-path')
export class Page {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @TreeParent()
  parent: Relation<Page> | null;

  @TreeChildren()
  children: Relation<Page>[];
}

@Entity()
@Tree('nested-set')
export class Chapter {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @TreeParent()
  parent: Relation<Chapter> | null;

  @TreeChildren()
  children: Relation<Chapter>[];
}
