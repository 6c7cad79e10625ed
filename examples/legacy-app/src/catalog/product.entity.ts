import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  PrimaryGeneratedColumn,
  TableInheritance,
  UpdateDateColumn,
} from 'typeorm';
import { Money } from './money.js';
import { moneyTransformer } from './money.transformer.js';

@Entity({ name: 'product' })
@TableInheritance({ column: { name: 'kind', type: 'varchar' } })
@Check('product_stock_not_negative', '"stock_on_hand" >= 0')
export abstract class Product {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'varchar', length: 40, unique: true })
  sku: string;

  @Column({ type: 'varchar', length: 200 })
  name: string;

  @Column({ type: 'numeric', precision: 12, scale: 2, transformer: moneyTransformer })
  price: Money;

  @Column({ name: 'stock_on_hand', type: 'int', default: 0 })
  stock: number;

  @Index('product_is_active')
  @Column({ name: 'is_active', type: 'boolean', default: true })
  active: boolean;

  @Column({ type: 'text', array: true, default: [] })
  keywords: string[];

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;
}
