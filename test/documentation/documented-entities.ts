import {
  Column,
  CreateDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
} from 'typeorm';

// The shop that the documentation speaks of.

export enum OrderStatus {
  Placed = 'placed',
  Shipped = 'shipped',
  Cancelled = 'cancelled',
}

@Entity()
export class Customer {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', default: '' })
  email: string;

  @Column({ type: 'text', default: '' })
  passwordHash: string;
}

export class Address {
  @Column({ type: 'text', default: '' })
  street: string;

  @Column({ type: 'text', default: '' })
  city: string;
}

@Entity()
export class Order {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: OrderStatus.Placed })
  status: OrderStatus;

  @Column({ type: 'boolean', default: false })
  express: boolean;

  @Column({ type: 'numeric', default: 0 })
  total: string;

  @Column({ type: 'timestamptz', nullable: true })
  shippedAt: Date | null;

  @Column(() => Address)
  shipping: Address;

  @ManyToOne(() => Customer, { nullable: true })
  customer: Customer | null;

  @OneToMany(() => OrderLine, (line) => line.order, { cascade: true })
  lines: OrderLine[];

  @ManyToMany(() => Tag)
  @JoinTable()
  tags: Tag[];

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}

@Entity()
export class OrderLine {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @ManyToOne(() => Order, (order) => order.lines, { onDelete: 'CASCADE' })
  order: Order;

  @Column({ type: 'text' })
  product: string;

  @Column({ type: 'int', default: 1 })
  quantity: number;

  @OneToMany(() => Discount, (discount) => discount.line)
  discounts: Discount[];
}

@Entity()
export class Discount {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @ManyToOne(() => OrderLine, (line) => line.discounts, { onDelete: 'CASCADE' })
  line: OrderLine;

  @Column({ type: 'int' })
  percent: number;
}

@Entity()
export class Tag {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

/** A queue: its rows come and go. */
@Entity({ name: 'job' })
export class JobRecord {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: 'waiting' })
  state: string;
}

export const entities = [Customer, Order, OrderLine, Discount, Tag, JobRecord];
