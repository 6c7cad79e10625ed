import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Money } from '../catalog/money.js';
import { Product } from '../catalog/product.entity.js';
import { StockService } from '../catalog/stock.service.js';
import { Customer } from '../customers/customer.entity.js';
import { CouponsRepository } from '../marketing/coupons.repository.js';
import type { CreateOrderDto, OrderLineDto } from './order-requests.dto.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

const maximumUses = 10_000;

interface PricedLine extends OrderLineDto {
  unitPrice: Money;
}

@Injectable()
export class OrderPlacementService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly orders: OrdersService,
    private readonly stock: StockService,
    private readonly coupons: CouponsRepository,
  ) {}

  async createDraft(request: CreateOrderDto): Promise<Order> {
    const { manager } = this.dataSource;
    const lines = await this.priced(manager, request.lines);
    const order = await manager.save(await this.build(manager, request, lines));
    return this.orders.get(order.id);
  }

  async place(request: CreateOrderDto): Promise<Order> {
    const id = await this.dataSource.transaction(async (manager) => {
      const number = await this.nextNumber(manager);
      const lines: PricedLine[] = [];
      for (const line of inLockingOrder(request.lines)) {
        const unitPrice = await this.stock.take(manager, line.productId, line.quantity, `order ${number}`);
        lines.push({ ...line, unitPrice });
      }
      const order = await this.build(manager, request, lines, number);
      order.total = order.total.reducedBy(await this.discount(manager, request.couponCode));
      order.status = OrderStatus.Placed;
      order.placedAt = new Date();
      return (await manager.save(order)).id;
    });
    return this.orders.get(id);
  }

  async placeDraft(id: number): Promise<Order> {
    await this.dataSource.transaction(async (manager) => {
      const order = await manager.findOne(Order, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!order) {
        throw new NotFoundException(`No order ${id}`);
      }
      if (order.status !== OrderStatus.Draft) {
        throw new ConflictException(`Order ${order.number} is no draft`);
      }
      const { lines } = await manager.findOneOrFail(Order, {
        where: { id },
        relations: { lines: { product: true } },
      });
      for (const line of inLockingOrder(lines.map((each) => ({ ...each, productId: each.product.id })))) {
        await this.stock.take(manager, line.productId, line.quantity, `order ${order.number}`);
      }
      order.status = OrderStatus.Placed;
      order.placedAt = new Date();
      await manager.save(order);
    });
    return this.orders.get(id);
  }

  private async build(
    manager: EntityManager,
    request: CreateOrderDto,
    lines: PricedLine[],
    number?: string,
  ): Promise<Order> {
    const customer = await manager.findOneBy(Customer, { id: request.customerId });
    if (!customer) {
      throw new NotFoundException(`No customer ${request.customerId}`);
    }
    return manager.create(Order, {
      number: number ?? (await this.nextNumber(manager)),
      customer,
      shipping: request.shipping ?? customer.shipping,
      lines: lines.map(({ productId, quantity, unitPrice }) => ({
        product: { id: productId },
        quantity,
        unitPrice,
      })),
      total: Money.sum(lines.map(({ unitPrice, quantity }) => unitPrice.times(quantity))),
    });
  }

  private async priced(manager: EntityManager, lines: OrderLineDto[]): Promise<PricedLine[]> {
    const products = await manager.findBy(Product, {
      id: In(lines.map((line) => line.productId)),
      active: true,
    });
    const prices = new Map(products.map(({ id, price }) => [id, price]));
    return lines.map((line) => {
      const unitPrice = prices.get(line.productId);
      if (!unitPrice) {
        throw new ConflictException(`Product ${line.productId} is not for sale`);
      }
      return { ...line, unitPrice };
    });
  }

  /** A coupon that is no good is not a reason to lose the order: only the savepoint is rolled back. */
  private async discount(manager: EntityManager, code?: string): Promise<number> {
    if (code === undefined) {
      return 0;
    }
    try {
      return await manager.transaction(async (nested) => {
        const coupon = await this.coupons.redeem(code, nested);
        if (!coupon || coupon.used > maximumUses) {
          throw new ConflictException(`Coupon ${code} is unknown, expired or used up`);
        }
        return Number(coupon.discount);
      });
    } catch (error) {
      if (error instanceof ConflictException) {
        return 0;
      }
      throw error;
    }
  }

  private async nextNumber(manager: EntityManager): Promise<string> {
    const rows: { number: string }[] = await manager.query(
      `SELECT 'O-' || lpad(nextval('order_number')::text, 8, '0') AS number`,
    );
    return rows[0]!.number;
  }
}

/** Two orders for the same products never wait for each other in a circle. */
function inLockingOrder<T extends { productId: string }>(lines: T[]): T[] {
  return [...lines].sort((one, other) => (one.productId < other.productId ? -1 : 1));
}
