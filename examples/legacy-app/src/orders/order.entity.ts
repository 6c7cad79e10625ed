import { Applies } from '@backstory/adapter';
import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { Money } from '../catalog/money.js';
import { moneyTransformer } from '../catalog/money.transformer.js';
import { Address } from '../customers/address.js';
import { Customer } from '../customers/customer.entity.js';
import { OrderCancelled } from './order-cancelled.js';
import { OrderLine } from './order-line.entity.js';
import { OrderRefunded } from './order-refunded.js';
import { OrderShipped } from './order-shipped.js';
import { OrderStatus } from './order-status.js';
import { Tag } from './tag.entity.js';

@Entity({ name: 'order' })
export class Order {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'varchar', length: 20, unique: true })
  number: string;

  @Index('order_status_index')
  @Column({ type: 'enum', enum: OrderStatus, enumName: 'order_status', default: OrderStatus.Draft })
  status: OrderStatus;

  @Index('order_customer')
  @ManyToOne(() => Customer, (customer) => customer.orders, { nullable: false })
  @JoinColumn({ name: 'customer_id' })
  customer: Relation<Customer>;

  @OneToMany(() => OrderLine, (line) => line.order, { cascade: ['insert', 'update', 'remove'] })
  lines: Relation<OrderLine>[];

  @ManyToMany(() => Tag)
  @JoinTable({ name: 'order_tags', joinColumn: { name: 'order_id' }, inverseJoinColumn: { name: 'tag_id' } })
  tags: Relation<Tag>[];

  @Column(() => Address, { prefix: 'ship_to' })
  shipping: Address;

  @Column({ type: 'numeric', precision: 12, scale: 2, default: 0, transformer: moneyTransformer })
  total: Money;

  @Column({ type: 'timestamptz', nullable: true })
  placedAt: Date | null;

  @Column({ name: 'shipped_at', type: 'timestamptz', nullable: true })
  shippedAt: Date | null;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  @VersionColumn({ type: 'int' })
  version: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @Applies(OrderShipped)
  shipped({ shippedAt }: OrderShipped): void {
    this.status = OrderStatus.Shipped;
    this.shippedAt = shippedAt;
  }

  @Applies(OrderCancelled)
  cancelled(): void {
    this.status = OrderStatus.Cancelled;
  }

  /** To the row it is the same as a cancellation; the event tells them apart. */
  @Applies(OrderRefunded)
  refunded(): void {
    this.status = OrderStatus.Cancelled;
  }
}
