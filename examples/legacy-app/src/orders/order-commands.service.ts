import { AggregateNotFoundError, type Backstory, WrongExpectedVersionError } from '@backstory/adapter';
import { InjectBackstory } from '@backstory/nest-module';
import { ConflictException, Injectable, NotFoundException, Optional } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { OrderCancelled } from './order-cancelled.js';
import { OrderRefunded } from './order-refunded.js';
import { OrderShipped } from './order-shipped.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';

/** Many may be about the same order at once. */
const attempts = 10;

/** What becomes of an order that was placed, where the shop has a history: the events come first, and its row follows. */
@Injectable()
export class OrderCommandsService {
  constructor(
    private readonly dataSource: DataSource,
    @Optional() @InjectBackstory() private readonly backstory?: Backstory,
  ) {}

  /** The shop of before, which runs beside it in a rolling deployment, has its statements. */
  get areThere(): boolean {
    return this.backstory !== undefined;
  }

  async ship(id: number): Promise<void> {
    try {
      await this.history.handle(
        Order,
        id,
        (order) => {
          if (order.status !== OrderStatus.Paid)
            throw new ConflictException(`Order ${order.number} is ${order.status}`);
          return new OrderShipped(new Date());
        },
        { retries: attempts },
      );
    } catch (error) {
      if (error instanceof AggregateNotFoundError) throw new NotFoundException(`No order ${id}`);
      throw error;
    }
  }

  /** In the transaction in which `restock` gives the stock back. */
  cancel(id: number, restock: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.together(id, 'cancelled', async (manager) => {
      await restock(manager);
      await this.history.handle(
        Order,
        id,
        ({ status }) => {
          if (status !== OrderStatus.Placed) throw new ConflictException(`Order ${id} cannot be cancelled`);
          return new OrderCancelled();
        },
        { manager },
      );
    });
  }

  /** In the transaction in which `restock` gives the stock back, and `takePoints` takes the points away that the order had earned. */
  refund(
    id: number,
    restock: (manager: EntityManager) => Promise<void>,
    takePoints: (manager: EntityManager, id: number, points: number) => Promise<void>,
  ): Promise<void> {
    return this.together(id, 'refunded', async (manager) => {
      await restock(manager);
      let points = 0;
      await this.history.handle(
        Order,
        id,
        ({ status, total }) => {
          if (status !== OrderStatus.Paid) throw new ConflictException(`Order ${id} cannot be refunded`);
          points = Math.floor(total.cents / 100);
          return new OrderRefunded(total.cents, points);
        },
        { manager },
      );
      await takePoints(manager, id, points);
    });
  }

  /** A command in a transaction of ours isn't decided anew after a conflict: all of the transaction is. */
  private async together(
    id: number,
    become: string,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    for (let turn = 1; ; turn++) {
      try {
        return await this.dataSource.transaction(work);
      } catch (error) {
        if (error instanceof AggregateNotFoundError)
          throw new ConflictException(`Order ${id} cannot be ${become}`);
        if (!(error instanceof WrongExpectedVersionError) || turn === attempts) throw error;
      }
    }
  }

  private get history(): Backstory {
    if (!this.backstory) throw new Error('The shop has no history.');
    return this.backstory;
  }
}
