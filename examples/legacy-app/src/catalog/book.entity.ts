import { ChildEntity, Column } from 'typeorm';
import { Product } from './product.entity.js';

@ChildEntity('book')
export class Book extends Product {
  @Column({ type: 'varchar', length: 17 })
  isbn: string;

  @Column({ type: 'int', nullable: true })
  pages: number | null;
}
