import { Applies } from '@backstory/adapter';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CouponRedeemed } from './coupon-redeemed.js';

@Entity({ name: 'coupon' })
export class Coupon {
  @PrimaryColumn({ type: 'text' })
  code: string;

  /** In percent. */
  @Column({ type: 'numeric', precision: 5, scale: 2 })
  discount: string;

  @Column({ name: 'used_count', type: 'int', default: 0 })
  used: number;

  @Column({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Applies(CouponRedeemed)
  redeemed(): void {
    this.used++;
  }
}
