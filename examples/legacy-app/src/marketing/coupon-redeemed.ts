/** A customer has used a coupon. */
export class CouponRedeemed {
  constructor(
    /** In percent, as it was then: a campaign may change it later. */
    readonly discount: string,
  ) {}
}
