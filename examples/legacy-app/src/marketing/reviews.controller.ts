import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Put,
} from '@nestjs/common';
import { ReviewDto } from './marketing-requests.dto.js';
import type { Review } from './review.entity.js';
import { ReviewsService } from './reviews.service.js';

@Controller()
export class ReviewsController {
  constructor(private readonly reviews: ReviewsService) {}

  @Get('products/:productId/reviews')
  list(@Param('productId', ParseUUIDPipe) productId: string): Promise<Review[]> {
    return this.reviews.listOf(productId);
  }

  @Put('products/:productId/reviews/:customerId')
  put(
    @Param('productId', ParseUUIDPipe) productId: string,
    @Param('customerId', ParseIntPipe) customerId: number,
    @Body() request: ReviewDto,
  ): Promise<Review> {
    return this.reviews.put(productId, customerId, request);
  }

  @Delete('products/:productId/reviews/:customerId')
  @HttpCode(204)
  delete(
    @Param('productId', ParseUUIDPipe) productId: string,
    @Param('customerId', ParseIntPipe) customerId: number,
  ): Promise<void> {
    return this.reviews.delete(productId, customerId);
  }

  @Delete('reviews')
  @HttpCode(204)
  deleteAll(): Promise<void> {
    return this.reviews.deleteAll();
  }
}
