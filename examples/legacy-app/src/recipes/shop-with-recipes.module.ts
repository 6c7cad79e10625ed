import { Module } from '@nestjs/common';
import { ShopWithBackstoryModule } from '../backstory/shop-with-backstory.module.js';
import { OrdersPerMonthController } from './as-of-reports/orders-per-month.controller.js';
import { OrdersPerMonthService } from './as-of-reports/orders-per-month.service.js';
import { OrderChangesController } from './audit-trail/order-changes.controller.js';
import { OrderChangesService } from './audit-trail/order-changes.service.js';
import { OrderEventsRelay } from './order-events/order-events.relay.js';

/** The shop that has adopted Backstory, and what docs/recipes add to it. */
@Module({
  imports: [ShopWithBackstoryModule],
  controllers: [OrderChangesController, OrdersPerMonthController],
  providers: [OrderChangesService, OrderEventsRelay, OrdersPerMonthService],
})
export class ShopWithRecipesModule {}
