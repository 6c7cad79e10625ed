import { ConflictException, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { conflictReason } from '../errors/conflict-reason.js';

export interface StockLevel {
  productId: string;
  stock: number;
}

/** The warehouse sends levels in bulk; written before the shop had an ORM, and still on the bare driver. */
@Injectable()
export class StockFeedService {
  constructor(private readonly dataSource: DataSource) {}

  async apply(levels: StockLevel[]): Promise<number> {
    const queryRunner = this.dataSource.createQueryRunner();
    try {
      const client = (await queryRunner.connect()) as PoolClient;
      const { rowCount } = await client.query(
        `WITH feed AS (
           SELECT product_id, max(stock) AS stock
             FROM unnest($1::uuid[], $2::int[]) AS level (product_id, stock)
            GROUP BY product_id
         ), locked AS (
           SELECT p.id, feed.stock, feed.stock - p.stock_on_hand AS delta
             FROM product p JOIN feed ON feed.product_id = p.id
            ORDER BY p.id
              FOR NO KEY UPDATE OF p
         ), moved AS (
           INSERT INTO stock_movement (product_id, delta, reason)
           SELECT id, delta, 'warehouse feed' FROM locked WHERE delta <> 0
         )
         UPDATE product p SET stock_on_hand = locked.stock FROM locked WHERE p.id = locked.id`,
        [levels.map((level) => level.productId), levels.map((level) => level.stock)],
      );
      return rowCount ?? 0;
    } catch (error) {
      const reason = conflictReason(error);
      throw reason === undefined ? error : new ConflictException(reason);
    } finally {
      await queryRunner.release();
    }
  }
}
