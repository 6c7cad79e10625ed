import type { Backstory } from '@backstory/adapter';
import { InjectBackstory } from '@backstory/nest-module';
import { BadRequestException, Injectable } from '@nestjs/common';
import { Money } from '../../catalog/money.js';
import { OrderStatus } from '../../orders/order-status.js';
import { Order } from '../../orders/order.entity.js';

export interface MonthOfOrders {
  /** 2026-03, in UTC, by when they were placed. */
  readonly month: string;
  readonly orders: number;
  readonly cancelled: number;
  /** Of those that weren't cancelled by then. */
  readonly total: Money;
}

@Injectable()
export class OrdersPerMonthService {
  constructor(@InjectBackstory() private readonly backstory: Backstory) {}

  /** As one would have counted at that moment: with the states that orders had, and those that are deleted today. */
  async asOf(moment: Date): Promise<MonthOfOrders[]> {
    await this.requireHistory(moment);
    const months = new Map<string, MonthOfOrders>();
    for await (const { placedAt, status, total } of this.backstory.loadAll(Order, { asOf: moment })) {
      if (!placedAt) continue; // a draft
      const month = placedAt.toISOString().slice(0, 7);
      const { orders, cancelled, ...sum } = months.get(month) ?? {
        orders: 0,
        cancelled: 0,
        total: Money.zero,
      };
      const isCancelled = status === OrderStatus.Cancelled;
      months.set(month, {
        month,
        orders: orders + 1,
        cancelled: cancelled + (isCancelled ? 1 : 0),
        total: isCancelled ? sum.total : Money.sum([sum.total, total]),
      });
    }
    return [...months.values()].sort((one, other) => one.month.localeCompare(other.month));
  }

  /** Before the backfill was through, orders have existed of which the history knows nothing: a report would lack them. */
  private async requireHistory(moment: Date): Promise<void> {
    const { backfill } = (await this.backstory.status()).find(({ category }) => category === 'order') ?? {};
    if (!backfill?.completedAt || backfill.outdated)
      throw new BadRequestException(
        'The backfill of orders is not complete: run "backstory backfill" first.',
      );
    if (moment < backfill.completedAt)
      throw new BadRequestException(`The history of orders begins at ${backfill.completedAt.toISOString()}.`);
    if (moment > new Date()) throw new BadRequestException(`${moment.toISOString()} is in the future.`);
  }
}
