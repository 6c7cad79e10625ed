import { BadRequestException, ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { Money } from './money.js';
import { Product } from './product.entity.js';
import { StockMovement } from './stock-movement.entity.js';

@Injectable()
export class StockService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(StockMovement) private readonly movements: Repository<StockMovement>,
  ) {}

  movementsOf(productId: string): Promise<StockMovement[]> {
    return this.movements.find({ where: { product: { id: productId } }, order: { id: 'DESC' }, take: 100 });
  }

  async restock(productId: string, quantity: number): Promise<Product> {
    return this.dataSource.transaction(async (manager) => {
      const products = manager.getRepository(Product);
      const { affected } = await products.increment({ id: productId }, 'stock', quantity);
      if (!affected) {
        throw new NotFoundException(`No product ${productId}`);
      }
      await manager.query('UPDATE product SET is_active = true WHERE id = $1 AND NOT is_active', [productId]);
      await this.record(manager, productId, quantity, 'restocked');
      return products.findOneByOrFail({ id: productId });
    });
  }

  /** Takes pieces out of stock for an order, inside the order's transaction; answers with their price. */
  async take(manager: EntityManager, productId: string, quantity: number, reason: string): Promise<Money> {
    const [taken] = await manager.query<[{ price: string }[], number]>(
      `UPDATE product
          SET stock_on_hand = stock_on_hand - $2, "updatedAt" = now()
        WHERE id = $1 AND is_active AND stock_on_hand >= $2
    RETURNING price`,
      [productId, quantity],
    );
    if (!taken[0]) {
      throw new ConflictException(`Product ${productId} is not available ${quantity} times`);
    }
    await this.record(manager, productId, -quantity, reason);
    return Money.parse(taken[0].price);
  }

  /** Somebody counted the shelf: the difference becomes a movement. A count below zero is found out late. */
  async stocktake(productId: string, counted: number): Promise<Product> {
    const queryRunner = this.dataSource.createQueryRunner();
    await queryRunner.connect();
    await queryRunner.startTransaction();
    try {
      const product = await queryRunner.manager.findOne(Product, {
        where: { id: productId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!product) {
        throw new NotFoundException(`No product ${productId}`);
      }
      await this.record(queryRunner.manager, productId, counted - product.stock, 'stocktake');
      if (counted < 0) {
        throw new BadRequestException('A shelf cannot hold less than nothing');
      }
      product.stock = counted;
      const saved = await queryRunner.manager.save(product);
      await queryRunner.commitTransaction();
      return saved;
    } catch (error) {
      await queryRunner.rollbackTransaction();
      throw error;
    } finally {
      await queryRunner.release();
    }
  }

  private async record(
    manager: EntityManager,
    productId: string,
    delta: number,
    reason: string,
  ): Promise<void> {
    await manager.insert(StockMovement, { product: { id: productId }, delta, reason });
  }
}
