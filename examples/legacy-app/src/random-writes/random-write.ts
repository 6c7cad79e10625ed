import type { DataSource } from 'typeorm';
import type { PricingService } from '../catalog/pricing.service.js';
import type { ProductsService } from '../catalog/products.service.js';
import type { StockFeedService } from '../catalog/stock-feed.service.js';
import type { StockService } from '../catalog/stock.service.js';
import type { CustomerBatchesService } from '../customers/customer-batches.service.js';
import type { CustomersService } from '../customers/customers.service.js';
import type { JobsService } from '../jobs/jobs.service.js';
import type { MaintenanceService } from '../jobs/maintenance.service.js';
import type { CouponsService } from '../marketing/coupons.service.js';
import type { ReviewsService } from '../marketing/reviews.service.js';
import type { OrderFulfilmentService } from '../orders/order-fulfilment.service.js';
import type { OrderLinesService } from '../orders/order-lines.service.js';
import type { OrderPlacementService } from '../orders/order-placement.service.js';
import type { OrderTagsService } from '../orders/order-tags.service.js';
import type { OrdersService } from '../orders/orders.service.js';
import type { Random } from '../random/seeded-random.js';
import type { ExistingRows } from './existing-rows.js';

export interface RandomWriteContext {
  random: Random;
  dataSource: DataSource;
  existing: ExistingRows;
  customers: CustomersService;
  customerBatches: CustomerBatchesService;
  products: ProductsService;
  pricing: PricingService;
  stock: StockService;
  stockFeed: StockFeedService;
  orders: OrdersService;
  placement: OrderPlacementService;
  lines: OrderLinesService;
  tags: OrderTagsService;
  fulfilment: OrderFulfilmentService;
  coupons: CouponsService;
  reviews: ReviewsService;
  jobs: JobsService;
  maintenance: MaintenanceService;
}

export interface RandomWrite {
  name: string;
  run(context: RandomWriteContext): Promise<unknown>;
}
