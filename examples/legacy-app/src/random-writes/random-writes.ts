import { HttpException, type INestApplicationContext } from '@nestjs/common';
import { DataSource, EntityNotFoundError } from 'typeorm';
import { PricingService } from '../catalog/pricing.service.js';
import { ProductsService } from '../catalog/products.service.js';
import { StockFeedService } from '../catalog/stock-feed.service.js';
import { StockService } from '../catalog/stock.service.js';
import { CustomerBatchesService } from '../customers/customer-batches.service.js';
import { CustomersService } from '../customers/customers.service.js';
import { conflictReason } from '../errors/conflict-reason.js';
import { JobsService } from '../jobs/jobs.service.js';
import { MaintenanceService } from '../jobs/maintenance.service.js';
import { CouponsService } from '../marketing/coupons.service.js';
import { ReviewsService } from '../marketing/reviews.service.js';
import { OrderFulfilmentService } from '../orders/order-fulfilment.service.js';
import { OrderLinesService } from '../orders/order-lines.service.js';
import { OrderPlacementService } from '../orders/order-placement.service.js';
import { OrderTagsService } from '../orders/order-tags.service.js';
import { OrdersService } from '../orders/orders.service.js';
import type { Random } from '../random/seeded-random.js';
import { catalogWrites } from './catalog-writes.js';
import { customerWrites } from './customer-writes.js';
import { directWrites } from './direct-writes.js';
import { ExistingRows } from './existing-rows.js';
import { marketingWrites } from './marketing-writes.js';
import { orderWrites } from './order-writes.js';
import type { RandomWrite, RandomWriteContext } from './random-write.js';

/** Every way in which the shop, or somebody beside it, writes. */
export const writes: readonly RandomWrite[] = [
  ...customerWrites,
  ...catalogWrites,
  ...orderWrites,
  ...marketingWrites,
  ...directWrites,
];

export interface WriteTally {
  done: number;
  /** The shop said no: the row was missing, or a rule forbade it. */
  refused: number;
}

export function randomWriteContext(app: INestApplicationContext, random: Random): RandomWriteContext {
  const dataSource = app.get(DataSource);
  const service = <T>(type: abstract new (...args: never[]) => T): T => app.get<T>(type, { strict: false });
  return {
    random,
    dataSource,
    existing: new ExistingRows(dataSource, random),
    customers: service(CustomersService),
    customerBatches: service(CustomerBatchesService),
    products: service(ProductsService),
    pricing: service(PricingService),
    stock: service(StockService),
    stockFeed: service(StockFeedService),
    orders: service(OrdersService),
    placement: service(OrderPlacementService),
    lines: service(OrderLinesService),
    tags: service(OrderTagsService),
    fulfilment: service(OrderFulfilmentService),
    coupons: service(CouponsService),
    reviews: service(ReviewsService),
    jobs: service(JobsService),
    maintenance: service(MaintenanceService),
  };
}

/** Runs one write. @returns false when the shop refused it; any other error is thrown. */
export async function attempt(write: RandomWrite, context: RandomWriteContext): Promise<boolean> {
  try {
    await write.run(context);
    return true;
  } catch (error) {
    if (isRefusal(error)) {
      return false;
    }
    throw new Error(`"${write.name}" failed: ${String(error)}`, { cause: error });
  }
}

/** Runs that many random writes, one after the other. @returns what came of each kind */
export async function randomWrites(
  app: INestApplicationContext,
  random: Random,
  count: number,
): Promise<Map<string, WriteTally>> {
  const context = randomWriteContext(app, random);
  const tallies = new Map<string, WriteTally>();
  for (let index = 0; index < count; index++) {
    const write = random.pick(writes)!;
    const tally = tallies.get(write.name) ?? { done: 0, refused: 0 };
    tally[(await attempt(write, context)) ? 'done' : 'refused'] += 1;
    tallies.set(write.name, tally);
  }
  return tallies;
}

function isRefusal(error: unknown): boolean {
  return (
    (error instanceof HttpException && error.getStatus() < 500) ||
    error instanceof EntityNotFoundError ||
    conflictReason(error) !== undefined
  );
}
