import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import type { Coupon } from './coupon.entity.js';
import { CouponsRepository } from './coupons.repository.js';
import type { CouponDto } from './marketing-requests.dto.js';

@Injectable()
export class CouponsService {
  constructor(private readonly coupons: CouponsRepository) {}

  list(): Promise<Coupon[]> {
    return this.coupons.find({ order: { code: 'ASC' } });
  }

  async get(code: string): Promise<Coupon> {
    const coupon = await this.coupons.findOneBy({ code });
    if (!coupon) {
      throw new NotFoundException(`No coupon ${code}`);
    }
    return coupon;
  }

  async put(code: string, request: CouponDto): Promise<Coupon> {
    await this.coupons.upsert(
      { code, ...request },
      { conflictPaths: ['code'], skipUpdateIfNoValuesChanged: true },
    );
    return this.get(code);
  }

  async redeem(code: string): Promise<Coupon> {
    const coupon = await this.coupons.redeem(code);
    if (!coupon) {
      await this.get(code);
      throw new ConflictException(`Coupon ${code} has expired`);
    }
    return coupon;
  }

  /** Changes the primary key itself. */
  async rename(code: string, newCode: string): Promise<Coupon> {
    const { affected } = await this.coupons.update({ code }, { code: newCode });
    if (!affected) {
      throw new NotFoundException(`No coupon ${code}`);
    }
    return this.get(newCode);
  }

  async delete(code: string): Promise<void> {
    const { affected } = await this.coupons.delete(code);
    if (!affected) {
      throw new NotFoundException(`No coupon ${code}`);
    }
  }
}
