import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Book } from './book.entity.js';
import { Gadget } from './gadget.entity.js';
import { PricingService } from './pricing.service.js';
import { Product } from './product.entity.js';
import { ProductsController } from './products.controller.js';
import { ProductsService } from './products.service.js';
import { StockFeedService } from './stock-feed.service.js';
import { StockMovement } from './stock-movement.entity.js';
import { StockController } from './stock.controller.js';
import { StockService } from './stock.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Product, Book, Gadget, StockMovement])],
  controllers: [ProductsController, StockController],
  providers: [ProductsService, PricingService, StockService, StockFeedService],
  exports: [ProductsService, PricingService, StockService, StockFeedService],
})
export class CatalogModule {}
