import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { CustomersService } from '../customers/customers.service.js';
import type { ReviewDto } from './marketing-requests.dto.js';
import { Review } from './review.entity.js';

@Injectable()
export class ReviewsService {
  constructor(
    @InjectRepository(Review) private readonly reviews: Repository<Review>,
    private readonly customers: CustomersService,
  ) {}

  listOf(productId: string): Promise<Review[]> {
    return this.reviews.find({ where: { productId }, order: { customerId: 'ASC' }, take: 100 });
  }

  /** save() looks for the row by its composite key, then inserts or updates. */
  async put(productId: string, customerId: number, { rating, text = '' }: ReviewDto): Promise<Review> {
    await this.customers.get(customerId);
    return this.reviews.save({ productId, customerId, rating, text });
  }

  async delete(productId: string, customerId: number): Promise<void> {
    const { affected } = await this.reviews.delete({ productId, customerId });
    if (!affected) {
      throw new NotFoundException('No such review');
    }
  }

  /** TRUNCATE: the moderators start over. */
  async deleteAll(): Promise<void> {
    await this.reviews.clear();
  }
}
