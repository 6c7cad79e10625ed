import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Money } from '../catalog/money.js';
import { moneyTransformer } from '../catalog/money.transformer.js';
import { Product } from '../catalog/product.entity.js';
import { Order } from './order.entity.js';

@Entity({ name: 'order_line' })
export class OrderLine {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Index('order_line_order')
  @ManyToOne(() => Order, (order) => order.lines, {
    nullable: false,
    onDelete: 'CASCADE',
    orphanedRowAction: 'delete',
  })
  order: Relation<Order>;

  @Index('order_line_product')
  @ManyToOne(() => Product, { nullable: false })
  @JoinColumn({ name: 'product_id' })
  product: Relation<Product>;

  @Column({ name: 'qty', type: 'int' })
  quantity: number;

  @Column({ name: 'unit_price', type: 'numeric', precision: 12, scale: 2, transformer: moneyTransformer })
  unitPrice: Money;
}
