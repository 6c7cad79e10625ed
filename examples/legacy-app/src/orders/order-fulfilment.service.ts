import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type QueryRunner, Repository } from 'typeorm';
import { Customer } from '../customers/customer.entity.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

@Injectable()
export class OrderFulfilmentService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly reader: OrdersService,
  ) {}

  /** Autocommit: one statement takes the payment, another one gives a point for each full unit of money. */
  async pay(id: number): Promise<Order> {
    const { affected } = await this.orders
      .createQueryBuilder()
      .update()
      .set({ status: OrderStatus.Paid })
      .where({ id, status: OrderStatus.Placed })
      .execute();
    const order = await this.reader.get(id);
    if (!affected) {
      throw new ConflictException(`Order ${order.number} is ${order.status}`);
    }
    const points = Math.floor(order.total.cents / 100);
    if (order.customer && points > 0) {
      await this.orders.manager.increment(Customer, { id: order.customer.id }, 'loyaltyPoints', points);
    }
    return order;
  }

  async ship(id: number): Promise<Order> {
    await this.dataSource.transaction('READ COMMITTED', async (manager) => {
      const order = await manager
        .createQueryBuilder(Order, 'o')
        .setLock('pessimistic_write')
        .where('o.id = :id', { id })
        .getOne();
      if (!order) {
        throw new NotFoundException(`No order ${id}`);
      }
      if (order.status !== OrderStatus.Paid) {
        throw new ConflictException(`Order ${order.number} is ${order.status}`);
      }
      order.status = OrderStatus.Shipped;
      order.shippedAt = new Date();
      await manager.save(order);
    });
    return this.reader.get(id);
  }

  async cancel(id: number): Promise<Order> {
    const queryRunner = this.dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    try {
      await this.restock(queryRunner, id);
      const { affected } = await queryRunner.manager.update(
        Order,
        { id, status: OrderStatus.Placed },
        { status: OrderStatus.Cancelled },
      );
      if (!affected) {
        throw new ConflictException(`Order ${id} cannot be cancelled`);
      }
      await queryRunner.commitTransaction();
    } catch (error) {
      await queryRunner.rollbackTransaction();
      throw error;
    } finally {
      await queryRunner.release();
    }
    return this.reader.get(id);
  }

  private async restock(queryRunner: QueryRunner, orderId: number): Promise<void> {
    await queryRunner.query(
      `WITH returned AS (
         SELECT p.id, (SELECT sum(l.qty) FROM order_line l WHERE l."orderId" = $1 AND l.product_id = p.id)::int AS qty
           FROM product p
          WHERE p.id IN (SELECT l.product_id FROM order_line l WHERE l."orderId" = $1)
          ORDER BY p.id
            FOR NO KEY UPDATE
       ), restocked AS (
         UPDATE product p
            SET stock_on_hand = p.stock_on_hand + returned.qty, "updatedAt" = now()
           FROM returned
          WHERE p.id = returned.id
      RETURNING p.id, returned.qty
       )
       INSERT INTO stock_movement (product_id, delta, reason)
       SELECT id, qty, 'order cancelled' FROM restocked`,
      [orderId],
    );
  }
}
