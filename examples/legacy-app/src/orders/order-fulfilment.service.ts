import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { Customer } from '../customers/customer.entity.js';
import { OrderCommandsService } from './order-commands.service.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

@Injectable()
export class OrderFulfilmentService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly reader: OrdersService,
    private readonly commands: OrderCommandsService,
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
    const points = pointsOf(order);
    if (order.customer && points > 0) {
      await this.orders.manager.increment(Customer, { id: order.customer.id }, 'loyaltyPoints', points);
    }
    return order;
  }

  /** By a command where the shop has a history, as what follows. */
  async ship(id: number): Promise<Order> {
    if (this.commands.areThere) await this.commands.ship(id);
    else await this.shipUnderLock(id);
    return this.reader.get(id);
  }

  async cancel(id: number): Promise<Order> {
    const restock = (manager: EntityManager): Promise<void> => this.restock(manager, id, 'order cancelled');
    if (this.commands.areThere) await this.commands.cancel(id, restock);
    else await this.dropInOneTransaction(id, OrderStatus.Placed, restock);
    return this.reader.get(id);
  }

  /** Of an order that was paid: the points that it has earned are gone, too. */
  async refund(id: number): Promise<Order> {
    const restock = (manager: EntityManager): Promise<void> => this.restock(manager, id, 'order refunded');
    if (this.commands.areThere) await this.commands.refund(id, restock, takePoints);
    else
      await this.dropInOneTransaction(id, OrderStatus.Paid, async (manager) => {
        await restock(manager);
        const order = await manager.findOneBy(Order, { id });
        if (order) await takePoints(manager, id, pointsOf(order));
      });
    return this.reader.get(id);
  }

  private async shipUnderLock(id: number): Promise<void> {
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
  }

  private async dropInOneTransaction(
    id: number,
    from: OrderStatus,
    also: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    const queryRunner = this.dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    try {
      await also(queryRunner.manager);
      const { affected } = await queryRunner.manager.update(
        Order,
        { id, status: from },
        { status: OrderStatus.Cancelled },
      );
      if (!affected) {
        throw new ConflictException(
          `Order ${id} cannot be ${from === OrderStatus.Paid ? 'refunded' : 'cancelled'}`,
        );
      }
      await queryRunner.commitTransaction();
    } catch (error) {
      await queryRunner.rollbackTransaction();
      throw error;
    } finally {
      await queryRunner.release();
    }
  }

  private async restock(manager: EntityManager, orderId: number, reason: string): Promise<void> {
    await manager.query(
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
       SELECT id, qty, $2 FROM restocked`,
      [orderId, reason],
    );
  }
}

/** One for each full unit of money. */
const pointsOf = ({ total }: Order): number => Math.floor(total.cents / 100);

/** From the customer, if there still is one. */
async function takePoints(manager: EntityManager, orderId: number, points: number): Promise<void> {
  await manager.query(
    `UPDATE customer c
        SET loyalty_points = greatest(0, c.loyalty_points - $2)
       FROM "order" o
      WHERE o.id = $1 AND c.id = o.customer_id`,
    [orderId, points],
  );
}
