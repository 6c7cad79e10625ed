import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Money } from './money.js';
import { Product } from './product.entity.js';

@Injectable()
export class PricingService {
  constructor(@InjectRepository(Product) private readonly products: Repository<Product>) {}

  async setPrice(id: string, price: string): Promise<Product> {
    const { affected } = await this.products.update({ id }, { price: Money.parse(price) });
    if (!affected) {
      throw new NotFoundException(`No product ${id}`);
    }
    return this.products.findOneByOrFail({ id });
  }

  /** One statement for the whole catalog, or for what has the keyword. */
  async changePrices(percent: number, keyword?: string): Promise<number> {
    const update = this.products
      .createQueryBuilder()
      .update()
      .set({ price: () => 'greatest(round(price * :factor::numeric, 2), 0.01)' })
      .where('is_active')
      .setParameter('factor', 1 + percent / 100);
    if (keyword) {
      update.andWhere('keywords @> ARRAY[:keyword]', { keyword });
    }
    const { affected } = await update.execute();
    return affected ?? 0;
  }
}
