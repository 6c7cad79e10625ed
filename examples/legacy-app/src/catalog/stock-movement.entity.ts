import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Product } from './product.entity.js';

@Entity({ name: 'stock_movement' })
export class StockMovement {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id: string;

  @Index('stock_movement_product')
  @ManyToOne(() => Product, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'product_id' })
  product: Relation<Product>;

  @Column({ type: 'int' })
  delta: number;

  @Column({ type: 'varchar', length: 100 })
  reason: string;

  @Column({ name: 'moved_at', type: 'timestamptz', precision: 6, default: () => 'now()' })
  at: Date;
}
