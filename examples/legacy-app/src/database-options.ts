import type { DataSourceOptions } from 'typeorm';
import { Book } from './catalog/book.entity.js';
import { Gadget } from './catalog/gadget.entity.js';
import { Product } from './catalog/product.entity.js';
import { StockMovement } from './catalog/stock-movement.entity.js';
import { Customer } from './customers/customer.entity.js';
import { JobRecord } from './jobs/job-record.entity.js';
import { Coupon } from './marketing/coupon.entity.js';
import { Review } from './marketing/review.entity.js';
import { migrations } from './migrations/index.js';
import { OrderLine } from './orders/order-line.entity.js';
import { Order } from './orders/order.entity.js';
import { Tag } from './orders/tag.entity.js';

export function databaseOptions(url = process.env.DATABASE_URL): DataSourceOptions {
  if (!url) {
    throw new Error('DATABASE_URL is not set; the shop needs a PostgreSQL database');
  }
  return {
    type: 'postgres',
    url,
    entities: [
      Customer,
      Product,
      Book,
      Gadget,
      StockMovement,
      Order,
      OrderLine,
      Tag,
      Coupon,
      Review,
      JobRecord,
    ],
    migrations,
    migrationsRun: true,
    // Means gen_random_uuid(), which PostgreSQL has built in: nothing to install.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    synchronize: false,
  };
}
