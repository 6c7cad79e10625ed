import { AggregateNotFoundError, type Backstory } from '@backstory/adapter';
import { InjectBackstory } from '@backstory/nest-module';
import { ConflictException, Injectable, NotFoundException, Optional } from '@nestjs/common';
import { CouponRedeemed } from './coupon-redeemed.js';
import { Coupon } from './coupon.entity.js';
import { CouponsRepository } from './coupons.repository.js';
import type { CouponDto } from './marketing-requests.dto.js';

@Injectable()
export class CouponsService {
  constructor(
    private readonly coupons: CouponsRepository,
    @Optional() @InjectBackstory() private readonly backstory?: Backstory,
  ) {}

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

  /** A command where the shop has a history. The shop of before, which runs beside it in a rolling deployment, has its statement. */
  async redeem(code: string): Promise<Coupon> {
    if (this.backstory) return this.redeemByCommand(this.backstory, code);
    const coupon = await this.coupons.redeem(code);
    if (!coupon) {
      await this.get(code);
      throw new ConflictException(`Coupon ${code} has expired`);
    }
    return coupon;
  }

  /** Many customers redeem the same coupon at once, so each may be decided anew more often than the default. */
  private async redeemByCommand(backstory: Backstory, code: string): Promise<Coupon> {
    try {
      return await backstory.handle(
        Coupon,
        code,
        ({ discount, expiresOn }) => {
          if (expiresOn < today()) throw new ConflictException(`Coupon ${code} has expired`);
          return new CouponRedeemed(discount);
        },
        { retries: 50 },
      );
    } catch (error) {
      if (error instanceof AggregateNotFoundError) throw new NotFoundException(`No coupon ${code}`);
      throw error;
    }
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

const today = (): string => new Date().toISOString().slice(0, 10);
