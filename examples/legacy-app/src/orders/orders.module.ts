import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '../catalog/catalog.module.js';
import { CustomersModule } from '../customers/customers.module.js';
import { MarketingModule } from '../marketing/marketing.module.js';
import { OrderCommandsService } from './order-commands.service.js';
import { OrderFulfilmentService } from './order-fulfilment.service.js';
import { OrderLine } from './order-line.entity.js';
import { OrderLinesController } from './order-lines.controller.js';
import { OrderLinesService } from './order-lines.service.js';
import { OrderPlacementService } from './order-placement.service.js';
import { OrderTagsController } from './order-tags.controller.js';
import { OrderTagsService } from './order-tags.service.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { Tag } from './tag.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Order, OrderLine, Tag]),
    CatalogModule,
    CustomersModule,
    MarketingModule,
  ],
  controllers: [OrdersController, OrderLinesController, OrderTagsController],
  providers: [
    OrdersService,
    OrderPlacementService,
    OrderLinesService,
    OrderTagsService,
    OrderCommandsService,
    OrderFulfilmentService,
  ],
  exports: [
    OrdersService,
    OrderPlacementService,
    OrderLinesService,
    OrderTagsService,
    OrderFulfilmentService,
  ],
})
export class OrdersModule {}
