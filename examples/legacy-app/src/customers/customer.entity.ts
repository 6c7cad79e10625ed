import {
  BeforeInsert,
  BeforeUpdate,
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Order } from '../orders/order.entity.js';
import { Address } from './address.js';

@Entity({ name: 'customer' })
export class Customer {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'varchar', length: 320, unique: true })
  email: string;

  @Column({ name: 'full_name', type: 'varchar', length: 200 })
  name: string;

  @Column(() => Address, { prefix: 'billing' })
  billing: Address;

  @Column(() => Address, { prefix: 'shipping' })
  shipping: Address;

  @Column({ name: 'loyalty_points', type: 'bigint', default: 0 })
  loyaltyPoints: string;

  @Column({ type: 'jsonb', default: {} })
  preferences: Record<string, unknown>;

  @Column({ name: 'date_of_birth', type: 'date', nullable: true })
  birthday: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamp' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamp' })
  updatedAt: Date;

  @VersionColumn({ type: 'int' })
  version: number;

  @DeleteDateColumn({ name: 'deleted_at', type: 'timestamptz' })
  deletedAt: Date | null;

  @OneToMany(() => Order, (order) => order.customer)
  orders: Relation<Order>[];

  @BeforeInsert()
  @BeforeUpdate()
  normaliseEmail(): void {
    this.email = this.email?.trim().toLowerCase();
  }
}
