import { ChildEntity, Column } from 'typeorm';
import { Product } from './product.entity.js';

@ChildEntity('gadget')
export class Gadget extends Product {
  @Column({ name: 'warranty_months', type: 'smallint', default: 24 })
  warrantyMonths: number;

  @Column({ type: 'jsonb', nullable: true })
  specs: Record<string, unknown> | null;
}
