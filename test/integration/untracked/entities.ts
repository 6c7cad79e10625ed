import 'reflect-metadata';
import { Column, Entity, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';

@Entity()
export class Invoice {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'text', nullable: true })
  note: string | null;
}

@Entity()
export class Parcel {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  title: string;

  @OneToMany(() => Item, (item) => item.parcel, { cascade: true })
  items: Relation<Item>[];
}

@Entity()
export class Item {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;

  @ManyToOne(() => Parcel, (parcel) => parcel.items, { nullable: false, onDelete: 'CASCADE' })
  parcel: Relation<Parcel>;
}

export const parcelAggregate = { entity: Parcel, owns: ['items'] };
