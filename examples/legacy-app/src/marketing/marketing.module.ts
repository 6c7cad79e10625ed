import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CustomersModule } from '../customers/customers.module.js';
import { Coupon } from './coupon.entity.js';
import { CouponsController } from './coupons.controller.js';
import { CouponsRepository } from './coupons.repository.js';
import { CouponsService } from './coupons.service.js';
import { Review } from './review.entity.js';
import { ReviewsController } from './reviews.controller.js';
import { ReviewsService } from './reviews.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Coupon, Review]), CustomersModule],
  controllers: [CouponsController, ReviewsController],
  providers: [CouponsRepository, CouponsService, ReviewsService],
  exports: [CouponsRepository, CouponsService, ReviewsService],
})
export class MarketingModule {}
