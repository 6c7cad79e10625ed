import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Money } from '../catalog/money.js';
import { Product } from '../catalog/product.entity.js';
import { OrderLine } from './order-line.entity.js';
import type { OrderLineDto } from './order-requests.dto.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

/** Lines can be changed as long as the order is a draft. */
@Injectable()
export class OrderLinesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly orders: OrdersService,
  ) {}

  async add(orderId: number, { productId, quantity }: OrderLineDto): Promise<Order> {
    await this.dataSource.transaction(async (manager) => {
      const order = await this.lockDraft(manager, orderId);
      const product = await manager.findOneBy(Product, { id: productId, active: true });
      if (!product) {
        throw new ConflictException(`Product ${productId} is not for sale`);
      }
      order.lines.push(manager.create(OrderLine, { product, quantity, unitPrice: product.price }));
      await this.saveWithTotal(manager, order);
    });
    return this.orders.get(orderId);
  }

  /** The line is taken out of the order and becomes an orphan, which the ORM deletes. */
  async remove(orderId: number, lineId: number): Promise<Order> {
    await this.dataSource.transaction(async (manager) => {
      const order = await this.lockDraft(manager, orderId);
      const remaining = order.lines.filter((line) => line.id !== lineId);
      if (remaining.length === order.lines.length) {
        throw new NotFoundException(`Order ${orderId} has no line ${lineId}`);
      }
      order.lines = remaining;
      await this.saveWithTotal(manager, order);
    });
    return this.orders.get(orderId);
  }

  /** Two statements without a transaction, as it was written in the first year. */
  async changeQuantity(orderId: number, lineId: number, quantity: number): Promise<Order> {
    assertDraft(await this.orders.get(orderId));
    const { affected } = await this.dataSource
      .getRepository(OrderLine)
      .update({ id: lineId, order: { id: orderId } }, { quantity });
    if (!affected) {
      throw new NotFoundException(`Order ${orderId} has no line ${lineId}`);
    }
    await this.dataSource.query(
      `UPDATE "order" o
          SET total = (SELECT coalesce(sum(l.qty * l.unit_price), 0) FROM order_line l WHERE l."orderId" = o.id),
              version = version + 1,
              "updatedAt" = now()
        WHERE id = $1`,
      [orderId],
    );
    return this.orders.get(orderId);
  }

  private async lockDraft(manager: EntityManager, id: number): Promise<Order> {
    const locked = await manager.findOne(Order, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!locked) {
      throw new NotFoundException(`No order ${id}`);
    }
    assertDraft(locked);
    return manager.findOneOrFail(Order, { where: { id }, relations: { lines: true } });
  }

  private async saveWithTotal(manager: EntityManager, order: Order): Promise<void> {
    order.total = Money.sum(order.lines.map(({ unitPrice, quantity }) => unitPrice.times(quantity)));
    await manager.save(order);
  }
}

function assertDraft({ number, status }: Order): void {
  if (status !== OrderStatus.Draft) {
    throw new ConflictException(`Order ${number} is no draft`);
  }
}
